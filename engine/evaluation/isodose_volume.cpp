#include "engine/evaluation/isodose_volume.h"

#include "engine/evaluation/isodose_parts.h"
#include "geometry/parallel.h"
#include "geometry/row_peaks.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr int fine = 4;  // parts of a cell per axis; the coarse pass takes every second point
constexpr int points = fine + 1;
constexpr double float_rounding = 1e-7;  // of the stored occupancies

// Six tetrahedra around the diagonal 0-7 of a cube whose corner bits are x, y, z.
constexpr std::array<std::array<int, 4>, 6> tetrahedra{
    {{0, 1, 3, 7}, {0, 1, 5, 7}, {0, 2, 3, 7}, {0, 2, 6, 7}, {0, 4, 5, 7}, {0, 4, 6, 7}}};

// Share of a cube where the piecewise linear function is >= 0.
double cube_share(const std::array<double, 8>& v) {
  const auto [low, high] = std::minmax_element(v.begin(), v.end());
  if (*low >= 0) return 1;
  if (*high < 0) return 0;
  double sum = 0;
  for (const auto& t : tetrahedra) sum += nonnegative_share({v[t[0]], v[t[1]], v[t[2]], v[t[3]]});
  return sum / 6;
}

// One axis of a cell that starts at voxel centre c (or half a voxel before the first centre).
struct CellAxis {
  int base;              // cell of the interpolation
  int a, b;              // voxels at its ends
  double begin, length;  // in voxels
  std::array<double, points> fraction;
};

CellAxis cell_axis(int c, int n) {
  CellAxis axis{};
  const bool before = c < 0, after = c + 1 >= n;
  axis.a = std::max(c, 0);
  axis.b = std::min(c + 1, n - 1);
  axis.base = std::clamp(c, 0, std::max(n - 2, 0));
  axis.begin = before ? -0.5 : c;
  axis.length = before || after ? 0.5 : 1.0;
  for (int q = 0; q < points; ++q) axis.fraction[q] = n == 1 || before ? 0 : after ? 1 : double(q) / fine;
  return axis;
}

// Trilinear between the corners of a cell, at the middle of part (a, b, c) of `parts` per axis.
double at_middle(const std::array<double, 8>& corner, int a, int b, int c, int parts) {
  const auto mix = [parts](double low, double high, int part) { return low + (high - low) * (part + 0.5) / parts; };
  return mix(mix(mix(corner[0], corner[1], a), mix(corner[2], corner[3], a), b),
             mix(mix(corner[4], corner[5], a), mix(corner[6], corner[7], a), b), c);
}

// Sums fine and coarse volumes of one cell.
struct CellSums {
  double fine = 0, coarse = 0;
  void add(double share_fine, double share_coarse, double volume) {
    fine += share_fine * volume;
    coarse += share_coarse * volume;
  }
};

class IsodoseIntegrator {
 public:
  IsodoseIntegrator(const DoseInBody& field, double threshold_gy, const IsodoseParts* parts, std::size_t owner)
      : field_(field),
        dose_(field.dose()),
        grid_(field.dose().dose().grid()),
        threshold_(threshold_gy),
        parts_(parts),
        owner_(owner) {
    for (const double spacing : grid_.spacing_mm()) reach_mm_ = std::hypot(reach_mm_, spacing / 2);
  }

  IsodoseVolume integrate() const {
    IsodoseVolume result;
    if (field_.empty()) return result;
    // Cells run from the half voxel before the box to the half voxel behind it.
    const int k0 = field_.first()[2] - 1, k1 = field_.last()[2];
    const GridSize n = grid_.size();
    std::vector<CellAxis> columns;
    for (int i = field_.first()[0] - 1; i < field_.last()[0]; ++i) columns.push_back(cell_axis(i, n.nx));
    const double needed = dose_.sample_needed_for(threshold_);
    std::vector<CellSums> sums(std::size_t(k1 - k0));
    std::vector<std::uint8_t> grid_edge(sums.size(), 0), body_edge(sums.size(), 0);
    parallel_for(std::int64_t(sums.size()), [&](std::int64_t s) {
      const CellAxis z = cell_axis(k0 + int(s), n.nz);
      bool at_grid = false, at_body = false;
      RowPeaks peaks(dose_);
      for (int j = field_.first()[1] - 1; j < field_.last()[1] && in_box(z, 2); ++j) {
        const CellAxis y = cell_axis(j, n.ny);
        if (!in_box(y, 1) || double(dose_.rows().around_cells(y.base, z.base)) < needed) continue;
        const std::span<const float> peak = peaks.of_cells(y.base, z.base);
        LastOwned last;
        for (const CellAxis& x : columns)
          if (in_box(x, 0) && double(peak[std::size_t(x.base)]) >= threshold_)
            add_cell(x, y, z, last, sums[s], at_grid, at_body);
      }
      grid_edge[s] = at_grid;
      body_edge[s] = at_body;
    });
    CellSums total;
    for (const CellSums& s : sums) total.add(s.fine, s.coarse, 1);
    const double correction =
        (total.fine - total.coarse) / 3;  // error of order 2: the coarse pass has four times as much
    const double value = std::max(total.fine + correction, 0.0);
    const double half = std::abs(correction) + float_rounding * value;
    result.volume_mm3 = {value, {std::max(value - half, 0.0), value + half}};
    result.at_grid_edge = std::find(grid_edge.begin(), grid_edge.end(), 1) != grid_edge.end();
    result.at_body_edge = std::find(body_edge.begin(), body_edge.end(), 1) != body_edge.end();
    return result;
  }

 private:
  // The last decision along a row, which holds for some way.
  struct LastOwned {
    OwnedCell cell;
    IsodoseParts::Owners candidates;
    std::optional<PatientPoint> centre;
  };

  // A cell that begins or ends outside the box is too cold to count.
  bool in_box(const CellAxis& cell, int axis) const {
    return cell.a >= field_.first()[axis] && cell.b < field_.last()[axis];
  }

  void add_cell(const CellAxis& x, const CellAxis& y, const CellAxis& z, LastOwned& last_owned, CellSums& sums,
                bool& at_grid_edge, bool& at_body_edge) const {
    float least_inside = 1, most_inside = 0;
    for (const int c : {z.a, z.b})
      for (const int b : {y.a, y.b})
        for (const int a : {x.a, x.b}) {
          const float inside = field_.inside(a, b, c);
          least_inside = std::min(least_inside, inside);
          most_inside = std::max(most_inside, inside);
        }
    if (most_inside <= 0) return;
    const Interval bounds = dose_.cell_bounds(x.base, y.base, z.base);
    if (bounds.high < threshold_) return;
    const bool cut_by_body = least_inside < 1 - 1e-6f;
    const bool cut_by_grid = x.length < 1 || y.length < 1 || z.length < 1;
    const double volume = x.length * y.length * z.length * grid_.voxel_volume_mm3();
    const PatientPoint centre =
        grid_.to_patient(VoxelPoint{x.begin + x.length / 2, y.begin + y.length / 2, z.begin + z.length / 2});
    CellOwner owned = CellOwner::whole;
    IsodoseParts::Owners candidates;
    if (parts_) {
      candidates = parts_->candidates({x.a, y.a, z.a}, {x.b, y.b, z.b});
      if (!last_owned.centre || last_owned.candidates != candidates ||
          distance(centre, *last_owned.centre) >= last_owned.cell.same_within_mm)
        last_owned = {parts_->owner_of_cell(candidates, centre, reach_mm_, owner_), candidates, centre};
      owned = last_owned.cell.owner;
    }
    if (owned == CellOwner::none) return;
    if (bounds.low >= threshold_ && !cut_by_body && owned == CellOwner::whole) {
      at_grid_edge |= cut_by_grid;
      sums.add(1, 1, volume);
      return;
    }
    std::array<double, points * points * points> values;
    dose_.cell_values(x.base, y.base, z.base, x.fraction, y.fraction, z.fraction, values.data());
    for (double& v : values) v -= threshold_;
    if (*std::max_element(values.begin(), values.end()) < 0) return;
    at_grid_edge |= cut_by_grid;
    at_body_edge |= cut_by_body;
    add_parts(values, x, y, z, volume, cut_by_body, owned == CellOwner::divided ? &candidates : nullptr, sums);
  }

  void add_parts(const std::array<double, points * points * points>& values, const CellAxis& x, const CellAxis& y,
                 const CellAxis& z, double volume, bool cut_by_body, const IsodoseParts::Owners* divided,
                 CellSums& sums) const {
    std::array<double, 8> lead{};
    if (divided)
      for (int q = 0; q < 8; ++q)
        lead[q] =
            parts_->lead(*divided,
                         grid_.to_patient(VoxelPoint{x.begin + (q & 1) * x.length, y.begin + (q >> 1 & 1) * y.length,
                                                     z.begin + (q >> 2) * z.length}),
                         owner_);
    for (const int step : {1, 2}) {
      const int parts = fine / step;
      double share = 0;
      for (int c = 0; c < parts; ++c)
        for (int b = 0; b < parts; ++b)
          for (int a = 0; a < parts; ++a) {
            std::array<double, 8> corner;
            for (int q = 0; q < 8; ++q)
              corner[q] =
                  values[((c + (q >> 2)) * step * points + (b + (q >> 1 & 1)) * step) * points + (a + (q & 1)) * step];
            const double part = cube_share(corner);
            if (part <= 0) continue;
            if (divided && at_middle(lead, a, b, c, parts) > 0) continue;
            if (cut_by_body) {
              const auto middle = [parts](const CellAxis& axis, int q) {
                return axis.begin + axis.length * (q + 0.5) / parts;
              };
              const PatientPoint p = grid_.to_patient(VoxelPoint{middle(x, a), middle(y, b), middle(z, c)});
              if (!field_.region().contains(p)) continue;
            }
            share += part;
          }
      (step == 1 ? sums.fine : sums.coarse) += share / (parts * parts * parts) * volume;
    }
  }

  const DoseInBody& field_;
  const DoseInterpolator& dose_;
  const Grid& grid_;
  double threshold_;
  const IsodoseParts* parts_;
  std::size_t owner_;
  double reach_mm_ = 0;  // half the diagonal of a cell
};

}  // namespace

double nonnegative_share(std::array<double, 4> v) {
  std::sort(v.begin(), v.end(), std::greater<>());
  const auto cut = [](double positive, double negative) { return positive / (positive - negative); };
  if (v[3] >= 0) return 1;
  if (v[0] < 0) return 0;
  if (v[1] < 0) return cut(v[0], v[1]) * cut(v[0], v[2]) * cut(v[0], v[3]);
  if (v[2] >= 0) return 1 - cut(-v[3], -v[0]) * cut(-v[3], -v[1]) * cut(-v[3], -v[2]);
  // Two corners on either side: the part is a wedge, cut into three tetrahedra.
  const double ac = cut(v[0], v[2]), ad = cut(v[0], v[3]), bc = cut(v[1], v[2]), bd = cut(v[1], v[3]);
  return bc * bd + ac * ad * (1 - bd) + ac * (1 - bc) * bd;
}

DoseInBody::DoseInBody(const DoseInterpolator& dose, Region region, double lowest_gy)
    : dose_(&dose), region_(std::move(region)) {
  const Grid& grid = dose.dose().grid();
  const GridSize n = grid.size();
  // The limited cubic exceeds the samples of a cell by a quarter of three second differences, none larger than twice
  // their height over the minimum: at most 1.5 times that height. Colder voxels than this cannot take part.
  const HottestOfRows& rows = dose.rows();
  std::vector<std::array<int, 6>> box(n.nz, {n.nx, -1, n.ny, -1, 0, 0});
  const auto minimum = double(rows.lowest());
  const double enough = dose.kind() == Interpolation::linear ? lowest_gy : minimum + (lowest_gy - minimum) / 2.5;
  parallel_for(n.nz, [&](std::int64_t k) {
    for (int j = 0; j < n.ny; ++j) {
      if (rows.of_row(j, int(k)) < enough) continue;
      const float* row = dose.dose().values().data() + grid.index(0, j, int(k));
      int a = 0, b = n.nx;
      while (a < b && row[a] < enough) ++a;
      while (b > a && row[b - 1] < enough) --b;
      if (a == b) continue;
      box[k][0] = std::min(box[k][0], a);
      box[k][1] = std::max(box[k][1], b);
      box[k][2] = std::min(box[k][2], j);
      box[k][3] = std::max(box[k][3], j + 1);
    }
  });
  std::array<int, 3> low{n.nx, n.ny, n.nz}, high{0, 0, 0};
  for (int k = 0; k < n.nz; ++k) {
    if (box[k][1] < 0) continue;
    low = {std::min(low[0], box[k][0]), std::min(low[1], box[k][2]), std::min(low[2], k)};
    high = {std::max(high[0], box[k][1]), std::max(high[1], box[k][3]), std::max(high[2], k + 1)};
  }
  if (high[0] == 0) return;
  const std::array<int, 3> size{n.nx, n.ny, n.nz};
  for (int d = 0; d < 3; ++d) {
    first_[d] = std::max(low[d] - 1, 0);
    last_[d] = std::min(high[d] + 1, size[d]);
  }
  const Grid sub({last_[0] - first_[0], last_[1] - first_[1], last_[2] - first_[2]}, grid.spacing_mm(),
                 grid.voxel_centre(first_[0], first_[1], first_[2]), grid.axes());
  inside_ = region_.occupancy(sub);
}

bool DoseInBody::contains(PatientPoint p) const {
  if (region_.is_everything()) return true;
  const Grid& grid = dose_->dose().grid();
  const GridSize n = grid.size();
  const VoxelPoint v = grid.to_voxel(p);
  const auto floor_in = [](double x, int size) { return std::clamp(int(std::floor(x)), 0, size - 1); };
  const int i = floor_in(v.x, n.nx), j = floor_in(v.y, n.ny), k = floor_in(v.z, n.nz);
  for (const int c : {k, std::min(k + 1, n.nz - 1)})
    for (const int b : {j, std::min(j + 1, n.ny - 1)})
      for (const int a : {i, std::min(i + 1, n.nx - 1)})
        if (!in_box(a, b, c) || inside(a, b, c) < 1 - 1e-6f) return region_.contains(p);
  return true;
}

IsodoseVolume isodose_volume(const DoseInBody& field, double threshold_gy, const std::vector<IsodoseOwner>& owners,
                             std::size_t owner) {
  if (owners.size() < 2) return IsodoseIntegrator(field, threshold_gy, nullptr, 0).integrate();
  SBRT_EXPECT(owner < owners.size());
  const IsodoseParts parts(field, threshold_gy, owners);
  IsodoseVolume result = IsodoseIntegrator(field, threshold_gy, &parts, owner).integrate();
  result.merged_with = parts.merged_with(owner);
  return result;
}

}  // namespace sbrt
