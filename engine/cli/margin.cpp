#include "geometry/margin.h"

#include "dicom/export.h"
#include "dicom/import.h"
#include "engine/cli/session.h"
#include "engine/target_builder.h"
#include "engine/version.h"
#include "geometry/error.h"
#include "geometry/sha256.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace sbrt::cli {
namespace {

struct MarginOptions {
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> structures;
  std::string rtstruct, ct_uid, name = "PTV", out;
  double margin_mm = 0;
  bool overwrite = false;
};

int next_roi_number(const StructureSet& set) {
  int number = 0;
  for (const Structure& s : set.structures()) number = std::max(number, s.number);
  return number + 1;
}

void run(const MarginOptions& o, Session& session) {
  if (!std::isfinite(o.margin_mm) || o.margin_mm < 0 || o.margin_mm > 100)
    throw InputError(fmt::format("margin of {} mm", o.margin_mm), "--margin-mm", "it must lie between 0 and 100 mm",
                     "give one such as 5");
  if (!o.overwrite && std::filesystem::exists(o.out))
    throw InputError("the output exists", o.out, "nothing is written over silently",
                     "choose another name or give --overwrite");
  const dicom::Catalogue catalogue = dicom::scan(o.paths, session.progress());
  // The RTSTRUCT alone is enough; the CT, where there is one, decides the planes.
  const bool with_ct = !catalogue.ct_series.empty();
  if (!with_ct && catalogue.structures.size() > 1 && o.rtstruct.empty())
    throw InputError("several RTSTRUCTs and no CT", o.paths.front().string(), "it is not clear which is meant",
                     "name one with --rtstruct");
  const dicom::StructureFile& file = dicom::choose_structures(catalogue, o.rtstruct);
  const dicom::LoadedStructures loaded = dicom::load_structures(file);
  session.log(loaded.warnings);
  if (loaded.structures.find(o.name))
    throw InputError("a structure named '" + o.name + "' exists", file.path.string(), "", "choose another --name");

  std::vector<Shape> shapes;
  std::optional<double> slice_spacing_mm;
  if (with_ct && catalogue.ct_series.size() == 1 && catalogue.ct_series[0].slice_spacing_mm > 0)
    slice_spacing_mm = catalogue.ct_series[0].slice_spacing_mm;
  const ShapeRule rule = shape_rule(loaded.structures, BetweenPlanes::shape_following, slice_spacing_mm);
  for (const std::string& name : o.structures) {
    shapes.push_back(shape_of(loaded.structures.at(name), rule));
    session.log(shapes.back().warnings());
  }
  const dicom::CtSeries* series = with_ct ? &dicom::choose_ct(catalogue, file, o.ct_uid) : nullptr;
  std::vector<double> planes = shapes.front().plane_positions_mm();
  if (planes.size() == 1)
    planes = {planes[0] - rule.lone_plane_thickness_mm, planes[0], planes[0] + rule.lone_plane_thickness_mm};
  if (series) {
    const PatientVec normal = shapes.front().plane_normal();
    if (std::abs(std::abs(dot(normal, series->axes.k)) - 1) < 1e-4) {
      planes.clear();
      for (const dicom::CtSlice& slice : series->slices) planes.push_back(dot(slice.position - PatientPoint{}, normal));
      std::sort(planes.begin(), planes.end());
    }
  }
  Structure result;
  result.number = next_roi_number(loaded.structures);
  result.name = o.name;
  result.role = RoiRole::ptv;
  result.contours = expand(shapes, o.margin_mm, planes);
  const Shape made = shape_of(result, rule);

  std::string seed = "margin " + sha256_of_file(file.path) + fmt::format(" {} {}", o.margin_mm, o.name);
  for (const std::string& name : o.structures) seed += " " + name;
  dicom::write_structures_added(file, {result}, series, seed, {program_version(), program_revision()}, o.out);
  double before = 0;
  for (const Shape& shape : shapes) before += shape.volume_mm3();
  fmt::print("{} = {} + {} mm: {:.3f} cc -> {:.3f} cc, {} contours\nwritten: {}\n", o.name,
             fmt::join(o.structures, " u "), o.margin_mm, before / units::cc, made.volume_mm3() / units::cc,
             result.contours.size(), o.out);
}

}  // namespace

void add_margin_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "margin", "isotropic expansion of a structure into a new RTSTRUCT",
                            "sbrtplan margin DIR --structure GTV --margin-mm 5 --name PTV --out rs.dcm");
  auto o = std::make_shared<MarginOptions>();
  verb->add_option("DIR", o->paths, "DICOM folder or files; an RTSTRUCT alone is enough")->required();
  verb->add_option("--structure", o->structures, "structure to expand; repeat for the union of several")->required();
  verb->add_option("--margin-mm", o->margin_mm, "margin in mm, 0 to 100")->required();
  verb->add_option("--name", o->name, "name of the new structure")->capture_default_str();
  verb->add_option("--rtstruct", o->rtstruct, "which RTSTRUCT: file or SOP instance UID");
  verb->add_option("--ct", o->ct_uid, "which CT: series instance UID");
  verb->add_option("--out", o->out, "RTSTRUCT file to write")->required();
  verb->add_flag("--overwrite", o->overwrite, "replace an existing file");
  verb->callback([o, &session] { run(*o, session); });
}

}  // namespace sbrt::cli
