#include "engine/dose_total.h"

#include "engine/case_import.h"
#include "engine/dose_sum.h"
#include "engine/plan_parts.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace sbrt {
namespace {

constexpr int most_fractions = 200;

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

bool is_whole_plan(const dicom::DoseFile& d) { return is_one_of(d.summation_type, {"PLAN", "MULTI_PLAN"}); }
bool is_part(const dicom::DoseFile& d) {
  return is_one_of(d.summation_type, {"BEAM", "BEAM_SESSION", "BRACHY", "BRACHY_SESSION", "CONTROL_POINT"});
}
bool is_one_session(const dicom::DoseFile& d) {
  return is_one_of(d.summation_type, {"BEAM_SESSION", "BRACHY_SESSION", "FRACTION_SESSION", "CONTROL_POINT"});
}

const dicom::PlanFile* plan_of(const dicom::Catalogue& catalogue, const dicom::DoseFile& dose) {
  if (dose.referenced_plan_uid.empty()) return nullptr;
  for (const dicom::PlanFile& plan : catalogue.plans)
    if (plan.reference.sop_instance_uid == dose.referenced_plan_uid) return &plan;
  return nullptr;
}

std::string why_plan_does_not_say(const dicom::DoseFile& dose, const dicom::PlanFile* plan) {
  if (plan && plan->fraction_groups > 1)
    return fmt::format("{} has {} fraction groups", plan->path.string(), plan->fraction_groups);
  if (plan) return plan->path.string() + " states no number of fractions";
  return dose.referenced_plan_uid.empty() ? "it refers to no RTPLAN"
                                          : "its RTPLAN " + dose.referenced_plan_uid + " is not there";
}

double largest(const DoseGrid& dose) { return double(*std::max_element(dose.values().begin(), dose.values().end())); }

struct Factor {
  double value = 1;
  std::string why;
};

Factor told_factor(const FractionsOfDose& told, const dicom::DoseFile& file, const dicom::PlanFile* plan,
                   Warnings& warnings) {
  Factor factor;
  if (told.number) {
    factor = {double(*told.number), fmt::format("--fractions-of-dose {}", *told.number)};
  } else {
    if (!plan || !plan->fractions)
      throw InputError("--fractions-of-dose plan: the number of fractions is not known", file.path.string(),
                       why_plan_does_not_say(file, plan), "give the number itself, such as --fractions-of-dose 5");
    factor = {double(*plan->fractions),
              fmt::format("--fractions-of-dose plan: {} fractions in {}", *plan->fractions, plan->path.string())};
  }
  warnings.push_back(
      {"fractions-of-dose", fmt::format("{}: its values (type '{}') were multiplied by {} because of {}",
                                        file.path.string(), file.summation_type, factor.value, factor.why)});
  return factor;
}

// PS3.3 C.8.8.3; see the header of this room.
Factor factor_of(const dicom::DoseFile& file, const DoseGrid& dose, const dicom::PlanFile* plan,
                 const DoseTotalRequest& request, Warnings& warnings) {
  if (request.fractions_of_dose) return told_factor(*request.fractions_of_dose, file, plan, warnings);
  const std::string& type = file.summation_type;
  if (is_whole_plan(file)) return {1, type + ": the entire delivery"};
  if (is_one_of(type, {"BEAM", "BRACHY"})) return {1, type + ": all fractions (PS3.3 C.8.8.3)"};
  const int fractions = plan && plan->fractions ? *plan->fractions : 0;  // 0: not known
  if (is_one_session(file)) {
    if (fractions == 0)
      throw InputError("the dose is that of one fraction", file.path.string(),
                       "its type is " + type + ", and " + why_plan_does_not_say(file, plan),
                       "say how many fractions there are by --fractions-of-dose, or add the RTPLAN");
    warnings.push_back({"fractions-of-dose",
                        fmt::format("{}: of type {}, the dose of one fraction; multiplied by the {} fractions of {}",
                                    file.path.string(), type, fractions, plan->path.string())});
    return {double(fractions), fmt::format("{}: one of {} fractions of the RTPLAN", type, fractions)};
  }
  if (type == "FRACTION" && fractions == 1) return {1, "FRACTION of a plan with one fraction"};
  const std::string both =
      fractions > 0
          ? fmt::format("--fractions-of-dose 1 (largest dose {:.4g} Gy) or --fractions-of-dose {} ({:.4g} Gy)",
                        largest(dose), fractions, fractions * largest(dose))
          : fmt::format("--fractions-of-dose 1 (largest dose {:.4g} Gy) or the number of fractions", largest(dose));
  if (type == "FRACTION")
    throw InputError(
        "it is not clear whether the dose is that of one fraction or of all", file.path.string(),
        "its type FRACTION means all fractions of a fraction group (PS3.3 C.8.8.3), but systems also write "
        "one fraction so",
        "say which: " + both);
  throw InputError("it is not clear what the dose is the dose of", file.path.string(),
                   type.empty() ? "it states no DoseSummationType" : "its DoseSummationType is " + type,
                   "if you know, say so: " + both);
}

double scale_of_units(const dicom::DoseFile& file, const DoseGrid& dose, const DoseTotalRequest& request) {
  if (file.units == "GY") return 1;
  if (!request.relative_reference)
    throw InputError("the dose is in relative units", file.path.string(),
                     fmt::format("its largest value is {:.6g}, and nothing says what that is in Gy", largest(dose)),
                     "say which stored value stands for which dose, such as --relative-reference 100=45Gy");
  return request.relative_reference->dose_gy / request.relative_reference->stored;
}

void scale(DoseGrid& dose, double factor) {
  if (factor == 1) return;
  for (float& d : dose.values()) d = float(factor * double(d));
}

// What may be added to what.
void check_set(const std::vector<const dicom::DoseFile*>& files, const DoseTotalRequest& request) {
  if (files.size() == 1) {
    if (request.sum)
      throw InputError("only one dose to sum", "--sum", "a sum needs two or more", "name all of them by --rtdose");
    return;
  }
  const bool all_parts = std::all_of(files.begin(), files.end(), [&](const auto* d) {
    return is_part(*d) && d->summation_type == files.front()->summation_type &&
           d->referenced_plan_uid == files.front()->referenced_plan_uid;
  });
  if (all_parts) return;
  const auto first_part = std::find_if(files.begin(), files.end(), [](const auto* d) { return is_part(*d); });
  if (first_part != files.end())
    throw InputError("doses of different kinds", (*first_part)->path.string(),
                     "of type " + (*first_part)->summation_type +
                         "; parts of a plan are added only to the other parts of the same kind and plan",
                     "name either whole plans or the parts of one plan by --rtdose");
  if (!request.sum)
    throw InputError(fmt::format("{} doses of whole plans", files.size()), files[0]->path.string(),
                     "they are different plans or versions of one", "name one, or give --sum if they are to be added");
  for (std::size_t a = 0; a < files.size(); ++a)
    for (std::size_t b = a + 1; b < files.size(); ++b)
      if (is_whole_plan(*files[a]) && is_whole_plan(*files[b]) && !files[a]->referenced_plan_uid.empty() &&
          files[a]->referenced_plan_uid == files[b]->referenced_plan_uid)
        throw InputError("two doses of one plan", files[b]->path.string(),
                         files[a]->path.string() + " is the dose of the same plan; it would count twice",
                         "name one of them");
}

void warn_of_types(const std::vector<const dicom::DoseFile*>& files, Warnings& warnings) {
  bool effective = false, physical = false;
  for (const dicom::DoseFile* file : files) {
    effective = effective || file->type == "EFFECTIVE";
    physical = physical || file->type != "EFFECTIVE";
    if (file->type != "EFFECTIVE" && file->type != "PHYSICAL")
      warnings.push_back({"dose-type", fmt::format("{}: DoseType is \"{}\"; it was taken as a physical dose",
                                                   file->path.string(), file->type)});
  }
  if (effective && physical)
    throw InputError("physical and effective doses together", files[0]->path.string(), "they have different meanings",
                     "name doses of one type");
}

std::string describe(const std::vector<DosePart>& parts, const std::string& how) {
  if (parts.size() == 1) {
    const DosePart& part = parts.front();
    return part.factor == 1 ? part.why : fmt::format("{:.6g} times the file: {}", part.factor, part.why);
  }
  return fmt::format("sum of {} doses, {}", parts.size(), how);
}

}  // namespace

RelativeReference RelativeReference::parse(const std::string& text) {
  const auto refuse = [&]() -> RelativeReference {
    throw InputError("reference '" + text + "' cannot be read", "--relative-reference", "",
                     "write STORED=DOSE, such as 100=45Gy: the value 100 in the file stands for 45 Gy");
  };
  const std::size_t equal = text.find('=');
  if (equal == std::string::npos || !text.ends_with("Gy")) return refuse();
  const auto number = [&](std::string_view part) {
    double value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size()) refuse();
    return value;
  };
  const std::string_view all(text);
  const RelativeReference reference{number(all.substr(0, equal)),
                                    number(all.substr(equal + 1, text.size() - equal - 3))};
  if (!(reference.stored > 0) || !(reference.dose_gy > 0) || reference.stored > 1e9 || reference.dose_gy > 1000)
    return refuse();
  return reference;
}

FractionsOfDose FractionsOfDose::parse(const std::string& text) {
  if (text == "plan") return {};
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > most_fractions)
    throw InputError("fractions '" + text + "' cannot be read", "--fractions-of-dose", "",
                     fmt::format("give a number from 1 to {}, or 'plan' for that of the RTPLAN", most_fractions));
  return {number};
}

DoseTotal total_dose(const dicom::Catalogue& catalogue, const dicom::StructureFile& structures,
                     const DoseTotalRequest& request) {
  const dicom::ChosenDoses chosen = dicom::choose_doses(catalogue, structures, request.selection);
  const std::vector<const dicom::DoseFile*>& files = chosen.files;
  check_set(files, request);
  Warnings warnings = chosen.warnings;
  warn_of_types(files, warnings);
  const bool relative = std::any_of(files.begin(), files.end(), [](const auto* d) { return d->units == "RELATIVE"; });
  if (request.relative_reference && !relative)
    throw InputError("--relative-reference without a relative dose", files.front()->path.string(),
                     "its units are " + files.front()->units, "leave the option out");
  if (is_part(*files.front()))
    check_parts(files, plan_of(catalogue, *files.front()), request.allow_missing_beams, warnings);

  std::vector<DoseGrid> doses;
  std::vector<DosePart> parts;
  std::vector<InputRecord> inputs;
  for (const dicom::DoseFile* file : files) {
    dicom::LoadedDose loaded = dicom::load_dose(*file);
    for (Warning& warning : loaded.warnings)
      if (warning.code != "relative-dose")
        warnings.push_back({warning.code, file->path.string() + ": " + warning.text});
    const double units = scale_of_units(*file, loaded.dose, request);
    const dicom::PlanFile* plan = plan_of(catalogue, *file);
    scale(loaded.dose, units);
    Factor factor = factor_of(*file, loaded.dose, plan, request, warnings);
    scale(loaded.dose, factor.value);
    if (units != 1) {
      factor.why += fmt::format("; RELATIVE: {:.6g} in the file stands for {:.6g} Gy",
                                request.relative_reference->stored, request.relative_reference->dose_gy);
      warnings.push_back({"relative-dose", fmt::format("{}: relative units; the value {:.6g} was taken for {:.6g} Gy",
                                                       file->path.string(), request.relative_reference->stored,
                                                       request.relative_reference->dose_gy)});
    }
    parts.push_back({file->path.string(), file->reference.sop_instance_uid, file->summation_type, file->type,
                     file->units, file->beams, file->brachy_setups, units * factor.value, factor.why});
    inputs.push_back(record_of_file(file->path, "RTDOSE", file->reference.sop_instance_uid));
    if (plan && std::none_of(inputs.begin(), inputs.end(),
                             [&](const InputRecord& r) { return r.uid == plan->reference.sop_instance_uid; }))
      inputs.push_back(record_of_file(plan->path, "RTPLAN", plan->reference.sop_instance_uid));
    doses.push_back(std::move(loaded.dose));
  }
  if (request.sum)
    warnings.push_back({"dose-sum", fmt::format("{} doses were added in Gy; their fractionations are not accounted for",
                                                files.size())});
  std::string how;
  DoseGrid dose = [&] {
    if (doses.size() == 1) return std::move(doses.front());
    DoseSum sum = sum_of_doses(doses);
    how = std::move(sum.how);
    return std::move(sum.dose);
  }();
  std::string described = describe(parts, how);
  const double only_factor = parts.front().factor;
  return {std::move(dose),
          std::move(parts),
          std::move(described),
          std::move(inputs),
          files.size() == 1 ? files.front() : nullptr,
          only_factor,
          std::move(warnings)};
}

}  // namespace sbrt
