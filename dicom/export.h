/// DICOM out. Each file is complete (patient, study, frame of reference, references), says in its description that it
/// comes from research software, and is written to a temporary name and renamed.
///
/// Equal inputs give equal bytes: dates and times are the study's, never the clock's; instance UIDs follow from the
/// seed and the content, so another content never has the same UID. Text is UTF-8. Where the source has no frame of
/// reference UID, all objects of a study share one that follows from the study UID.
/// @throws InputError from every writer: a write error (missing folder, full disk; the path is named), a study without
/// UID
#pragma once

#include "dicom/objects.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt::dicom {

/// "2.25.<decimal>" from the SHA-256 of `seed`: equal seeds give equal UIDs, at most 64 characters.
std::string uid_from(const std::string& seed);

/// What every exported object says about this program.
struct ProgramInfo {
  std::string version, revision;
};

struct CtExport {
  PatientStudy patient_study;
  std::string series_instance_uid, frame_of_reference_uid, series_description;
  std::string patient_position = "HFS";
  std::string body_part_examined{};  //!< a defined term of PS3.16 Annex L such as LUNG; empty: not stated
};
/// One file per slice, CT0001.dcm ... in `folder`, which exists; signed 16 bit. Values are rounded to whole HU.
/// @return the series as scan() would find it @throws InputError for a value that is no CT number (not finite, beyond
/// 16 bit)
CtSeries write_ct(const CtImage& image, const CtExport& info, const ProgramInfo& program,
                  const std::filesystem::path& folder);

/// A new RTSTRUCT drawn on `ct`. Contours keep 1e-4 mm. A contour refers to the slice on whose plane it lies (0.05 mm),
/// if any. ROI numbers are the structures' own where they are positive and differ, else 1, 2, 3, ...
/// @param label becomes the label (its first 16 bytes), name and description
/// @return reference of the written object
/// @throws InputError: a contour without points or with absurd coordinates, a name that is no ROI name, frames of
/// reference differ
InstanceReference write_structures(const StructureSet& structures, const std::string& label, const CtSeries& ct,
                                   const std::string& uid_seed, const ProgramInfo& program,
                                   const std::filesystem::path& path);

struct StructuresAdded {
  InstanceReference reference;
  std::vector<int> numbers;  //!< ROI numbers of the added structures, in their order
};
/// `original` with `added` structures appended; everything else, private attributes and the character set included,
/// stays as it was, except: new SOP instance and series UID, the description names what was added, the approval is
/// withdrawn (UNAPPROVED, no reviewer, no digital signature), the original becomes the predecessor. Added ROIs get the
/// next free numbers.
/// @param ct the CT that the added contours lie on, or null: then they refer to no image
/// @throws InputError: unreadable original, a name that exists already or that the file's character set cannot hold
StructuresAdded write_structures_added(const StructureFile& original, const std::vector<Structure>& added,
                                       const CtSeries* ct, const std::string& uid_seed, const ProgramInfo& program,
                                       const std::filesystem::path& path);

struct DoseExport {
  PatientStudy patient_study;
  std::string frame_of_reference_uid;
  std::string series_description;  //!< the research-software sentence is appended
  std::string position_reference;
  std::optional<InstanceReference>
      plan;  //!< without one, the RT plan of UID uid_from(uid_seed + "/plan"), which a later export can take
  std::vector<InstanceReference> plans;  //!< of a dose of several plans; `plan` is then not used
  std::optional<InstanceReference> structures;
  std::vector<InstanceReference> sources;  //!< doses that this one was computed from
  bool effective = false;                  //!< DoseType EFFECTIVE: a biologically effective dose
  bool several_plans = false;              //!< DoseSummationType MULTI_PLAN
  std::string comment;     //!< DoseComment, shortened to 23 bytes; the research-software sentence follows
  std::string derivation;  //!< DerivationDescription: how an effective or summed dose was made
  int bits = 32;           //!< 32 or 16
  std::string uid_seed;
};
/// RTDOSE, DoseUnits GY, PHYSICAL and PLAN unless told otherwise, total over all fractions. Written values differ from
/// `dose` by at most half a step of max/(2^bits - 1).
InstanceReference write_dose(const DoseGrid& dose, const DoseExport& info, const ProgramInfo& program,
                             const std::filesystem::path& path);

}  // namespace sbrt::dicom
