// The whole `evaluate` of a case on disk: reading, body, histograms, indices. Checks its result before it times.
#include "dicom/export.h"
#include "dicom/import.h"
#include "engine/evaluate_case.h"
#include "phantoms/catalogue.h"
#include "phantoms/write_phantom.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <filesystem>
#include <unistd.h>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

constexpr double s_mm = 20, peak_gy = 60, rx_gy = 45;

/// The lung phantom with a Gaussian dose about the centroid of its GTV on a 200^3 grid of 1.5 mm.
fs::path case_on_disk() {
  static const struct Case {
    fs::path folder = fs::temp_directory_path() / ("sbrt-evaluate-bench-" + std::to_string(::getpid()));
    Case() {
      const dicom::ProgramInfo program{"bench", "bench"};
      phantoms::write_phantom(phantoms::build("lung-lesion"), program, folder);
      const dicom::Catalogue catalogue = dicom::scan({folder});
      const StructureSet structures = dicom::load_structures(catalogue.structures.at(0)).structures;
      const PatientPoint centre = Shape::from_structure(structures.at("GTV")).centroid();
      DoseGrid dose(Grid({200, 200, 200}, {1.5, 1.5, 1.5}, centre + PatientVec{-149.25, -149.25, -149.25}));
      for (int k = 0; k < 200; ++k)
        for (int j = 0; j < 200; ++j)
          for (int i = 0; i < 200; ++i) {
            const PatientVec r = dose.grid().voxel_centre(i, j, k) - centre;
            dose(i, j, k) = float(peak_gy * std::exp(-dot(r, r) / (2 * s_mm * s_mm)));
          }
      dicom::DoseExport info;
      info.patient_study = catalogue.structures[0].patient_study;
      info.frame_of_reference_uid = catalogue.structures[0].frame_of_reference_uid;
      info.uid_seed = "bench";
      dicom::write_dose(dose, info, program, folder / "dose.dcm");
    }
    ~Case() {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
    }
  } on_disk;
  return on_disk.folder;
}

void evaluate_lung_phantom(benchmark::State& state) {
  EvaluateRequest request;
  request.inputs = {case_on_disk()};
  request.targets = {"GTV"};
  request.prescriptions = {Prescription::parse("45Gy/5fx")};
  const auto indices = [&] { return evaluate_case(request).evaluation.targets.at(0).indices; };
  // PIV of a Gaussian dose: a sphere of radius s sqrt(2 ln(peak/Rx)) (docs/physics.md).
  const double radius_mm = s_mm * std::sqrt(2 * std::log(peak_gy / rx_gy));
  const double piv_cc = 4.0 / 3.0 * M_PI * std::pow(radius_mm, 3) / 1000;
  constexpr double tolerance = 0.005;  // the bound of the index tests on 1 mm grids
  if (std::abs(indices().at("piv_cc").value / piv_cc - 1) > tolerance)
    return state.SkipWithError("PIV is not that of the Gaussian dose");
  for (auto _ : state) benchmark::DoNotOptimize(indices());
}
BENCHMARK(evaluate_lung_phantom)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace sbrt
