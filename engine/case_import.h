/// From a DICOM folder to the CT, the structures and the record of what was read.
#pragma once

#include "dicom/import.h"
#include "dicom/objects.h"
#include "engine/report/input_record.h"
#include "geometry/progress.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"
#include "geometry/warning.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Which objects of a folder are meant, where it leaves a choice.
struct CaseSelection {
  std::vector<std::filesystem::path> inputs;  //!< folders or files
  std::string ct_uid;                         //!< --ct, series instance UID
  std::string rtstruct;                       //!< --rtstruct, file or SOP instance UID
  std::string patient_position;               //!< --patient-position, only for a CT that does not say
};

struct ImportedCase {
  dicom::CtSeries ct_series;
  dicom::StructureFile structure_file;
  CtImage ct;
  StructureSet structures;
  std::vector<InputRecord> inputs;
  Warnings warnings;
};

/// @throws InputError naming file, reason and the option that decides
ImportedCase import_case(const CaseSelection& selection, Progress& progress = no_progress);

/// The RTDOSE that a file or folder holds.
/// @param why_one what the verb does with it, such as "each input is one dose"
/// @throws InputError: none, several, damaged
dicom::DoseFile only_dose_in(const std::filesystem::path& path, const std::string& why_one);

/// Distance of the slices of the only CT series; nothing where there is none, are several, or it has none.
std::optional<double> only_slice_spacing_mm(const dicom::Catalogue& catalogue);

/// Hash of all slices of a series in slice order, as one record.
InputRecord record_of(const dicom::CtSeries& series);
InputRecord record_of_file(const std::filesystem::path& path, const std::string& kind, const std::string& uid);

}  // namespace sbrt
