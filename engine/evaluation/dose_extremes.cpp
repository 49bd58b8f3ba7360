#include "engine/evaluation/dose_extremes.h"

#include "geometry/parallel.h"
#include "geometry/row_peaks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace sbrt {
namespace {

constexpr std::size_t most_starts = 64;
constexpr double share_of_hottest = 0.95;
constexpr double below_summit = 0.03;  // a fall-off of 8 % per voxel, of 1.5 mm and more near the target
constexpr int parts = 2;               // of a cell per axis; the climb goes on from there

double distance_to(const Box& box, PatientPoint p) {
  const auto outside = [](double x, double low, double high) { return std::max({low - x, x - high, 0.0}); };
  return std::hypot(outside(p.x, box.low.x, box.high.x), outside(p.y, box.low.y, box.high.y),
                    outside(p.z, box.low.z, box.high.z));
}

// Searches the points at least `limit_` from the target. Every slice of the grid owns one result.
class BeyondSearch {
 public:
  BeyondSearch(const DoseInterpolator& dose, const Region& region, double limit_mm,
               const std::function<double(PatientPoint)>& distance, const Box& target_box)
      : dose_(dose),
        grid_(dose.dose().grid()),
        region_(region),
        limit_(limit_mm),
        distance_(distance),
        box_(target_box) {
    for (const double spacing : grid_.spacing_mm()) reach_ = std::hypot(reach_, spacing / 2);
  }

  // Hottest voxel centre that is far from the box around the target, then far from the target itself.
  std::optional<DoseAtPoint> hottest_voxel() const {
    const auto by_box = best_of_slices(std::nullopt, [&](int k, std::optional<DoseAtPoint>& best) {
      each_voxel(k, best, [&](PatientPoint p) { return limit_ - distance_to(box_, p); });
    });
    return best_of_slices(by_box, [&](int k, std::optional<DoseAtPoint>& best) {
      each_voxel(k, best, [&](PatientPoint p) { return limit_ - distance_(p); });
    });
  }

  // Goes on from the hottest voxel centre to points inside the cells that may hold more.
  std::optional<DoseAtPoint> hottest_part(std::optional<DoseAtPoint> start) const {
    if (start) start = climb(dose_, start->point, [&](PatientPoint p) { return allowed(p); });
    return best_of_slices(start, [&](int k, std::optional<DoseAtPoint>& best) {
      // A part lies up to a quarter of a voxel from a summit at the border of what is allowed.
      std::optional<DoseAtPoint> part = best;
      if (part) part->dose_gy -= below_summit * std::abs(part->dose_gy);
      const std::optional<DoseAtPoint> least = part;
      search_cells(k, part);
      if (!part || (least && part->dose_gy <= least->dose_gy)) return;
      const DoseAtPoint top = climb(dose_, part->point, [&](PatientPoint p) { return allowed(p); });
      if (!best || top.dose_gy > best->dose_gy) best = top;
    });
  }

 private:
  bool allowed(PatientPoint p) const { return distance_(p) >= limit_ && region_.contains(p); }

  void search_cells(int k, std::optional<DoseAtPoint>& best) const {
    constexpr int row = parts + 1;
    const GridSize n = grid_.size();
    std::array<double, row> fraction{};
    for (int q = 0; q < row; ++q) fraction[q] = double(q) / parts;
    std::array<double, row * row * row> value{};
    if (k + 1 >= n.nz) return;
    const auto needed_for = [&] { return best ? dose_.sample_needed_for(best->dose_gy) : -HUGE_VAL; };
    double needed = needed_for();
    RowPeaks peaks(dose_);
    for (int j = 0; j + 1 < n.ny; ++j) {
      if (double(dose_.rows().around_cells(j, k)) < needed) continue;
      const std::span<const float> peak = peaks.of_cells(j, k);
      for (int i = 0; i + 1 < n.nx; ++i) {
        if (best && (double(peak[std::size_t(i)]) <= best->dose_gy || dose_.cell_bounds(i, j, k).high <= best->dose_gy))
          continue;
        const Neighbourhood around(*this, grid_.to_patient(VoxelPoint{i + 0.5, j + 0.5, k + 0.5}));
        const double too_near = limit_ - reach_ - around.distance();
        if (too_near > 0) {
          i += int(too_near / grid_.spacing_mm()[0]);
          continue;
        }
        dose_.cell_values(i, j, k, fraction, fraction, fraction, value.data());
        for (int q = 0; q < row * row * row; ++q) {
          if (best && value[q] <= best->dose_gy) continue;
          const PatientPoint p = grid_.to_patient(
              VoxelPoint{i + fraction[q % row], j + fraction[q / row % row], k + fraction[q / row / row]});
          if (around.farthest(p) >= limit_ && allowed(p)) best = DoseAtPoint{value[q], p};
        }
        needed = needed_for();
      }
    }
  }

  // Bounds the distance near a point from few evaluations: with q the nearest point of the target,
  // d(p) <= |p - q| <= d(c) + u.(p - c) + |p - c|^2 / (2 d(c)), u from q to c, here by differences.
  class Neighbourhood {
   public:
    Neighbourhood(const BeyondSearch& search, PatientPoint centre)
        : search_(search), centre_(centre), distance_(search.distance_(centre)) {}
    double distance() const { return distance_; }
    double farthest(PatientPoint p) const {
      constexpr double step = 0.1,
                       slack = 0.05;  // mm; the slack covers the differences and the accuracy of the distance
      if (!has_slope_) {
        const auto along = [&](PatientVec v) { return (search_.distance_(centre_ + v) - distance_) / step; };
        slope_ = {along({step, 0, 0}), along({0, step, 0}), along({0, 0, step})};
        has_slope_ = true;
      }
      const PatientVec way = p - centre_;
      return distance_ + dot(slope_, way) + norm2(way) / (2 * std::max(distance_, 1.0)) + slack;
    }

   private:
    const BeyondSearch& search_;
    PatientPoint centre_;
    double distance_;
    mutable PatientVec slope_;
    mutable bool has_slope_ = false;
  };

  template <class Search>
  std::optional<DoseAtPoint> best_of_slices(std::optional<DoseAtPoint> start, Search&& search) const {
    // A few slices first: what they find spares the others most of their search.
    constexpr int few = 8;
    const int slices = grid_.size().nz;
    std::optional<DoseAtPoint> result = start;
    for (const bool first : {true, false}) {
      std::vector<std::optional<DoseAtPoint>> best(std::size_t(slices), result);
      parallel_for(slices, [&](std::int64_t k) {
        if ((k % few == few / 2) == first) search(int(k), best[std::size_t(k)]);
      });
      for (const auto& b : best)
        if (b && (!result || b->dose_gy > result->dose_gy)) result = b;
    }
    return result;
  }

  // `missing_mm` tells how much farther the target would have to be; as a distance changes by no more than the way
  // walked, that many millimetres of the row can be skipped.
  template <class Missing>
  void each_voxel(int k, std::optional<DoseAtPoint>& best, Missing&& missing_mm) const {
    const GridSize n = grid_.size();
    for (int j = 0; j < n.ny; ++j) {
      if (best && double(dose_.rows().of_row(j, k)) <= best->dose_gy) continue;
      for (int i = 0; i < n.nx; ++i) {
        const double d = dose_.dose()(i, j, k);
        if (best && d <= best->dose_gy) continue;
        const PatientPoint p = grid_.voxel_centre(i, j, k);
        const double missing = missing_mm(p);
        if (missing > 0) {
          i += int(missing / grid_.spacing_mm()[0]);
          continue;
        }
        if (region_.contains(p)) best = DoseAtPoint{d, p};
      }
    }
  }

  const DoseInterpolator& dose_;
  const Grid& grid_;
  const Region& region_;
  double limit_;
  const std::function<double(PatientPoint)>& distance_;
  Box box_;
  double reach_ = 0;  // half the diagonal of a cell
};

}  // namespace

std::optional<DoseAtPoint> maximum_in_body(const DoseInBody& field) {
  if (field.empty()) return std::nullopt;
  const DoseGrid& dose = field.dose().dose();
  const Grid& grid = dose.grid();
  struct Start {
    float dose;
    std::size_t index;
    PatientPoint point;
  };
  std::vector<std::vector<Start>> per_slice(field.last()[2] - field.first()[2]);
  const GridSize n = grid.size();
  const HottestOfRows& rows = field.dose().rows();
  float known = -std::numeric_limits<float>::infinity();  // a maximum of another slice
  const auto search_slice = [&](std::int64_t s) {
    const int k = field.first()[2] + int(s);
    const auto too_cold = [&](float d) {
      const float hottest = per_slice[s].empty() ? known : std::max(known, per_slice[s].front().dose);
      return d < share_of_hottest * hottest;
    };
    for (int j = field.first()[1]; j < field.last()[1]; ++j) {
      if (too_cold(rows.of_row(j, k))) continue;
      for (int i = field.first()[0]; i < field.last()[0]; ++i) {
        const float d = dose(i, j, k);
        if (too_cold(d)) continue;
        if (field.inside(i, j, k) <= 0) continue;
        // Local maximum; of equal neighbours the one with the lowest index.
        bool highest = true;
        for (int c = std::max(k - 1, 0); c <= std::min(k + 1, n.nz - 1) && highest; ++c)
          for (int b = std::max(j - 1, 0); b <= std::min(j + 1, n.ny - 1) && highest; ++b)
            for (int a = std::max(i - 1, 0); a <= std::min(i + 1, n.nx - 1); ++a) {
              if ((a == i && b == j && c == k) || !field.in_box(a, b, c) || field.inside(a, b, c) <= 0) continue;
              const bool before = grid.index(a, b, c) < grid.index(i, j, k);
              if (dose(a, b, c) > d || (before && dose(a, b, c) == d)) {
                highest = false;
                break;
              }
            }
        if (!highest || !field.contains(grid.voxel_centre(i, j, k))) continue;
        per_slice[s].push_back({d, grid.index(i, j, k), grid.voxel_centre(i, j, k)});
        if (per_slice[s].back().dose > per_slice[s].front().dose) std::swap(per_slice[s].front(), per_slice[s].back());
      }
    }
  };
  // The slice of the hottest sample first: it spares the others most of their search.
  std::int64_t hottest_slice = 0;
  float hottest = -std::numeric_limits<float>::infinity();
  for (int k = field.first()[2]; k < field.last()[2]; ++k)
    for (int j = field.first()[1]; j < field.last()[1]; ++j)
      if (rows.of_row(j, k) > hottest) hottest = rows.of_row(j, k), hottest_slice = k - field.first()[2];
  search_slice(hottest_slice);
  if (!per_slice[std::size_t(hottest_slice)].empty()) known = per_slice[std::size_t(hottest_slice)].front().dose;
  parallel_for(std::int64_t(per_slice.size()), [&](std::int64_t s) {
    if (s != hottest_slice) search_slice(s);
  });
  std::vector<Start> starts;
  for (const auto& slice : per_slice) starts.insert(starts.end(), slice.begin(), slice.end());
  if (starts.empty()) return std::nullopt;
  std::sort(starts.begin(), starts.end(),
            [](const Start& a, const Start& b) { return a.dose != b.dose ? a.dose > b.dose : a.index < b.index; });
  if (starts.size() > most_starts) starts.resize(most_starts);
  DoseAtPoint best{starts.front().dose, starts.front().point};
  for (const Start& start : starts) {
    if (start.dose < share_of_hottest * starts.front().dose) break;
    const DoseAtPoint top = climb(field.dose(), start.point, [&](PatientPoint p) { return field.contains(p); });
    if (top.dose_gy > best.dose_gy) best = top;
  }
  return best;
}

std::optional<Measured> maximum_beyond(const DoseInterpolator& dose, const Region& region, double distance_mm,
                                       const std::function<double(PatientPoint)>& distance, const Box& target_box) {
  const BeyondSearch search(dose, region, distance_mm, distance, target_box);
  const std::optional<DoseAtPoint> voxel = search.hottest_voxel();
  const std::optional<DoseAtPoint> found = search.hottest_part(voxel);
  if (!found) return std::nullopt;
  // The spline returns a sample but for rounding, so the search may end an ulp below the voxel where it began.
  const double value = voxel ? std::max(found->dose_gy, voxel->dose_gy) : found->dose_gy;
  return Measured{value, {voxel ? voxel->dose_gy : value, value}};
}

}  // namespace sbrt
