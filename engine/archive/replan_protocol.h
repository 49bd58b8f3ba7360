/// Under which rules archived cases are planned again (schema sbrtplan-replan/1, docs/formats.md).
#pragma once

#include "engine/evaluation/gamma.h"
#include "engine/pipeline.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Patterns of names (name_pattern.h); true when any fits.
bool matches_any(const std::string& text, const std::vector<std::string>& patterns);

/// Which structures are lesions. Every structure that fits is one; the first rule that any structure fits decides.
struct TargetRule {
  std::vector<std::string> gtv;     //!< expanded by the margin
  std::vector<std::string> target;  //!< planned as they are; `gtv` then names the GTV whose size counts, if it is there
};

/// Every list that is not empty must have a pattern that fits.
struct SiteRule {
  std::string site;
  std::vector<std::string> body_part;   //!< BodyPartExamined of the CT
  std::vector<std::string> structures;  //!< any structure of the set
  std::vector<std::string> targets;     //!< the lesion's structure
};

struct PrescriptionChoice {
  bool from_plan = false;  //!< dose and fractions of the archived RTPLAN
  std::optional<double> isodose_pct;
  std::optional<Prescription> fixed;  //!< with from_plan: where the archive has no plan that states one
};

/// What holds for some cases only. The first rule that fits decides; what it does not state stays the protocol's.
struct CaseRule {
  std::vector<std::string> sites, targets;                    //!< patterns
  std::optional<double> from_diameter_mm, below_diameter_mm;  //!< largest diameter d: from <= d < below
  std::optional<PrescriptionChoice> prescription;
  std::optional<double> margin_mm, coverage_pct, grid_mm;
  std::optional<std::vector<Goal>> goals;
  std::optional<std::string> nodes;
  std::optional<std::vector<double>> collimators_mm;
};

struct ReplanProtocol {
  std::string name;
  std::vector<TargetRule> targets;
  std::vector<std::string> exclude;  //!< structures that are never lesions
  std::vector<SiteRule> sites;
  PrescriptionChoice prescription;
  PlanRequest base;  //!< without selection, targets and prescriptions; margin_mm is in base.targets
  std::vector<CaseRule> rules;
  GammaCriteria gamma;
  std::vector<std::filesystem::path> files;  //!< that it refers to: node sets, goal sets, names, biology
  std::string sha256;                        //!< of the file
  std::string files_sha256;                  //!< of all of `files`, in their order; empty without any
};

/// Relative paths are taken from the folder of the file. @throws InputError naming file and JSON path
ReplanProtocol read_replan_protocol(const std::filesystem::path& path);

}  // namespace sbrt
