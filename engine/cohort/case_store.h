/// What `replan` left in a store: one case-result.json per case, one JSON per failed case (docs/formats.md).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Numbers of one plan by id: the indices (ci, nci, ...), beams, nodes, total_mu, minutes_per_fraction, ...
using PlanNumbers = std::map<std::string, double>;

struct CohortCase {
  std::string id, patient_id, site, study_date, target;
  std::vector<std::string> gtvs;
  std::optional<double> largest_diameter_mm, gtv_cc, ptv_cc;
  std::optional<double> dose_gy, alpha_beta_gy, bed_gy, eqd2_gy;
  std::optional<int> fractions;
  PlanNumbers replanned;
  std::optional<PlanNumbers> archived;  //!< nothing where the archive held neither dose nor plan
  std::optional<double> gamma_pct;      //!< archived against replanned dose, where both lie on one CT
  std::vector<std::string> warnings;    //!< codes
  std::filesystem::path report;         //!< report.html beside it; empty where there is none
};

struct FailedCase {
  std::string id, reason;
};
struct UnreadableResult {
  std::filesystem::path path;
  std::string reason;
};

struct CaseStore {
  std::vector<CohortCase> cases;  //!< by id
  std::vector<FailedCase> failed;
  std::vector<UnreadableResult> unreadable;
};

/// A result that cannot be read is listed, never left out silently and never fatal.
/// @throws InputError: no folder, or neither cases/ nor failed/ in it
CaseStore read_store(const std::filesystem::path& store);

/// One case-result.json. @throws InputError naming file and place
CohortCase read_case_result(const std::filesystem::path& path);

}  // namespace sbrt
