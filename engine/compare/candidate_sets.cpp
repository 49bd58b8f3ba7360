#include "engine/compare/candidate_sets.h"

#include "engine/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>

namespace sbrt {
namespace {

constexpr std::size_t most_sets = 500;

std::vector<double> read_collimators(const JsonReader& value) {
  if (value.is_text()) {
    value.choice({"auto"});
    return {};
  }
  std::vector<double> sizes = value.numbers(1, 100);
  if (sizes.empty()) throw value.error("no collimator", "a set needs at least one", "write sizes in mm, or \"auto\"");
  return sizes;
}

bool read_placement(const JsonReader& value) { return value.choice({"isocentric", "non-isocentric"}) == "isocentric"; }

// A node set in a file lies beside sets.json.
std::string read_nodes(const JsonReader& value, const std::filesystem::path& folder) {
  const std::string text = value.text();
  const bool is_file = text.ends_with(".json") || text.ends_with(".csv");
  return is_file ? (folder / text).lexically_normal().string() : text;
}

int read_every(const JsonReader& value) { return int(value.integer(1, 50)); }
int read_count(const JsonReader& value) { return int(value.integer(1, 100000)); }
std::uint64_t read_seed(const JsonReader& value) { return std::uint64_t(value.integer(0)); }
double read_isodose(const JsonReader& value) { return value.number(30, 99); }
double read_coverage(const JsonReader& value) { return value.number(50, 100); }

void check_name(const JsonReader& where, const std::string& name) {
  const bool plain = !name.empty() && name.size() <= 100 && name != "." && name != ".." &&
                     std::none_of(name.begin(), name.end(),
                                  [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/' || c == '\\'; });
  if (!plain)
    throw where.error("'" + name + "' is no name of a set", "its plan goes into a folder of that name",
                      "use at most 100 characters without / and \\");
}

CandidateSet read_set(const JsonReader& json, const std::filesystem::path& folder) {
  CandidateSet set;
  set.name = json.at("name").text();
  check_name(json.at("name"), set.name);
  if (const auto v = json.find("collimators_mm")) set.collimators_mm = read_collimators(*v);
  if (const auto v = json.find("nodes")) set.nodes = read_nodes(*v, folder);
  if (const auto v = json.find("every_node")) set.every_node = read_every(*v);
  if (const auto v = json.find("placement")) set.isocentric = read_placement(*v);
  if (const auto v = json.find("count")) set.count = read_count(*v);
  if (const auto v = json.find("seed")) set.seed = read_seed(*v);
  if (const auto v = json.find("isodose_pct")) set.isodose_pct = read_isodose(*v);
  if (const auto v = json.find("coverage_pct")) set.coverage_pct = read_coverage(*v);
  return set;
}

// Every set so far, once for each value of the key.
template <class Value>
void vary(std::vector<CandidateSet>& sets, const JsonReader& vary_by, std::string_view key,
          std::optional<Value> CandidateSet::*member, const std::function<Value(const JsonReader&)>& read,
          const std::function<std::string(const Value&)>& shown) {
  const auto values = vary_by.find(key);
  if (!values) return;
  std::vector<CandidateSet> all;
  for (const CandidateSet& set : sets)
    for (const JsonReader& value : values->items()) {
      CandidateSet varied = set;
      varied.*member = read(value);
      varied.name += (varied.name.empty() ? "" : "_") + shown(*(varied.*member));
      all.push_back(varied);
      if (all.size() > most_sets)
        throw values->error("too many sets", fmt::format("more than {} combinations", most_sets), "vary fewer values");
    }
  if (all.empty()) throw values->error("no value", "nothing would be varied", "leave the key out");
  sets = std::move(all);
}

std::vector<CandidateSet> read_combinations(const JsonReader& json, const std::filesystem::path& folder) {
  std::vector<CandidateSet> sets(1);
  vary<bool>(sets, json, "placement", &CandidateSet::isocentric, read_placement,
             [](const bool& v) { return std::string(v ? "isocentric" : "non-isocentric"); });
  vary<std::vector<double>>(sets, json, "collimators_mm", &CandidateSet::collimators_mm, read_collimators,
                            [](const std::vector<double>& v) {
                              return v.empty() ? std::string("cones-auto") : fmt::format("cones-{}", fmt::join(v, "-"));
                            });
  vary<std::string>(
      sets, json, "nodes", &CandidateSet::nodes, [&](const JsonReader& v) { return read_nodes(v, folder); },
      [](const std::string& v) { return std::filesystem::path(v).stem().string(); });
  vary<int>(sets, json, "every_node", &CandidateSet::every_node, read_every,
            [](const int& v) { return fmt::format("every-{}", v); });
  vary<int>(sets, json, "count", &CandidateSet::count, read_count, [](const int& v) { return fmt::format("n{}", v); });
  vary<std::uint64_t>(sets, json, "seed", &CandidateSet::seed, read_seed,
                      [](const std::uint64_t& v) { return fmt::format("seed-{}", v); });
  vary<double>(sets, json, "isodose_pct", &CandidateSet::isodose_pct, read_isodose,
               [](const double& v) { return fmt::format("iso{:g}", v); });
  vary<double>(sets, json, "coverage_pct", &CandidateSet::coverage_pct, read_coverage,
               [](const double& v) { return fmt::format("cov{:g}", v); });
  if (sets.size() == 1 && sets.front().name.empty())
    throw json.error("nothing to vary", "it names no key of a set", "vary collimators_mm, placement, count, ...");
  return sets;
}

}  // namespace

std::vector<CandidateSet> read_candidate_sets(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-sets/1");
  const std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
  if (const auto note = json.find("description")) note->text();
  std::vector<CandidateSet> sets;
  if (const auto list = json.find("sets"))
    for (const JsonReader& item : list->items()) sets.push_back(read_set(item, folder));
  if (const auto v = json.find("vary"))
    for (CandidateSet& set : read_combinations(*v, folder)) sets.push_back(std::move(set));
  json.expect_all_used();
  if (sets.empty() || sets.size() > most_sets)
    throw json.error(fmt::format("{} candidate sets", sets.size()), fmt::format("1 to {} can be compared", most_sets),
                     "list them under \"sets\", or values under \"vary\"");
  std::vector<std::string> names;
  for (const CandidateSet& set : sets) {
    std::string name = set.name;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw json.error("two sets are called '" + set.name + "'",
                       "each has a folder of its name (case is not told apart)", "rename one");
    names.push_back(name);
  }
  return sets;
}

PlanRequest with_set(PlanRequest request, const CandidateSet& set) {
  if (set.collimators_mm) request.collimators_mm = *set.collimators_mm;
  if (set.nodes) request.nodes = *set.nodes;
  if (set.isocentric) request.isocentric = *set.isocentric;
  if (set.count) request.count = *set.count;
  if (set.seed) request.seed = *set.seed;
  if (set.coverage_pct) request.coverage_pct = *set.coverage_pct;
  if (set.isodose_pct)
    for (Prescription& prescription : request.targets.prescriptions) prescription.isodose_pct = *set.isodose_pct;
  if (set.every_node) request.every_node = *set.every_node;
  return request;
}

std::string description_of(const CandidateSet& set) {
  std::vector<std::string> parts;
  if (set.isocentric) parts.push_back(*set.isocentric ? "isocentric" : "non-isocentric");
  if (set.collimators_mm)
    parts.push_back(set.collimators_mm->empty()
                        ? "collimators by target size"
                        : fmt::format("collimators {} mm", fmt::join(*set.collimators_mm, ", ")));
  if (set.nodes) parts.push_back("nodes " + *set.nodes);
  if (set.every_node) parts.push_back(fmt::format("one of {} nodes", *set.every_node));
  if (set.count) parts.push_back(fmt::format("{} candidates", *set.count));
  if (set.seed) parts.push_back(fmt::format("seed {}", *set.seed));
  if (set.isodose_pct) parts.push_back(fmt::format("isodose {:g} %", *set.isodose_pct));
  if (set.coverage_pct) parts.push_back(fmt::format("coverage {:g} %", *set.coverage_pct));
  return parts.empty() ? "as requested" : fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace sbrt
