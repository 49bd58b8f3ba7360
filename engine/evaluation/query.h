/// One grammar for queries and goals: STRUCTURE:METRIC [<= | >=] VALUE UNIT.
///
///   D<number>(% | cc | mm3)             dose to the hottest part of that volume
///   V<number>(Gy | cGy | %)[% | cc]     volume that receives at least that dose
///   CV<number>(Gy | cGy | %)[% | cc]    volume that receives less than that dose
///   Min, Mean, Max
///   gEUD(a=<number>), gEUD(n=<number>)  (sum v d^a)^(1/a), n = 1/a
///   BED(<metric>), EQD2(<metric>)       per point by the tissue's model; `,ab=<number>`: plain LQ with that alpha/beta
///   NTCP, TCP                           [%] with the parameters of the biology file
///   NTCP(td50=<Gy>,m=<number>,n=<number>), TCP(d50=<Gy>,gamma50=<number>), TCP(rho=<1/cc>,alpha=<1/Gy>)
///                                       with `,fx=<Gy>`: dose per fraction that the parameters belong to (default 2);
///                                       `,as-is`: they belong to the dose as it is; `,ab=` as above
/// A dose is in Gy, or with [%] in % of the prescription; % of dose is of the prescription too.
/// Letters may be of any case; spaces between the parts are ignored.
#pragma once

#include "engine/evaluation/tissue.h"

#include <optional>
#include <string>

namespace sbrt {

/// A DVH metric, read from text. `result_unit` and `argument_unit` are Gy, % or cc; foreign units are converted on
/// reading.
struct Metric {
  enum class Kind { dose_at_volume, volume_at_dose, cold_volume_at_dose, minimum, mean, maximum, geud, ntcp, tcp };
  enum class Unit { gy, percent, cc };
  enum class Scale { physical, bed, eqd2 };
  Kind kind = Kind::mean;
  double argument = 0;  //!< dose [Gy or % of the prescription], volume [% or cc] or the exponent a of gEUD
  Unit argument_unit = Unit::gy;
  Unit result_unit = Unit::gy;
  Scale scale = Scale::physical;
  std::optional<double> alpha_beta_gy;  //!< of BED, EQD2, NTCP and TCP when the text says so: plain LQ with it
  std::optional<NtcpModel> ntcp;        //!< when the text says so
  std::optional<TcpModel> tcp;          //!< when the text says so
  std::string text;                     //!< as written, without outer spaces

  /// @throws InputError showing the grammar and the character where reading stopped
  static Metric parse(const std::string& text);
  /// True when a value needs a prescribed dose: % of dose.
  bool needs_prescription() const;
  bool is_response() const { return kind == Kind::ntcp || kind == Kind::tcp; }
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
  int priority = 1;  //!< 1 first; what later goals cost must not harm earlier ones
  std::string text;
  /// Reads "SpinalCord:D0.03cc <= 21.9 Gy". The unit of the limit also decides the unit of a metric that names none.
  static Goal parse(const std::string& text);
};

}  // namespace sbrt
