#include "engine/archive/lesion_size.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sbrt {
namespace {

// The two farthest points of a set are corners of its hull, and so are those of each contour's points: in the plane of
// two axes of the patient that the contour is not seen edge-on in, a corner of the solid hull stays a corner or lies on
// the hull's edge. Points on edges are kept.
struct Flat {
  double u, v;
  PatientPoint point;
};

double turn(const Flat& a, const Flat& b, const Flat& c) {
  return (b.u - a.u) * (c.v - a.v) - (b.v - a.v) * (c.u - a.u);
}

std::vector<PatientPoint> corners_of(const Contour& contour) {
  if (contour.points.size() < 4) return contour.points;
  // Newell's sum: twice the area vector; the largest component tells which plane shows the contour best.
  double nx = 0, ny = 0, nz = 0;
  for (std::size_t n = 0; n < contour.points.size(); ++n) {
    const PatientPoint &a = contour.points[n], &b = contour.points[(n + 1) % contour.points.size()];
    nx += (a.y - b.y) * (a.z + b.z);
    ny += (a.z - b.z) * (a.x + b.x);
    nz += (a.x - b.x) * (a.y + b.y);
  }
  nx = std::abs(nx), ny = std::abs(ny), nz = std::abs(nz);
  if (std::max({nx, ny, nz}) <= 0) return contour.points;
  std::vector<Flat> flat;
  for (const PatientPoint& p : contour.points) {
    if (nz >= nx && nz >= ny)
      flat.push_back({p.x, p.y, p});
    else if (ny >= nx)
      flat.push_back({p.x, p.z, p});
    else
      flat.push_back({p.y, p.z, p});
  }
  std::sort(flat.begin(), flat.end(),
            [](const Flat& a, const Flat& b) { return a.u < b.u || (a.u == b.u && a.v < b.v); });
  std::vector<Flat> hull;
  for (const int side : {1, -1}) {
    const std::size_t begin = hull.size();
    for (const Flat& f : flat) {
      while (hull.size() >= begin + 2 && side * turn(hull[hull.size() - 2], hull.back(), f) < 0) hull.pop_back();
      hull.push_back(f);
    }
  }
  std::vector<PatientPoint> corners;
  for (const Flat& f : hull) corners.push_back(f.point);
  return corners;
}

}  // namespace

double largest_diameter_mm(const Structure& structure) {
  std::vector<PatientPoint> points;
  for (const Contour& contour : structure.contours) {
    const std::vector<PatientPoint> corners = corners_of(contour);
    points.insert(points.end(), corners.begin(), corners.end());
  }
  double largest = 0;
  for (std::size_t a = 0; a < points.size(); ++a)
    for (std::size_t b = a + 1; b < points.size(); ++b) {
      const double x = points[a].x - points[b].x, y = points[a].y - points[b].y, z = points[a].z - points[b].z;
      largest = std::max(largest, x * x + y * y + z * z);
    }
  return std::sqrt(largest);
}

}  // namespace sbrt
