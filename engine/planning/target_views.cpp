#include "engine/planning/target_views.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

namespace sbrt {
namespace {

// Lattice of the views: fine enough for the smallest cones, coarse enough for the largest targets [mm].
constexpr double finest_spacing_mm = 0.15, coarsest_spacing_mm = 1.25, spacings_per_diameter = 60;

double nearest_to(double wanted, const std::vector<double>& all) {
  return *std::min_element(all.begin(), all.end(),
                           [&](double a, double b) { return std::abs(a - wanted) < std::abs(b - wanted); });
}

double mean_distance_mm(const NodeSet& nodes) {
  double sum = 0;
  for (const Node& node : nodes.nodes) sum += norm(node.offset_mm);
  return sum / double(nodes.nodes.size());
}

/// Radius of the largest ball inside, to a few per cent [mm].
double half_thickness_mm(const Shape& target) {
  constexpr double samples = 4000;
  const std::vector<Sample> inside = target.sample(std::cbrt(target.volume_mm3() / samples));
  const DistanceToShape distance(target, 0.2);
  std::vector<double> depth(inside.size());
  parallel_for_blocks(std::int64_t(depth.size()), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) depth[i] = -distance.signed_distance(inside[i].point);
  });
  return std::max(0.0, *std::max_element(depth.begin(), depth.end()));
}

}  // namespace

TargetViews::TargetViews(const Shape& target, const NodeSet& nodes, PatientPoint alignment_centre,
                         double reference_distance_mm) {
  const double diameter = std::cbrt(6 / 3.14159265358979323846 * target.volume_mm3());
  const double spacing = std::clamp(diameter / spacings_per_diameter, finest_spacing_mm, coarsest_spacing_mm);
  const std::vector<PatientPoint> surface = surface_points(target, spacing);
  const PatientPoint centre = target.centroid();
  half_thickness_ = half_thickness_mm(target) * reference_distance_mm / mean_distance_mm(nodes);
  views_.resize(nodes.nodes.size());
  parallel_for(std::int64_t(views_.size()), [&](std::int64_t n) {
    const PatientPoint source = alignment_centre + nodes.nodes[n].offset_mm;
    views_[n].emplace(surface, spacing, source, centre, reference_distance_mm);
  });
}

double TargetViews::mean_diameter_mm() const {
  double sum = 0;
  for (const auto& view : views_) sum += std::sqrt(4 / 3.14159265358979323846 * view->area_mm2());
  return sum / double(views_.size());
}

double TargetViews::mean_perimeter_mm() const {
  double sum = 0;
  for (const auto& view : views_) sum += view->perimeter_mm();
  return sum / double(views_.size());
}

double TargetViews::mean_reached_share(double radius_mm) const {
  constexpr std::size_t stride = 4;  // neighbouring nodes see about the same
  std::vector<double> share((views_.size() + stride - 1) / stride);
  parallel_for(std::int64_t(share.size()),
               [&](std::int64_t i) { share[i] = views_[i * stride]->reached_share(radius_mm); });
  return std::accumulate(share.begin(), share.end(), 0.0) / double(share.size());
}

std::vector<double> TargetViews::collimators(const BeamData& beam_data) const {
  // Fields may be a little wider than the target: the penumbra belongs to them.
  constexpr double rim = 0.85, widest = 1.2;
  constexpr double large_reaches = 0.4, small_reaches = 0.93;
  constexpr double small_share = 0.36;                                  // of a compact target's diameter
  constexpr double small_of_thickness = 0.6, large_of_thickness = 2.2;  // a concave target looks wider than it is
  const std::vector<double>& all = beam_data.collimators_mm();
  const double diameter = mean_diameter_mm(), thickness = 2 * half_thickness_;
  double large = all.front(), small = all.front();
  for (const double c : all) {
    if (c > widest * diameter) break;
    const double share = mean_reached_share(rim * 0.5 * c);
    if (share >= large_reaches && c <= large_of_thickness * thickness) large = c;
    if (share >= small_reaches) small = c;
  }
  large = std::max(large, small);
  const double wanted = small_share * std::min(diameter, large / rim);
  small = std::min(small, nearest_to(std::min(wanted, small_of_thickness * thickness), all));
  std::vector<double> chosen;
  if (beam_data.collimator_kind() == "iris") {
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                 [&](double c) { return c >= small && c <= large; });
    return chosen;
  }
  for (const double step : {0.0, 0.31, 0.66, 1.0}) {
    const double c = nearest_to(small + step * (large - small), all);
    if (chosen.empty() || c != chosen.back()) chosen.push_back(c);
  }
  return chosen;
}

}  // namespace sbrt
