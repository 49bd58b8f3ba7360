/// Distances between source and aim that a beam may have; beyond them the beam data and the robot have no meaning.
#pragma once

namespace sbrt {

inline constexpr double nearest_source_mm = 300;
inline constexpr double farthest_source_mm = 1500;

}  // namespace sbrt
