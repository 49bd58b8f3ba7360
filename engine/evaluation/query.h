/// One grammar for queries and goals: STRUCTURE:METRIC [<= | >=] VALUE UNIT.
#pragma once

#include <optional>
#include <string>

namespace sbrt {

/// A DVH metric: "D95%", "D0.03cc", "D2%", "V20Gy[%]", "V12Gy[cc]", "CV18Gy[cc]", "Min", "Mean", "Max", "V100%[%]"...
struct Metric {
  enum class Kind { dose_at_volume, volume_at_dose, cold_volume_at_dose, minimum, mean, maximum };
  enum class Unit { gy, percent, cc };
  Kind kind = Kind::mean;
  double argument = 0;             //!< dose or volume
  Unit argument_unit = Unit::gy;
  Unit result_unit = Unit::gy;
  std::string text;                //!< as written

  /// @throws InputError showing the grammar and the character where reading stopped
  static Metric parse(const std::string& text);
};

struct StructureQuery {
  std::string structure;
  Metric metric;
  /// Reads "SpinalCord:D0.03cc". The last ':' that is followed by a metric separates.
  static StructureQuery parse(const std::string& text);
};

struct Goal {
  enum class Relation { at_most, at_least };
  StructureQuery query;
  Relation relation = Relation::at_most;
  double limit = 0;                //!< in `unit`
  Metric::Unit unit = Metric::Unit::gy;
  std::string text;
  /// Reads "SpinalCord:D0.03cc <= 21.9 Gy".
  static Goal parse(const std::string& text);
};

}  // namespace sbrt
