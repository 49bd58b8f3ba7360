#include "engine/evaluation/climb.h"

#include "geometry/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace sbrt {
namespace {

constexpr double first_step = 0.5, last_step = 1.0 / 64;  // voxels
constexpr std::array<double, 7> drawn_back{1.0 / 32, 1.0 / 8, 1.0 / 4,  1.0 / 2,
                                           3.0 / 4,  7.0 / 8, 31.0 / 32};  // of a step
constexpr std::size_t most_starts = 8, considered = 4096;

// Uphill (sign 1) or downhill (-1); NaN outside the grid never wins a comparison.
class Walk {
 public:
  Walk(const DoseInterpolator& dose, double sign, const Allowed& allowed)
      : dose_(dose), grid_(dose.dose().grid()), sign_(sign), allowed_(allowed) {}

  DoseAtPoint from(PatientPoint start) const {
    DoseAtPoint best{dose_(start), start};
    for (double step = first_step; step >= last_step;) {
      DoseAtPoint next = best;
      bool left = false;
      const VoxelPoint v = grid_.to_voxel(best.point);
      each_way([&](int a, int b, int c) {
        const PatientPoint p = grid_.to_patient(VoxelPoint{v.x + a * step, v.y + b * step, v.z + c * step});
        left = offer(p, next) == Offer::outside || left;
      });
      if (left && next.dose_gy == best.dose_gy) slide(best, step, next);
      if (next.dose_gy != best.dose_gy)
        best = next;
      else
        step /= 2;
    }
    return best;
  }

 private:
  enum class Offer { taken, worse, outside };

  template <class Visit>
  static void each_way(Visit&& visit) {
    for (int c = -1; c <= 1; ++c)
      for (int b = -1; b <= 1; ++b)
        for (int a = -1; a <= 1; ++a)
          if (a != 0 || b != 0 || c != 0) visit(a, b, c);
  }

  Offer offer(PatientPoint p, DoseAtPoint& best) const {
    const double d = dose_(p);
    if (!(sign_ * d > sign_ * best.dose_gy)) return Offer::worse;
    if (!allowed_(p)) return Offer::outside;
    best = {d, p};
    return Offer::taken;
  }

  // Where the slope points out of what is allowed, a step sideways and a shorter one back against the slope may lead
  // on.
  void slide(const DoseAtPoint& from, double step, DoseAtPoint& next) const {
    const VoxelPoint v = grid_.to_voxel(from.point);
    const auto along = [&](double x, double y, double z) {
      const double ahead = dose_(grid_.to_patient(VoxelPoint{v.x + step * x, v.y + step * y, v.z + step * z}));
      const double behind = dose_(grid_.to_patient(VoxelPoint{v.x - step * x, v.y - step * y, v.z - step * z}));
      return std::isfinite(ahead - behind) ? sign_ * (ahead - behind) : 0;
    };
    const VoxelVec slope{along(1, 0, 0), along(0, 1, 0), along(0, 0, 1)};
    const double size = std::sqrt(slope.x * slope.x + slope.y * slope.y + slope.z * slope.z);
    if (!(size > 0)) return;
    each_way([&](int a, int b, int c) {
      for (const double back : drawn_back) {
        const double s = step * back / size;
        offer(grid_.to_patient(
                  VoxelPoint{v.x + a * step - s * slope.x, v.y + b * step - s * slope.y, v.z + c * step - s * slope.z}),
              next);
      }
    });
  }

  const DoseInterpolator& dose_;
  const Grid& grid_;
  double sign_;
  const Allowed& allowed_;
};

}  // namespace

DoseAtPoint climb(const DoseInterpolator& dose, PatientPoint start, const Allowed& allowed) {
  return Walk(dose, 1, allowed).from(start);
}

std::optional<DoseAtPoint> extreme_near(Extreme which, const DoseInterpolator& dose,
                                        std::span<const PatientPoint> points, std::span<const double> dose_gy,
                                        double apart_mm, const Allowed& allowed) {
  SBRT_EXPECT(points.size() == dose_gy.size());
  const double sign = which == Extreme::hottest ? 1 : -1;
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (std::isfinite(dose_gy[i])) order.push_back(std::uint32_t(i));
  if (order.empty()) return std::nullopt;
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    return dose_gy[a] != dose_gy[b] ? sign * dose_gy[a] > sign * dose_gy[b] : a < b;
  };
  const auto kept = order.begin() + std::ptrdiff_t(std::min(considered, order.size()));
  std::partial_sort(order.begin(), kept, order.end(), before);
  order.erase(kept, order.end());
  const Walk walk(dose, sign, allowed);
  std::vector<PatientPoint> starts;
  std::optional<DoseAtPoint> best;
  for (const std::uint32_t i : order) {
    const bool near = std::any_of(starts.begin(), starts.end(),
                                  [&](PatientPoint start) { return distance(start, points[i]) < apart_mm; });
    if (near) continue;
    starts.push_back(points[i]);
    const DoseAtPoint found = walk.from(points[i]);
    if (!best || sign * found.dose_gy > sign * best->dose_gy) best = found;
    if (starts.size() == most_starts) break;
  }
  return best;
}

}  // namespace sbrt
