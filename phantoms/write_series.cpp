#include "dicom/robotic_plan.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"
#include "phantoms/analytic_dose.h"
#include "phantoms/series_anatomy.h"
#include "phantoms/uniform.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt::phantoms {
namespace {

namespace fs = std::filesystem;

// Part of every UID: raised when the series changes, so that two different objects never share a UID.
constexpr int series_version = 1;
constexpr double ct_pixel_mm = 2, ct_plane_mm = 3, dose_spacing_mm = 2;
constexpr double beyond_target_mm = 90;  // of CT above and below every target
constexpr double skin_to_edge_mm = 8;
constexpr double dose_beyond_target_mm = 60;

Grid grid_of(const Box& box, std::array<double, 3> spacing) {
  const double low[3] = {box.low.x, box.low.y, box.low.z}, high[3] = {box.high.x, box.high.y, box.high.z};
  int count[3];
  double first[3];
  for (int a = 0; a < 3; ++a) {
    first[a] = std::ceil(low[a] / spacing[a]);
    count[a] = int(std::floor(high[a] / spacing[a]) - first[a]) + 1;
  }
  return Grid({count[0], count[1], count[2]}, spacing,
              {first[0] * spacing[0], first[1] * spacing[1], first[2] * spacing[2]});
}

Box common(const Box& a, const Box& b) {
  return {{std::max(a.low.x, b.low.x), std::max(a.low.y, b.low.y), std::max(a.low.z, b.low.z)},
          {std::min(a.high.x, b.high.x), std::min(a.high.y, b.high.y), std::min(a.high.z, b.high.z)}};
}

struct Drawn {
  std::vector<Part> parts;
  Box scanned, dosed;
};

Drawn draw_study(const SeriesStudy& study) {
  const SeriesLesion& first = study.lesions.front();
  SeriesAnatomy anatomy = series_anatomy(first.site, 0, first.form.semi_axes_mm);
  Drawn drawn{std::move(anatomy.parts), {}, {}};
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const SeriesLesion& lesion : study.lesions) {
    const Solid gtv = lobed(lesion.form), ptv = lobed(lesion.form.grown(series_margin_mm));
    drawn.parts.push_back(target(lesion.gtv, gtv));
    drawn.parts.push_back({ptv, std::nullopt, lesion.ptv, RoiRole::ptv, {255, 128, 0}});
    const Box about = ptv.bounding_box();
    low = std::min(low, about.low.z);
    high = std::max(high, about.high.z);
    drawn.dosed.add(about.low);
    drawn.dosed.add(about.high);
  }
  constexpr double vertex_mm = 114;  // of the head, and room above it
  if (first.site == Site::head_and_neck) high = vertex_mm - beyond_target_mm;
  const double x = anatomy.semi_x_mm + skin_to_edge_mm, y = anatomy.semi_y_mm + skin_to_edge_mm;
  drawn.scanned = {{-x, -y, low - beyond_target_mm}, {x, y, high + beyond_target_mm}};
  drawn.dosed = common(drawn.dosed.grown(dose_beyond_target_mm), drawn.scanned);
  return drawn;
}

StructureSet structures_of(const std::vector<Part>& parts, const Grid& grid, const std::string& frame_uid) {
  constexpr double organ_tolerance = 0.1;  // ten times coarser than the targets: organs are most of the file
  std::vector<double> planes;
  for (int k = 0; k < grid.size().nz; ++k) planes.push_back(grid.voxel_centre(0, 0, k).z);
  std::vector<Part> targets, organs;
  for (const Part& part : parts)
    (part.role == RoiRole::gtv || part.role == RoiRole::ptv ? targets : organs).push_back(part);
  StructureSet all = draw(organs, planes, frame_uid, organ_tolerance);
  const int taken = int(all.structures().size());
  const StructureSet drawn_targets = draw(targets, planes, frame_uid);
  for (Structure target : drawn_targets.structures()) {
    target.number += taken;
    all.add(std::move(target));
  }
  return all;
}

/// Sources on the upper half of a sphere about the target, aims along its long axis, MU alike.
std::vector<dicom::RoboticBeam> beams_of(const SeriesLesion& lesion, std::uint64_t seed, int first_number) {
  constexpr double distance_mm = 800;
  constexpr double cones_mm[] = {5, 7.5, 10, 12.5, 15, 20, 25, 30, 35, 40, 50, 60};
  const double width_mm = 2 * (lesion.form.semi_axes_mm.z + series_margin_mm);
  double cone = cones_mm[0];
  for (const double c : cones_mm)
    if (c <= 0.8 * width_mm) cone = c;
  Uniform uniform(seed);
  std::vector<dicom::RoboticBeam> beams;
  for (int n = 0; n < lesion.archived.beams; ++n) {
    dicom::RoboticBeam beam;
    beam.number = first_number + n;
    beam.name = fmt::format("{}", beam.number);
    const double golden = std::numbers::pi * (3 - std::sqrt(5.0)), up = (n + 0.5) / lesion.archived.beams;
    const double flat = std::sqrt(1 - up * up);
    const PatientVec towards{flat * std::cos(golden * n), -up, flat * std::sin(golden * n)};
    const double along = uniform.between(-0.6, 0.6) * lesion.form.semi_axes_mm.x;
    beam.aim = lesion.form.centre + along * lesion.form.axes[0];
    beam.source = beam.aim + distance_mm * towards;
    beam.collimator_mm = cone;
    beam.mu_per_fraction = lesion.archived.total_mu / (lesion.archived.beams * lesion.fractions);
    beams.push_back(beam);
  }
  return beams;
}

dicom::PatientStudy patient_study_of(const SeriesStudy& study, const std::string& seed) {
  dicom::PatientStudy info;
  info.patient_id = study.patient_id();
  info.patient_name = fmt::format("Series^Patient {:02}", study.patient);
  info.patient_sex = "O";
  info.study_instance_uid = dicom::uid_from(seed + "/study");
  info.study_id = fmt::format("{}", study.number);
  // A study every few weeks, invented.
  const int day = 23 * study.patient + 180 * (study.number - 1);
  info.study_date = fmt::format("{}{:02}{:02}", 2010 + day / 336, day % 336 / 28 + 1, day % 28 + 1);
  info.study_time = "120000";
  info.study_description = "Phantom series";
  return info;
}

void write_study(const SeriesStudy& study, std::uint64_t series_seed, const dicom::ProgramInfo& program,
                 const fs::path& folder) {
  const std::string seed = fmt::format("sbrtplan series {} seed={} {}", series_version, series_seed, study.folder());
  const Site site = study.lesions.front().site;
  const Drawn drawn = draw_study(study);
  constexpr int sub_rows = 2;
  const CtImage image =
      paint(grid_of(drawn.scanned, {ct_pixel_mm, ct_pixel_mm, ct_plane_mm}), drawn.parts, air_hu, sub_rows);
  const StructureSet structures =
      structures_of(drawn.parts, image.grid(), dicom::uid_from(seed + "/frame-of-reference"));

  fs::create_directories(folder / "ct");
  dicom::CtExport ct_info;
  ct_info.patient_study = patient_study_of(study, seed);
  ct_info.series_instance_uid = dicom::uid_from(seed + "/ct");
  ct_info.frame_of_reference_uid = structures.frame_of_reference_uid();
  ct_info.series_description = "Phantom CT";
  ct_info.body_part_examined = body_part_of(site);
  const dicom::CtSeries ct = dicom::write_ct(image, ct_info, program, folder / "ct");
  const dicom::InstanceReference structure_reference = dicom::write_structures(
      structures, "series " + study.folder(), ct, seed + "/structures", program, folder / "structures.dcm");

  dicom::RoboticPlan plan;
  plan.label = "archived";
  plan.patient_position = ct.patient_position;
  const SeriesLesion& first = study.lesions.front();
  plan.fractions = first.fractions;
  plan.prescription = fmt::format("{}Gy/{}fx@{}%", first.dose_gy, first.fractions, first.archived.isodose_pct);
  for (const SeriesLesion& lesion : study.lesions) {
    plan.targets.push_back({lesion.ptv, structures.at(lesion.ptv).number, lesion.dose_gy});
    for (dicom::RoboticBeam& beam :
         beams_of(lesion, series_seed + std::uint64_t(lesion.number), int(plan.beams.size()) + 1))
      plan.beams.push_back(std::move(beam));
  }
  dicom::RoboticPlanExport plan_info;
  plan_info.patient_study = ct_info.patient_study;
  plan_info.frame_of_reference_uid = ct.frame_of_reference_uid;
  plan_info.series_description = "Phantom plan";
  plan_info.structures = structure_reference;
  plan_info.uid_seed = seed + "/plan";
  const dicom::InstanceReference plan_reference =
      dicom::write_robotic_plan(plan, plan_info, program, folder / "plan.dcm");

  dicom::DoseExport dose_info;
  dose_info.patient_study = ct_info.patient_study;
  dose_info.frame_of_reference_uid = ct.frame_of_reference_uid;
  dose_info.series_description = "Phantom dose";
  dose_info.plan = plan_reference;
  dose_info.structures = structure_reference;
  dose_info.comment = "analytic dose";
  dose_info.bits = 16;
  dose_info.uid_seed = seed + "/dose";
  const DoseGrid dose = sample([&](PatientPoint p) { return archived_dose_gy(study, p); },
                               grid_of(drawn.dosed, {dose_spacing_mm, dose_spacing_mm, dose_spacing_mm}));
  dicom::write_dose(dose, dose_info, program, folder / "dose.dcm");
}

}  // namespace

Series write_series(const SeriesOptions& options, const dicom::ProgramInfo& program, const fs::path& folder,
                    Progress& progress) {
  Series series = plan_series(options.seed);
  const int patients = series.studies.back().patient;
  if (options.patients < 0 || options.patients > patients)
    throw InputError(fmt::format("{} patients", options.patients), "--patients",
                     fmt::format("the series has {}", patients), fmt::format("choose 1...{}", patients));
  if (options.patients > 0)
    std::erase_if(series.studies, [&](const SeriesStudy& s) { return s.patient > options.patients; });

  std::vector<std::string> own{"series.csv"};
  for (int p = 1; p <= patients; ++p) own.push_back(fmt::format("P{:02}", p));
  AtomicFolder output(folder, options.overwrite, own);
  progress.begin("writing patients", std::int64_t(series.studies.size()));
  for (const SeriesStudy& study : series.studies) {
    write_study(study, options.seed, program, output.staging() / study.folder());
    progress.advance();
  }
  progress.end();
  write_file_atomically(output.staging() / "series.csv", series_listing(series));
  output.commit();
  return series;
}

}  // namespace sbrt::phantoms
