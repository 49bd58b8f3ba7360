/// Which structures of a case are the organs that a protocol names. Nothing is guessed: two candidates are none.
#pragma once

#include "engine/protocols/name_dictionary.h"
#include "geometry/structure_set.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace sbrt {

struct CaseStructure {
  std::string name;
  RoiRole role = RoiRole::other;
  bool is_body = false;    //!< the contour that bounds isodose volumes
  bool is_target = false;  //!< judged as a target
};

/// A structure assigned to an organ by the user: --match ORGAN=STRUCTURE.
struct ToldMatch {
  std::string organ, structure;
};
/// Reads "SpinalCord=cord_final". @throws InputError
ToldMatch parse_told_match(const std::string& text);

/// One place where a goal on an organ is judged.
struct OrganSite {
  std::string organ;                 //!< the dictionary's name, "Lung_L"
  std::vector<std::size_t> members;  //!< structures of the case; several: their union
  std::vector<std::string> missing;  //!< organs of the union that the case lacks
  std::string rule;                  //!< how the name was matched
};

/// Either sites, or why there are none.
struct OrganMatch {
  std::vector<OrganSite> sites;
  std::string why_not;
  bool ambiguous = false;
  bool complete() const;
};

/// Targets, the body, couches, markers and everything that looks derived (PRV, ring, avoid, ...) is never an organ,
/// whatever its name, unless the user assigns it.
class StructureMatcher {
 public:
  /// @throws InputError: --match names a structure that the case lacks, or an organ twice
  StructureMatcher(const NameDictionary& dictionary, std::vector<CaseStructure> structures,
                   const std::vector<ToldMatch>& told = {});

  /// A name that the dictionary lacks is looked for as it is, without case and punctuation.
  OrganMatch find(const std::string& organ) const;
  /// The first of these organs that is there as a whole, else the first in part. An ambiguous name ends the search.
  OrganMatch find_first(const std::vector<std::string>& organs) const;

  /// The organ that this structure alone is; null when it is none or one of two candidates.
  const OrganSite* organ_of(const std::string& structure) const;
  /// What a structure is to protocols, in words: "the body", "a target", "known as Heart (TG-263 name)", ...
  std::string describe(std::size_t structure) const;
  const std::vector<CaseStructure>& structures() const { return structures_; }

 private:
  OrganMatch find_literal(const std::string& name) const;
  OrganMatch find_direct(const std::string& organ) const;
  OrganMatch find_union(const Organ& organ) const;
  std::string why_excluded(const CaseStructure& structure) const;

  const NameDictionary& dictionary_;
  std::vector<CaseStructure> structures_;
  std::map<std::string, std::vector<std::pair<std::size_t, std::string>>> by_organ_;  //!< structure and rule
  std::map<std::string, std::size_t> told_;
  std::map<std::string, OrganSite> organs_;  //!< by structure
};

}  // namespace sbrt
