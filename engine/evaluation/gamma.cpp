#include "engine/evaluation/gamma.h"

#include "engine/evaluation/gamma_cell.h"
#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr double bin_width = 0.1;

/// Finds the gamma of single points.
class GammaFinder {
 public:
  GammaFinder(const DoseGrid& evaluated, const GammaCriteria& criteria)
      : dose_(evaluated), grid_(evaluated.grid()), size_(grid_.size()), spacing_(grid_.spacing_mm()), c_(criteria) {}

  /// NaN for a point outside the voxel centres of the evaluated grid.
  double operator()(PatientPoint p, double reference_gy, double dose_criterion_gy) const {
    const VoxelPoint v = grid_.to_voxel(p);
    const std::array<double, 3> at{v.x, v.y, v.z};
    const std::array<int, 3> cells{size_.nx - 1, size_.ny - 1, size_.nz - 1};
    std::array<int, 3> home{};
    for (int a = 0; a < 3; ++a) {
      // A grid point on the outermost plane may lie outside by rounding.
      constexpr double rounding = 1e-6;
      if (!(at[a] >= -rounding && at[a] <= cells[a] + rounding)) return NAN;
      home[a] = std::clamp(int(std::floor(at[a])), 0, cells[a] - 1);
    }
    double best = c_.largest * c_.largest;
    for (int shell = 0;; ++shell) {
      // No cell of this shell and those beyond is nearer than the nearest face of the cube inside it.
      double nearest = HUGE_VAL;
      bool any = false;
      for (int a = 0; a < 3; ++a) {
        if (home[a] - shell >= 0) {
          any = true;
          nearest = std::min(nearest, (at[a] - (home[a] - shell + 1)) * spacing_[a]);
        }
        if (home[a] + shell < cells[a]) {
          any = true;
          nearest = std::min(nearest, (home[a] + shell - at[a]) * spacing_[a]);
        }
      }
      const double reach = std::max(nearest, 0.0) / c_.distance_mm;
      if (!any || (shell > 0 && reach * reach >= best)) break;
      best = search_shell(home, shell, cells, at, reference_gy, dose_criterion_gy, best);
    }
    return std::sqrt(best);
  }

 private:
  double search_shell(const std::array<int, 3>& home, int shell, const std::array<int, 3>& cells,
                      const std::array<double, 3>& at, double reference_gy, double criterion_gy, double best) const {
    const auto low = [&](int a) { return std::max(home[a] - shell, 0); };
    const auto high = [&](int a) { return std::min(home[a] + shell, cells[a] - 1); };
    const auto gap2 = [&](int a, int cell) {
      const double gap = std::max({cell - at[a], at[a] - cell - 1, 0.0}) * spacing_[a] / c_.distance_mm;
      return gap * gap;
    };
    for (int k = low(2); k <= high(2); ++k) {
      const double z2 = gap2(2, k);
      if (z2 >= best) continue;
      const bool k_edge = std::abs(k - home[2]) == shell;
      for (int j = low(1); j <= high(1); ++j) {
        const double zy2 = z2 + gap2(1, j);
        if (zy2 >= best) continue;
        const bool edge = k_edge || std::abs(j - home[1]) == shell;
        for (int i = home[0] - shell; i <= home[0] + shell; i += edge || shell == 0 ? 1 : 2 * shell) {
          if (i < 0 || i >= cells[0] || zy2 + gap2(0, i) >= best) continue;
          best = gamma::least_squared(cell(i, j, k, at, reference_gy, criterion_gy), best);
        }
      }
    }
    return best;
  }

  gamma::Cell cell(int i, int j, int k, const std::array<double, 3>& at, double reference_gy,
                   double criterion_gy) const {
    gamma::Cell cell;
    const std::array<int, 3> index{i, j, k};
    for (int a = 0; a < 3; ++a) {
      cell.corner[a] = (index[a] - at[a]) * spacing_[a] / c_.distance_mm;
      cell.edge[a] = spacing_[a] / c_.distance_mm;
    }
    const float* v = dose_.values().data() + grid_.index(i, j, k);
    const std::size_t row = std::size_t(size_.nx), plane = row * size_.ny;
    for (int n = 0; n < 8; ++n)
      cell.dose[n] = (double(v[(n & 1) + (n >> 1 & 1) * row + (n >> 2) * plane]) - reference_gy) / criterion_gy;
    return cell;
  }

  const DoseGrid& dose_;
  const Grid& grid_;
  GridSize size_;
  std::array<double, 3> spacing_;
  GammaCriteria c_;
};

void check_criteria(const GammaCriteria& c) {
  const auto refuse = [](const char* what, double value, const char* remedy) {
    throw InputError(fmt::format("{} of {}", what, value), "gamma criteria", "gamma is not defined with it", remedy);
  };
  if (!(c.dose_pct > 0 && c.dose_pct <= 100)) refuse("a dose criterion in %", c.dose_pct, "give one such as 2");
  if (!(c.distance_mm > 0 && c.distance_mm <= 100))
    refuse("a distance criterion in mm", c.distance_mm, "give one such as 1");
  if (!(c.cutoff_pct >= 0 && c.cutoff_pct < 100)) refuse("a cutoff in %", c.cutoff_pct, "give one such as 10");
  if (c.local && c.cutoff_pct == 0)
    refuse("a cutoff in %", 0, "local gamma divides by the dose of the point: give a cutoff above 0");
  if (!(c.largest > 1 && c.largest <= 100)) refuse("a largest gamma", c.largest, "give one such as 3");
}

void check_dose(const DoseGrid& dose, const char* which) {
  const GridSize size = dose.grid().size();
  if (size.nx < 2 || size.ny < 2 || size.nz < 2)
    throw InputError(fmt::format("the {} dose has {} x {} x {} points", which, size.nx, size.ny, size.nz), "gamma",
                     "there is nothing between the planes of a single plane", "give doses on three-dimensional grids");
  if (!std::all_of(dose.values().begin(), dose.values().end(), [](float v) { return std::isfinite(v); }))
    throw InputError(fmt::format("the {} dose has values that are not finite", which), "gamma", "",
                     "export the dose anew");
}

void summarise(GammaResult& result, const DoseGrid& reference) {
  const GridSize size = reference.grid().size();
  result.histogram_bin = bin_width;
  const std::size_t bins = std::size_t(std::ceil(result.criteria.largest / bin_width - 1e-9)) + 1;
  result.histogram.assign(bins, 0);
  FailingRegion failing;
  PatientVec moment{};
  double sum = 0;
  for (int k = 0; k < size.nz; ++k)
    for (int j = 0; j < size.ny; ++j)
      for (int i = 0; i < size.nx; ++i) {
        const double gamma = double(result.map(i, j, k));
        if (std::isnan(gamma)) continue;
        ++result.compared;
        sum += gamma;
        ++result.histogram[std::min(std::size_t(gamma / bin_width), bins - 1)];
        const PatientPoint p = reference.grid().voxel_centre(i, j, k);
        if (!result.worst || gamma > result.worst->gamma)
          result.worst = GammaPoint{p, gamma, double(reference(i, j, k))};
        if (gamma <= 1) {
          ++result.passed;
        } else {
          ++failing.points;
          failing.box.add(p);
          moment = moment + (p - PatientPoint{});
        }
      }
  if (result.compared == 0) return;
  result.pass_pct = 100.0 * double(result.passed) / double(result.compared);
  result.mean = sum / double(result.compared);
  result.largest = result.worst->gamma;
  if (failing.points > 0) {
    failing.centroid = PatientPoint{} + moment / double(failing.points);
    failing.volume_cc = double(failing.points) * reference.grid().voxel_volume_mm3() / units::cc;
    result.failing = failing;
  }
}

}  // namespace

GammaResult compare_gamma(const DoseGrid& reference, const DoseGrid& evaluated, const GammaCriteria& criteria,
                          Progress& progress) {
  check_criteria(criteria);
  check_dose(reference, "reference");
  check_dose(evaluated, "evaluated");
  const double maximum = double(*std::max_element(reference.values().begin(), reference.values().end()));
  if (!(maximum > 0))
    throw InputError("the reference dose is 0 everywhere", "gamma", "criteria refer to its maximum",
                     "exchange the two doses, or give another reference");
  GammaResult result{.criteria = criteria,
                     .normalisation_gy = maximum,
                     .histogram = {},
                     .worst = {},
                     .failing = {},
                     .map = GammaMap(reference.grid(), NAN)};
  const double cutoff_gy = criteria.cutoff_pct / 100 * maximum;
  const GridSize size = reference.grid().size();
  const GammaFinder find_gamma(evaluated, criteria);
  const std::int64_t rows = std::int64_t(size.ny) * size.nz;
  std::vector<std::int64_t> below(rows, 0), outside(rows, 0);
  progress.begin("gamma", size.nz);
  parallel_for_blocks(rows, size.ny, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      for (int i = 0; i < size.nx; ++i) {
        const int j = int(row % size.ny), k = int(row / size.ny);
        const double dose = double(reference(i, j, k));
        if (dose < cutoff_gy) {
          ++below[row];
          continue;
        }
        const double criterion = criteria.dose_pct / 100 * (criteria.local ? dose : maximum);
        const double gamma = find_gamma(reference.grid().voxel_centre(i, j, k), dose, criterion);
        if (std::isnan(gamma)) ++outside[row];
        result.map(i, j, k) = float(gamma);
      }
    progress.advance();
  });
  progress.end();
  for (std::int64_t row = 0; row < rows; ++row) {
    result.below_cutoff += below[row];
    result.not_covered += outside[row];
  }
  summarise(result, reference);
  if (result.compared == 0)
    throw InputError("the evaluated grid holds no point of the reference above the cutoff", "gamma",
                     "there is nothing to compare", "check that both doses belong to the same patient and position");
  return result;
}

}  // namespace sbrt
