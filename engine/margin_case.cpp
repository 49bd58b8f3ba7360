#include "engine/margin_case.h"

#include "dicom/export.h"
#include "dicom/import.h"
#include "engine/json.h"
#include "engine/report/program_block.h"
#include "engine/structure_shapes.h"
#include "engine/version.h"
#include "geometry/error.h"
#include "geometry/margin.h"
#include "geometry/sha256.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace sbrt {
namespace {

constexpr double most_mm = 100;
constexpr double same_plane_mm = 0.05;  // contours refer to slices within this distance

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return text;
}

void check(const MarginRequest& request) {
  if (request.structures.empty())
    throw InputError("no structure is named", "--structure", "there is nothing to work on", "name one");
  if (!std::isfinite(request.margin_mm) || std::abs(request.margin_mm) > most_mm)
    throw InputError(fmt::format("margin of {} mm", request.margin_mm), "--margin-mm",
                     fmt::format("it must lie between -{0} and {0} mm", most_mm),
                     "give one such as 5, or -2 to shrink");
  if (request.name.empty() || request.name.front() == ' ' || request.name.back() == ' ')
    throw InputError("the new structure's name is '" + request.name + "'", "--name",
                     "DICOM drops spaces at either end of a name, so the file would say another one",
                     "choose a name that begins and ends with a letter or digit");
  if (!request.overwrite && std::filesystem::exists(request.out))
    throw InputError("the output exists", request.out.string(), "nothing is written over silently",
                     "choose another name or give --overwrite");
}

/// The structure of that name; "SKIN" and the like stand for the body when no structure is called so.
const Structure& structure_of(const StructureSet& structures, const std::string& name) {
  if (!structures.find(name)) {
    const std::string plain = lower(name);
    const Structure* body = structures.body();
    if (body && (plain == "skin" || plain == "body" || plain == "external")) return *body;
  }
  return structures.at(name);
}

/// The CT that decides the planes. One that no dose may be computed on (missing slices, gantry tilt) still has none to
/// offer; the structures' own planes then serve, with a warning.
const dicom::CtSeries* ct_of(const dicom::Catalogue& catalogue, const dicom::StructureFile& file,
                             const std::string& ct_uid, Warnings& warnings) {
  if (catalogue.ct_series.empty()) {
    if (!ct_uid.empty())
      throw InputError("no CT series " + ct_uid, "--ct", "the folder holds no CT", "leave the option out");
    return nullptr;
  }
  if (ct_uid.empty() && catalogue.ct_series.size() == 1 && !catalogue.ct_series[0].refusal.empty()) {
    warnings.push_back({"ct-not-used", "the CT decides no planes (" + catalogue.ct_series[0].refusal +
                                           "); the contours lie on the structures' own planes"});
    return nullptr;
  }
  return &dicom::choose_ct(catalogue, file, ct_uid);
}

struct Planes {
  std::vector<double> wanted;  // ascending along the normal
  std::vector<double> drawn;   // those that slices (or source contours) really have
};

Planes planes_for(const std::vector<Shape>& sources, const dicom::CtSeries* ct, double lone_thickness_mm,
                  Warnings& warnings) {
  Planes planes;
  const PatientVec normal = sources.front().plane_normal();
  constexpr double parallel = 1e-4;
  if (ct && std::abs(std::abs(dot(normal, ct->axes.k)) - 1) < parallel) {
    for (const dicom::CtSlice& slice : ct->slices) planes.drawn.push_back(dot(slice.position - PatientPoint{}, normal));
  } else {
    for (const Shape& s : sources)
      planes.drawn.insert(planes.drawn.end(), s.plane_positions_mm().begin(), s.plane_positions_mm().end());
    if (ct)
      warnings.push_back({"oblique-contours", "structure '" + sources.front().name() +
                                                  "' is not drawn in the CT's planes; the result lies on its own"});
  }
  std::sort(planes.drawn.begin(), planes.drawn.end());
  for (const double z : planes.drawn)
    if (planes.wanted.empty() || z - planes.wanted.back() > 2 * same_plane_mm) planes.wanted.push_back(z);
  if (planes.wanted.size() == 1) {
    const double z = planes.wanted[0];
    planes.wanted = {z - lone_thickness_mm, z, z + lone_thickness_mm};
  }
  planes.wanted = without_wide_gaps(planes.wanted);
  return planes;
}

RoiRole default_role(const std::vector<const Structure*>& sources, double margin_mm) {
  const RoiRole first = sources.front()->role;
  const bool agree = std::all_of(sources.begin(), sources.end(), [&](const Structure* s) { return s->role == first; });
  const auto organ = [](const Structure* s) { return s->role == RoiRole::organ || s->role == RoiRole::avoidance; };
  if (margin_mm > 0) return std::all_of(sources.begin(), sources.end(), organ) ? RoiRole::avoidance : RoiRole::ptv;
  return agree && first != RoiRole::external && first != RoiRole::marker ? first : RoiRole::other;
}

std::vector<std::string> steps_of(const MarginRequest& request) {
  std::vector<std::string> steps{fmt::format("'{}'", fmt::join(request.structures, "' joined with '"))};
  if (request.margin_mm > 0) steps.push_back(fmt::format("expanded by {} mm", request.margin_mm));
  if (request.margin_mm < 0) steps.push_back(fmt::format("shrunk by {} mm", -request.margin_mm));
  for (const StructureLimit& limit : request.apart)
    steps.push_back(limit.distance_mm > 0 ? fmt::format("kept {} mm away from '{}'", limit.distance_mm, limit.structure)
                                          : fmt::format("without '{}'", limit.structure));
  for (const StructureLimit& limit : request.inside)
    steps.push_back(limit.distance_mm > 0 ? fmt::format("kept {} mm inside '{}'", limit.distance_mm, limit.structure)
                                          : fmt::format("inside '{}' only", limit.structure));
  return steps;
}

MarginVolume volume_of(const Shape& shape, const std::string& name) {
  const Interval interval = shape.volume_interval_mm3();
  return {name, shape.volume_mm3() / units::cc, {interval.low / units::cc, interval.high / units::cc}};
}

/// A PTV that no longer holds its GTV may be meant, but must not go unnoticed.
void warn_of_cut_sources(const std::vector<Shape>& sources, const Shape& made, Warnings& warnings) {
  for (const Shape& source : sources) {
    const double step = std::clamp(std::cbrt(source.volume_mm3() / 4000), 0.3, 3.0);
    double cut = 0;
    for (const Sample& sample : source.sample(step))
      if (!made.contains(sample.point)) cut += sample.volume_mm3;
    constexpr double worth_telling = 0.005;  // of the volume; surfaces differ by some hundredths of a millimetre
    if (cut > worth_telling * source.volume_mm3())
      warnings.push_back({"source-cut", fmt::format("'{}': {:.3f} of {:.3f} cc are cut off by the crop or the gaps",
                                                    source.name(), cut / units::cc, source.volume_mm3() / units::cc)});
  }
}

std::string seed_of(const MarginRequest& request, const std::filesystem::path& rtstruct, RoiRole role) {
  std::string seed = fmt::format("margin {} {} {}\n{}", sha256_of_file(rtstruct), exact_text(request.margin_mm),
                                 to_string(request.between), request.name);
  seed += fmt::format("\n{}", to_string(role));
  for (const std::string& name : request.structures) seed += "\n" + name;
  for (const auto* limits : {&request.apart, &request.inside}) {
    seed += "\n-";
    for (const StructureLimit& limit : *limits)
      seed += fmt::format("\n{} {}", exact_text(limit.distance_mm), limit.structure);
  }
  return seed;
}

}  // namespace

StructureLimit parse_limit(const std::string& text, const std::string& option) {
  const std::size_t colon = text.rfind(':');
  double distance = -1;
  bool read = false;
  if (colon != std::string::npos && colon > 0) {
    const char* const first = text.data() + colon + 1;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(first, last, distance);
    read = error == std::errc() && end == last && first != last;
  }
  if (!read || !(distance >= 0 && distance <= most_mm))
    throw InputError("'" + text + "' cannot be read", option,
                     fmt::format("it must be a structure and a distance of 0 to {} mm", most_mm),
                     "write NAME:MM, e.g. " + option + " Skin:3");
  return {text.substr(0, colon), distance};
}

RoiRole parse_role(const std::string& text, const std::string& option) {
  std::string names;
  for (const RoiRole role :
       {RoiRole::gtv, RoiRole::ctv, RoiRole::itv, RoiRole::ptv, RoiRole::organ, RoiRole::avoidance, RoiRole::other}) {
    if (lower(std::string(to_string(role))) == lower(text)) return role;
    names += (names.empty() ? "" : ", ") + std::string(to_string(role));
  }
  throw InputError("no role '" + text + "'", option, "", "choose one of " + names);
}

MarginOutcome make_margin(const MarginRequest& request, Progress& progress) {
  check(request);
  const dicom::Catalogue catalogue = dicom::scan(request.inputs, progress);
  if (catalogue.ct_series.empty() && catalogue.structures.size() > 1 && request.rtstruct.empty()) {
    std::string choices;
    for (const dicom::StructureFile& f : catalogue.structures) choices += "\n  --rtstruct " + f.path.string();
    throw InputError("several RTSTRUCTs and no CT", request.inputs.front().string(), "it is not clear which is meant",
                     "name one:" + choices);
  }
  const dicom::StructureFile& file = dicom::choose_structures(catalogue, request.rtstruct);
  const dicom::LoadedStructures loaded = dicom::load_structures(file);
  if (loaded.structures.find(request.name))
    throw InputError("a structure named '" + loaded.structures.find(request.name)->name + "' exists",
                     file.path.string(), "two structures of one name cannot be told apart", "choose another --name");
  MarginOutcome outcome;
  outcome.warnings = loaded.warnings;
  const dicom::CtSeries* ct = ct_of(catalogue, file, request.ct_uid, outcome.warnings);
  std::optional<double> slice_spacing_mm;
  if (ct && ct->slice_spacing_mm > 0) slice_spacing_mm = ct->slice_spacing_mm;
  const ShapeRule rule = shape_rule(loaded.structures, request.between, slice_spacing_mm);

  const auto limits = [&](const std::vector<StructureLimit>& wanted) {
    std::vector<DistanceLimit> found;
    for (const StructureLimit& limit : wanted) {
      found.push_back({shape_of(structure_of(loaded.structures, limit.structure), rule), limit.distance_mm});
      append(outcome.warnings, found.back().shape.warnings());
    }
    return found;
  };
  MarginRecipe recipe;
  std::vector<const Structure*> sources;
  for (const std::string& name : request.structures) {
    sources.push_back(&structure_of(loaded.structures, name));
    if (std::count(sources.begin(), sources.end(), sources.back()) > 1)
      throw InputError("'" + name + "' is named twice", "--structure", "a structure joins once", "name it once");
    recipe.sources.push_back(shape_of(*sources.back(), rule));
    append(outcome.warnings, recipe.sources.back().warnings());
    outcome.sources.push_back(volume_of(recipe.sources.back(), sources.back()->name));
  }
  recipe.margin_mm = request.margin_mm;
  recipe.apart = limits(request.apart);
  recipe.inside = limits(request.inside);
  const Planes planes = planes_for(recipe.sources, ct, rule.lone_plane_thickness_mm, outcome.warnings);

  outcome.steps = steps_of(request);
  Structure made;
  made.name = outcome.name = request.name;
  made.role = outcome.role = request.role.value_or(default_role(sources, request.margin_mm));
  made.contours = carve(recipe, planes.wanted);
  if (made.contours.empty())
    throw InputError(fmt::format("nothing is left of '{}'", fmt::join(request.structures, "' and '")),
                     file.path.string(), fmt::format("{}: no contour on any plane", fmt::join(outcome.steps, ", ")),
                     "shrink less, or keep smaller distances");
  const Shape solid = shape_of(made, rule);
  append(outcome.warnings, solid.warnings());
  if (request.margin_mm >= 0 && !(recipe.apart.empty() && recipe.inside.empty()))
    warn_of_cut_sources(recipe.sources, solid, outcome.warnings);

  dicom::write_structures_added(file, {made}, ct, seed_of(request, file.path, made.role),
                                {program_version(), program_revision()}, request.out);
  outcome.between = request.between;
  outcome.result = volume_of(solid, made.name);
  outcome.contours = made.contours.size();
  for (const Contour& contour : made.contours) outcome.points += contour.points.size();
  outcome.planes = solid.plane_positions_mm().size();
  for (const double z : solid.plane_positions_mm())
    outcome.planes_beyond += std::none_of(planes.drawn.begin(), planes.drawn.end(),
                                          [&](double drawn) { return std::abs(drawn - z) < same_plane_mm; });
  if (ct) outcome.ct_series_instance_uid = ct->series_instance_uid;
  outcome.rtstruct = file.path;
  outcome.out = request.out;
  return outcome;
}

std::string to_json(const MarginOutcome& outcome) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-margin/1");
  write_program(json, program_version(), program_revision());
  json.member("name", outcome.name).member("role", to_string(outcome.role));
  json.member("between_planes", to_string(outcome.between));
  json.key("steps").begin_array();
  for (const std::string& step : outcome.steps) json.value(step);
  json.end_array();
  json.key("sources").begin_array();
  const auto volume = [&](const MarginVolume& v) {
    json.member("volume_cc", v.volume_cc);
    json.member("volume_interval_cc", std::vector<double>{v.interval_cc.low, v.interval_cc.high});
  };
  for (const MarginVolume& source : outcome.sources) {
    json.begin_row_object().member("structure", source.structure);
    volume(source);
    json.end_object();
  }
  json.end_array();
  volume(outcome.result);
  json.member("planes", std::int64_t(outcome.planes)).member("planes_beyond", std::int64_t(outcome.planes_beyond));
  json.member("contours", std::int64_t(outcome.contours)).member("points", std::int64_t(outcome.points));
  json.member("rtstruct", outcome.rtstruct.string()).member("out", outcome.out.string());
  if (!outcome.ct_series_instance_uid.empty()) json.member("ct_series_instance_uid", outcome.ct_series_instance_uid);
  json.key("warnings").begin_array();
  for (const Warning& w : outcome.warnings)
    json.begin_row_object().member("code", w.code).member("text", w.text).end_object();
  json.end_array().end_object();
  return json.finish();
}

}  // namespace sbrt
