#include "phantoms/catalogue.h"

#include "dicom/export.h"
#include "geometry/error.h"
#include "geometry/sha256.h"
#include "phantoms/blueprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace sbrt::phantoms {
namespace {

// Part of every UID: raised when a phantom changes, so that two different objects never share a UID.
constexpr int catalogue_version = 1;

struct Drawing {
  CatalogueEntry entry;
  double diameter_mm;
  Blueprint (*draw)(const Request&);
};

const std::vector<Drawing>& drawings() {
  static const std::vector<Drawing> all = {
      {{"water-cube", "cube of water, 200 mm, a 20 mm sphere at its centre", {}}, 20, water_cube},
      {{"sphere-in-water",
        "sphere of 30 mm in an elliptic cylinder of water, 280 x 184 mm (larger about large spheres)",
        {}},
       30,
       sphere_in_water},
      {{"slabs", "water, 60 mm of lung or bone, water; a 20 mm sphere behind the slab", {"lung", "bone"}}, 20, slabs},
      {{"lung-lesion", "thorax with a 25 mm lesion inside the right lung", {}}, 25, lung_lesion},
      {{"spine-lesion", "vertebra with a 25 mm lesion 3 mm in front of the cord", {}}, 25, spine_lesion},
      {{"liver-lesion", "abdomen with a 30 mm lesion in the liver, bowel near by", {}}, 30, liver_lesion},
      {{"head-three-targets", "head with three lesions of 20, 14 and 8 mm", {}}, 20, head_three_targets},
      {{"c-shape", "C-shape of AAPM TG-119: core radius 10 mm, gap 5 mm, outer diameter 74 mm, 80 mm long", {}},
       74,
       tg119_c_shape},
      {{"shapes",
        "structures of closed-form volume in a cube of water; `spheres`: 300 of 3 to 20 mm, `nelms`: Med Phys "
        "2015;42:4435,"
        " `round`: for margins, `contours`: unusual contours",
        {"spheres", "nelms", "round", "round-uneven", "contours"}},
       20,
       shapes},
  };
  return all;
}

const Drawing& drawing_of(const std::string& name) {
  std::vector<std::string> names;
  for (const Drawing& d : drawings()) {
    if (d.entry.name == name) return d;
    names.push_back(d.entry.name);
  }
  std::string nearest;
  for (const std::string& n : nearest_names(name, names)) nearest += (nearest.empty() ? "" : ", ") + n;
  throw InputError("no phantom named '" + name + "'", "phantom", "",
                   "nearest names: " + nearest + "; --list shows all");
}

void check_range(double value, double low, double high, const std::string& option, const std::string& unit) {
  if (!(value >= low && value <= high))
    throw InputError(fmt::format("{} {}", option, value), "phantom",
                     fmt::format("it must lie between {} and {} {}", low, high, unit), "choose another value");
}

void check(const Drawing& drawing, const PhantomOptions& options) {
  if (options.spacing_mm)
    for (const double s : *options.spacing_mm) check_range(s, 0.2, 10, "--spacing-mm", "mm");
  if (options.diameter_mm) check_range(*options.diameter_mm, 1, 250, "--diameter-mm", "mm");
  for (const double o : {options.offset_mm.x, options.offset_mm.y, options.offset_mm.z})
    check_range(o, -500, 500, "--offset-mm", "mm");
  check_range(options.noise_hu, 0, 500, "--noise-hu", "HU");
  const bool odd_id = std::any_of(options.patient_id.begin(), options.patient_id.end(),
                                  [](unsigned char c) { return c < 0x20 || c == '\\' || c == 0x7f; });
  if (options.patient_id.size() > 64 || odd_id)
    throw InputError("--patient-id '" + options.patient_id + "'", "phantom",
                     "DICOM allows 64 characters and no backslash", "choose another identifier");
  const auto& variants = drawing.entry.variants;
  if (!options.variant.empty() && std::find(variants.begin(), variants.end(), options.variant) == variants.end())
    throw InputError(
        "no variant '" + options.variant + "' of " + drawing.entry.name, "phantom", "",
        variants.empty() ? "it has only one form" : fmt::format("variants: {}", fmt::join(variants, ", ")));
}

/// Voxel centres at whole multiples of the spacing, voxels inside the scanned box.
Grid grid_over(const Box& scanned, std::array<double, 3> spacing) {
  constexpr double most_voxels = 200e6;
  const double low[3] = {scanned.low.x, scanned.low.y, scanned.low.z};
  const double high[3] = {scanned.high.x, scanned.high.y, scanned.high.z};
  double first[3], count[3];
  for (int a = 0; a < 3; ++a) {
    constexpr double rounding = 1e-9;
    first[a] = std::ceil(low[a] / spacing[a] + 0.5 - rounding);
    count[a] = std::floor(high[a] / spacing[a] - 0.5 + rounding) - first[a] + 1;
  }
  if (count[0] * count[1] * count[2] > most_voxels)
    throw InputError(fmt::format("a CT of {} x {} x {} voxels", count[0], count[1], count[2]), "phantom",
                     "that is too large", "choose a coarser --spacing-mm");
  SBRT_ENSURE(count[0] >= 2 && count[1] >= 2 && count[2] >= 2);
  return Grid({int(count[0]), int(count[1]), int(count[2])}, spacing,
              {first[0] * spacing[0], first[1] * spacing[1], first[2] * spacing[2]});
}

const Part& part_of(const std::vector<Part>& parts, const std::string& structure) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.structure == structure; });
  SBRT_EXPECT(found != parts.end());
  return *found;
}

/// Every point of the target's outline on 41 planes lies in the host.
void check_inside(const Part& target, const Part& host, const Box& scanned) {
  constexpr int planes = 41;
  const Box bounds = target.solid.bounding_box();
  bool inside = bounds.low.z >= scanned.low.z && bounds.high.z <= scanned.high.z;
  for (int n = 0; inside && n < planes; ++n) {
    const double z = bounds.low.z + (n + 0.5) / planes * (bounds.high.z - bounds.low.z);
    for (const Polygon& polygon : target.solid.section(z, 0.1))
      for (const PlanePoint& p : polygon) inside = inside && host.solid.contains({p.x, p.y, z});
  }
  if (!inside)
    throw InputError(target.structure + " does not lie inside " + host.structure, "phantom",
                     "a target must lie wholly in its organ and in the CT",
                     "choose a smaller --diameter-mm or another --offset-mm");
}

dicom::PatientStudy patient_study_of(const Drawing& drawing, const PhantomOptions& options, const std::string& seed) {
  const std::string hash = sha256_of(seed).substr(0, 8);
  std::string upper = drawing.entry.name;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return char(std::toupper(c)); });
  dicom::PatientStudy study;
  study.patient_id = options.patient_id.empty() ? "PHANTOM-" + upper + "-" + hash : options.patient_id;
  study.patient_name = "Phantom^" + drawing.entry.name;
  study.patient_sex = "O";
  study.study_instance_uid = dicom::uid_from(seed + "/study");
  study.study_id = hash;
  study.study_date = "20000101";
  study.study_time = "120000";
  study.study_description = "Analytic phantom " + drawing.entry.name;
  return study;
}

}  // namespace

const std::vector<CatalogueEntry>& catalogue() {
  static const std::vector<CatalogueEntry> entries = [] {
    std::vector<CatalogueEntry> all;
    for (const Drawing& d : drawings()) all.push_back(d.entry);
    return all;
  }();
  return entries;
}

Phantom build(const std::string& name, const PhantomOptions& options) {
  const Drawing& drawing = drawing_of(name);
  check(drawing, options);
  Request request{options.diameter_mm.value_or(drawing.diameter_mm), options.offset_mm, options.variant, options.seed,
                  options.spacing_mm ? (*options.spacing_mm)[2] : 1.0};
  if (request.variant.empty() && !drawing.entry.variants.empty()) request.variant = drawing.entry.variants.front();
  Blueprint blueprint = drawing.draw(request);
  for (const auto& [target_name, host_name] : blueprint.hosts)
    check_inside(part_of(blueprint.parts, target_name), part_of(blueprint.parts, host_name), blueprint.scanned);

  const std::array<double, 3> spacing = options.spacing_mm.value_or(blueprint.spacing_mm);
  const Grid grid = grid_over(blueprint.scanned, spacing);
  const std::string seed = fmt::format(
      "sbrtplan phantom {} {} variant={} spacing={} diameter={} offset={},{},{} noise={} seed={} patient={}",
      catalogue_version, name, request.variant, fmt::join(spacing, ","), request.diameter_mm, request.offset_mm.x,
      request.offset_mm.y, request.offset_mm.z, options.noise_hu, options.seed, options.patient_id);
  std::vector<double> planes = blueprint.planes_mm;
  if (planes.empty())
    for (int k = 0; k < grid.size().nz; ++k) planes.push_back(grid.voxel_centre(0, 0, k).z);

  CtImage image = paint(grid, blueprint.parts);
  add_noise(image, options.noise_hu, options.seed);
  StructureSet structures = draw(blueprint.parts, planes, dicom::uid_from(seed + "/frame-of-reference"));
  for (const auto& [target_name, host_name] : blueprint.hosts)
    if (structures.at(target_name).contours.empty())
      throw InputError(target_name + " lies between two slices", "phantom", "it would have no contour",
                       "choose a finer --spacing-mm");

  std::vector<Truth> truths;
  for (const Part& part : blueprint.parts) {
    const Box bounds = part.solid.bounding_box();
    const bool whole = bounds.low.z >= blueprint.scanned.low.z && bounds.high.z <= blueprint.scanned.high.z;
    if (!part.structure.empty() && whole && part.solid.volume_mm3())
      truths.push_back({part.structure, *part.solid.volume_mm3()});
  }
  for (ContourCase& drawn : blueprint.drawn) {
    truths.push_back({drawn.structure.name, drawn.volume_mm3});
    drawn.structure.number += int(blueprint.parts.size());
    structures.add(std::move(drawn.structure));
  }
  return {name,
          drawing.entry.description,
          patient_study_of(drawing, options, seed),
          seed,
          std::move(blueprint.parts),
          std::move(image),
          std::move(structures),
          std::move(truths),
          std::move(blueprint.plan)};
}

}  // namespace sbrt::phantoms
