#include "engine/protocols/protocol_binding.h"

#include "engine/protocols/shipped.h"
#include "geometry/error.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sbrt {
namespace {

int fractions_of(const ProtocolRequest& request, const std::vector<EvaluatedTarget>& targets) {
  for (const EvaluatedTarget& t : targets)
    if (t.prescription.fractions != targets.front().prescription.fractions)
      throw InputError("targets of different numbers of fractions", "--protocol",
                       "a set of limits belongs to one number of fractions", "judge these targets separately");
  for (const Protocol& p : request.protocols) {
    if (p.fractions.empty()) continue;
    if (targets.empty())
      throw InputError(fmt::format("protocol '{}' needs a prescription", p.name), "--protocol",
                       "its limits depend on the number of fractions", "give --target and --prescription");
    check_fractions(p, targets.front().prescription.fractions);
  }
  return targets.empty() ? 0 : targets.front().prescription.fractions;
}

std::string joined(const std::vector<std::string>& names, const char* between) {
  return fmt::format("{}", fmt::join(names, between));
}

class Binder {
 public:
  Binder(const StructureMatcher& matcher, const std::vector<EvaluatedTarget>& targets, BoundProtocols& bound)
      : matcher_(matcher), targets_(targets), bound_(bound) {}

  void bind(std::size_t protocol, const ProtocolGoal& goal, const ProtocolLimit& limit) {
    const std::string& first = goal.structures.front();
    BoundGoal line;
    line.protocol = protocol;
    line.goal = goal;
    line.limit = limit;
    if (first == "target") {
      line.on_target = true;
      for (const EvaluatedTarget& t : targets_) add(line, "target", {t.structure}, "--target");
      if (targets_.empty()) bound_.unbound.push_back({protocol, goal, limit, "no target is named", false});
    } else if (first == "gtvs" || first == "organs") {
      if (!bind_all(line, first)) bound_.unbound.push_back({protocol, goal, limit, "no structure of this kind", false});
    } else {
      const OrganMatch match = matcher_.find_first(goal.structures);
      if (match.sites.empty()) bound_.unbound.push_back({protocol, goal, limit, match.why_not, match.ambiguous});
      for (const OrganSite& site : match.sites) {
        std::vector<std::string> names;
        for (const std::size_t m : site.members) names.push_back(matcher_.structures()[m].name);
        line.missing = site.missing;
        add(line, site.organ, names, site.rule);
      }
    }
  }

 private:
  void add(BoundGoal line, const std::string& organ, std::vector<std::string> names, const std::string& rule) {
    line.organ = organ;
    line.structure = joined(names, " + ");
    line.structures = std::move(names);
    line.rule = rule;
    bound_.goals.push_back(std::move(line));
  }

  bool bind_all(const BoundGoal& line, const std::string& kind) {
    bool any = false;
    for (const CaseStructure& s : matcher_.structures()) {
      const bool gross = !s.is_target && (s.role == RoiRole::gtv || s.role == RoiRole::ctv || s.role == RoiRole::itv);
      const OrganSite* organ = kind == "organs" ? matcher_.organ_of(s.name) : nullptr;
      if (!(kind == "gtvs" ? gross : organ != nullptr)) continue;
      add(line, organ ? organ->organ : std::string(to_string(s.role)), {s.name},
          organ ? organ->rule : "type of the structure");
      any = true;
    }
    return any;
  }

  const StructureMatcher& matcher_;
  const std::vector<EvaluatedTarget>& targets_;
  BoundProtocols& bound_;
};

std::string limit_suffix(const ProtocolLimit& limit) { return limit.limit_text.empty() ? "" : " " + limit.limit_text; }

}  // namespace

std::string BoundGoal::text() const { return structure + ":" + limit.quantity + limit_suffix(limit); }

std::string UnboundGoal::text() const {
  return joined(goal.structures, " or ") + ":" + limit.quantity + limit_suffix(limit);
}

std::vector<InputRecord> protocol_records(const ProtocolRequest& request) {
  std::vector<InputRecord> records;
  if (request.protocols.empty()) return records;
  for (const Protocol& p : request.protocols) records.push_back({p.file.string(), "PROTOCOL", "", p.sha256});
  std::vector<std::filesystem::path> names = shipped_files("names");
  names.insert(names.end(), request.names.begin(), request.names.end());
  for (const auto& file : names) records.push_back({file.string(), "NAMES", "", sha256_of_file(file)});
  return records;
}

BoundProtocols bind_protocols(const ProtocolRequest& request, const std::vector<NamedShape>& shapes,
                              const std::vector<EvaluatedTarget>& targets, const std::string& body) {
  BoundProtocols bound;
  bound.protocols = request.protocols;
  if (request.protocols.empty()) {
    if (!request.names.empty() || !request.told.empty())
      throw InputError("names without a protocol", request.told.empty() ? "--names" : "--match",
                       "they match structures to the organs of a protocol", "give --protocol");
    return bound;
  }
  bound.fractions = fractions_of(request, targets);
  const NameDictionary dictionary = NameDictionary::shipped_and(request.names);
  std::set<std::string> asked;
  for (const Protocol& p : request.protocols)
    for (const ProtocolGoal& g : p.goals) asked.insert(g.structures.begin(), g.structures.end());
  for (const ToldMatch& t : request.told)
    if (!dictionary.organ_named(t.organ) && !asked.contains(t.organ)) {
      std::string nearest;
      for (const std::string& n : nearest_names(t.organ, dictionary.organ_names()))
        nearest += (nearest.empty() ? "" : ", ") + n;
      throw InputError(fmt::format("no organ is called '{}'", t.organ), "--match", "", "nearest names: " + nearest);
    }
  std::vector<CaseStructure> structures;
  for (const NamedShape& s : shapes) {
    const std::string& name = s.shape.name();
    const bool target = std::any_of(targets.begin(), targets.end(), [&](const auto& t) { return t.structure == name; });
    structures.push_back({name, s.role, name == body, target});
  }
  const StructureMatcher matcher(dictionary, structures, request.told);
  Binder binder(matcher, targets, bound);
  for (std::size_t p = 0; p < request.protocols.size(); ++p)
    for (const ProtocolGoal& goal : request.protocols[p].goals) {
      auto limit = goal.limits.find(bound.fractions);
      if (limit == goal.limits.end()) limit = goal.limits.find(0);
      if (limit != goal.limits.end()) binder.bind(p, goal, limit->second);
    }
  std::set<std::string> used;
  for (const BoundGoal& g : bound.goals) used.insert(g.structures.begin(), g.structures.end());
  for (std::size_t s = 0; s < structures.size(); ++s)
    if (!used.contains(structures[s].name)) bound.unused.push_back({structures[s].name, matcher.describe(s)});
  return bound;
}

std::vector<StructureUnion> unions_of(const BoundProtocols& bound) {
  std::vector<StructureUnion> unions;
  for (const BoundGoal& g : bound.goals)
    if (g.structures.size() > 1 &&
        std::none_of(unions.begin(), unions.end(), [&](const auto& u) { return u.name == g.structure; }))
      unions.push_back({g.structure, g.structures});
  return unions;
}

std::vector<StructureQuery> queries_of(const BoundProtocols& bound) {
  std::vector<StructureQuery> queries;
  for (const BoundGoal& g : bound.goals)
    if (g.limit.metric && g.structures.size() == 1) queries.push_back({g.structure, *g.limit.metric});
  return queries;
}

std::vector<Goal> goals_to_plan(const BoundProtocols& bound, Warnings& warnings) {
  std::vector<Goal> goals;
  for (std::size_t p = 0; p < bound.protocols.size(); ++p) {
    std::vector<std::string> left_out;
    for (const BoundGoal& g : bound.goals) {
      if (g.protocol != p || g.goal.report_only) continue;
      if (!g.limit.metric || g.limit.table || g.structures.size() > 1) {
        left_out.push_back(g.text());
        continue;
      }
      Goal goal;
      goal.query = {g.structure, *g.limit.metric};
      goal.relation = g.limit.relation;
      goal.limit = g.limit.limit;
      goal.unit = g.limit.metric->result_unit;
      goal.text = g.text();
      goals.push_back(std::move(goal));
    }
    if (!left_out.empty())
      warnings.push_back(
          {"protocol-not-planned",
           fmt::format("{} goals of {} are judged, but the optimiser does not plan for indices of a target or "
                       "unions of structures: {}",
                       left_out.size(), bound.protocols[p].name, joined(left_out, "; "))});
  }
  return goals;
}

}  // namespace sbrt
