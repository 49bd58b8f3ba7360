#include "engine/planning/aim_points.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>

namespace sbrt {

AimPoints::AimPoints(const Shape& target, int wanted) {
  const double step = std::cbrt(target.volume_mm3() / wanted);
  for (const Sample& s : target.sample(step)) points_.push_back({s.point, 0});
  SBRT_EXPECT(!points_.empty());
  const DistanceToShape distance(target, 0.2);
  parallel_for_blocks(std::int64_t(points_.size()), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      points_[i].depth_mm = std::max(0.0, -distance.signed_distance(points_[i].point));
  });
  for (const Depth& p : points_) largest_depth_mm_ = std::max(largest_depth_mm_, p.depth_mm);
}

AimPoints::Choice AimPoints::for_field(double field_radius_mm) const {
  const double least = std::min(field_radius_mm, 0.8 * largest_depth_mm_);
  const double edge_end = least + std::max(1.0, 0.2 * largest_depth_mm_);
  Choice choice;
  for (const Depth& p : points_)
    if (p.depth_mm >= least) (p.depth_mm <= edge_end ? choice.edge : choice.interior).push_back(p.point);
  if (choice.edge.empty()) choice.edge.swap(choice.interior);
  return choice;
}

}  // namespace sbrt
