/// How one tissue answers to dose, every parameter with its source. Equation numbers are those of docs/physics.md.
#pragma once

#include "engine/evaluation/radiobiology.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sbrt {

enum class SurvivalModel {
  lq,   ///< linear-quadratic (8)
  lql,  ///< linear-quadratic-linear (10)
  usc,  ///< universal survival curve (11)
};
std::string_view to_string(SurvivalModel model);  ///< "LQ", "LQ-L", "USC"

/// Repopulation (12) of a treatment of known length.
struct TimedRepopulation {
  Repopulation parameters;
  double treatment_days = 0;  //!< T, from the first to the last fraction
  double loss_gy() const { return repopulation_loss_gy(treatment_days, parameters); }
};

/// Repair during a fraction (13).
struct RepairParameters {
  double half_time_min = 0;
  std::string source;
};

/// The doses that the parameters of a response model belong to: the dose in fractions of this size with the same BED;
/// without a size the dose as it is.
struct ResponseDose {
  std::optional<double> fraction_gy = 2.0;
};
struct NtcpModel {
  LymanParameters parameters;
  ResponseDose dose;
  std::string endpoint;
};
struct TcpModel {
  /// Poisson: by D50 and gamma50 on the response dose. Clonogens: survivors of exp(-alpha BED); a response dose "as it
  /// is" is then taken for a BED.
  std::variant<PoissonParameters, ClonogenParameters> parameters;
  ResponseDose dose;
};

/// A tissue. The default is the plain linear-quadratic model with alpha/beta 10 Gy.
///
/// Neglected: everything that the models of radiobiology.h neglect; hypoxia, reoxygenation, immune and vascular effects
/// of large fractions; incomplete repair between fractions.
struct Tissue {
  static constexpr std::string_view standard_name = "default", program_source = "default of the program";

  Tissue();  // out of line: g++ 12 warns of uninitialised members when it is inlined

  std::string name;  //!< structure that it belongs to
  SurvivalModel model = SurvivalModel::lq;
  double alpha_beta_gy = 10;   //!< of the USC it follows from `survival`
  double transition_gy = 0;    //!< LQ-L: dose per fraction where the line begins
  UniversalSurvival survival;  //!< USC
  std::string source;
  std::optional<TimedRepopulation> repopulation;
  std::optional<RepairParameters> repair;
  std::optional<NtcpModel> ntcp;
  std::optional<TcpModel> tcp;

  /// The plain linear-quadratic model. @pre alpha_beta_gy > 0
  static Tissue linear_quadratic(double alpha_beta_gy, std::string source);

  /// BED of a total dose in equal fractions by the tissue's model, (8), (10) or (11), without repopulation. @pre
  /// dose_gy
  /// >= 0, fractions >= 1
  double bed_gy(double dose_gy, int fractions) const;
  /// The same less what repopulation takes (12); negative where less is killed than grows.
  double net_bed_gy(double dose_gy, int fractions) const;
  /// The dose in fractions of `fraction_gy` that has this BED (9). @pre fraction_gy > 0, at most the transition dose
  double equivalent_dose_gy(double bed_gy, double fraction_gy = 2) const;
  /// Dose per fraction above which the model is a line; nothing for LQ.
  std::optional<double> line_begins_gy() const;

  /// "alpha/beta 10 Gy, LQ", "alpha/beta 10 Gy, LQ-L, transition 10 Gy", ... without the source.
  std::string description() const;
  /// The same without repopulation and repair.
  std::string survival_description() const;
};

/// Tissues of a case: one for everything, and those of single structures.
struct Biology {
  Tissue standard;
  std::vector<Tissue> structures;  //!< names differ
  const Tissue& of(const std::string& structure) const;
};

}  // namespace sbrt
