/// One target as all nodes see it.
#pragma once

#include "dose/beam_data.h"
#include "engine/planning/beams_eye_view.h"
#include "engine/planning/node_set.h"
#include "geometry/shape.h"

#include <optional>
#include <vector>

namespace sbrt {

class TargetViews {
 public:
  /// @param nodes not empty @param alignment_centre the point that node offsets refer to
  TargetViews(const Shape& target, const NodeSet& nodes, PatientPoint alignment_centre, double reference_distance_mm);

  const BeamsEyeView& of_node(std::size_t node) const { return *views_[node]; }
  /// Of the circle of the outline's area; mean over the nodes [mm].
  double mean_diameter_mm() const;
  double mean_perimeter_mm() const;
  /// How many fields of this diameter it takes to go round the outline: 9 for a ball and its smallest automatic cone.
  double places(double field_diameter_mm) const { return mean_perimeter_mm() / field_diameter_mm; }
  /// Share of the outline that fields of this radius inside it reach; mean over the nodes.
  double mean_reached_share(double radius_mm) const;

  /// One to four fixed cones. The largest whose fields inside the outline still reach a good part of it; one that
  /// reaches nearly all of it, thin parts included, and is no wider than a third of a compact target or about half the
  /// thickness of a concave one; two in between. Of an Iris all sizes in between, as it changes from beam to beam.
  std::vector<double> collimators(const BeamData& beam_data) const;

 private:
  std::vector<std::optional<BeamsEyeView>> views_;
  double half_thickness_ = 0;  //!< of the target, as an average node sees it [mm]
};

}  // namespace sbrt
