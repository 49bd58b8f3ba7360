/// The candidate sets of a comparison: what each changes in one plan request.
#pragma once

#include "engine/pipeline.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// What is not stated is the request's.
struct CandidateSet {
  std::string name;
  std::optional<std::vector<double>> collimators_mm;  //!< empty: automatic
  std::optional<std::string> nodes;                   //!< "body", "head" or a file
  std::optional<int> every_node;                      //!< keeps the first of every n nodes of the set's path
  std::optional<bool> isocentric;
  std::optional<int> count;  //!< candidate beams; 0: by target size
  std::optional<std::uint64_t> seed;
  std::optional<double> isodose_pct;   //!< of every prescription
  std::optional<double> coverage_pct;  //!< of every target
  bool operator==(const CandidateSet&) const = default;
};

/// sets.json, schema "sbrtplan-sets/1" (docs/formats.md): a list of sets, or values to vary, of which every combination
/// is a set, or both.
/// @throws InputError: no set, a name twice or one that is no folder name, more than 500 sets
std::vector<CandidateSet> read_candidate_sets(const std::filesystem::path& path);

/// The request of one set.
PlanRequest with_set(PlanRequest request, const CandidateSet& set);

/// In words: "collimators 10, 20 mm; isocentric".
std::string description_of(const CandidateSet& set);

}  // namespace sbrt
