/// The outcomes of a series as CSV (RFC 4180: commas, double quotes, one header line; UTF-8, a byte order mark is
/// skipped).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Whom a row is about.
enum class OutcomeLevel { lesion, patient };

struct OutcomeRow {
  int line = 0;    //!< in the file, from 1
  std::string id;  //!< of the case or the patient
  double months = 0;
  int cause = 0;                                  //!< 0 censored, 1 the event, 2, 3, ... competing events
  std::vector<std::optional<std::string>> cells;  //!< one per covariate; nothing where it is empty or NA
};

struct OutcomesFile {
  std::filesystem::path path;
  std::string sha256;
  OutcomeLevel level = OutcomeLevel::lesion;
  std::vector<std::string> covariates;  //!< titles of the other columns
  std::vector<OutcomeRow> rows;
};

/// Columns: `case_id` or `patient_id`, `months`, `event`, and any others. Titles are unique.
/// @throws InputError naming file, line and column: a missing or repeated column, another number of cells, a time that
/// is no number or negative, an event that is no whole number from 0 on, an id that is empty or occurs twice, a quote
/// that never ends, text that is not UTF-8, no row
OutcomesFile read_outcomes(const std::filesystem::path& path);

/// A whole cell as a number; nothing otherwise.
std::optional<double> number_of(const std::string& cell);

}  // namespace sbrt
