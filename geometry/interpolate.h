/// Values between the grid points of a volume.
#pragma once

#include "geometry/hottest_of_rows.h"
#include "geometry/interval.h"
#include "geometry/volume.h"

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace sbrt {

enum class Interpolation {
  cubic,   ///< interpolating cubic B-spline (C2), limited as told below
  linear,  ///< trilinear
};
std::string_view to_string(Interpolation kind);  ///< "cubic", "linear"

/// Evaluates a dose anywhere in its grid. Exact on linear fields, error of order 4 (cubic) or 2 (linear) on smooth
/// ones.
///
/// Cubic: tensor-product B-spline through all samples with natural ends (second derivative 0 at the first and last
/// sample). Limit against overshoot: in each cell the value stays between the smallest and the largest of the 8 samples
/// around it. Only a summit (or trough) between samples may pass them: along an axis where all eight second differences
/// agree in sign, by the height of a parabola over the edge, its bend 1.5 times the mean of the edge's two second
/// differences but at most twice the smaller; and only where the samples on either side bend back by less than 0.47 of
/// it, as those of a Gaussian peak do from a sigma of about 1.7 voxels. At such a peak that leaves the peak its height;
/// at a step, on its shoulder and at the edges of a plateau it leaves nothing. The price: a peak that the grid does not
/// resolve keeps the height of its largest sample. A cell whose samples are not negative never gives a negative value.
/// Where the limit acts, values may jump between cells.
///
/// Between the outermost voxel centres and the edges of the voxels (half a voxel) the value of the outermost centre
/// holds; farther out the value is NaN. Nothing is extrapolated.
class DoseInterpolator {
 public:
  /// Keeps a reference to `dose`, which must outlive this object unchanged.
  /// @throws InputError when a value of the dose is not finite
  explicit DoseInterpolator(const DoseGrid& dose, Interpolation kind = Interpolation::cubic);

  double operator()(PatientPoint p) const { return at(dose_->grid().to_voxel(p)); }
  double at(VoxelPoint v) const;
  /// Linear between the samples whatever the kind: cheap, to tell where to look closer.
  double roughly_at(PatientPoint p) const;
  /// All points at once, on all threads.
  std::vector<double> values_at(std::span<const PatientPoint> points) const;

  /// Cell (i, j, k) lies between voxel centres i...i+1, j...j+1, k...k+1; an axis with one sample has one cell of it.
  /// Smallest and largest value that the interpolation can take in the cell.
  Interval cell_bounds(int i, int j, int k) const;
  /// No cell whose 8 samples all lie below this reaches the value [Gy]: a cheap bound beside cell_bounds and RowPeaks.
  double sample_needed_for(double value) const;
  /// Values at all combinations of the fractions 0...1 along each axis of the cell, x fastest; one pass is many times
  /// cheaper than single points. At most 16 fractions per axis.
  void cell_values(int i, int j, int k, std::span<const double> x, std::span<const double> y, std::span<const double> z,
                   double* values) const;

  const DoseGrid& dose() const { return *dose_; }
  const HottestOfRows& rows() const { return *rows_; }  ///< of the samples
  Interpolation kind() const { return kind_; }

 private:
  struct State;
  struct Corners;
  Corners corners(int i, int j, int k) const;
  double limited(double value, int i, int j, int k) const;

  const DoseGrid* dose_;
  Interpolation kind_;
  std::shared_ptr<const HottestOfRows> rows_;
  std::shared_ptr<const State> state_;
};

}  // namespace sbrt
