#include "dicom/detail/choice.h"
#include "dicom/import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sbrt::dicom {
namespace {

using Files = std::vector<const DoseFile*>;

std::string describe(const DoseFile& f) {
  std::string part;
  if (!f.beams.empty()) part += fmt::format(", beam {}", fmt::join(f.beams, "+"));
  if (!f.brachy_setups.empty()) part += fmt::format(", application setup {}", fmt::join(f.brachy_setups, "+"));
  return fmt::format(
      "\n  --rtdose {}  {} {}, {}{}{}, {}", f.reference.sop_instance_uid, f.type, f.summation_type, f.units, part,
      f.patient_study.study_date.empty() ? "" : ", study of " + f.patient_study.study_date, f.path.string());
}

std::string list(const Files& choices) {
  std::string all;
  for (const DoseFile* choice : choices) all += describe(*choice);
  return all;
}

bool patient_differs(const DoseFile& d, const StructureFile& s) {
  const auto &a = d.patient_study.patient_id, &b = s.patient_study.patient_id;
  return !a.empty() && !b.empty() && a != b;
}

bool frame_differs(const DoseFile& d, const StructureFile& s) {
  const auto &a = d.frame_of_reference_uid, &b = s.frame_of_reference_uid;
  return !a.empty() && !b.empty() && a != b;
}

bool is_total(const DoseFile* d) { return d->summation_type == "PLAN" || d->summation_type == "MULTI_PLAN"; }

bool is_part_of_plan(const DoseFile& d) {
  static const std::vector<std::string> parts{"BEAM", "BEAM_SESSION", "BRACHY", "BRACHY_SESSION", "CONTROL_POINT"};
  return std::find(parts.begin(), parts.end(), d.summation_type) != parts.end();
}

// All of one kind and of one plan: together they are its dose.
bool are_parts_of_one_plan(const Files& files) {
  return std::all_of(files.begin(), files.end(), [&](const DoseFile* d) {
    return is_part_of_plan(*d) && d->summation_type == files.front()->summation_type &&
           d->referenced_plan_uid == files.front()->referenced_plan_uid;
  });
}

Files named(const Files& all, const std::vector<std::string>& wanted) {
  Files found;
  for (const std::string& choice : wanted) {
    Files matching;
    std::copy_if(all.begin(), all.end(), std::back_inserter(matching),
                 [&](const DoseFile* d) { return detail::is_chosen(*d, choice); });
    if (matching.empty())
      throw InputError("no RT Dose has this name or UID", "--rtdose " + choice, "found:" + list(all),
                       "give one of the listed files or UIDs");
    if (matching.size() > 1)
      throw InputError("several RT Doses have this name", "--rtdose " + choice, "they are:" + list(matching),
                       "give the UID or the path");
    if (std::find(found.begin(), found.end(), matching.front()) != found.end())
      throw InputError("a dose is named twice", "--rtdose " + choice, "it would count twice", "name it once");
    found.push_back(matching.front());
  }
  return found;
}

Files unnamed(const Files& all, const StructureFile& structures, bool any_frame) {
  Files found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const DoseFile* d) {
    return !patient_differs(*d, structures) && (any_frame || !frame_differs(*d, structures));
  });
  if (found.empty()) return all;
  if (found.size() == 1) return found;
  Files totals;
  std::copy_if(found.begin(), found.end(), std::back_inserter(totals), is_total);
  if (totals.size() == 1) return totals;
  if (totals.empty() && are_parts_of_one_plan(found)) return found;
  throw InputError("several RT Doses were found", "", "they are:" + list(found),
                   "choose one by --rtdose, or name those to be added and give --sum");
}

void check(const DoseFile& dose, const StructureFile& structures, const DoseSelection& selection, Warnings& warnings) {
  if (patient_differs(dose, structures))
    throw InputError("the dose belongs to another patient", dose.path.string(),
                     fmt::format("its patient ID is \"{}\", that of the structure set is \"{}\"",
                                 dose.patient_study.patient_id, structures.patient_study.patient_id),
                     "choose the dose of this patient (--rtdose)");
  if (frame_differs(dose, structures)) {
    const std::string why = fmt::format("its frame of reference is {}, that of the structure set is {}",
                                        dose.frame_of_reference_uid, structures.frame_of_reference_uid);
    if (!selection.ignore_frame_of_reference)
      throw InputError("the dose lies in another frame of reference", dose.path.string(), why,
                       "choose the dose that was computed on this CT (--rtdose); where the two frames are known to be "
                       "the same, --ignore-frame-of-reference");
    warnings.push_back({"other-frame-of-reference", dose.path.string() + ": " + why +
                                                        "; they were taken for the same because "
                                                        "--ignore-frame-of-reference was given"});
  } else if (dose.frame_of_reference_uid.empty() || structures.frame_of_reference_uid.empty()) {
    warnings.push_back(
        {"frame-of-reference-not-stated",
         fmt::format("{}: the {} states no frame of reference; that dose and structures belong together "
                     "is not checked",
                     dose.path.string(), dose.frame_of_reference_uid.empty() ? "dose" : "structure set")});
  }
  if (dose.patient_study.patient_id.empty() || structures.patient_study.patient_id.empty())
    warnings.push_back({"patient-not-stated", dose.path.string() + ": the dose or the structure set states no patient "
                                                                   "ID; that they belong together is not checked"});
}

}  // namespace

ChosenDoses choose_doses(const Catalogue& catalogue, const StructureFile& structures, const DoseSelection& selection) {
  const Files all = detail::pointers(catalogue.doses);
  if (all.empty()) {
    const auto refused = std::find_if(catalogue.refused.begin(), catalogue.refused.end(), [](const RefusedFile& f) {
      return f.reason.find("RT Dose") != std::string::npos || f.reason.rfind("truncated", 0) == 0;
    });
    if (refused != catalogue.refused.end())
      throw InputError("no RT Dose (RTDOSE) was found", refused->path.string(), "it was refused: " + refused->reason,
                       "add the dose of the plan");
    throw InputError("no RT Dose (RTDOSE) was found", "", "the folder holds none",
                     "add the dose of the plan; --without-dose of evaluate judges the structures alone");
  }
  ChosenDoses chosen;
  chosen.files = selection.wanted.empty() ? unnamed(all, structures, selection.ignore_frame_of_reference)
                                          : named(all, selection.wanted);
  if (selection.wanted.empty() && chosen.files.size() > 1 && !are_parts_of_one_plan(chosen.files))
    chosen.files.resize(1);  // none fits: the first says why
  for (const DoseFile* dose : chosen.files) check(*dose, structures, selection, chosen.warnings);
  return chosen;
}

const DoseFile& choose_dose(const Catalogue& catalogue, const StructureFile& structures, const std::string& choice) {
  DoseSelection selection;
  if (!choice.empty()) selection.wanted = {choice};
  const ChosenDoses chosen = choose_doses(catalogue, structures, selection);
  if (chosen.files.size() > 1)
    throw InputError("several RT Doses were found", "", "they are:" + list(chosen.files), "choose one by --rtdose");
  return *chosen.files.front();
}

}  // namespace sbrt::dicom
