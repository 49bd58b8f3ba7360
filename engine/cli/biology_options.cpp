#include "engine/cli/biology_options.h"

#include "engine/evaluation/biology_file.h"
#include "geometry/error.h"

#include <algorithm>
#include <utility>

namespace sbrt::cli {
namespace {

double needed(const std::optional<double>& value, const std::string& option, const std::string& model) {
  if (!value)
    throw InputError(option + " is missing", "--bio-model " + model, "the model needs it",
                     "give it, or a file with --biology");
  return *value;
}

void refuse_other(const std::optional<double>& value, const std::string& option, const std::string& model) {
  if (value)
    throw InputError(option + " is given", "--bio-model " + model, "it belongs to another model",
                     "leave it out or choose its model");
}

}  // namespace

bool BiologyTexts::any_stated() const {
  return std::any_of(options.begin(), options.end(), [](const CLI::Option* option) { return option->count() > 0; });
}

void add_biology_options(CLI::App& verb, BiologyTexts& texts) {
  CLI::Option* file =
      verb.add_option("--biology", texts.file, "tissues as JSON, each with its source (docs/formats.md)");
  texts.options.push_back(file);
  const auto add = [&](const char* name, auto& value, const char* text) {
    CLI::Option* option = verb.add_option(name, value, text);
    option->excludes(file);
    texts.options.push_back(option);
    return option;
  };
  add("--bio-model", texts.model, "BED by lq (linear-quadratic), lql (linear above a transition) or usc")
      ->check(CLI::IsMember({"lq", "lql", "usc"}))
      ->capture_default_str();
  texts.stated_alpha_beta = add("--alpha-beta-gy", texts.alpha_beta_gy, "alpha/beta of lq and lql")
                                ->check(CLI::Range(0.1, 100.0))
                                ->capture_default_str();
  add("--transition-gy", texts.transition_gy, "lql: dose per fraction where the line begins")
      ->check(CLI::PositiveNumber);
  add("--usc-alpha-per-gy", texts.alpha_per_gy, "usc: alpha")->check(CLI::PositiveNumber);
  add("--usc-d0-gy", texts.d0_gy, "usc: final slope D0")->check(CLI::PositiveNumber);
  add("--usc-dq-gy", texts.dq_gy, "usc: quasi-threshold dose Dq")->check(CLI::PositiveNumber);
  add("--bio-source", texts.source, "where these parameters come from; told with every result");
}

void add_repair_option(CLI::App& verb, BiologyTexts& texts) {
  CLI::Option* option =
      verb.add_option("--repair-half-time-min", texts.half_time_min,
                      "repair while the beams are given one after the other, in their order and time (lq only)")
          ->check(CLI::Range(1.0, 1e5))
          ->excludes(verb.get_option("--biology"));
  texts.options.push_back(option);
}

Biology parse_biology(const BiologyTexts& texts) {
  if (!texts.file.empty()) return read_biology_file(texts.file);
  Biology biology;
  Tissue& tissue = biology.standard;
  const bool alpha_beta_stated = texts.stated_alpha_beta && texts.stated_alpha_beta->count() > 0;
  if (texts.model != "lq" || alpha_beta_stated || texts.source != BiologyTexts::stated_on_command_line)
    tissue.source = texts.source;
  tissue.alpha_beta_gy = texts.alpha_beta_gy;
  if (texts.half_time_min) tissue.repair = RepairParameters{*texts.half_time_min, texts.source};
  if (texts.model != "lql") refuse_other(texts.transition_gy, "--transition-gy", texts.model);
  if (texts.model != "usc")
    for (const auto& [value, option] : {std::pair{&texts.alpha_per_gy, "--usc-alpha-per-gy"},
                                        {&texts.d0_gy, "--usc-d0-gy"},
                                        {&texts.dq_gy, "--usc-dq-gy"}})
      refuse_other(*value, option, texts.model);
  if (texts.model == "lql") {
    tissue.model = SurvivalModel::lql;
    tissue.transition_gy = needed(texts.transition_gy, "--transition-gy", texts.model);
  } else if (texts.model == "usc") {
    if (alpha_beta_stated)
      throw InputError("--alpha-beta-gy is given", "--bio-model usc", "it follows from alpha, D0 and Dq",
                       "leave it out");
    tissue.model = SurvivalModel::usc;
    tissue.survival = {needed(texts.alpha_per_gy, "--usc-alpha-per-gy", texts.model),
                       needed(texts.d0_gy, "--usc-d0-gy", texts.model), needed(texts.dq_gy, "--usc-dq-gy", texts.model),
                       texts.source};
    if (tissue.survival.alpha_per_gy * tissue.survival.d0_gy < 1)
      tissue.alpha_beta_gy = tissue.survival.alpha_beta_gy();
  }
  check_tissue(tissue, "--bio-model " + texts.model);
  return biology;
}

Tissue chosen_tissue(const Biology& biology, const std::string& structure) {
  if (structure.empty()) return biology.standard;
  const Tissue& tissue = biology.of(structure);
  if (tissue.name == structure) return tissue;
  std::string names;
  for (const Tissue& t : biology.structures) names += (names.empty() ? "'" : ", '") + t.name + "'";
  throw InputError("no tissue is given for '" + structure + "'", "--tissue", "the volume needs one",
                   names.empty() ? "give a file with --biology" : "the biology file has " + names);
}

void refuse_unused_biology(const BiologyTexts& texts, const std::string& tissue, DoseQuantity quantity) {
  if (quantity != DoseQuantity::physical) return;
  std::string given = tissue.empty() ? "" : "--tissue";
  for (const CLI::Option* option : texts.options)
    if (option->count() > 0) given = option->get_name();
  if (!given.empty())
    throw InputError(given + " is given", "--quantity physical", "a physical dose has no biology",
                     "choose --quantity bed or eqd2, or leave the option out");
}

DoseQuantity quantity_named(const std::string& name) {
  return name == "physical" ? DoseQuantity::physical : name == "bed" ? DoseQuantity::bed : DoseQuantity::eqd2;
}

}  // namespace sbrt::cli
