/// One grammar for queries and goals: STRUCTURE:METRIC [<= | >=] VALUE UNIT.
///
///   METRIC  D<number>(% | cc | mm3)[\[Gy | cGy | %\]]     dose to the hottest part of that volume; [%] of the
///   prescription
///           V<number>(Gy | cGy | %)\[% | cc | mm3\]        volume that receives at least that dose; % of the
///           prescription CV<number>(Gy | cGy | %)\[% | cc | mm3\]       volume that receives less than that dose Min,
///           Mean, Max                                 [\[Gy | cGy | %\]] gEUD(a=<number>) or gEUD(n=<number>) (sum v
///           d^a)^(1/a), n = 1/a BED(<metric>) EQD2(<metric>)                   per point, alpha/beta of the evaluation
///           or `,ab=<number>`
/// Letters may be of any case; spaces between the parts are ignored.
#pragma once

#include <optional>
#include <string>

namespace sbrt {

/// A DVH metric, read from text. `result_unit` and `argument_unit` are Gy, % or cc; foreign units are converted on
/// reading.
struct Metric {
  enum class Kind { dose_at_volume, volume_at_dose, cold_volume_at_dose, minimum, mean, maximum, geud };
  enum class Unit { gy, percent, cc };
  enum class Scale { physical, bed, eqd2 };
  Kind kind = Kind::mean;
  double argument = 0;  //!< dose [Gy or % of the prescription], volume [% or cc] or the exponent a of gEUD
  Unit argument_unit = Unit::gy;
  Unit result_unit = Unit::gy;
  Scale scale = Scale::physical;
  std::optional<double> alpha_beta_gy;  //!< of BED and EQD2 when the text says so
  std::string text;                     //!< as written, without outer spaces

  /// @throws InputError showing the grammar and the character where reading stopped
  static Metric parse(const std::string& text);
  /// True when a value needs a prescription: % of dose, BED, EQD2.
  bool needs_prescription() const;
};
std::string to_string(Metric::Unit unit);  ///< "Gy", "%", "cc"

struct StructureQuery {
  std::string structure;
  Metric metric;
  /// Reads "SpinalCord:D0.03cc". The last ':' separates, so structure names may contain one.
  static StructureQuery parse(const std::string& text);
};

struct Goal {
  enum class Relation { at_most, at_least };
  StructureQuery query;
  Relation relation = Relation::at_most;
  double limit = 0;  //!< in `unit`, which is the metric's result unit
  Metric::Unit unit = Metric::Unit::gy;
  std::string text;
  /// Reads "SpinalCord:D0.03cc <= 21.9 Gy". The unit of the limit also decides the unit of a metric that names none.
  static Goal parse(const std::string& text);
};

}  // namespace sbrt
