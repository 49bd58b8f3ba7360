/// DICOM in. Every file is screened with DCMTK before any pixel decoder sees it.
#pragma once

#include "dicom/objects.h"
#include "geometry/progress.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt::dicom {

/// Searches folders recursively (and takes files as they are). Never throws for a bad file: it lands in `refused`.
/// @throws InputError when a path does not exist
Catalogue scan(const std::vector<std::filesystem::path>& paths, Progress& progress = no_progress);

/// The CT that the structure set refers to: referenced series first, then the only one of its frame of reference.
/// @param ct_uid series UID chosen by the user (--ct), or empty
/// @throws InputError: none, several (listed with --ct), another patient or frame of reference, refused geometry
const CtSeries& choose_ct(const Catalogue& catalogue, const StructureFile& structures, const std::string& ct_uid = {});

/// @param choice file name or SOP instance UID (--rtstruct), or empty when there must be only one that matches a CT
/// @throws InputError: none, several (listed with --rtstruct)
const StructureFile& choose_structures(const Catalogue& catalogue, const std::string& choice = {});

/// The dose in the frame of reference and of the patient of the structure set; of several the only one of
/// DoseSummationType PLAN.
/// @param choice file name or SOP instance UID (--rtdose), or empty
/// @throws InputError: none, several (listed with --rtdose), another patient or frame of reference
const DoseFile& choose_dose(const Catalogue& catalogue, const StructureFile& structures,
                            const std::string& choice = {});

struct LoadedCt {
  CtImage image;
  Warnings warnings;  //!< those of the series, and: padding clamped, ...
};
/// Decodes and rescales each slice by its own slope and intercept. Irregular slice distances are resampled linearly
/// onto a regular grid that is at least as fine as the smallest distance (never averaged). Padding and values below
/// -1024 HU become -1024 HU.
/// @throws InputError naming file and reason, also for a series with a refusal
LoadedCt load_ct(const CtSeries& series, Progress& progress = no_progress);

struct LoadedStructures {
  StructureSet structures;
  Warnings warnings;
};
/// Contours in patient mm. Duplicate consecutive points and the repeated closing point are removed.
LoadedStructures load_structures(const StructureFile& file);

struct LoadedDose {
  DoseGrid dose;  //!< [Gy] (for RELATIVE: the raw relative numbers)
  Warnings warnings;
};
/// 16 and 32 bit, any orientation, descending or irregular frame offsets (resampled onto the smallest gap), big endian.
LoadedDose load_dose(const DoseFile& file);

/// "dcmtk 3.6.7, itk 5.2.1, gdcm 3.0.21" for --version.
std::string library_versions();

}  // namespace sbrt::dicom
