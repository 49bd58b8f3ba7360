#include "engine/archive/replan_protocol.h"

#include "engine/archive/name_pattern.h"
#include "engine/evaluation/biology_file.h"
#include "engine/json.h"
#include "engine/planning/goal_file.h"
#include "geometry/sha256.h"

#include <algorithm>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> texts(const JsonReader& value) {
  if (!value.is_array()) return {value.text()};
  std::vector<std::string> all;
  for (const JsonReader& item : value.items()) all.push_back(item.text());
  return all;
}

std::vector<std::string> patterns(const JsonReader& object, const char* key) {
  const auto found = object.find(key);
  if (!found) return {};
  std::vector<std::string> all = texts(*found);
  if (all.empty() || std::find(all.begin(), all.end(), "") != all.end())
    throw found->error("an empty pattern", "it fits nothing", "leave the key out, or write * for everything");
  return all;
}

// The complaint of a grammar, at its place in the file.
template <class Parse>
auto at_place(const JsonReader& value, Parse parse) {
  try {
    return parse(value.text());
  } catch (const InputError& error) {
    throw value.error(error.problem(), error.why(), error.remedy());
  }
}

/// The file, with the folder that its paths start from.
struct Reading {
  JsonReader json;
  fs::path folder;
  ReplanProtocol& protocol;

  std::string file_or_name(const JsonReader& value, bool is_file) {
    const std::string text = value.text();
    if (!is_file) return text;
    const fs::path path = (folder / text).lexically_normal();
    protocol.files.push_back(path);
    return path.string();
  }
  // Names of shipped things have no extension and no folder.
  static bool looks_like_file(const std::string& text) {
    return text.find('/') != std::string::npos || text.ends_with(".json") || text.ends_with(".csv");
  }
  std::string nodes(const JsonReader& value) { return file_or_name(value, looks_like_file(value.text())); }

  PrescriptionChoice prescription(const JsonReader& value) {
    PrescriptionChoice choice;
    if (value.is_text()) {
      choice.fixed = at_place(value, Prescription::parse);
      return choice;
    }
    const std::string from = value.at("from").choice({"plan"});
    choice.from_plan = from == "plan";
    if (const auto v = value.find("isodose_pct")) choice.isodose_pct = v->number(20, 100);
    if (const auto v = value.find("otherwise")) choice.fixed = at_place(*v, Prescription::parse);
    return choice;
  }

  std::vector<Goal> goals(const JsonReader& value) {
    std::vector<Goal> all;
    for (const JsonReader& item : value.items())
      if (item.text().ends_with(".json")) {
        for (Goal& goal : read_goal_file(file_or_name(item, true))) all.push_back(std::move(goal));
      } else {
        all.push_back(at_place(item, Goal::parse));
      }
    return all;
  }

  void targets() {
    const auto read = [&](const JsonReader& rule) {
      protocol.targets.push_back({patterns(rule, "gtv"), patterns(rule, "target")});
      if (protocol.targets.back().gtv.empty() && protocol.targets.back().target.empty())
        throw rule.error("no structures are named", "a rule needs gtv or target", "write {\"gtv\": \"GTV*\"}");
    };
    const JsonReader value = json.at("targets");
    if (value.is_object()) {
      read(value);
    } else {
      for (const JsonReader& rule : value.items()) read(rule);
    }
    if (protocol.targets.empty()) throw value.error("no targets", "nothing would be planned", "name some");
  }

  void sites() {
    if (const auto value = json.find("sites"))
      for (const JsonReader& rule : value->items()) {
        protocol.sites.push_back({rule.at("site").text(), patterns(rule, "body_part"), patterns(rule, "structures"),
                                  patterns(rule, "targets")});
        if (protocol.sites.back().site.empty()) throw rule.error("a site without a name", "", "name it");
      }
  }

  void rules() {
    const auto value = json.find("rules");
    if (!value) return;
    for (const JsonReader& item : value->items()) {
      CaseRule rule;
      rule.sites = patterns(item, "site");
      rule.targets = patterns(item, "targets");
      if (const auto v = item.find("from_diameter_mm")) rule.from_diameter_mm = v->number(0, 1000);
      if (const auto v = item.find("below_diameter_mm")) rule.below_diameter_mm = v->number(0, 1000);
      if (const auto v = item.find("prescription")) rule.prescription = prescription(*v);
      if (const auto v = item.find("margin_mm")) rule.margin_mm = v->number(0, 100);
      if (const auto v = item.find("coverage_pct")) rule.coverage_pct = v->number(50, 100);
      if (const auto v = item.find("grid_mm")) rule.grid_mm = v->number(0.5, 5);
      if (const auto v = item.find("goals")) rule.goals = goals(*v);
      if (const auto v = item.find("nodes")) rule.nodes = nodes(*v);
      if (const auto v = item.find("collimators_mm")) rule.collimators_mm = v->numbers(1, 100);
      protocol.rules.push_back(std::move(rule));
    }
  }

  void plan() {
    PlanRequest& base = protocol.base;
    if (const auto v = json.find("margin_mm")) base.targets.margin_mm = v->number(0, 100);
    if (const auto v = json.find("coverage_pct")) base.coverage_pct = v->number(50, 100);
    if (const auto v = json.find("goals")) base.goals = goals(*v);
    if (const auto v = json.find("queries"))
      for (const JsonReader& query : v->items()) base.queries.push_back(at_place(query, StructureQuery::parse));
    if (const auto v = json.find("goal_sets"))
      for (const JsonReader& set : v->items())
        base.protocols.protocols.push_back(protocol_named_or_file(file_or_name(set, looks_like_file(set.text()))));
    if (const auto v = json.find("names"))
      for (const JsonReader& file : v->items()) base.protocols.names.push_back(file_or_name(file, true));
    if (const auto v = json.find("biology")) base.biology = read_biology_file(file_or_name(*v, true));
    if (const auto v = json.find("nodes")) base.nodes = nodes(*v);
    if (const auto v = json.find("collimators_mm")) base.collimators_mm = v->numbers(1, 100);
    if (const auto v = json.find("count")) base.count = int(v->integer(1, 100000));
    if (const auto v = json.find("seed")) base.seed = std::uint64_t(v->integer(0));
    if (const auto v = json.find("max_beams")) base.limits.max_beams = int(v->integer(1, 1000));
    if (const auto v = json.find("grid_mm")) base.grid_mm = v->number(0.5, 5);
    if (const auto v = json.find("beam_data")) {
      base.beam_data = v->text();
      if (looks_like_file(base.beam_data)) base.beam_data = (folder / base.beam_data).lexically_normal().string();
    }
    if (const auto v = json.find("density")) base.patient.density = file_or_name(*v, looks_like_file(v->text()));
    if (const auto v = json.find("body")) base.patient.body = v->text();
  }

  void gamma() {
    protocol.gamma.dose_pct = 3;
    protocol.gamma.distance_mm = 2;
    protocol.gamma.largest = 2;
    const auto value = json.find("gamma");
    if (!value) return;
    protocol.gamma.dose_pct = value->at("dose_pct").positive_number(100);
    protocol.gamma.distance_mm = value->at("distance_mm").positive_number(50);
    if (const auto v = value->find("cutoff_pct")) protocol.gamma.cutoff_pct = v->number(0, 100);
    if (const auto v = value->find("local")) protocol.gamma.local = v->boolean();
  }
};

bool some_rule_expands(const ReplanProtocol& protocol) {
  return std::any_of(protocol.targets.begin(), protocol.targets.end(),
                     [](const TargetRule& rule) { return rule.target.empty(); });
}

}  // namespace

bool matches_any(const std::string& text, const std::vector<std::string>& all) {
  return std::any_of(all.begin(), all.end(), [&](const std::string& p) { return matches_pattern(text, p); });
}

ReplanProtocol read_replan_protocol(const fs::path& path) {
  ReplanProtocol protocol;
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-replan/1");
  if (const auto v = json.find("name")) protocol.name = v->text();
  if (const auto v = json.find("description")) v->text();
  Reading reading{json, fs::absolute(path).parent_path(), protocol};
  reading.targets();
  protocol.exclude = patterns(json, "exclude");
  reading.sites();
  protocol.prescription = reading.prescription(json.at("prescription"));
  reading.plan();
  reading.rules();
  reading.gamma();
  json.expect_all_used();
  const auto margin_stated = [](const CaseRule& rule) { return rule.margin_mm.has_value(); };
  if (some_rule_expands(protocol) && !protocol.base.targets.margin_mm &&
      std::none_of(protocol.rules.begin(), protocol.rules.end(), margin_stated))
    throw json.error("no margin_mm", "the PTV is the GTV expanded by it", "add \"margin_mm\": 5");
  protocol.sha256 = sha256_of_file(path);
  if (!protocol.files.empty()) {
    Sha256 all;
    for (const fs::path& file : protocol.files) all.add(sha256_of_file(file));
    protocol.files_sha256 = all.finish();
  }
  return protocol;
}

}  // namespace sbrt
