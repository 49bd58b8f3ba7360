#include "engine/compare/compare_case.h"

#include "engine/plan_outputs.h"
#include "engine/planning/delivery.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"
#include "geometry/error.h"
#include "geometry/sha256.h"

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <set>
#include <string_view>

namespace sbrt {
namespace {

/// Says which set a stage belongs to, and how long the sets that are left may take.
class SetProgress final : public Progress {
 public:
  SetProgress(Progress& shown, std::string prefix) : shown_(shown), prefix_(std::move(prefix)) {}
  void begin(std::string_view stage, std::int64_t total) override { shown_.begin(prefix_ + std::string(stage), total); }
  void advance(std::int64_t steps) override { shown_.advance(steps); }
  void end() override { shown_.end(); }

 private:
  Progress& shown_;
  std::string prefix_;
};

std::string time_left_text(double seconds_per_set, std::size_t sets) {
  if (seconds_per_set == 0) return "";
  const double left = seconds_per_set * double(sets);
  return left < 90 ? fmt::format(", about {:.0f} s left", left) : fmt::format(", about {:.0f} min left", left / 60);
}

constexpr const char* record_name = "set.json";

std::optional<double> index_of(const TargetResult& target, const std::string& id) {
  const auto found = target.indices.find(id);
  if (found == target.indices.end()) return std::nullopt;
  return found->second.value;
}

ComparedTarget compared(const TargetResult& target) {
  return {target.name,
          index_of(target, "coverage_pct"),
          index_of(target, "ci"),
          index_of(target, "nci"),
          index_of(target, "hi"),
          index_of(target, "gi"),
          index_of(target, "r50"),
          index_of(target, "d2cm_pct"),
          index_of(target, "isodose_pct")};
}

// How far a value has used up its limit; an upper limit of 0 is used up by anything.
double share_of_limit(double value, double limit, bool at_most) {
  const double used = at_most ? value : limit, allowed = at_most ? limit : value;
  if (allowed > 0) return used / allowed;
  return used > 0 ? HUGE_VAL : 0;
}

void add_goal(ComparedSet& row, const std::string& text, bool met, const std::optional<double>& value, double limit,
              bool at_most) {
  ++row.goals;
  if (!met) ++row.goals_missed;
  if (!value) return;
  const double share = share_of_limit(*value, limit, at_most);
  if (std::isfinite(share) && (!row.worst_goal || share > row.worst_goal->share))
    row.worst_goal = WorstGoal{text, *value, share};
}

void add_goals(ComparedSet& row, const PlanOutcome& outcome) {
  for (const GoalResult& result : outcome.evaluation.goals)
    add_goal(row, result.goal.text, result.met, result.value, result.goal.limit,
             result.goal.relation == Goal::Relation::at_most);
  for (const JudgedGoal& judged : outcome.protocols.goals) {
    if (!judged.limit || judged.status == GoalStatus::reported) continue;
    if (judged.status == GoalStatus::not_evaluated && !judged.unproven) continue;
    const bool met = judged.status == GoalStatus::met || judged.status == GoalStatus::minor;
    if (judged.status == GoalStatus::minor) ++row.goals_minor;
    add_goal(row, judged.bound.text(), met, judged.value, *judged.limit,
             judged.bound.limit.relation == Goal::Relation::at_most);
  }
}

ComparedSet row_of(const CandidateSet& set, const PlanRequest& request, const PlanOutcome& outcome) {
  const PlanReport report = make_report(request, outcome);
  ComparedSet row;
  row.name = set.name;
  row.description = description_of(set);
  for (const TargetResult& target : outcome.evaluation.targets) row.targets.push_back(compared(target));
  add_goals(row, outcome);
  row.beams = report.delivery->beams;
  row.nodes = report.delivery->nodes;
  row.total_mu = report.delivery->total_mu;
  row.minutes = report.delivery->minutes;
  for (const Beam& beam : outcome.beams) {
    const double radius_cm = beam.collimator_mm / 20;
    row.dose_area_mu_cm2 += beam.weight_mu * std::numbers::pi * radius_cm * radius_cm;
  }
  for (const StructureResult& structure : outcome.evaluation.structures)
    if (outcome.prepared.patient.body_shape && structure.name == outcome.prepared.patient.body_shape->name())
      row.body_mean_gy = structure.mean_gy;
  std::set<std::string> codes;
  for (const Warning& warning : all_warnings(report)) codes.insert(warning.code);
  row.warnings.assign(codes.begin(), codes.end());
  return row;
}

// Everything that the plan of a set follows from.
std::string key_of(const CompareRequest& request, const CandidateSet& set, const PreparedCase& prepared) {
  std::string text = "sbrtplan " + program_version() + " " + program_revision() + "\n" + request.settings + "\n" +
                     set.name + "\n" + description_of(set) + "\n" + prepared.beam_data.sha256() + "\n" +
                     prepared.patient.density_sha256 + "\n";
  for (const InputRecord& input : prepared.input.inputs) text += input.kind + " " + input.sha256 + "\n";
  for (const Goal& goal : prepared.goals) text += goal.text + "\n";
  for (const Node& node : nodes_of(with_set(request.plan, set), prepared.input.ct_series.patient_position).nodes)
    text += fmt::format("{} {} {} {}\n", node.id, node.offset_mm.x, node.offset_mm.y, node.offset_mm.z);
  return sha256_of(text);
}

ComparedSet plan_set(const CompareRequest& request, const CandidateSet& set, PreparedCase& prepared,
                     const std::string& key, Progress& progress) {
  const PlanRequest planned = with_set(request.plan, set);
  PreparedCase of_set = prepared;
  of_set.nodes = nodes_of(planned, prepared.input.ct_series.patient_position);
  if (set.isodose_pct)
    for (BuiltTarget& target : of_set.targets.targets) target.prescription.isodose_pct = *set.isodose_pct;
  AtomicFolder folder(request.out / set.name, false);
  const PlanOutcome outcome = plan_prepared(planned, std::move(of_set), progress);
  write_plan_outputs(planned, outcome, folder.staging(), progress);
  const ComparedSet row = row_of(set, planned, outcome);
  write_file_atomically(folder.staging() / record_name, set_record_text(row, key));
  folder.commit();
  return row;
}

}  // namespace

Comparison compare_sets(const CompareRequest& request, Progress& progress) {
  PreparedCase prepared = prepare_case(request.plan, progress);
  Comparison comparison;
  comparison.objectives = request.objectives;
  comparison.inputs = prepared.input.inputs;
  double planned_s = 0;
  int planned = 0;
  for (std::size_t n = 0; n < request.sets.size(); ++n) {
    const CandidateSet& set = request.sets[n];
    SetProgress of_set(progress,
                       fmt::format("set {} of {} '{}'{}: ", n + 1, request.sets.size(), set.name,
                                   time_left_text(planned ? planned_s / planned : 0, request.sets.size() - n)));
    const auto start = std::chrono::steady_clock::now();
    const std::filesystem::path folder = request.out / set.name;
    ComparedSet row;
    try {
      const std::string key = key_of(request, set, prepared);
      if (std::filesystem::exists(folder / record_name)) {
        row = read_set_record(folder / record_name, key);
        row.reused = true;
      } else {
        row = plan_set(request, set, prepared, key, of_set);
        row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        planned_s += row.seconds;
        ++planned;
      }
    } catch (const InputError& error) {
      if (std::filesystem::exists(folder)) throw;  // somebody's files, or another comparison's
      row.name = set.name;
      row.description = description_of(set);
      row.failure = error.what();
      comparison.warnings.push_back({"set-failed", "'" + set.name + "' has no plan: " + row.failure});
    }
    comparison.sets.push_back(std::move(row));
  }
  mark_front(comparison.sets, request.objectives);
  return comparison;
}

bool ComparedSet::meets_all_goals(bool minor_counts) const {
  return failure.empty() && goals_missed == 0 && !(minor_counts && goals_minor > 0);
}

void mark_front(std::vector<ComparedSet>& sets, const std::vector<std::string>& objectives) {
  int fewest_missed = INT_MAX;
  for (const ComparedSet& set : sets)
    if (set.failure.empty()) fewest_missed = std::min(fewest_missed, set.goals_missed);
  const auto counts = [&](const ComparedSet& set) {
    return set.failure.empty() && set.goals_missed == fewest_missed &&
           std::all_of(objectives.begin(), objectives.end(),
                       [&](const std::string& o) { return set.value(o).has_value(); });
  };
  // Smaller is better.
  const auto costs = [&](const ComparedSet& set) {
    std::vector<double> all;
    for (const std::string& objective : objectives)
      for (const ComparedColumn& column : compared_columns())
        if (column.id == objective)
          all.push_back(column.larger_is_better ? -*set.value(objective) : *set.value(objective));
    return all;
  };
  for (ComparedSet& set : sets) {
    set.front = counts(set);
    if (!set.front) continue;
    const std::vector<double> own = costs(set);
    for (const ComparedSet& other : sets) {
      if (&other == &set || !counts(other)) continue;
      const std::vector<double> theirs = costs(other);
      bool never_worse = true, once_better = false;
      for (std::size_t n = 0; n < own.size(); ++n) {
        never_worse = never_worse && theirs[n] <= own[n];
        once_better = once_better || theirs[n] < own[n];
      }
      if (never_worse && once_better) set.front = false;
    }
  }
}

}  // namespace sbrt
