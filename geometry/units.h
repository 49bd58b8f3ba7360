/// The native units: mm, Gy, MU, radian, relative electron density (water = 1). Foreign units are multiplied away where
/// they enter, for example `12.5 * units::cc`.
#pragma once

namespace sbrt::units {

inline constexpr double mm = 1.0;
inline constexpr double cm = 10.0;
inline constexpr double mm3 = 1.0;
inline constexpr double cc = 1000.0;  ///< cubic centimetre in mm^3
inline constexpr double gy = 1.0;
inline constexpr double cgy = 0.01;
inline constexpr double radian = 1.0;
inline constexpr double degree = 3.14159265358979323846 / 180.0;

}  // namespace sbrt::units
