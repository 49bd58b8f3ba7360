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
constexpr double most_hot_voxels = 200'000;
constexpr double worth_while = 1.5;  // times as long are the other pieces at least

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
  const PatientVec size = box.high - box.low;
  const double step = std::max(hot_mm, std::cbrt(size.x * size.y * size.z / most_hot_voxels));
  if (step > sampled.step_mm / worth_while) return std::nullopt;
  const Grid grid({int(std::ceil(size.x / step)), int(std::ceil(size.y / step)), int(std::ceil(size.z / step))},
                  {step, step, step}, box.low + PatientVec{step / 2, step / 2, step / 2});
  DoseCeiling ceiling(dose, grid);
  SampledStructure hot;
  hot.step_mm = step;
  const GridSize n = grid.size();
  // Most voxels lie where it is colder: asked block by block.
  constexpr int side = 4;
  const auto blocks = [](int voxels) { return (voxels + side - 1) / side; };
  const int bx = blocks(n.nx), by = blocks(n.ny), bz = blocks(n.nz);
  std::vector<char> may_be_hot;
  std::array<int, 3> first{n.nx, n.ny, n.nz}, end{0, 0, 0};  // voxels around those blocks
  for (int c = 0; c < bz; ++c)
    for (int b = 0; b < by; ++b)
      for (int a = 0; a < bx; ++a) {
        const std::array<int, 3> low{a * side, b * side, c * side},
            high{std::min(low[0] + side, n.nx), std::min(low[1] + side, n.ny), std::min(low[2] + side, n.nz)};
        may_be_hot.push_back(ceiling.over_voxels(low[0], low[1], low[2], high[0] - 1, high[1] - 1, high[2] - 1) >=
                             *threshold);
        for (std::size_t d = 0; d < 3 && may_be_hot.back(); ++d) {
          first[d] = std::min(first[d], low[d]);
          end[d] = std::max(end[d], high[d]);
        }
      }
  if (end[0] == 0) return std::nullopt;
  // One voxel more on each side, for the slope of the occupancies.
  const std::array<int, 3> size_of_all{n.nx, n.ny, n.nz};
  for (std::size_t d = 0; d < 3; ++d) {
    first[d] = std::max(first[d] - 1, 0);
    end[d] = std::min(end[d] + 1, size_of_all[d]);
  }
  const Occupancy occupied =
      occupancy_of(shape, Grid({end[0] - first[0], end[1] - first[1], end[2] - first[2]}, grid.spacing_mm(),
                               grid.voxel_centre(first[0], first[1], first[2])));
  std::vector<Sample> candidates;
  std::vector<PatientPoint> points;
  for (int k = first[2]; k < end[2]; ++k)
    for (int j = first[1]; j < end[1]; ++j)
      for (int i = first[0]; i < end[0]; ++i) {
        if (!may_be_hot[std::size_t(((k / side) * by + j / side) * bx + i / side)]) {
          i |= side - 1;  // on to the next block
          continue;
        }
        const int a = i - first[0], b = j - first[1], c = k - first[2];
        const double share = double(occupied(a, b, c));
        if (!(share > 0) || ceiling.over_voxel(i, j, k) < *threshold) continue;
        candidates.push_back({middle_of_inside(occupied, a, b, c), share * grid.voxel_volume_mm3()});
        const auto place = [&](UnitPoint x) {
          return grid.to_patient(VoxelPoint{i + x.a - 0.5, j + x.b - 0.5, k + x.c - 0.5});
        };
        const auto inside = [&](PatientPoint p) { return share >= 1 || shape.contains(p); };
        points.push_back(point_in_part(grid.index(i, j, k), place, inside).value_or(candidates.back().point));
      }
  const std::vector<double> doses = dose.values_at(points);
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (doses[i] >= *threshold) {
      hot.samples.push_back(candidates[i]);
      hot.points.push_back(points[i]);
      hot.dose_gy.push_back(doses[i]);
    }
  if (hot.samples.empty()) return std::nullopt;
  return HotSpot{*threshold, std::move(hot)};
}

bool still_serves(const HotSpot& hot, double step_mm) { return step_mm >= worth_while * hot.pieces.step_mm; }

SampledStructure with_hot_spot(const SampledStructure& sampled, const HotSpot& hot) {
  double volume = 0, cold = 0, hot_volume = 0;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i) {
    volume += sampled.samples[i].volume_mm3;
    if (!(sampled.dose_gy[i] >= hot.threshold_gy)) cold += sampled.samples[i].volume_mm3;
  }
  for (const Sample& s : hot.pieces.samples) hot_volume += s.volume_mm3;
  if (!(cold > 0) || hot_volume >= volume) return sampled;
  const double scale = (volume - hot_volume) / cold;
  SampledStructure merged;
  merged.step_mm = sampled.step_mm;
  const std::size_t most = sampled.samples.size() + hot.pieces.samples.size();
  merged.samples.reserve(most);
  merged.points.reserve(most);
  merged.dose_gy.reserve(most);
  for (std::size_t i = 0; i < sampled.samples.size(); ++i) {
    if (sampled.dose_gy[i] >= hot.threshold_gy) continue;
    merged.samples.push_back({sampled.samples[i].point, sampled.samples[i].volume_mm3 * scale});
    merged.points.push_back(sampled.points[i]);
    merged.dose_gy.push_back(sampled.dose_gy[i]);
  }
  const auto append = [](auto& all, const auto& more) { all.insert(all.end(), more.begin(), more.end()); };
  append(merged.samples, hot.pieces.samples);
  append(merged.points, hot.pieces.points);
  append(merged.dose_gy, hot.pieces.dose_gy);
  return merged;
}

}  // namespace sbrt
