/// A series of patients with archived plans: the counts of the published series of 58 lesions (docs/validation.md),
/// written as real DICOM with CT, RTSTRUCT, RTDOSE and RTPLAN.
///
/// Sites, sizes and prescriptions are a fixed table; the seed draws forms, places and archived plans. The archived dose
/// is analytic: on the way from the target's centre it falls from the maximum to the prescription and on exponentially.
/// Its prescription isodose is chosen so that coverage and conformity of the archived PTV are known in closed form.
/// Neglected: every physics of a real dose; MU and beams are of a likely size and belong to no dose.
#pragma once

#include "dicom/export.h"
#include "geometry/progress.h"
#include "phantoms/lobed_ellipsoid.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sbrt::phantoms {

enum class Site { lung, chest, abdomen_pelvis, vertebra, head_and_neck, limb };
std::string_view to_string(Site site);  ///< "lung", "chest", "abdomen/pelvis", "vertebra", "head and neck", "limb"
std::string_view body_part_of(
    Site site);  ///< DICOM defined term: LUNG, CHEST, ABDOMENPELVIS, SPINE, HEADNECK, EXTREMITY

/// What the archived plan reaches on its PTV, exactly.
struct ArchivedPlan {
  double isodose_pct = 0;   //!< prescription in percent of the maximum, which lies at the centre of the target
  double coverage_pct = 0;  //!< of the PTV
  double ci = 1;            //!< PIV/TIV
  int beams = 0;
  double total_mu = 0;
  /// The prescription isodose lies where gauge^3 = level + slope mu of the PTV's form.
  double level = 1, slope = 0;
  double fall_off_mm = 10;  //!< of the dose outside it
};

struct SeriesLesion {
  int number = 0;  //!< 1...58
  Site site = Site::lung;
  double dose_gy = 0;
  int fractions = 1;
  std::string gtv, ptv;  //!< names in the RTSTRUCT
  LobedEllipsoid form;   //!< of the GTV; the archived PTV is its enlarged copy
  ArchivedPlan archived;
};
inline constexpr double series_margin_mm = 5;  ///< semi-axes of the archived PTV less those of the GTV

/// One CT with one RTSTRUCT, RTDOSE and RTPLAN.
struct SeriesStudy {
  int patient = 0;  //!< 1...37
  int number = 0;   //!< of the patient's studies
  std::vector<SeriesLesion> lesions;
  std::string patient_id() const;  ///< "SERIES-07"
  std::string folder() const;      ///< "P07/S1"
};

struct Series {
  std::uint64_t seed = 1;
  std::vector<SeriesStudy> studies;  //!< by patient and number
};
Series plan_series(std::uint64_t seed = 1);

/// Gy at a point: of several lesions of a study the highest.
double archived_dose_gy(const SeriesStudy& study, PatientPoint p);

/// A row per lesion with all its closed forms, as CSV.
std::string series_listing(const Series& series);

struct SeriesOptions {
  std::uint64_t seed = 1;
  int patients = 0;  //!< only the first ones; 0: all
  bool overwrite = false;
};
/// Writes P01/S1/ct/CT0001.dcm ..., structures.dcm, dose.dcm, plan.dcm, ... and series.csv, whole or not at all.
/// @return what was written @throws InputError: a number of patients that the series does not have, a write error
Series write_series(const SeriesOptions& options, const dicom::ProgramInfo& program,
                    const std::filesystem::path& folder, Progress& progress = no_progress);

}  // namespace sbrt::phantoms
