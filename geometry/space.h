/// Points, vectors and directions of a named space. Mixing spaces does not compile; point - point = vector.
#pragma once

#include "geometry/error.h"

#include <cmath>

namespace sbrt {

struct Patient {};     ///< DICOM patient coordinates (LPS: x to the left, y to the back, z to the head), mm
struct BeamEye {};     ///< beam's eye view: origin at the source, z along the central axis, mm
struct VoxelIndex {};  ///< continuous voxel index; the centre of voxel (i, j, k) is exactly (i, j, k)

template <class Space>
struct Vec {
  double x = 0, y = 0, z = 0;
  bool operator==(const Vec&) const = default;
};

template <class Space>
struct Point {
  double x = 0, y = 0, z = 0;
  bool operator==(const Point&) const = default;
};

template <class S>
constexpr Vec<S> operator-(Point<S> a, Point<S> b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
template <class S>
constexpr Point<S> operator+(Point<S> p, Vec<S> v) {
  return {p.x + v.x, p.y + v.y, p.z + v.z};
}
template <class S>
constexpr Point<S> operator-(Point<S> p, Vec<S> v) {
  return {p.x - v.x, p.y - v.y, p.z - v.z};
}
template <class S>
constexpr Vec<S> operator+(Vec<S> a, Vec<S> b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
template <class S>
constexpr Vec<S> operator-(Vec<S> a, Vec<S> b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
template <class S>
constexpr Vec<S> operator-(Vec<S> a) {
  return {-a.x, -a.y, -a.z};
}
template <class S>
constexpr Vec<S> operator*(double s, Vec<S> v) {
  return {s * v.x, s * v.y, s * v.z};
}
template <class S>
constexpr Vec<S> operator*(Vec<S> v, double s) {
  return s * v;
}
template <class S>
constexpr Vec<S> operator/(Vec<S> v, double s) {
  return {v.x / s, v.y / s, v.z / s};
}
template <class S>
constexpr double dot(Vec<S> a, Vec<S> b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
template <class S>
constexpr Vec<S> cross(Vec<S> a, Vec<S> b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
template <class S>
constexpr double norm2(Vec<S> v) {
  return dot(v, v);
}
template <class S>
double norm(Vec<S> v) {
  return std::sqrt(norm2(v));
}
template <class S>
double distance(Point<S> a, Point<S> b) {
  return norm(a - b);
}
template <class S>
bool is_finite(Vec<S> v) {
  return std::isfinite(v.x) && std::isfinite(v.y) && std::isfinite(v.z);
}
template <class S>
bool is_finite(Point<S> p) {
  return std::isfinite(p.x) && std::isfinite(p.y) && std::isfinite(p.z);
}

/// Unit vector. The constructor normalises; a zero or non-finite vector breaks the contract.
template <class Space>
class Direction {
 public:
  explicit Direction(Vec<Space> v) {
    const double length = norm(v);
    SBRT_EXPECT(std::isfinite(length) && length > 0);
    v_ = v / length;
  }
  Vec<Space> vec() const { return v_; }
  operator Vec<Space>() const { return v_; }
  double x() const { return v_.x; }
  double y() const { return v_.y; }
  double z() const { return v_.z; }
  bool operator==(const Direction&) const = default;

 private:
  Vec<Space> v_;
};

using PatientPoint = Point<Patient>;
using PatientVec = Vec<Patient>;
using VoxelPoint = Point<VoxelIndex>;
using VoxelVec = Vec<VoxelIndex>;

/// Axis-aligned box in patient coordinates, mm. Empty until the first point is added.
struct Box {
  PatientPoint low{HUGE_VAL, HUGE_VAL, HUGE_VAL};
  PatientPoint high{-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};

  bool empty() const { return !(low.x <= high.x && low.y <= high.y && low.z <= high.z); }
  void add(PatientPoint p) {
    low = {std::fmin(low.x, p.x), std::fmin(low.y, p.y), std::fmin(low.z, p.z)};
    high = {std::fmax(high.x, p.x), std::fmax(high.y, p.y), std::fmax(high.z, p.z)};
  }
  Box grown(double margin_mm) const {
    const PatientVec m{margin_mm, margin_mm, margin_mm};
    return {low - m, high + m};
  }
  bool contains(PatientPoint p) const {
    return p.x >= low.x && p.x <= high.x && p.y >= low.y && p.y <= high.y && p.z >= low.z && p.z <= high.z;
  }
  PatientPoint centre() const { return low + 0.5 * (high - low); }
};

}  // namespace sbrt
