#include "engine/evaluation/biology_file.h"

#include "engine/json.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

constexpr double eqd2_fraction_gy = 2;

std::string source_of(const JsonReader& json) {
  std::string source = json.at("source").text();
  if (source.find_first_not_of(" \t") == std::string::npos)
    throw json.error("the source is empty", "a parameter without source cannot be judged", "say where it comes from");
  return source;
}

ResponseDose read_response_dose(const JsonReader& json) {
  const auto fraction = json.find("reference_fraction_gy");
  const auto dose = json.find("dose");
  if (fraction.has_value() == dose.has_value())
    throw json.error("its parameters do not say which dose they belong to", "they hold for one size of fraction only",
                     "give either \"reference_fraction_gy\": 2 or \"dose\": \"as-is\"");
  if (dose) dose->choice({"as-is"});
  return fraction ? ResponseDose{fraction->positive_number(100)} : ResponseDose{std::nullopt};
}

NtcpModel read_ntcp(const JsonReader& json) {
  NtcpModel model;
  model.parameters = {json.at("td50_gy").positive_number(), json.at("m").positive_number(),
                      json.at("n").positive_number(), source_of(json)};
  model.dose = read_response_dose(json);
  if (const auto endpoint = json.find("endpoint")) model.endpoint = endpoint->text();
  return model;
}

TcpModel read_tcp(const JsonReader& json) {
  if (json.at("model").choice({"poisson", "clonogens"}) == "poisson")
    return {
        PoissonParameters{json.at("d50_gy").positive_number(), json.at("gamma50").positive_number(), source_of(json)},
        read_response_dose(json)};
  TcpModel model{ClonogenParameters{json.at("clonogens_per_cc").positive_number(),
                                    json.at("alpha_per_gy").positive_number(), source_of(json)},
                 ResponseDose{}};
  if (const auto dose = json.find("dose")) {
    dose->choice({"as-is"});
    model.dose.fraction_gy.reset();
  }
  return model;
}

TimedRepopulation read_repopulation(const JsonReader& json) {
  return {{json.at("alpha_per_gy").positive_number(), json.at("kick_off_days").number(0),
           json.at("doubling_days").positive_number(), source_of(json)},
          json.at("treatment_days").number(0)};
}

Tissue read_tissue(const JsonReader& json, const std::string& name) {
  Tissue tissue;
  tissue.name = name;
  tissue.source = source_of(json);
  const std::string model = json.has("model") ? json.at("model").choice({"lq", "lql", "usc"}) : "lq";
  if (model == "usc") {
    tissue.model = SurvivalModel::usc;
    tissue.survival = {json.at("alpha_per_gy").positive_number(), json.at("d0_gy").positive_number(),
                       json.at("dq_gy").positive_number(), tissue.source};
    if (tissue.survival.alpha_per_gy * tissue.survival.d0_gy < 1)
      tissue.alpha_beta_gy = tissue.survival.alpha_beta_gy();
  } else {
    tissue.alpha_beta_gy = json.at("alpha_beta_gy").number(0.1, 100);
    if (model == "lql") {
      tissue.model = SurvivalModel::lql;
      tissue.transition_gy = json.at("transition_gy").positive_number();
    }
  }
  if (const auto entry = json.find("repopulation")) tissue.repopulation = read_repopulation(*entry);
  if (const auto entry = json.find("repair"))
    tissue.repair = RepairParameters{entry->at("half_time_min").number(1, 1e5), source_of(*entry)};
  if (const auto entry = json.find("ntcp")) tissue.ntcp = read_ntcp(*entry);
  if (const auto entry = json.find("tcp")) tissue.tcp = read_tcp(*entry);
  check_tissue(tissue, json.where());
  return tissue;
}

}  // namespace

void check_tissue(const Tissue& tissue, const std::string& where) {
  if (tissue.model == SurvivalModel::usc && !(tissue.survival.alpha_per_gy * tissue.survival.d0_gy < 1))
    throw InputError("alpha D0 is not below 1", where,
                     "the line of the universal survival curve would not be steeper "
                     "than the curve begins",
                     "correct alpha or D0");
  const auto line = tissue.line_begins_gy();
  if (line && *line < eqd2_fraction_gy)
    throw InputError(fmt::format("the transition dose is {:.4g} Gy", *line), where,
                     "EQD2 refers to 2 Gy fractions, which must lie on the quadratic part", "correct the parameters");
  if (tissue.repair && tissue.model != SurvivalModel::lq)
    throw InputError("repair with the model " + std::string(to_string(tissue.model)), where,
                     "the protraction factor belongs to the quadratic term of LQ",
                     "leave repair out or use the model lq");
}

Biology read_biology_file(const std::filesystem::path& path) {
  const JsonReader json = JsonReader::from_file(path);
  json.expect_schema("sbrtplan-biology/1");
  for (const char* note : {"name", "description"})
    if (const auto text = json.find(note)) text->text();
  Biology biology;
  biology.standard = read_tissue(json.at("default"), std::string(Tissue::standard_name));
  if (const auto structures = json.find("structures"))
    for (const auto& [name, entry] : structures->members()) {
      if (name.empty() || name == Tissue::standard_name)
        throw entry.error("no structure is called '" + name + "'", "", "name the structure as in the RTSTRUCT");
      biology.structures.push_back(read_tissue(entry, name));
    }
  json.expect_all_used();
  return biology;
}

}  // namespace sbrt
