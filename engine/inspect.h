/// What a folder holds, without computing any dose: series, structures with volumes, refused files, geometry checks.
#pragma once

#include "dicom/objects.h"
#include "geometry/interval.h"
#include "geometry/progress.h"
#include "geometry/shape.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

struct InspectedStructure {
  std::string rtstruct;  //!< file name of the RTSTRUCT
  std::string name;
  int number = 0;
  RoiRole role = RoiRole::other;
  int planes = 0, contours = 0;
  std::optional<double> volume_cc;  //!< absent when no solid can be made of it
  std::optional<Interval> volume_interval_cc;
  std::string problem;  //!< why not
};

struct Inspection {
  dicom::Catalogue catalogue;
  std::vector<InspectedStructure> structures;
  Warnings warnings;
};

Inspection inspect(const std::vector<std::filesystem::path>& paths, BetweenPlanes between,
                   Progress& progress = no_progress);

/// Schema of docs/formats.md, "inspect".
std::string to_json(const Inspection& inspection);

}  // namespace sbrt
