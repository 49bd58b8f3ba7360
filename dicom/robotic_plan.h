/// RT Plans of static circular photon fields, each with an isocentre of its own: what a first-generation RT Plan
/// (PS3.3 A.20) can say of a robot's beams.
///
/// A beam's isocentre is its aim point, its source-axis distance the distance from source to aim, its gantry and
/// patient support angles (IEC 61217) the direction. The cone is a STEREOTACTIC applicator of circular aperture whose
/// opening is the nominal diameter 800 mm from the source. Not in the plan: the path of the robot, the node set.
#pragma once

#include "dicom/export.h"
#include "dicom/objects.h"
#include "geometry/space.h"
#include "geometry/warning.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sbrt::dicom {

struct RoboticBeam {
  int number = 0;
  std::string name;  //!< Beam Name
  std::string node;  //!< empty where the plan names none
  PatientPoint source, aim;
  double collimator_mm = 0;  //!< nominal diameter at 800 mm from the source
  double mu_per_fraction = 0;
};

struct RoboticPlanTarget {
  std::string structure;
  std::optional<int> roi_number;  //!< in the structure set that the plan refers to
  double dose_gy = 0;             //!< total over all fractions
};

/// Applicator ID of a beam: one of these and the diameter.
inline constexpr std::string_view cone_name = "CONE", iris_name = "IRIS";

struct RoboticPlan {
  std::string label;
  std::string prescription;  //!< in words: "45Gy/5fx@75%"
  std::string patient_position;
  std::string collimator_kind;  //!< "fixed", "iris"; empty: the plan does not say
  int fractions = 1;
  std::vector<RoboticPlanTarget> targets;
  std::vector<RoboticBeam> beams;  //!< in the order of delivery
};

struct RoboticPlanExport {
  PatientStudy patient_study;
  std::string frame_of_reference_uid;
  std::string series_description;  //!< the research-software sentence is appended
  std::optional<InstanceReference> structures;
  double nominal_energy_mv = 6;
  std::string uid_seed;
};

/// Angles and lengths keep 16 characters, so source and aim read back to better than 1e-6 mm.
/// @throws InputError on a write error, an unknown patient position, a beam without length, no beam or fraction
InstanceReference write_robotic_plan(const RoboticPlan& plan, const RoboticPlanExport& info, const ProgramInfo& program,
                                     const std::filesystem::path& path);

struct LoadedRoboticPlan {
  RoboticPlan plan;
  Warnings warnings;  //!< beams left out because they do not treat or have no MU ("plan-beam-left-out")
};

/// Beams that treat, of any system's plan, as long as each is a static circular photon field.
/// @param patient_position where the plan does not say how the patient lies (--patient-position or the CT's), or empty
/// @throws InputError naming beam and attribute: no fraction group or several, no MU, other radiation, no circular
///         applicator, wedge, block, bolus or compensator, a moving gantry or couch, a pitched, rolled or eccentric
///         table, a missing isocentre, angle or distance, no patient position
LoadedRoboticPlan load_robotic_plan(const std::filesystem::path& path, const std::string& patient_position = {});

}  // namespace sbrt::dicom
