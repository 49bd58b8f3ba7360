// Import, margin and the whole plan run. Each benchmark checks its result before it times.
#include "dicom/export.h"
#include "dicom/import.h"
#include "engine/pipeline.h"
#include "geometry/margin.h"
#include "geometry/units.h"
#include "phantoms/catalogue.h"
#include "phantoms/write_phantom.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <filesystem>
#include <numbers>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

/// A folder that lives as long as the program.
fs::path scratch(const std::string& name) {
  static const struct Holder {
    fs::path root = fs::temp_directory_path() / ("sbrt-bench-" + std::to_string(::getpid()));
    Holder() { fs::create_directories(root); }
    ~Holder() {
      std::error_code ignored;
      fs::remove_all(root, ignored);
    }
  } holder;
  return holder.root / name;
}

Structure sphere_structure(double radius_mm, double gap_mm) {
  Structure s;
  s.number = 1;
  s.name = "GTV";
  const int planes = int(std::floor((radius_mm - 1e-9) / gap_mm));
  for (int k = -planes; k <= planes; ++k) {
    const double z = k * gap_mm, r = std::sqrt(radius_mm * radius_mm - z * z);
    Contour contour;
    for (int i = 0; i < 180; ++i) {
      const double t = i * std::numbers::pi / 90;
      contour.points.push_back({r * std::cos(t), r * std::sin(t), z});
    }
    s.contours.push_back(contour);
  }
  return s;
}

void import_200_slices_512(benchmark::State& state) {
  const fs::path folder = scratch("ct");
  if (!fs::exists(folder)) {
    fs::create_directories(folder);
    CtImage ct(Grid({512, 512, 200}, {0.98, 0.98, 1.5}, {-250, -250, -150}), -1000.0f);
    for (int k = 0; k < 200; ++k)
      for (int j = 100; j < 400; ++j)
        for (int i = 60; i < 450; ++i) ct(i, j, k) = float((i * 7 + j * 13 + k) % 200 - 100);
    dicom::CtExport info;
    info.patient_study.patient_id = "BENCH";
    info.patient_study.study_instance_uid = dicom::uid_from("bench study");
    info.series_instance_uid = dicom::uid_from("bench series");
    info.frame_of_reference_uid = dicom::uid_from("bench frame");
    dicom::write_ct(ct, info, {"bench", "bench"}, folder);
  }
  const auto import = [&] {
    const dicom::Catalogue catalogue = dicom::scan({folder});
    return dicom::load_ct(catalogue.ct_series.at(0)).image;
  };
  const CtImage image = import();
  if (image.grid().size() != GridSize{512, 512, 200} || image(100, 200, 50) != float((700 + 2600 + 50) % 200 - 100))
    return state.SkipWithError("the image read is not the image written");
  for (auto _ : state) benchmark::DoNotOptimize(import());
}
BENCHMARK(import_200_slices_512)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

void margin_5mm_of_60cc(benchmark::State& state) {
  const double radius_mm = 24.3;  // 60.1 cc
  const Structure gtv = sphere_structure(radius_mm, 1.5);
  std::vector<double> planes;
  for (int k = -100; k < 100; ++k) planes.push_back(1.5 * k);
  const auto expand_it = [&] { return expand({Shape::from_structure(gtv)}, 5.0, planes); };
  Structure ptv = gtv;
  ptv.contours = expand_it();
  const double exact = 4.0 / 3.0 * std::numbers::pi * std::pow(radius_mm + 5, 3);
  if (std::abs(Shape::from_structure(ptv).volume_mm3() / exact - 1) > 0.01)
    return state.SkipWithError("the expanded volume is more than 1 % off the exact one");
  for (auto _ : state) benchmark::DoNotOptimize(expand_it());
}
BENCHMARK(margin_5mm_of_60cc)->Unit(benchmark::kMillisecond)->UseRealTime();

/// By candidate count; 0: the program's own choice.
void plan_demo_phantom(benchmark::State& state) {
  const fs::path folder = scratch("lung-lesion");
  if (!fs::exists(folder)) {
    fs::create_directories(folder);
    phantoms::write_phantom(phantoms::build("lung-lesion"), {"bench", "bench"}, folder);
  }
  PlanRequest request;
  request.selection.inputs = {folder};
  request.targets.gtvs = {"GTV"};
  request.targets.margin_mm = 5;
  request.targets.prescriptions = {Prescription::parse("45Gy/5fx@75%")};
  request.count = int(state.range(0));
  for (auto _ : state) {
    const PlanOutcome outcome = plan_case(request);
    const double coverage = outcome.evaluation.targets.at(0).indices.at("coverage_pct").value;
    if (std::abs(coverage - 95) > 0.5) return state.SkipWithError("the plan does not reach the asked coverage");
    state.counters["beams"] = double(outcome.beams.size());
    state.counters["ci"] = outcome.evaluation.targets[0].indices.at("ci").value;
  }
}
BENCHMARK(plan_demo_phantom)
    ->Arg(0)
    ->Arg(1500)
    ->Arg(3000)
    ->Arg(6000)
    ->Arg(12000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace sbrt
