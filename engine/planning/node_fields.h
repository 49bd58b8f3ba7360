/// The fields that one node may send through a target.
#pragma once

#include "engine/planning/beams_eye_view.h"

#include <vector>

namespace sbrt {

/// A cone and where its axis meets the view's plane.
struct Field {
  double collimator_mm = 0;
  planar::Uv at;
};

class NodeFields {
 public:
  /// @param view must outlive this @param collimators_mm ascending, not empty
  NodeFields(const BeamsEyeView& view, const std::vector<double>& collimators_mm);

  /// The field that three numbers in [0, 1) stand for. Most fields touch the outline from inside at a place spread
  /// evenly along it, by one of the cones that fit there; the others aim deeper inside. Where no cone fits, the
  /// smallest aims at the middle of that narrow part.
  Field field(double which, double where, double how) const;

 private:
  struct Cone {
    double collimator_mm;
    BeamsEyeView::Aims aims;
  };
  const BeamsEyeView& view_;
  double smallest_mm_;
  std::vector<Cone> cones_;
};

}  // namespace sbrt
