/// DICOM out. Each file is complete (patient, study, frame of reference, references), says in its description that it comes
/// from research software, and is written to a temporary name and renamed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dicom/objects.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"

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
};
/// One file per slice, CT0001.dcm ... in `folder`, signed 16 bit. Values are rounded to whole HU.
/// @return the series as scan() would find it
CtSeries write_ct(const CtImage& image, const CtExport& info, const ProgramInfo& program, const std::filesystem::path& folder);

/// A new RTSTRUCT drawn on `ct`.
/// @return reference of the written object
InstanceReference write_structures(const StructureSet& structures, const std::string& label, const CtSeries& ct,
                                   const std::string& uid_seed, const ProgramInfo& program, const std::filesystem::path& path);

/// `original` with `added` structures appended; everything else, private attributes included, stays as it was. New SOP instance and
/// series UID from the seed.
InstanceReference write_structures_added(const StructureFile& original, const std::vector<Structure>& added, const CtSeries* ct,
                                         const std::string& uid_seed, const ProgramInfo& program,
                                         const std::filesystem::path& path);

struct DoseExport {
  PatientStudy patient_study;
  std::string frame_of_reference_uid;
  std::string series_description;             //!< the research-software sentence is appended
  std::string position_reference;
  std::optional<InstanceReference> plan;      //!< ReferencedRTPlanSequence
  std::optional<InstanceReference> structures;
  int bits = 32;                              //!< 32 or 16
  std::string uid_seed;
};
/// RTDOSE, DoseUnits GY, PHYSICAL, PLAN, total over all fractions. Written values differ from `dose` by at most half a step of
/// max/(2^bits - 1).
InstanceReference write_dose(const DoseGrid& dose, const DoseExport& info, const ProgramInfo& program,
                             const std::filesystem::path& path);

}  // namespace sbrt::dicom
