#include "engine/protocols/protocol_judgement.h"

#include "engine/evaluation/measured_metrics.h"
#include "engine/evaluation/structure_names.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {
namespace {

constexpr double near_volume_cc = 0.035;  // ICRU 91
constexpr double near_volume_below_cc = 2;

template <class Results>
const auto& named(const Results& results, const std::string& name) {
  const auto found = std::find_if(results.begin(), results.end(), [&](const auto& r) { return r.name == name; });
  SBRT_EXPECT(found != results.end());
  return *found;
}

// D2% and D98%; below 2 cc D35mm3 and D(V-35mm3).
Metric near_metric(const std::string& quantity, double volume_cc) {
  const bool maximum = quantity == "near_max";
  if (volume_cc >= near_volume_below_cc) return Metric::parse(maximum ? "D2%" : "D98%");
  Metric metric = Metric::parse("D0.035cc");
  if (!maximum) metric.argument = volume_cc - near_volume_cc;
  return metric;
}

// More tissue can only raise these: the value of a part bounds that of the whole from below.
bool grows_with_the_structure(const Metric& m) {
  if (m.scale != Metric::Scale::physical) return false;
  switch (m.kind) {
    case Metric::Kind::maximum:
      return true;
    case Metric::Kind::dose_at_volume:
      return m.argument_unit == Metric::Unit::cc;
    case Metric::Kind::volume_at_dose:
    case Metric::Kind::cold_volume_at_dose:
      return m.result_unit == Metric::Unit::cc;
    default:
      return false;
  }
}

bool within(Goal::Relation relation, double value, double limit) {
  return relation == Goal::Relation::at_most ? value <= limit : value >= limit;
}

class Judge {
 public:
  explicit Judge(const Evaluation& evaluation) : evaluation_(evaluation) {}

  JudgedGoal judge(const BoundGoal& bound) {
    JudgedGoal goal;
    goal.bound = bound;
    if (!bound.goal.report_only && !bound.limit.table) {
      goal.limit = bound.limit.limit;
      goal.minor = bound.limit.minor;
    }
    fetch_value(goal);
    if (bound.limit.table && !limit_from_table(goal)) return goal;
    if (!goal.value) {
      goal.unproven = !bound.goal.report_only;
      return goal;
    }
    if (bound.goal.report_only) {
      goal.status = GoalStatus::reported;
      return goal;
    }
    compare(goal);
    if (!bound.missing.empty()) judge_part(goal);
    return goal;
  }

 private:
  void fetch_value(JudgedGoal& goal) {
    const BoundGoal& bound = goal.bound;
    const bool is_near = bound.limit.quantity == "near_max" || bound.limit.quantity == "near_min";
    if (!bound.limit.metric && !is_near) {
      take_index(goal);
    } else {
      const StructureResult& s = bound.structures.size() > 1 ? named(evaluation_.unions, bound.structure)
                                                             : named(evaluation_.structures, bound.structure);
      const Metric metric = bound.limit.metric ? *bound.limit.metric : near_metric(bound.limit.quantity, s.volume_cc);
      const std::optional<JudgedMetric> measured = measure(s, metric);
      if (!measured) {
        goal.why = why_no_value(metric, s);
        return;
      }
      goal.value = measured->value;
      goal.interval = measured->interval;
      if (!bound.limit.metric)
        goal.why = s.volume_cc >= near_volume_below_cc  ? metric.text
                   : bound.limit.quantity == "near_max" ? "D35mm3: below 2 cc"
                                                        : "D(V-35mm3): below 2 cc";
    }
  }

  void take_index(JudgedGoal& goal) {
    const TargetResult& target = named(evaluation_.targets, goal.bound.structure);
    const auto found = target.indices.find(goal.bound.limit.quantity);
    if (found == target.indices.end()) {
      goal.why = "the index does not apply to this dose";
      return;
    }
    goal.value = found->second.value;
    goal.interval = found->second.interval;
  }

  bool limit_from_table(JudgedGoal& goal) {
    const TargetResult& target = named(evaluation_.targets, goal.bound.structure);
    const LimitTable& table = *goal.bound.limit.table;
    const auto tv = target.indices.find("tv_cc");
    const auto row = tv == target.indices.end() ? std::nullopt : table.at(tv->second.value);
    if (!row) {
      if (tv != target.indices.end())
        goal.why = fmt::format("out of range: the table has no rule for {:.4g} cc, only for {} to {} cc",
                               tv->second.value, table.tv_cc.front(), table.tv_cc.back());
      return false;
    }
    goal.limit = row->limit;
    goal.minor = row->minor;
    return true;
  }

  static void compare(JudgedGoal& goal) {
    const Goal::Relation relation = goal.bound.limit.relation;
    goal.status = within(relation, *goal.value, *goal.limit)                 ? GoalStatus::met
                  : goal.minor && within(relation, *goal.value, *goal.minor) ? GoalStatus::minor
                                                                             : GoalStatus::missed;
    const auto straddles = [&](const std::optional<double>& limit) {
      return goal.interval && limit && goal.interval->low <= *limit && *limit <= goal.interval->high;
    };
    goal.at_limit = straddles(goal.limit) || straddles(goal.minor);
  }

  // Only what the rest of the union cannot change may be said of a part.
  static void judge_part(JudgedGoal& goal) {
    const bool grows = goal.bound.limit.metric && grows_with_the_structure(*goal.bound.limit.metric);
    const bool at_most = goal.bound.limit.relation == Goal::Relation::at_most;
    const GoalStatus certain = at_most ? GoalStatus::missed : GoalStatus::met;
    goal.why = fmt::format("{} lacks: the value is that of {} only", fmt::join(goal.bound.missing, ", "),
                           goal.bound.structure);
    if (grows && goal.status == certain) {
      goal.why += at_most ? ", and the rest can only raise it" : ", and the rest can only add to it";
      return;
    }
    goal.status = GoalStatus::not_evaluated;
    goal.at_limit = false;
  }

  const Evaluation& evaluation_;
};

}  // namespace

std::string_view to_string(GoalStatus status) {
  switch (status) {
    case GoalStatus::met:
      return "met";
    case GoalStatus::minor:
      return "minor";
    case GoalStatus::missed:
      return "missed";
    case GoalStatus::reported:
      return "reported";
    default:
      return "not evaluated";
  }
}

ProtocolJudgement judge_protocols(const BoundProtocols& bound, const Evaluation& evaluation) {
  ProtocolJudgement judgement;
  judgement.bound = bound;
  Judge judge(evaluation);
  for (const BoundGoal& goal : bound.goals) judgement.goals.push_back(judge.judge(goal));
  return judgement;
}

bool all_met(const ProtocolJudgement& judgement, bool minor_counts) {
  return std::none_of(judgement.goals.begin(), judgement.goals.end(), [&](const JudgedGoal& g) {
    return g.status == GoalStatus::missed || g.unproven || (minor_counts && g.status == GoalStatus::minor);
  });
}

}  // namespace sbrt
