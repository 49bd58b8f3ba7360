/// One case planned over several candidate sets, and what each is worth.
///
/// The case is imported once. Each set's plan is written whole into its own folder, with the numbers of its row beside
/// it; a second start takes finished sets from there, so an interrupted comparison goes on where it stopped.
#pragma once

#include "engine/compare/candidate_sets.h"
#include "engine/pipeline.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Numbers of one target of one set; nothing where an index has no value.
struct ComparedTarget {
  std::string name;
  std::optional<double> coverage_pct, ci, nci, hi, gi, r50, d2cm_pct, isodose_pct;
};

/// The goal nearest to or farthest beyond its limit.
struct WorstGoal {
  std::string text;
  double value = 0;
  double share = 0;  //!< value / limit of an upper limit, limit / value of a lower one: above 1 is missed
};

/// One row of the table.
struct ComparedSet {
  std::string name, description;
  std::vector<ComparedTarget> targets;
  std::optional<WorstGoal> worst_goal;
  int goals = 0, goals_missed = 0, goals_minor = 0;
  int beams = 0, nodes = 0;
  double total_mu = 0, minutes = 0;
  double dose_area_mu_cm2 = 0;         //!< sum of MU x field area at 800 mm
  std::optional<double> body_mean_gy;  //!< where the body is a contour
  std::vector<std::string> warnings;   //!< codes, each once
  bool front = false;                  //!< no other set is better or equal in all of the objectives
  bool reused = false;                 //!< taken from a finished folder
  double seconds = 0;                  //!< 0 where reused; not written, it differs from run to run
  std::string failure;                 //!< why there is no plan; then the numbers mean nothing

  /// The largest over the targets (of coverage the smallest). @throws InputError for an unknown column
  std::optional<double> value(const std::string& column) const;
  /// There is a plan and it misses no goal; `minor_counts`: nor has a minor deviation.
  bool meets_all_goals(bool minor_counts) const;
};

/// Columns that can be compared, and their direction.
struct ComparedColumn {
  std::string id, title, unit;
  bool larger_is_better = false;
  std::string definition;
};
const std::vector<ComparedColumn>& compared_columns();

struct CompareRequest {
  PlanRequest plan;
  std::vector<CandidateSet> sets;
  std::filesystem::path out;  //!< folder of the comparison
  std::string settings;       //!< everything else that the plans follow from, as text: part of the key
  std::vector<std::string> objectives{"nci", "minutes"};
};

struct Comparison {
  std::vector<ComparedSet> sets;  //!< in the order of the request
  std::vector<std::string> objectives;
  std::vector<InputRecord> inputs;
  Warnings warnings;  //!< "set-failed": a set without a plan
};

/// Plans every set that is not finished yet. A set whose plan fails (no beam left, cone not in the beam data) is listed
/// with its reason; the others go on.
/// @throws InputError: the case cannot be prepared; a finished folder was made with other inputs or settings; Cancelled
Comparison compare_sets(const CompareRequest& request, Progress& progress = no_progress);

/// Marks the sets that no other set beats: Pareto front of the objectives among the sets that miss fewest goals.
void mark_front(std::vector<ComparedSet>& sets, const std::vector<std::string>& objectives);

/// set.json of a finished set, schema "sbrtplan-set/1"; exact both ways.
std::string set_record_text(const ComparedSet& set, const std::string& key);
/// @throws InputError when it cannot be read or its key is another
ComparedSet read_set_record(const std::filesystem::path& path, const std::string& key);

// The comparison as files and on a terminal (docs/formats.md).
std::string to_json(const Comparison& comparison, const std::string& version, const std::string& revision);
std::string to_csv(const Comparison& comparison);
std::string text_report(const Comparison& comparison);
/// report.html of a comparison: opens offline, shows the numbers of its JSON, its points open the plans.
/// @throws InputError when the installation lacks the page
std::string comparison_page(const std::string& json);
/// The first two objectives against each other, the front joined. Empty where there is only one objective.
std::string pareto_svg(const Comparison& comparison);

}  // namespace sbrt
