/// DICOM in. Every file is screened with DCMTK before any pixel decoder sees it.
#pragma once

#include "dicom/objects.h"
#include "geometry/progress.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"

#include <filesystem>
#include <optional>
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

/// Which doses the user means.
struct DoseSelection {
  std::vector<std::string> wanted;  //!< --rtdose: file names, paths or SOP instance UIDs; empty: see choose_doses
  bool ignore_frame_of_reference = false;  //!< --ignore-frame-of-reference: warn where it differs instead of refusing
};
struct ChosenDoses {
  std::vector<const DoseFile*> files;  //!< at least one, into the catalogue
  Warnings warnings;                   //!< other or unstated frame of reference, other structure set
};

/// The doses of the patient and in the frame of reference of the structure set. Named ones as they are. Otherwise the
/// only one; of several the only one of DoseSummationType PLAN or MULTI_PLAN; without such all parts (BEAM, BRACHY,
/// their SESSION forms, CONTROL_POINT) of one plan.
/// @throws InputError: none, several (listed with --rtdose), another patient or frame of reference
ChosenDoses choose_doses(const Catalogue& catalogue, const StructureFile& structures, const DoseSelection& selection);

/// The same where only one dose can be used.
/// @param choice file name or SOP instance UID (--rtdose), or empty
/// @throws InputError as choose_doses, and where several parts of a plan make up the dose
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

/// A DVH as the RTDOSE holds it (PS3.3 C.8.8.4), cumulative whatever its type was.
struct EmbeddedDvh {
  struct Roi {
    int number = 0;
    bool included = true;
  };
  std::vector<Roi> rois;        //!< numbers in DoseFile::referenced_structure_uid
  bool in_percent = false;      //!< volumes are % of an unstated whole instead of cm^3
  std::vector<double> dose_gy;  //!< ascending bin edges, the first is 0
  std::vector<double> volume;   //!< with at least the dose of the edge, same size, not rising; [cm^3] or [%]
  std::optional<double> min_gy, mean_gy, max_gy;  //!< where the file states them
};
struct LoadedDvhs {
  std::vector<EmbeddedDvh> dvhs;
  Warnings warnings;  //!< each DVH that cannot be used, with its ROI and the reason (embedded-dvh-refused)
};
/// DVHData are pairs of bin width and volume; a cumulative volume belongs to the lower edge of its bin. Refused by a
/// warning: NATURAL, RELATIVE or EFFECTIVE against a physical dose, PER_U, odd or other number of values, not finite,
/// negative, rising volumes, bins that end far from the stated maximum dose.
/// @throws InputError when the file cannot be read
LoadedDvhs load_dvhs(const DoseFile& file);

/// "dcmtk 3.6.7, itk 5.2.1, gdcm 3.0.21" for --version.
std::string library_versions();

}  // namespace sbrt::dicom
