#include "engine/evaluation/hot_spot.h"

#include "engine/evaluation/dvh.h"
#include "geometry/scatter.h"
#include "geometry/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace sbrt {
namespace {

constexpr double hot_volume_mm3 = 1 * units::cc;
// In the box around it. Eight times as many for pieces half as long as usual.
double most_hot_voxels(double hot_mm) { return 200'000 * std::clamp(std::pow(hot_step_mm / hot_mm, 3), 1.0, 8.0); }
constexpr double worth_while = 1.5;  // times as long are the other pieces at least
constexpr int most_looks = 4;
constexpr double worth_another_look = 0.8;

// Dose that the hottest `volume_mm3` exceed, as the curve of all pieces tells it, from the hot ones only; nothing where
// less than that has a dose.
std::optional<double> dose_of_hottest(const SampledStructure& sampled, double volume_mm3) {
  std::vector<double> finite;
  double covered = 0;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i)
    if (std::isfinite(sampled.dose_gy[i])) {
      finite.push_back(sampled.dose_gy[i]);
      covered += sampled.samples[i].volume_mm3;
    }
  if (finite.empty()) return std::nullopt;
  for (double share = 2 * volume_mm3 / covered;; share *= 2) {
    const auto wanted = std::size_t(share * double(finite.size())) + 16;
    const bool all = wanted >= finite.size();
    double coldest = -HUGE_VAL;
    if (!all) {
      const auto last = finite.begin() + std::ptrdiff_t(wanted);
      std::nth_element(finite.begin(), last, finite.end(), std::greater<>());
      coldest = *last;
    }
    std::vector<Sample> hot;
    std::vector<double> hot_gy;
    for (std::size_t i = 0; i < sampled.samples.size(); ++i)
      if (sampled.dose_gy[i] >= coldest) {
        hot.push_back(sampled.samples[i]);
        hot_gy.push_back(sampled.dose_gy[i]);
      }
    const Dvh curve(hot, hot_gy);
    constexpr double beyond = 1.5;  // the curve's end is not that of all pieces
    if (all || curve.covered_mm3() > beyond * volume_mm3) return curve.dose_at_volume_gy(volume_mm3);
  }
}

// Centroid of the part of a voxel that lies inside, taken as cut by a plane whose normal is the slope of the
// occupancies around: exact for cuts across an axis, between that and the corner for slanted ones.
PatientPoint middle_of_inside(const Occupancy& occupied, int i, int j, int k) {
  const Grid& grid = occupied.grid();
  const PatientPoint centre = grid.voxel_centre(i, j, k);
  const double share = double(occupied(i, j, k));
  if (share >= 1) return centre;
  const GridSize n = grid.size();
  const auto slope = [&](int di, int dj, int dk) {
    const auto at = [&](int sign) {
      return double(occupied(std::clamp(i + sign * di, 0, n.nx - 1), std::clamp(j + sign * dj, 0, n.ny - 1),
                             std::clamp(k + sign * dk, 0, n.nz - 1)));
    };
    return at(1) - at(-1);
  };
  const PatientVec inward{slope(1, 0, 0), slope(0, 1, 0), slope(0, 0, 1)};
  const double size = norm(inward);
  if (!(size > 0)) return centre;
  const double extent = grid.spacing_mm()[0] * (std::abs(inward.x) + std::abs(inward.y) + std::abs(inward.z)) / size;
  return centre + (0.5 * (1 - share) * extent / size) * inward;
}

// What the dose of a piece in a voxel of a fine grid cannot exceed [Gy]: the highest bound of the dose cells that it
// may meet.
class DoseCeiling {
 public:
  DoseCeiling(const DoseInterpolator& dose, const Grid& fine)
      : dose_(dose), origin_(dose.dose().grid().to_voxel(fine.origin())) {
    const Grid& dose_grid = dose.dose().grid();
    const GridSize n = dose_grid.size(), m = fine.size();
    last_ = {std::max(n.nx - 2, 0), std::max(n.ny - 2, 0), std::max(n.nz - 2, 0)};
    const auto step = fine.spacing_mm();
    step_ = {dose_grid.to_voxel(step[0] * fine.axes().i), dose_grid.to_voxel(step[1] * fine.axes().j),
             dose_grid.to_voxel(step[2] * fine.axes().k)};
    constexpr double farthest = 0.7;  // voxels from the centre: middle_of_inside() errs by up to 0.18 beyond the face
    for (const VoxelVec v : step_)
      reach_ = {reach_[0] + farthest * std::abs(v.x), reach_[1] + farthest * std::abs(v.y),
                reach_[2] + farthest * std::abs(v.z)};
    first_ = last_;
    std::array<int, 3> end{0, 0, 0};
    for (const int i : {0, m.nx - 1})
      for (const int j : {0, m.ny - 1})
        for (const int k : {0, m.nz - 1}) {
          const Cells cells = cells_of(i, j, k);
          for (int d = 0; d < 3; ++d) {
            first_[d] = std::min(first_[d], cells.low[d]);
            end[d] = std::max(end[d], cells.high[d] + 1);
          }
        }
    for (int d = 0; d < 3; ++d) count_[d] = end[d] - first_[d];
    bound_.assign(std::size_t(count_[0]) * count_[1] * count_[2], std::numeric_limits<double>::quiet_NaN());
  }

  double over_voxel(int i, int j, int k) { return highest(cells_of(i, j, k)); }

  /// Over the voxels from (i, j, k) to (i2, j2, k2).
  double over_voxels(int i, int j, int k, int i2, int j2, int k2) {
    Cells all = cells_of(i, j, k);
    for (int corner = 1; corner < 8; ++corner) {
      const Cells cells = cells_of(corner & 1 ? i2 : i, corner & 2 ? j2 : j, corner & 4 ? k2 : k);
      for (std::size_t d = 0; d < 3; ++d) {
        all.low[d] = std::min(all.low[d], cells.low[d]);
        all.high[d] = std::max(all.high[d], cells.high[d]);
      }
    }
    return highest(all);
  }

 private:
  struct Cells {
    std::array<int, 3> low, high;
  };
  double highest(const Cells& cells) {
    double most = -HUGE_VAL;
    for (int c = cells.low[2]; c <= cells.high[2]; ++c)
      for (int b = cells.low[1]; b <= cells.high[1]; ++b)
        for (int a = cells.low[0]; a <= cells.high[0]; ++a) most = std::max(most, bound(a, b, c));
    return most;
  }
  Cells cells_of(int i, int j, int k) const {
    constexpr double rounding = 1e-9;
    const VoxelPoint v = origin_ + (i * step_[0] + j * step_[1] + k * step_[2]);
    const std::array<double, 3> at{v.x, v.y, v.z};
    Cells cells{};
    for (int d = 0; d < 3; ++d) {
      const auto cell = [&](double x) { return int(std::clamp(std::floor(x), 0.0, double(last_[d]))); };
      cells.low[d] = cell(at[d] - reach_[d] - rounding);
      cells.high[d] = cell(at[d] + reach_[d] + rounding);
    }
    return cells;
  }

  double bound(int i, int j, int k) {
    double& known = bound_[(std::size_t(k - first_[2]) * count_[1] + (j - first_[1])) * count_[0] + (i - first_[0])];
    if (std::isnan(known)) known = dose_.cell_bounds(i, j, k).high;
    return known;
  }

  const DoseInterpolator& dose_;
  VoxelPoint origin_;  // the first fine voxel, in dose voxels
  std::array<VoxelVec, 3> step_;
  std::array<int, 3> last_{}, first_{}, count_{};  // of the dose cells; the last of the grid
  std::array<double, 3> reach_{};                  // of a fine voxel's pieces from its centre, in dose voxels
  std::vector<double> bound_;                      // NaN until asked for
};

// A grid over a box, and which of its voxels may hold a piece with the threshold dose. Most lie where it is colder and
// are asked block by block.
class HotVoxels {
 public:
  HotVoxels(const DoseInterpolator& dose, const Box& box, double step_mm, double threshold_gy)
      : grid_(grid_over(box, step_mm)), ceiling_(dose, grid_), threshold_(threshold_gy) {
    const GridSize n = grid_.size();
    blocks_ = {blocks(n.nx), blocks(n.ny), blocks(n.nz)};
    for (int c = 0; c < blocks_[2]; ++c)
      for (int b = 0; b < blocks_[1]; ++b)
        for (int a = 0; a < blocks_[0]; ++a) {
          const std::array<int, 3> low{a * side, b * side, c * side},
              last{std::min(low[0] + side, n.nx) - 1, std::min(low[1] + side, n.ny) - 1,
                   std::min(low[2] + side, n.nz) - 1};
          const bool hot = ceiling_.over_voxels(low[0], low[1], low[2], last[0], last[1], last[2]) >= threshold_;
          may_be_hot_.push_back(hot);
          if (!hot) continue;
          const auto corner = [&](const std::array<int, 3>& v, double beyond) {
            return grid_.to_patient(VoxelPoint{v[0] + beyond, v[1] + beyond, v[2] + beyond});
          };
          // One voxel more on each side, for the slope of the occupancies.
          box_.add(corner(low, -1.5));
          box_.add(corner(last, 1.5));
          empty_ = false;
        }
  }

  const Grid& grid() const { return grid_; }
  bool empty() const { return empty_; }
  const Box& box() const { return box_; }  // around all that may be hot

  template <class Visit>
  void each_that_may_be_hot(Visit&& visit) {
    const GridSize n = grid_.size();
    for (int k = 0; k < n.nz; ++k)
      for (int j = 0; j < n.ny; ++j)
        for (int i = 0; i < n.nx; ++i) {
          if (!may_be_hot_[std::size_t(((k / side) * blocks_[1] + j / side) * blocks_[0] + i / side)])
            i |= side - 1;  // on to the next block
          else if (ceiling_.over_voxel(i, j, k) >= threshold_)
            visit(i, j, k);
        }
  }

 private:
  static constexpr int side = 4;
  static int blocks(int voxels) { return (voxels + side - 1) / side; }
  static Grid grid_over(const Box& box, double step_mm) {
    const PatientVec size = box.high - box.low;
    const auto count = [&](double length) { return std::max(int(std::ceil(length / step_mm)), 1); };
    return Grid({count(size.x), count(size.y), count(size.z)}, {step_mm, step_mm, step_mm},
                box.low + PatientVec{step_mm / 2, step_mm / 2, step_mm / 2});
  }

  Grid grid_;
  DoseCeiling ceiling_;
  double threshold_;
  std::array<int, 3> blocks_{};
  std::vector<char> may_be_hot_;
  Box box_;
  bool empty_ = true;
};

}  // namespace

std::optional<HotSpot> find_hot_spot(const Shape& shape, const DoseInterpolator& dose, double hot_mm,
                                     const SampledStructure& sampled) {
  if (sampled.step_mm <= worth_while * hot_mm) return std::nullopt;
  const std::optional<double> threshold = dose_of_hottest(sampled, hot_volume_mm3);
  if (!threshold) return std::nullopt;
  Box box;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i)
    if (sampled.dose_gy[i] >= *threshold) box.add(sampled.samples[i].point);
  box = box.grown(sampled.step_mm);
  const auto step_in = [&](const Box& of) {
    const PatientVec size = of.high - of.low;
    return std::max(hot_mm, std::cbrt(size.x * size.y * size.z / most_hot_voxels(hot_mm)));
  };
  // What the dose allows to be hot is often a small part of the box and then gets smaller voxels.
  std::optional<HotVoxels> voxels;
  for (int look = 0; look < most_looks; ++look) {
    voxels.emplace(dose, box, step_in(box), *threshold);
    if (voxels->empty()) return std::nullopt;
    box = voxels->box();
    if (step_in(box) > worth_another_look * voxels->grid().spacing_mm()[0]) break;
  }
  const Grid& grid = voxels->grid();
  const double step = grid.spacing_mm()[0];
  if (step > sampled.step_mm / worth_while) return std::nullopt;
  const Occupancy occupied = occupancy_of(shape, grid);
  SampledStructure pieces;
  pieces.step_mm = step;
  const GridSize n = grid.size();
  const auto half = [](int voxel_count) { return std::size_t(voxel_count + 1) / 2; };
  constexpr std::int32_t none = -1;
  std::vector<std::int32_t> block(half(n.nx) * half(n.ny) * half(n.nz), none);
  voxels->each_that_may_be_hot([&](int i, int j, int k) {
    const double share = double(occupied(i, j, k));
    if (!(share > 0)) return;
    pieces.samples.push_back({middle_of_inside(occupied, i, j, k), share * grid.voxel_volume_mm3()});
    const auto place = [&](UnitPoint x) {
      return grid.to_patient(VoxelPoint{i + x.a - 0.5, j + x.b - 0.5, k + x.c - 0.5});
    };
    const auto inside = [&](PatientPoint p) { return share >= 1 || shape.contains(p); };
    pieces.points.push_back(point_in_part(grid.index(i, j, k), place, inside).value_or(pieces.samples.back().point));
    std::int32_t& number =
        block[(std::size_t(k / 2) * half(n.ny) + std::size_t(j / 2)) * half(n.nx) + std::size_t(i / 2)];
    if (number == none) number = pieces.blocks++;
    pieces.block.push_back(number);
  });
  pieces.dose_gy = dose.values_at(pieces.points);
  const auto is_hot = [&](double gy) { return gy >= *threshold; };
  if (std::none_of(pieces.dose_gy.begin(), pieces.dose_gy.end(), is_hot)) return std::nullopt;
  return HotSpot{*threshold, std::move(pieces)};
}

bool too_large_for(const HotSpot& hot, double hot_mm) {
  constexpr double rounding = 1 + 1e-9;
  return hot.pieces.step_mm > rounding * hot_mm;
}

bool still_serves(const HotSpot& hot, double hot_mm, double step_mm) {
  return !too_large_for(hot, hot_mm) && step_mm >= worth_while * hot.pieces.step_mm;
}

SampledStructure with_hot_spot(const SampledStructure& sampled, double threshold_gy, const SampledStructure& pieces) {
  double volume = 0, cold = 0, hot_volume = 0;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i) {
    volume += sampled.samples[i].volume_mm3;
    if (!(sampled.dose_gy[i] >= threshold_gy)) cold += sampled.samples[i].volume_mm3;
  }
  for (std::size_t i = 0; i < pieces.samples.size(); ++i)
    if (pieces.dose_gy[i] >= threshold_gy) hot_volume += pieces.samples[i].volume_mm3;
  if (!(cold > 0) || hot_volume >= volume) return sampled;
  const double scale = (volume - hot_volume) / cold;
  SampledStructure merged;
  merged.step_mm = sampled.step_mm;
  const std::size_t most = sampled.samples.size() + pieces.samples.size();
  merged.samples.reserve(most);
  merged.points.reserve(most);
  merged.dose_gy.reserve(most);
  const auto take = [&](const SampledStructure& from, std::size_t i, double factor) {
    merged.samples.push_back({from.samples[i].point, from.samples[i].volume_mm3 * factor});
    merged.points.push_back(from.points[i]);
    merged.dose_gy.push_back(from.dose_gy[i]);
  };
  for (std::size_t i = 0; i < sampled.samples.size(); ++i)
    if (!(sampled.dose_gy[i] >= threshold_gy)) take(sampled, i, scale);
  for (std::size_t i = 0; i < pieces.samples.size(); ++i)
    if (pieces.dose_gy[i] >= threshold_gy) take(pieces, i, 1);
  return merged;
}

}  // namespace sbrt
