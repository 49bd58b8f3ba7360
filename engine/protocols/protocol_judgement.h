/// Bound goals against what the evaluation found.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "engine/protocols/protocol_binding.h"

#include <optional>
#include <string>
#include <vector>

namespace sbrt {

enum class GoalStatus { met, minor, missed, not_evaluated, reported };
std::string_view to_string(GoalStatus status);  ///< "met", "minor", "missed", "not evaluated", "reported"

struct JudgedGoal {
  BoundGoal bound;
  GoalStatus status = GoalStatus::not_evaluated;
  std::optional<double> value;       //!< in the limit's unit
  std::optional<Interval> interval;  //!< numerical
  std::optional<double> limit, minor;
  std::string why;        //!< of "not evaluated"; else what one must know about the value, or empty
  bool at_limit = false;  //!< the limit, or the minor one, lies within the numerical interval
  /// The goal applies to a structure of the case but could not be shown to be met; --strict counts it as missed.
  /// False where the protocol has no rule (a target outside its table).
  bool unproven = false;
};

struct ProtocolJudgement {
  BoundProtocols bound;
  std::vector<JudgedGoal> goals;
  bool empty() const { return bound.empty(); }
};

/// @param evaluation of the same structures, targets and unions_of(bound)
ProtocolJudgement judge_protocols(const BoundProtocols& bound, const Evaluation& evaluation);

/// True when no goal is missed or unproven; with `minor_counts`, when there is no minor deviation either. Goals without
/// a structure do not count.
bool all_met(const ProtocolJudgement& judgement, bool minor_counts);

}  // namespace sbrt
