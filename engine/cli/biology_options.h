/// The options that choose how tissues answer to dose; shared by plan, evaluate, dose and accumulate.
#pragma once

#include "engine/evaluation/accumulation.h"
#include "engine/evaluation/tissue.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sbrt::cli {

struct BiologyTexts {
  static constexpr const char* stated_on_command_line = "stated on the command line";
  std::string file, model = "lq", source{stated_on_command_line};
  double alpha_beta_gy = 10;
  std::optional<double> transition_gy, alpha_per_gy, d0_gy, dq_gy, half_time_min;
  CLI::Option* stated_alpha_beta = nullptr;
  std::vector<CLI::Option*> options;  //!< all that the verb has
  bool any_stated() const;
};

/// --biology, or --bio-model with its parameters.
void add_biology_options(CLI::App& verb, BiologyTexts& texts);

/// --repair-half-time-min, for doses whose beams are known.
void add_repair_option(CLI::App& verb, BiologyTexts& texts);

/// @throws InputError for a file that cannot be read, parameters that are missing or belong to another model
Biology parse_biology(const BiologyTexts& texts);

/// The tissue for a whole dose volume: that of a structure of the biology file, or the default one when `structure` is
/// empty. @throws InputError for a structure that the file does not hold
Tissue chosen_tissue(const Biology& biology, const std::string& structure);

/// @throws InputError when a physical dose is asked for and a biology option is given: it would have no effect
void refuse_unused_biology(const BiologyTexts& texts, const std::string& tissue, DoseQuantity quantity);

/// "physical", "bed" or "eqd2", which CLI11 has checked.
DoseQuantity quantity_named(const std::string& name);

}  // namespace sbrt::cli
