/// What the pictures of a report are made of: image, dose, structures and beams. Nothing here is a number of the
/// report.
#pragma once

#include "dose/beam.h"
#include "engine/evaluation/evaluate.h"
#include "geometry/structure_set.h"
#include "geometry/volume.h"

#include <array>
#include <string>
#include <vector>

namespace sbrt {

struct ViewStructure {
  Shape shape;
  RoiRole role = RoiRole::other;
  std::array<std::uint8_t, 3> colour{255, 0, 0};  //!< of the RTSTRUCT
};

/// Refers to the volumes, which must outlive it. Every part may be missing.
struct ReportView {
  const CtImage* ct = nullptr;
  const DoseGrid* dose = nullptr;
  std::vector<ViewStructure> structures;
  std::vector<std::string> targets;  //!< names of structures
  BeamSet beams;
};

/// @param drawn where the colours are; a structure that is in none of them gets a colour of its own
std::vector<ViewStructure> view_structures(const std::vector<NamedShape>& shapes,
                                           const std::vector<const Structure*>& drawn);

/// The image as the page shows it: HU rounded to whole numbers, means of blocks where the image is larger than the
/// page carries.
struct DisplayedImage {
  Grid grid;
  std::vector<std::int16_t> values;
};
DisplayedImage displayed_ct(const CtImage& ct, const Box& around);

/// The dose in steps of `unit_gy`, resampled to the axes of `like` where its own differ.
struct DisplayedDose {
  DisplayedImage image;
  double unit_gy = 0;
};
DisplayedDose displayed_dose(const DoseGrid& dose, const Axes* like);

/// Percentage of every voxel inside the shape, on the part of `image` around it.
struct DisplayedMask {
  Grid grid;
  std::vector<std::uint8_t> values;
};
DisplayedMask displayed_mask(const Shape& shape, const Grid& image);

}  // namespace sbrt
