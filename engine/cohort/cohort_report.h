/// A series as tables and pictures: cohort.json holds every number, cohort.html shows them, cases.csv has a row per
/// case, plots/ the pictures as files.
#pragma once

#include "engine/cohort/outcome_analysis.h"
#include "engine/cohort/series_numbers.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct CohortReport {
  std::string store;  //!< as the user named it
  CaseStore contents;
  SeriesNumbers numbers;
  bool with_published = false;
  std::optional<OutcomeAnalysis> outcomes;
  std::string version, revision;
};

struct CohortPicture {
  std::string name, svg;  //!< file name without extension: [a-z0-9_-] only
};
struct CohortPictures {
  std::vector<CohortPicture> counts, distributions, comparisons, outcomes;
};
CohortPictures draw_pictures(const CohortReport& report);

/// Schema sbrtplan-cohort/1, docs/formats.md.
std::string to_json(const CohortReport& report);

/// A text cell that a spreadsheet would take for a formula gets an apostrophe in front.
std::string to_csv(const CohortReport& report);

/// One page without any other file. @param out folder that the links to the cases' reports start from
std::string to_html(const CohortReport& report, const CohortPictures& pictures, const std::filesystem::path& out);

std::string text_report(const CohortReport& report);

/// As people read it: three or four digits.
std::string shown_number(double value);

}  // namespace sbrt
