#include "engine/planning/plan_files.h"

#include "engine/json.h"
#include "engine/planning/csv.h"
#include "engine/planning/robot_limits.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace sbrt {
namespace {

constexpr std::string_view beams_schema = "sbrtplan-beams/1";
constexpr std::string_view plan_schema = "sbrtplan-plan/1";
const std::vector<std::string> csv_header{"id",       "node",     "source_x_mm", "source_y_mm",   "source_z_mm",
                                          "aim_x_mm", "aim_y_mm", "aim_z_mm",    "collimator_mm", "weight_mu"};

BeamSet read_beams(const JsonReader& list) {
  BeamSet beams;
  for (const JsonReader& item : list.items()) {
    Beam beam;
    beam.id = item.at("id").text();
    beam.node = item.at("node").text();
    beam.source = item.at("source_mm").point();
    beam.aim = item.at("aim_mm").point();
    beam.collimator_mm = item.at("collimator_mm").positive_number();
    beam.weight_mu = item.at("weight_mu").number(0);
    beams.push_back(beam);
  }
  return beams;
}

void write_beams(JsonWriter& w, const BeamSet& beams) {
  w.key("beams").begin_array();
  for (const Beam& b : beams)
    w.begin_row_object()
        .member("id", b.id)
        .member("node", b.node)
        .member("source_mm", b.source)
        .member("aim_mm", b.aim)
        .member("collimator_mm", b.collimator_mm)
        .member("weight_mu", b.weight_mu)
        .end_object();
  w.end_array();
}

Prescription read_prescription(const JsonReader& r) {
  Prescription p;
  p.dose_gy = r.at("dose_gy").positive_number(500);
  p.fractions = int(r.at("fractions").integer(1, 100));
  if (const auto isodose = r.find("isodose_pct")) p.isodose_pct = isodose->number(20, 100);
  return p;
}

Grid read_grid(const JsonReader& r) {
  const auto size = r.at("size").items(3);
  const auto spacing = r.at("spacing_mm").items(3);
  const auto axes = r.at("axes").items(3);
  const auto voxels = [&](std::size_t i) { return int(size[i].integer(1, 100000)); };
  return Grid({voxels(0), voxels(1), voxels(2)},
              {spacing[0].positive_number(), spacing[1].positive_number(), spacing[2].positive_number()},
              r.at("origin_mm").point(), {axes[0].vector(), axes[1].vector(), axes[2].vector()});
}

void write_grid(JsonWriter& w, const Grid& grid) {
  const auto size = grid.size();
  const auto spacing = grid.spacing_mm();
  w.key("dose_grid").begin_object();
  w.member("size", std::vector<double>{double(size.nx), double(size.ny), double(size.nz)});
  w.member("spacing_mm", std::vector<double>(spacing.begin(), spacing.end()));
  w.member("origin_mm", grid.origin());
  w.key("axes").begin_array().value(grid.axes().i).value(grid.axes().j).value(grid.axes().k).end_array();
  w.end_object();
}

}  // namespace

std::string_view to_string(DepthMode depth) { return depth == DepthMode::per_point_ray ? "ray" : "axis"; }

DepthMode depth_mode_named(const std::string& name) {
  if (name == "ray") return DepthMode::per_point_ray;
  if (name == "axis") return DepthMode::central_axis;
  throw InputError("depth mode '" + name + "' is not known", "depth", "", "use ray or axis");
}

void check_beams(const BeamSet& beams, const std::string& where) {
  if (beams.empty()) throw InputError("beam set is empty", where, "", "list at least one beam");
  std::set<std::string> ids;
  for (const Beam& beam : beams) {
    const std::string place = fmt::format("{}: beam '{}'", where, beam.id);
    for (const std::string& name : {beam.id, beam.node})
      if (name.empty() || name.find_first_of(",\"\n\r") != std::string::npos)
        throw InputError("beam id or node cannot be used", place, "it is empty or holds a comma, quote or line end",
                         "give a plain id");
    if (!ids.insert(beam.id).second) throw InputError("beam id occurs twice", place, "", "give every beam its own id");
    if (!is_finite(beam.source) || !is_finite(beam.aim) || !std::isfinite(beam.collimator_mm) ||
        !std::isfinite(beam.weight_mu))
      throw InputError("beam has a value that is not finite", place, "", "correct the beam");
    if (beam.weight_mu < 0)
      throw InputError(fmt::format("beam has {} MU", beam.weight_mu), place, "MU cannot be negative",
                       "correct the beam");
    if (!(beam.collimator_mm > 0))
      throw InputError(fmt::format("beam has a collimator of {} mm", beam.collimator_mm), place, "it must be positive",
                       "correct the beam");
    const double length = distance(beam.source, beam.aim);
    if (length == 0)
      throw InputError("beam's source is its aim point", place, "it has no direction", "correct the beam");
    if (length < nearest_source_mm || length > farthest_source_mm)
      throw InputError(fmt::format("beam's source is {:.1f} mm from its aim point", length), place,
                       fmt::format("it must lie between {} and {} mm", nearest_source_mm, farthest_source_mm),
                       "give source and aim in millimetres of the CT's frame of reference");
  }
}

BeamFile read_beam_file(const std::filesystem::path& path) {
  const JsonReader root = JsonReader::from_file(path);
  root.expect_schema(beams_schema);
  BeamFile file;
  file.collimator_kind = root.at("collimator_kind").choice({"fixed", "iris"});
  file.beams = read_beams(root.at("beams"));
  root.expect_all_used();
  check_beams(file.beams, path.string());
  return file;
}

std::string beam_file_text(const BeamFile& file) {
  check_beams(file.beams, "beams.json");
  JsonWriter w;
  w.begin_object().member("schema", beams_schema).member("collimator_kind", file.collimator_kind);
  write_beams(w, file.beams);
  w.end_object();
  return w.finish();
}

PlanFile read_plan_file(const std::filesystem::path& path) {
  const JsonReader root = JsonReader::from_file(path);
  root.expect_schema(plan_schema);
  PlanFile file;
  const JsonReader program = root.at("program");
  file.program_name = program.at("name").text();
  file.program_version = program.at("version").text();
  file.program_revision = program.at("revision").text();
  file.collimator_kind = root.at("collimator_kind").choice({"fixed", "iris"});
  for (const JsonReader& t : root.at("targets").items())
    file.targets.push_back({t.at("structure").text(), read_prescription(t.at("prescription"))});
  if (file.targets.empty()) throw root.at("targets").error("no target", "", "list at least one");
  for (const JsonReader& g : root.at("goals").items()) file.goals.push_back(g.text());
  file.coverage_pct = root.at("coverage_pct").positive_number(100);
  const JsonReader data = root.at("beam_data");
  file.beam_data_name = data.at("name").text();
  file.beam_data_version = data.at("version").text();
  file.beam_data_sha256 = data.at("sha256").text();
  const JsonReader density = root.at("density");
  file.density_name = density.at("name").text();
  file.density_sha256 = density.at("sha256").text();
  for (const JsonReader& o : density.at("overrides").items())
    file.density_overrides.push_back({o.at("structure").text(), o.at("hu").number()});
  if (const auto body = root.find("body")) file.body = body->text();
  file.dose_grid = read_grid(root.at("dose_grid"));
  file.depth = root.at("depth").choice({"ray", "axis"}) == "ray" ? DepthMode::per_point_ray : DepthMode::central_axis;
  for (const auto& [name, value] : root.at("options").members()) file.options.emplace_back(name, value.text());
  for (const JsonReader& i : root.at("inputs").items()) {
    const auto uid = i.find("uid");
    file.inputs.push_back({i.at("path").text(), i.at("kind").text(), uid ? uid->text() : "", i.at("sha256").text()});
  }
  file.beams = read_beams(root.at("beams"));
  root.expect_all_used();
  check_beams(file.beams, path.string());
  return file;
}

std::string plan_file_text(const PlanFile& file) {
  SBRT_EXPECT(file.dose_grid.has_value() && !file.targets.empty());
  check_beams(file.beams, "plan.json");
  JsonWriter w;
  w.begin_object().member("schema", plan_schema);
  w.key("program").begin_row_object().member("name", file.program_name).member("version", file.program_version);
  w.member("revision", file.program_revision).end_object();
  w.key("targets").begin_array();
  for (const PlanFileTarget& t : file.targets) {
    w.begin_row_object().member("structure", t.structure).key("prescription").begin_row_object();
    w.member("dose_gy", t.prescription.dose_gy).member("fractions", t.prescription.fractions);
    if (t.prescription.isodose_pct) w.member("isodose_pct", *t.prescription.isodose_pct);
    w.end_object().end_object();
  }
  w.end_array();
  w.member("coverage_pct", file.coverage_pct);
  w.key("goals").begin_array();
  for (const std::string& goal : file.goals) w.value(goal);
  w.end_array();
  w.key("beam_data").begin_row_object().member("name", file.beam_data_name).member("version", file.beam_data_version);
  w.member("sha256", file.beam_data_sha256).end_object();
  w.key("density").begin_object().member("name", file.density_name).member("sha256", file.density_sha256);
  w.key("overrides").begin_array();
  for (const PlanFileOverride& o : file.density_overrides)
    w.begin_row_object().member("structure", o.structure).member("hu", o.hu).end_object();
  w.end_array().end_object();
  if (!file.body.empty()) w.member("body", file.body);
  write_grid(w, *file.dose_grid);
  w.member("depth", to_string(file.depth));
  w.key("options").begin_object();
  for (const auto& [name, value] : file.options) w.member(name, value);
  w.end_object();
  w.key("inputs").begin_array();
  for (const InputRecord& i : file.inputs) {
    w.begin_row_object().member("path", i.path).member("kind", i.kind);
    if (!i.uid.empty()) w.member("uid", i.uid);
    w.member("sha256", i.sha256).end_object();
  }
  w.end_array();
  w.member("collimator_kind", file.collimator_kind);
  write_beams(w, file.beams);
  w.end_object();
  return w.finish();
}

BeamSet read_beam_csv(const std::filesystem::path& path) {
  BeamSet beams;
  for (const CsvTextRow& row : read_text_csv(path, csv_header)) {
    const auto number = [&](std::size_t c) { return csv_number(row.cells[c], path, row.line, csv_header[c]); };
    beams.push_back({row.cells[0],
                     row.cells[1],
                     {number(2), number(3), number(4)},
                     {number(5), number(6), number(7)},
                     number(8),
                     number(9)});
  }
  check_beams(beams, path.string());
  return beams;
}

std::string beam_csv_text(const BeamSet& beams) {
  check_beams(beams, "beams.csv");
  std::string text = fmt::format("{}\n", fmt::join(csv_header, ","));
  for (const Beam& b : beams) {
    text += b.id + "," + b.node;
    for (const double v : {b.source.x, b.source.y, b.source.z, b.aim.x, b.aim.y, b.aim.z, b.collimator_mm, b.weight_mu})
      text += "," + exact_text(v);
    text += "\n";
  }
  return text;
}

}  // namespace sbrt
