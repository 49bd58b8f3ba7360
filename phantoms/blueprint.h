/// A phantom before it is painted. Private to this room.
#pragma once

#include "phantoms/catalogue.h"
#include "phantoms/contour_cases.h"

namespace sbrt::phantoms {

struct Blueprint {
  std::vector<Part> parts;
  Box scanned;                       ///< what the CT covers [mm]
  std::array<double, 3> spacing_mm;  ///< default
  /// Targets and the organ (or body) that must hold each wholly.
  std::vector<std::pair<std::string, std::string>> hosts;
  PhantomCase plan;
  std::vector<double> planes_mm;   ///< of the contours; empty: the CT's
  std::vector<ContourCase> drawn;  ///< structures without a solid
};

/// What a room's drawing may use of the options.
struct Request {
  double diameter_mm;  ///< asked for, else the phantom's own
  PatientVec offset_mm;
  std::string variant;
  std::uint64_t seed;   ///< of random places
  double plane_gap_mm;  ///< of the CT
};

Blueprint water_cube(const Request& request);
Blueprint sphere_in_water(const Request& request);
Blueprint slabs(const Request& request);
Blueprint tg119_c_shape(const Request& request);
Blueprint lung_lesion(const Request& request);
Blueprint spine_lesion(const Request& request);
Blueprint liver_lesion(const Request& request);
Blueprint head_three_targets(const Request& request);
Blueprint shapes(const Request& request);

// CT numbers [HU] that stand for a tissue.
inline constexpr double air_hu = -1000, lung_hu = -740, fat_hu = -90, water_hu = 0, soft_hu = 40, brain_hu = 35,
                        blood_hu = 50, liver_hu = 60, kidney_hu = 35, cord_hu = 35, eye_hu = 10, tumour_hu = 45,
                        cancellous_hu = 250, cortical_hu = 900;

inline Part organ(std::string name, Solid solid, std::optional<double> hu, std::array<std::uint8_t, 3> colour) {
  return {std::move(solid), hu, std::move(name), RoiRole::organ, colour};
}
inline Part target(std::string name, Solid solid, double hu = tumour_hu) {
  return {std::move(solid), hu, std::move(name), RoiRole::gtv, {255, 0, 0}};
}
inline Part body(Solid solid, double hu) { return {std::move(solid), hu, "External", RoiRole::external, {0, 255, 0}}; }
/// Shows in the CT only.
inline Part tissue(Solid solid, double hu) { return {std::move(solid), hu, "", RoiRole::other, {}}; }

/// Vertebrae stacked to a column: body, canal with cord, arch, spinous process. `canal` is the centre of the canal in
/// the plane; the vertebral body lies in front of it (towards -y).
void add_spine(std::vector<Part>& parts, PlanePoint canal, double cord_radius_mm, double low_z_mm, double high_z_mm);

}  // namespace sbrt::phantoms
