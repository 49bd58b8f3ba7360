/// Values between the grid points of a volume.
#pragma once

#include <memory>

#include "geometry/volume.h"

namespace sbrt {

enum class Interpolation {
  cubic,   ///< cubic (C1 or better), kept from overshooting the neighbouring samples at steep edges
  linear,  ///< trilinear
};

/// Evaluates a dose at any point inside the box of its voxel CENTRES; within half a voxel outside it the edge value holds,
/// farther out the value is NaN (never guessed).
class DoseInterpolator {
 public:
  /// Keeps a reference to `dose`.
  DoseInterpolator(const DoseGrid& dose, Interpolation kind = Interpolation::cubic);
  double operator()(PatientPoint p) const;
  Interpolation kind() const { return kind_; }

 private:
  struct State;
  const DoseGrid* dose_;
  Interpolation kind_;
  std::shared_ptr<const State> state_;
};

}  // namespace sbrt
