/// What was found in a folder of DICOM files, before pixels are decoded.
#pragma once

#include "geometry/grid.h"
#include "geometry/warning.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt::dicom {

/// Patient and study, as exported objects must repeat them. Text is UTF-8; empty where the source had nothing.
struct PatientStudy {
  std::string patient_name, patient_id, patient_birth_date, patient_sex;
  std::string study_instance_uid, study_id, study_date, study_time, accession_number, referring_physician,
      study_description;
  bool operator==(const PatientStudy&) const = default;
};

struct InstanceReference {
  std::string sop_class_uid, sop_instance_uid;
};

/// One CT slice file that passed the screening.
struct CtSlice {
  std::filesystem::path path;
  InstanceReference reference;
  PatientPoint position;  //!< centre of the first pixel [mm]
  double rescale_slope = 1, rescale_intercept = 0;
};

/// One CT series of one orientation and matrix, slices ascending along the normal.
struct CtSeries {
  PatientStudy patient_study;
  std::string series_instance_uid, frame_of_reference_uid, series_description, manufacturer, patient_position;
  std::string body_part_examined;  //!< defined term such as LUNG, empty where not stated
  int rows = 0, columns = 0;
  std::array<double, 2> pixel_spacing_mm{1, 1};  //!< along a row (x), along a column (y)
  Axes axes;                                     //!< i along a row, j down a column, k the normal
  std::vector<CtSlice> slices;
  double slice_spacing_mm = 0;  //!< of the grid that load_ct() makes; 0 where the slices allow none
  Warnings warnings;
  /// Empty when a dose may be computed on this series; else why not (gantry tilt, missing slices, duplicate position,
  /// ...).
  std::string refusal;
};

struct StructureFile {
  std::filesystem::path path;
  PatientStudy patient_study;
  InstanceReference reference;
  std::string label, series_instance_uid, frame_of_reference_uid;
  std::vector<std::string> referenced_series_uids;  //!< CT series it was drawn on
  std::vector<std::string> referenced_image_uids;   //!< SOP instances that its contours name, sorted, each once
  std::vector<std::string> roi_names;
};

/// First and last control point of a part of a beam (RTDOSE of type CONTROL_POINT).
struct ControlPointRange {
  int first = 0, last = 0;
  bool operator==(const ControlPointRange&) const = default;
};

struct DoseFile {
  std::filesystem::path path;
  PatientStudy patient_study;
  InstanceReference reference;
  std::string frame_of_reference_uid, units, type,
      summation_type;  //!< GY | RELATIVE; PHYSICAL...; PLAN, FRACTION, BEAM, ...
  std::string referenced_plan_uid;
  std::string referenced_structure_uid;   //!< structure set of the embedded DVHs
  std::vector<int> fraction_groups;       //!< numbers of the fraction groups that it says it is the dose of
  std::vector<int> beams, brachy_setups;  //!< numbers of the beams or application setups that it says it is the dose of
  std::vector<ControlPointRange> control_points;
  int embedded_dvhs = 0;  //!< items of its DVHSequence
  std::string series_instance_uid;
};

/// A beam that treats (set-up and port film beams are no such), or a brachy application setup.
struct PlannedBeam {
  int number = 0;
  std::string name;
  int control_points = 0;  //!< 0 where not stated
};

struct PlanFile {
  std::filesystem::path path;
  PatientStudy patient_study;
  InstanceReference reference;
  std::string label;
  std::optional<int> fractions;  //!< number of fractions planned of its only fraction group
  int fraction_groups = 0;
  std::vector<PlannedBeam> beams, brachy_setups;
  std::optional<double> prescription_dose_gy;  //!< total target prescription dose where stated
  std::string referenced_structure_uid;
  std::string series_instance_uid;
};

struct RefusedFile {
  std::filesystem::path path;
  std::string reason;
};

/// Everything found. Ordered by UID, so the order of files on disk does not matter.
struct Catalogue {
  std::vector<CtSeries> ct_series;
  std::vector<StructureFile> structures;
  std::vector<DoseFile> doses;
  std::vector<PlanFile> plans;
  std::vector<RefusedFile> refused;  //!< not DICOM, truncated, unsupported: each with its reason
  Warnings warnings;
};

}  // namespace sbrt::dicom
