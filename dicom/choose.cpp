#include "dicom/detail/choice.h"
#include "dicom/import.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt::dicom {
using detail::is_chosen;
using detail::pointers;
namespace {

std::string describe(const CtSeries& s) {
  return fmt::format("\n  --ct {}  \"{}\", {} slices{}{}", s.series_instance_uid, s.series_description, s.slices.size(),
                     s.patient_study.study_date.empty() ? "" : ", study of " + s.patient_study.study_date,
                     s.refusal.empty() ? "" : " (refused: " + s.refusal + ")");
}

std::string describe(const StructureFile& f) {
  return fmt::format(
      "\n  --rtstruct {}  \"{}\", {} ROIs{}, {}", f.reference.sop_instance_uid, f.label, f.roi_names.size(),
      f.patient_study.study_date.empty() ? "" : ", study of " + f.patient_study.study_date, f.path.string());
}

template <class Pointers>
std::string list(const Pointers& choices) {
  std::string all;
  for (const auto* choice : choices) all += describe(*choice);
  return all;
}

bool same_patient(const CtSeries& ct, const StructureFile& s) {
  const auto &a = ct.patient_study.patient_id, &b = s.patient_study.patient_id;
  return a.empty() || b.empty() || a == b;
}

bool frame_differs(const CtSeries& ct, const StructureFile& s) {
  return !ct.frame_of_reference_uid.empty() && !s.frame_of_reference_uid.empty() &&
         ct.frame_of_reference_uid != s.frame_of_reference_uid;
}

bool names_series(const StructureFile& s, const CtSeries& ct) {
  return std::find(s.referenced_series_uids.begin(), s.referenced_series_uids.end(), ct.series_instance_uid) !=
         s.referenced_series_uids.end();
}

bool names_images(const StructureFile& s, const CtSeries& ct) {
  return std::any_of(ct.slices.begin(), ct.slices.end(), [&](const CtSlice& slice) {
    return std::binary_search(s.referenced_image_uids.begin(), s.referenced_image_uids.end(),
                              slice.reference.sop_instance_uid);
  });
}

// What the structure set refers to: its series, else the series of its images, else its frame of reference.
std::vector<const CtSeries*> referred(const std::vector<const CtSeries*>& all, const StructureFile& s) {
  const auto matching = [&](auto matches) {
    std::vector<const CtSeries*> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const CtSeries* ct) { return matches(*ct); });
    return found;
  };
  auto found = matching([&](const CtSeries& ct) { return names_series(s, ct); });
  if (found.empty()) found = matching([&](const CtSeries& ct) { return names_images(s, ct); });
  if (found.empty() && !s.frame_of_reference_uid.empty())
    found = matching([&](const CtSeries& ct) { return ct.frame_of_reference_uid == s.frame_of_reference_uid; });
  return found;
}

std::string where(const StructureFile& s) { return s.path.string(); }

// The only one, or the only one that is not refused.
const CtSeries* single(const std::vector<const CtSeries*>& found) {
  if (found.size() == 1) return found.front();
  const CtSeries* usable = nullptr;
  for (const auto* ct : found) {
    if (!ct->refusal.empty()) continue;
    if (usable) return nullptr;
    usable = ct;
  }
  return usable;
}

void check(const CtSeries& ct, const StructureFile& s) {
  const std::string series = "CT series " + ct.series_instance_uid;
  if (!same_patient(ct, s))
    throw InputError("the structure set belongs to another patient", where(s),
                     fmt::format("its patient ID is \"{}\", that of {} is \"{}\"", s.patient_study.patient_id, series,
                                 ct.patient_study.patient_id),
                     "choose the structure set of this patient (--rtstruct) or the CT (--ct)");
  if (frame_differs(ct, s))
    throw InputError("the structure set is drawn in another frame of reference", where(s),
                     fmt::format("its frame of reference is {}, that of {} is {}", s.frame_of_reference_uid, series,
                                 ct.frame_of_reference_uid),
                     "choose the CT on which it was drawn (--ct) or another structure set (--rtstruct)");
  if (!ct.refusal.empty())
    throw InputError("the CT cannot be used for a dose", series, ct.refusal,
                     "choose another CT (--ct) or export it again");
}

[[noreturn]] void no_ct(const Catalogue& catalogue, const StructureFile& s) {
  if (catalogue.ct_series.empty()) {
    const auto image = std::find_if(catalogue.refused.begin(), catalogue.refused.end(), [](const RefusedFile& f) {
      return f.reason.find("CT") != std::string::npos || f.reason.rfind("truncated", 0) == 0;
    });
    throw InputError("no CT series was found", where(s),
                     image == catalogue.refused.end() ? "the folder holds no usable CT image"
                                                      : image->path.string() + " was refused: " + image->reason,
                     "give the folder of the CT on which the structures were drawn");
  }
  if (std::none_of(catalogue.ct_series.begin(), catalogue.ct_series.end(),
                   [&](const CtSeries& ct) { return same_patient(ct, s); }))
    check(catalogue.ct_series.front(), s);
  throw InputError(
      "no CT matches the structure set", where(s),
      fmt::format("it refers to no series found here, and its frame of reference ({}) is not that of a CT:{}",
                  s.frame_of_reference_uid.empty() ? "not stated" : s.frame_of_reference_uid,
                  list(pointers(catalogue.ct_series))),
      "add the CT on which the structures were drawn, or choose one by --ct if that is right");
}

}  // namespace

const CtSeries& choose_ct(const Catalogue& catalogue, const StructureFile& structures, const std::string& ct_uid) {
  auto all = pointers(catalogue.ct_series);
  std::vector<const CtSeries*> found;
  if (!ct_uid.empty()) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [&](const CtSeries* ct) { return ct->series_instance_uid == ct_uid; });
    if (found.empty())
      throw InputError("no CT series has this UID", "--ct " + ct_uid,
                       all.empty() ? "no CT was found" : "found:" + list(all), "give one of the listed series");
  } else {
    found = referred(all, structures);
    if (found.empty()) no_ct(catalogue, structures);
  }
  const CtSeries* chosen = single(found);
  if (!chosen && !found.front()->refusal.empty()) chosen = found.front();  // all refused: say why
  if (!chosen)
    throw InputError("several CT series match the structure set", where(structures), "they are:" + list(found),
                     "choose one by --ct");
  check(*chosen, structures);
  return *chosen;
}

const StructureFile& choose_structures(const Catalogue& catalogue, const std::string& choice) {
  const auto all = pointers(catalogue.structures);
  if (all.empty()) {
    const auto refused = std::find_if(catalogue.refused.begin(), catalogue.refused.end(), [](const RefusedFile& f) {
      return f.reason.find("Structure Set") != std::string::npos || f.reason.rfind("truncated", 0) == 0;
    });
    throw InputError(
        "no RT Structure Set (RTSTRUCT) was found", refused == catalogue.refused.end() ? "" : refused->path.string(),
        refused == catalogue.refused.end() ? "the folder holds none" : "it was refused: " + refused->reason,
        "add the structure set that belongs to the CT");
  }
  std::vector<const StructureFile*> found;
  if (!choice.empty()) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [&](const auto* s) { return is_chosen(*s, choice); });
    if (found.empty())
      throw InputError("no RT Structure Set has this name or UID", "--rtstruct " + choice, "found:" + list(all),
                       "give one of the listed files or UIDs");
  } else if (all.size() > 1) {
    const auto series = pointers(catalogue.ct_series);
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const StructureFile* s) {
      const auto cts = referred(series, *s);
      return std::any_of(cts.begin(), cts.end(),
                         [&](const CtSeries* ct) { return same_patient(*ct, *s) && !frame_differs(*ct, *s); });
    });
    if (found.empty()) found = all;
  } else {
    found = all;
  }
  if (found.size() > 1)
    throw InputError("several RT Structure Sets (RTSTRUCT) were found", "", "they are:" + list(found),
                     "choose one by --rtstruct");
  return *found.front();
}

}  // namespace sbrt::dicom
