/// From the structures of an RTSTRUCT to a new one: union, margin, crop, gaps; read from DICOM and written to DICOM.
#pragma once

#include "dicom/objects.h"
#include "geometry/interval.h"
#include "geometry/progress.h"
#include "geometry/shape.h"
#include "geometry/structure_set.h"
#include "geometry/warning.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Another structure and the distance that the result keeps from it, or inside it.
struct StructureLimit {
  std::string structure;
  double distance_mm = 0;
};

/// "SpinalCord:2" -> structure and distance; the name may hold colons, the last one counts.
/// @param option named in complaints @throws InputError without a distance, or with one that is not 0...100 mm
StructureLimit parse_limit(const std::string& text, const std::string& option);

/// RT ROI Interpreted Type in any case: "PTV", "organ", ... @throws InputError that lists them
RoiRole parse_role(const std::string& text, const std::string& option);

struct MarginRequest {
  std::vector<std::filesystem::path> inputs;
  std::string rtstruct, ct_uid;         //!< file or UID where the folder leaves a choice
  std::vector<std::string> structures;  //!< joined first
  double margin_mm = 0;                 //!< -100...100; negative shrinks
  std::vector<StructureLimit> apart;    //!< keeps this gap to them; 0 subtracts
  std::vector<StructureLimit> inside;   //!< stays this far inside them
  std::string name = "PTV";
  std::optional<RoiRole> role;  //!< default: see MarginOutcome::role
  BetweenPlanes between = BetweenPlanes::shape_following;
  std::filesystem::path out;
  bool overwrite = false;
};

struct MarginVolume {
  std::string structure;
  double volume_cc = 0;
  Interval interval_cc;
};

struct MarginOutcome {
  std::string name;
  /// Unless asked for: of targets and unspecified volumes, grown: PTV; of organs, grown: AVOIDANCE; else the sources'
  /// own where they agree, or OTHER.
  RoiRole role = RoiRole::other;
  BetweenPlanes between = BetweenPlanes::shape_following;
  std::vector<std::string> steps;  //!< what was done, in order, in words
  std::vector<MarginVolume> sources;
  MarginVolume result;  //!< of the contours as they are written
  std::size_t contours = 0, planes = 0, points = 0;
  std::size_t planes_beyond = 0;       //!< of these planes, how many lie on no slice of the CT (or plane of the source)
  std::string ct_series_instance_uid;  //!< empty without a CT
  std::filesystem::path rtstruct, out;  //!< read, written
  Warnings warnings;
};

/// Contours lie on the CT's planes where the structures are drawn parallel to them, else on the structures' own planes;
/// extra planes follow above and below at the same spacing. Other ROIs of the RTSTRUCT are kept as they are.
/// @throws InputError: choices, unknown structures, a name that exists or that DICOM would change, a value out of
///         range, nothing left, an output that exists
MarginOutcome make_margin(const MarginRequest& request, Progress& progress = no_progress);

/// margin.json, schema "sbrtplan-margin/1" (docs/formats.md).
std::string to_json(const MarginOutcome& outcome);

}  // namespace sbrt
