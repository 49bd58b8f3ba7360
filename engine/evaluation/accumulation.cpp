#include "engine/evaluation/accumulation.h"

#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sbrt {
namespace {

struct IndexBox {
  int i0 = 0, j0 = 0, k0 = 0;
  GridSize size;
};

// Rounding of voxel centres that lie exactly on the edge of another grid [voxel].
constexpr double edge_rounding = 1e-6;

// Where the point lies in the grid; nothing outside its voxels.
std::optional<VoxelPoint> inside(const Grid& grid, PatientPoint p) {
  VoxelPoint v = grid.to_voxel(p);
  const auto pull = [](double& at, int count) {
    const double low = -0.5, high = count - 0.5;
    if (!(at >= low - edge_rounding && at <= high + edge_rounding)) return false;
    at = std::clamp(at, low, high);
    return true;
  };
  const GridSize n = grid.size();
  if (pull(v.x, n.nx) && pull(v.y, n.ny) && pull(v.z, n.nz)) return v;
  return std::nullopt;
}

std::vector<char> covered_by(const DoseGrid& dose, const Grid& grid) {
  std::vector<char> covered(grid.count());
  const GridSize n = grid.size();
  parallel_for(n.nz, [&](std::int64_t k) {
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i)
        covered[grid.index(i, j, int(k))] = inside(dose.grid(), grid.voxel_centre(i, j, int(k))).has_value();
  });
  return covered;
}

// The voxels that are set, where they are exactly a box; else nothing.
std::optional<IndexBox> as_box(const std::vector<char>& set, const Grid& grid) {
  const GridSize n = grid.size();
  int low[3] = {n.nx, n.ny, n.nz}, high[3] = {-1, -1, -1};
  std::size_t count = 0;
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i) {
        if (!set[grid.index(i, j, k)]) continue;
        ++count;
        const int at[3] = {i, j, k};
        for (int axis = 0; axis < 3; ++axis) {
          low[axis] = std::min(low[axis], at[axis]);
          high[axis] = std::max(high[axis], at[axis]);
        }
      }
  if (count == 0) return std::nullopt;
  const GridSize size{high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1};
  if (count != std::size_t(size.nx) * size.ny * size.nz) return std::nullopt;
  return IndexBox{low[0], low[1], low[2], size};
}

// Largest value where `asked(i, j, k)` holds.
template <class Asked>
double largest_where(const DoseGrid& dose, Asked&& asked) {
  const GridSize n = dose.grid().size();
  std::vector<double> of_plane(n.nz, 0.0);
  parallel_for(n.nz, [&](std::int64_t k) {
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i)
        if (asked(i, j, int(k))) of_plane[k] = std::max(of_plane[k], double(dose(i, j, int(k))));
  });
  return *std::max_element(of_plane.begin(), of_plane.end());
}

bool on_face(int i, int j, int k, GridSize n) {
  const auto end = [](int at, int count) { return count > 1 && (at == 0 || at == count - 1); };
  return end(i, n.nx) || end(j, n.ny) || end(k, n.nz);
}

// The asked grid, or its part that all cover.
Grid result_grid(const Grid& grid, const std::vector<char>& covered, OutsideRule outside) {
  const bool whole = std::all_of(covered.begin(), covered.end(), [](char c) { return c != 0; });
  if (whole || outside == OutsideRule::zero) return grid;
  if (outside == OutsideRule::refuse)
    throw InputError("a dose does not cover the whole grid of the sum", "--outside refuse",
                     "the dose there is not known", "choose --outside omit or zero, or another --grid");
  if (std::none_of(covered.begin(), covered.end(), [](char c) { return c != 0; }))
    throw InputError("the doses share no voxel of the grid of the sum", "--grid", "there is nothing to add",
                     "check that the doses belong together, or choose another --grid");
  const std::optional<IndexBox> box = as_box(covered, grid);
  if (!box)
    throw InputError("the part that all doses cover is no box on the grid of the sum", "--outside omit",
                     "the dose grids are turned against each other",
                     "choose --outside zero, or a smaller grid with --grid FILE");
  return Grid(box->size, grid.spacing_mm(), grid.voxel_centre(box->i0, box->j0, box->k0), grid.axes());
}

}  // namespace

std::string_view to_string(DoseQuantity quantity) {
  return quantity == DoseQuantity::physical ? "physical dose" : quantity == DoseQuantity::bed ? "BED" : "EQD2";
}

double converted_gy(double dose_gy, int fractions, DoseQuantity quantity, const Tissue& tissue) {
  if (quantity == DoseQuantity::physical) return dose_gy;
  const double bed = tissue.bed_gy(dose_gy, fractions);
  return quantity == DoseQuantity::bed ? bed : tissue.equivalent_dose_gy(bed);
}

Accumulation accumulate(const std::vector<AccumulationPart>& parts, const Grid& grid, DoseQuantity quantity,
                        const Tissue& tissue, OutsideRule outside, Interpolation interpolation, Progress& progress) {
  SBRT_EXPECT(!parts.empty());
  std::vector<PartCoverage> coverage(parts.size());
  std::vector<char> all(grid.count(), 1);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const std::vector<char> covered = covered_by(*parts[p].dose, grid);
    std::size_t missing = 0;
    for (std::size_t v = 0; v < all.size(); ++v) {
      missing += covered[v] == 0;
      all[v] = all[v] && covered[v];
    }
    coverage[p].uncovered_cc = double(missing) * grid.voxel_volume_mm3() / units::cc;
  }
  const Grid result = result_grid(grid, all, outside);
  const GridSize n = result.size();
  std::vector<double> sum(result.count(), 0.0);
  progress.begin("accumulate", std::int64_t(parts.size()));
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const DoseGrid& dose = *parts[p].dose;
    const DoseInterpolator at(dose, interpolation);
    const bool same_grid = dose.grid() == result;
    parallel_for(n.nz, [&](std::int64_t k) {
      for (int j = 0; j < n.ny; ++j)
        for (int i = 0; i < n.nx; ++i) {
          const std::optional<VoxelPoint> v = inside(dose.grid(), result.voxel_centre(i, j, int(k)));
          if (!v) continue;  // `zero` was chosen
          const double positive = std::max(same_grid ? double(dose(i, j, int(k))) : at.at(*v), 0.0);
          sum[result.index(i, j, int(k))] +=
              parts[p].fractions > 0 ? converted_gy(positive, parts[p].fractions, quantity, tissue) : positive;
        }
    });
    const Grid& own = dose.grid();
    coverage[p].largest_lost_gy =
        largest_where(dose, [&](int i, int j, int k) { return !inside(result, own.voxel_centre(i, j, k)); });
    coverage[p].largest_on_faces_gy =
        largest_where(dose, [&](int i, int j, int k) { return on_face(i, j, k, own.size()); });
    progress.advance();
  }
  progress.end();
  return {DoseGrid(result, std::vector<float>(sum.begin(), sum.end())), std::move(coverage), !(result == grid)};
}

}  // namespace sbrt
