#include "engine/protocols/name_matching.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {

ToldMatch parse_told_match(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw InputError("match '" + text + "' cannot be read", "--match", "",
                     "write it like --match \"SpinalCord=cord_final\" (organ = structure)");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool OrganMatch::complete() const {
  return !sites.empty() &&
         std::all_of(sites.begin(), sites.end(), [](const OrganSite& s) { return s.missing.empty(); });
}

StructureMatcher::StructureMatcher(const NameDictionary& dictionary, std::vector<CaseStructure> structures,
                                   const std::vector<ToldMatch>& told)
    : dictionary_(dictionary), structures_(std::move(structures)) {
  std::vector<std::string> names;
  for (const CaseStructure& s : structures_) names.push_back(s.name);
  std::vector<bool> assigned(structures_.size(), false);
  for (const ToldMatch& t : told) {
    const auto known = dictionary_.organ_named(t.organ);
    const std::string organ = known ? known->organ : t.organ;
    const auto at = std::find(names.begin(), names.end(), t.structure);
    if (at == names.end()) {
      std::string nearest;
      for (const std::string& n : nearest_names(t.structure, names))
        nearest += (nearest.empty() ? "'" : ", '") + n + "'";
      throw InputError(fmt::format("no structure named '{}' can be evaluated", t.structure),
                       fmt::format("--match {}={}", t.organ, t.structure), "",
                       nearest.empty() ? "check the RTSTRUCT" : "nearest names: " + nearest);
    }
    if (!told_.emplace(organ, std::size_t(at - names.begin())).second)
      throw InputError(fmt::format("organ '{}' is matched twice", organ), "--match", "", "match it once");
    assigned[std::size_t(at - names.begin())] = true;
  }
  for (std::size_t i = 0; i < structures_.size(); ++i) {
    if (assigned[i] || !why_excluded(structures_[i]).empty()) continue;
    if (const auto named = dictionary_.organ_named(structures_[i].name))
      by_organ_[named->organ].emplace_back(i, named->rule);
  }
  for (const auto& [organ, at] : told_) organs_[names[at]] = {organ, {at}, {}, "--match"};
  for (const auto& [organ, candidates] : by_organ_)
    if (candidates.size() == 1 && !told_.contains(organ))
      organs_[names[candidates[0].first]] = {organ, {candidates[0].first}, {}, candidates[0].second};
}

const OrganSite* StructureMatcher::organ_of(const std::string& structure) const {
  const auto found = organs_.find(structure);
  return found == organs_.end() ? nullptr : &found->second;
}

std::string StructureMatcher::why_excluded(const CaseStructure& s) const {
  if (s.is_body) return "the body";
  if (s.is_target) return "a target";
  switch (s.role) {
    case RoiRole::gtv:
    case RoiRole::ctv:
    case RoiRole::itv:
    case RoiRole::ptv:
    case RoiRole::external:
    case RoiRole::support:
    case RoiRole::marker:
      return fmt::format("of type {}", to_string(s.role));
    default:
      return "";
  }
}

OrganMatch StructureMatcher::find_literal(const std::string& name) const {
  std::vector<std::size_t> alike;
  for (std::size_t i = 0; i < structures_.size(); ++i) {
    if (structures_[i].name == name) return {{{name, {i}, {}, "same name"}}, "", false};
    if (normalised_name(structures_[i].name) == normalised_name(name)) alike.push_back(i);
  }
  if (alike.empty()) return {{}, "no structure is named so", false};
  if (alike.size() == 1) return {{{name, alike, {}, "same name without case and punctuation"}}, "", false};
  return {
      {}, fmt::format("'{}' and '{}' are both named so", structures_[alike[0]].name, structures_[alike[1]].name), true};
}

OrganMatch StructureMatcher::find_direct(const std::string& organ) const {
  if (const auto told = told_.find(organ); told != told_.end())
    return {{{organ, {told->second}, {}, "--match"}}, "", false};
  const auto found = by_organ_.find(organ);
  if (found == by_organ_.end()) return {{}, "no structure is named so", false};
  const auto& candidates = found->second;
  if (candidates.size() == 1) return {{{organ, {candidates[0].first}, {}, candidates[0].second}}, "", false};
  std::string all;
  for (const auto& [structure, rule] : candidates)
    all += fmt::format("{}'{}' ({})", all.empty() ? "" : " or ", structures_[structure].name, rule);
  return {{}, fmt::format("{}? --match {}=NAME decides", all, organ), true};
}

OrganMatch StructureMatcher::find_union(const Organ& organ) const {
  OrganSite site{organ.name, {}, {}, ""};
  for (const std::string& part : organ.union_of) {
    const OrganMatch match = find(part);
    if (match.ambiguous) return {{}, fmt::format("{}: {}", part, match.why_not), true};
    // A part with sides counts when both are there: `find` gives a union for it.
    if (match.sites.size() != 1) {
      site.missing.push_back(part);
      continue;
    }
    const OrganSite& found = match.sites.front();
    site.members.insert(site.members.end(), found.members.begin(), found.members.end());
    site.missing.insert(site.missing.end(), found.missing.begin(), found.missing.end());
    site.rule += fmt::format("{}{} ({})", site.rule.empty() ? "union of " : " and ", part, found.rule);
  }
  if (site.members.empty()) return {{}, "no structure is named so", false};
  return {{site}, "", false};
}

OrganMatch StructureMatcher::find(const std::string& name) const {
  const auto known = dictionary_.organ_named(name);
  if (!known) {
    if (const auto told = told_.find(name); told != told_.end())
      return {{{name, {told->second}, {}, "--match"}}, "", false};
    return find_literal(name);
  }
  const Organ& organ = *dictionary_.organ(known->organ);
  OrganMatch match = find_direct(organ.name);
  if (match.ambiguous) return match;
  for (const std::string& side : organ.sides) {
    const OrganMatch sided = find_direct(side);
    if (sided.ambiguous) return sided;
    match.sites.insert(match.sites.end(), sided.sites.begin(), sided.sites.end());
  }
  if (!match.sites.empty()) {
    match.why_not.clear();
    return match;
  }
  return organ.union_of.empty() ? match : find_union(organ);
}

OrganMatch StructureMatcher::find_first(const std::vector<std::string>& organs) const {
  OrganMatch partial;
  for (const std::string& organ : organs) {
    OrganMatch match = find(organ);
    if (match.ambiguous || match.complete()) return match;
    if (partial.sites.empty()) partial = std::move(match);
  }
  return partial;
}

std::string StructureMatcher::describe(std::size_t structure) const {
  const CaseStructure& s = structures_[structure];
  for (const auto& [organ, told] : told_)
    if (told == structure) return fmt::format("assigned to {} (--match)", organ);
  if (const std::string why = why_excluded(s); !why.empty()) return why;
  if (const auto named = dictionary_.organ_named(s.name))
    return fmt::format("known as {} ({})", named->organ, named->rule);
  return looks_derived(s.name) ? "derived or for planning, by its name" : "name not known";
}

}  // namespace sbrt
