#include "geometry/interpolate.h"

#include "geometry/error.h"
#include "geometry/parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sbrt {
namespace {

// A point computed to lie on the edge of the grid may miss it by rounding.
constexpr double edge_rounding = 1e-9;  // voxels
constexpr std::size_t max_fractions = 16;
constexpr std::int64_t points_per_block = 4096;

struct Weights {
  std::array<double, 4> w;
};

// Values of the four uniform cubic B-splines that overlap a cell, at fraction t of it.
Weights spline_weights(double t) {
  const double u = 1 - t;
  return {{u * u * u / 6, (4 + t * t * (3 * t - 6)) / 6, (4 + u * u * (3 * u - 6)) / 6, t * t * t / 6}};
}

// Index of the cell and fraction in it along one axis of n samples; false outside the voxels.
bool locate(double v, int n, int& cell, double& fraction) {
  if (!(v >= -0.5 - edge_rounding && v <= n - 0.5 + edge_rounding)) return false;
  if (n == 1) {
    cell = 0;
    fraction = 0;
    return true;
  }
  const double inside = std::clamp(v, 0.0, double(n - 1));
  cell = std::min(int(inside), n - 2);
  fraction = inside - cell;
  return true;
}

// Spline coefficients with one extra sample on either side of every axis, so that no lookup needs a case for the
// border.
class Coefficients {
 public:
  explicit Coefficients(const DoseGrid& dose)
      : n_{dose.grid().size().nx, dose.grid().size().ny, dose.grid().size().nz},
        row_(padded(n_[0])),
        slice_(row_ * padded(n_[1])),
        values_(slice_ * padded(n_[2])) {
    filter_x(dose);
    filter_rows(n_[1], row_, n_[2], slice_);
    filter_rows(n_[2], slice_, n_[1] + 2, row_);
  }

  // First of the 4 x 4 x 4 coefficients of a cell.
  const float* cell(int i, int j, int k) const { return values_.data() + k * slice_ + j * row_ + i; }
  std::size_t row() const { return row_; }
  std::size_t slice() const { return slice_; }

 private:
  // Four coefficients are read for every cell, also where an axis has one sample (the last then has weight 0).
  static std::size_t padded(int n) { return std::size_t(std::max(n, 2)) + 2; }

  // c[i-1] + 4 c[i] + c[i+1] = 6 f[i] inside; natural ends give c[0] = f[0] and c[n-1] = f[n-1].
  static std::vector<double> pivots(int n) {
    std::vector<double> m(std::max(n, 1), 0.0);
    for (int i = 1; i + 1 < n; ++i) m[i] = 1 / (4 - m[i - 1]);
    return m;
  }

  void filter_x(const DoseGrid& dose) {
    const int n = n_[0];
    const std::vector<double> m = pivots(n);
    parallel_for(n_[2], [&](std::int64_t k) {
      std::vector<double> c(std::size_t(n) + 2);
      for (int j = 0; j < n_[1]; ++j) {
        const float* f = dose.values().data() + dose.grid().index(0, j, int(k));
        c[1] = f[0];
        c[n] = f[n - 1];
        for (int i = 1; i + 1 < n; ++i) c[i + 1] = (6.0 * f[i] - c[i]) * m[i];
        for (int i = n - 2; i >= 1; --i) c[i + 1] -= i + 2 < n ? m[i] * c[i + 2] : m[i] * f[n - 1];
        c[0] = n > 1 ? 2 * c[1] - c[2] : c[1];
        c[n + 1] = n > 1 ? 2 * c[n] - c[n - 1] : c[n];
        float* out = values_.data() + (k + 1) * slice_ + (j + 1) * row_;
        for (int i = 0; i < n + 2; ++i) out[i] = float(c[i]);
      }
    });
  }

  // Filters along an axis of n samples `stride` apart, whole x rows at a time; `lines` of them, `line_stride` apart.
  // Along y the lines are the slices that hold data, along z they are all rows.
  void filter_rows(int n, std::size_t stride, int lines, std::size_t line_stride) {
    const std::vector<double> m = pivots(n);
    const bool along_y = stride == row_;
    parallel_for(lines, [&](std::int64_t line) {
      float* base = values_.data() + (std::size_t(line) + (along_y ? 1 : 0)) * line_stride;
      const auto at = [&](int i) { return base + std::size_t(i + 1) * stride; };
      for (int i = 1; i + 1 < n; ++i) {
        float *c = at(i), *before = at(i - 1);
        for (std::size_t x = 0; x < row_; ++x) c[x] = float((6.0 * c[x] - before[x]) * m[i]);
      }
      for (int i = n - 2; i >= 1; --i) {
        float *c = at(i), *after = at(i + 1);
        for (std::size_t x = 0; x < row_; ++x) c[x] = float(c[x] - m[i] * after[x]);
      }
      float *first = at(-1), *last = at(n);
      for (std::size_t x = 0; x < row_; ++x) {
        first[x] = n > 1 ? 2 * at(0)[x] - at(1)[x] : at(0)[x];
        last[x] = n > 1 ? 2 * at(n - 1)[x] - at(n - 2)[x] : at(0)[x];
      }
    });
  }

  std::array<int, 3> n_;
  std::size_t row_, slice_;
  std::vector<float> values_;
};

// The samples in line with one edge of a cell, and how far a smooth dose may pass the two at its ends.
class Edge {
 public:
  Edge() = default;
  // f points to the sample at the near end, `index` of `count` in its line.
  Edge(const float* f, std::ptrdiff_t stride, int index, int count)
      : f_(f), stride_(stride), index_(index), count_(count), near_(second(0)), far_(second(1)) {}

  bool bends_down() const { return near_ < 0 && far_ < 0; }
  bool bends_up() const { return near_ > 0 && far_ > 0; }
  // Cheap; false where beyond() is 0 because of the slope.
  bool is_flat() const { return slope() < std::min(std::abs(near_), std::abs(far_)); }

  // Height of a parabola over the higher of the two samples (its depth under the lower one); 0 where the edge is so
  // steep that it has no summit between them, and where the samples around are no smooth peak.
  double beyond() const {
    const double least = std::min(std::abs(near_), std::abs(far_)), most = std::max(std::abs(near_), std::abs(far_));
    // A smooth peak bends more between the samples than at them. On the shoulder of a ramp of one voxel the smaller
    // difference is the slope itself, so that twice that never makes a summit.
    const double bend = std::min(sharper_between * (near_ < 0 ? -near_ - far_ : near_ + far_) / 2, 2 * least);
    if (slope() >= bend / 2) return 0;
    for (const int at : {-2, -1, 2, 3}) {
      if (index_ + at < 1 || index_ + at + 1 >= count_) continue;
      const double contrary = near_ < 0 ? second(at) : -second(at);
      if (contrary > most_contrary * most) return 0;
    }
    return (bend / 2 - slope()) * (bend / 2 - slope()) / (2 * bend);
  }

 private:
  double second(int at) const {
    const float* g = f_ + at * stride_;
    return double(g[-stride_]) - 2.0 * g[0] + double(g[stride_]);
  }
  double slope() const { return std::abs(double(f_[stride_]) - double(f_[0])); }

  static constexpr double sharper_between = 1.5;  // a Gaussian midway between samples: 1.25 times at 1.8 voxels sigma
  // A Gaussian bends back by 2 exp(-3/2) = 0.446 of its bend at the top at most; a plateau of two voxels between ramps
  // of one by at least 0.5.
  static constexpr double most_contrary = 0.47;

  const float* f_ = nullptr;
  std::ptrdiff_t stride_ = 0;
  int index_ = 0, count_ = 0;
  double near_ = 0, far_ = 0;  // second differences at the two ends
};

}  // namespace

struct DoseInterpolator::State {
  Coefficients coefficients;
};

/// The 8 samples around a cell.
struct DoseInterpolator::Corners {
  std::array<int, 2> x, y, z;
  std::array<double, 8> value;
  double low, high;
};

std::string_view to_string(Interpolation kind) { return kind == Interpolation::cubic ? "cubic" : "linear"; }

DoseInterpolator::DoseInterpolator(const DoseGrid& dose, Interpolation kind)
    : dose_(&dose), kind_(kind), rows_(std::make_shared<const HottestOfRows>(dose)) {
  if (kind == Interpolation::cubic) state_ = std::make_shared<const State>(State{Coefficients(dose)});
}

DoseInterpolator::Corners DoseInterpolator::corners(int i, int j, int k) const {
  const GridSize n = dose_->grid().size();
  Corners c{};
  c.x = {i, std::min(i + 1, n.nx - 1)};
  c.y = {j, std::min(j + 1, n.ny - 1)};
  c.z = {k, std::min(k + 1, n.nz - 1)};
  const float* v = dose_->values().data();
  const Grid& grid = dose_->grid();
  for (int b = 0; b < 8; ++b) c.value[b] = v[grid.index(c.x[b & 1], c.y[b >> 1 & 1], c.z[b >> 2])];
  c.low = *std::min_element(c.value.begin(), c.value.end());
  c.high = *std::max_element(c.value.begin(), c.value.end());
  return c;
}

Interval DoseInterpolator::cell_bounds(int i, int j, int k) const {
  const Corners c = corners(i, j, k);
  if (kind_ == Interpolation::linear) return {c.low, c.high};
  const GridSize n = dose_->grid().size();
  const std::array<int, 3> size{n.nx, n.ny, n.nz};
  const std::array<std::size_t, 3> stride{1, std::size_t(n.nx), std::size_t(n.nx) * n.ny};
  const float* v = dose_->values().data();
  std::array<double, 8> top = c.value, bottom = c.value;
  for (int axis = 0; axis < 3; ++axis) {
    const int first = axis == 0 ? i : axis == 1 ? j : k;
    if (first < 1 || first + 2 >= size[axis]) continue;  // no second difference at the ends
    // Most cells lie on a slope: the four edges are judged one by one, and only a flat one is looked at closely.
    std::array<Edge, 4> edges;
    std::array<int, 4> near_corner{};
    int count = 0;
    bool hump = true, hollow = true, flat = false;
    for (int b = 0; b < 8 && (hump || hollow); ++b) {
      if (b >> axis & 1) continue;
      const float* f = v + dose_->grid().index(c.x[b & 1], c.y[b >> 1 & 1], c.z[b >> 2]);
      edges[count] = Edge(f, std::ptrdiff_t(stride[axis]), first, size[axis]);
      hump = hump && edges[count].bends_down();
      hollow = hollow && edges[count].bends_up();
      flat = flat || edges[count].is_flat();
      near_corner[count++] = b;
    }
    if ((!hump && !hollow) || !flat) continue;
    for (int e = 0; e < 4; ++e) {
      const double beyond = edges[e].beyond();
      for (const int corner : {near_corner[e], near_corner[e] | (1 << axis)})
        (hump ? top : bottom)[corner] += hump ? beyond : -beyond;
    }
  }
  const double low = *std::min_element(bottom.begin(), bottom.end());
  return {c.low >= 0 ? std::max(low, 0.0) : low, *std::max_element(top.begin(), top.end())};
}

// A summit is at most an eighth of its bend high, the bend at most twice a second difference, and that at most twice
// the height of its sample over the lowest one: half of that height for each axis.
constexpr double summit_share = 1.5;

double DoseInterpolator::sample_needed_for(double value) const {
  if (kind_ == Interpolation::linear) return value;
  constexpr double rounding = 1e-12;
  const double lowest = double(rows_->lowest()), needed = lowest + (value - lowest) / (1 + summit_share);
  return needed - rounding * std::abs(needed);
}

double DoseInterpolator::limited(double value, int i, int j, int k) const {
  const Corners c = corners(i, j, k);
  if (value >= c.low && value <= c.high) return value;
  const Interval bounds = cell_bounds(i, j, k);
  return std::clamp(value, bounds.low, bounds.high);
}

double DoseInterpolator::at(VoxelPoint v) const {
  const GridSize n = dose_->grid().size();
  int i = 0, j = 0, k = 0;
  double tx = 0, ty = 0, tz = 0;
  if (!locate(v.x, n.nx, i, tx) || !locate(v.y, n.ny, j, ty) || !locate(v.z, n.nz, k, tz))
    return std::numeric_limits<double>::quiet_NaN();
  if (kind_ == Interpolation::linear) {
    double value = 0;
    cell_values(i, j, k, {&tx, 1}, {&ty, 1}, {&tz, 1}, &value);
    return value;
  }
  const Coefficients& coefficients = state_->coefficients;
  const float* c = coefficients.cell(i, j, k);
  const Weights wx = spline_weights(tx), wy = spline_weights(ty), wz = spline_weights(tz);
  std::array<double, 4> sum{};
  for (int kk = 0; kk < 4; ++kk)
    for (int jj = 0; jj < 4; ++jj) {
      const float* row = c + kk * coefficients.slice() + jj * coefficients.row();
      const double w = wy.w[jj] * wz.w[kk];
      for (int x = 0; x < 4; ++x) sum[x] += w * row[x];
    }
  return limited(sum[0] * wx.w[0] + sum[1] * wx.w[1] + sum[2] * wx.w[2] + sum[3] * wx.w[3], i, j, k);
}

double DoseInterpolator::roughly_at(PatientPoint p) const {
  const Grid& grid = dose_->grid();
  const GridSize n = grid.size();
  const VoxelPoint v = grid.to_voxel(p);
  int i = 0, j = 0, k = 0;
  double tx = 0, ty = 0, tz = 0;
  if (!locate(v.x, n.nx, i, tx) || !locate(v.y, n.ny, j, ty) || !locate(v.z, n.nz, k, tz))
    return std::numeric_limits<double>::quiet_NaN();
  const std::size_t x = n.nx > 1, y = n.ny > 1 ? std::size_t(n.nx) : 0,
                    z = n.nz > 1 ? std::size_t(n.nx) * std::size_t(n.ny) : 0;
  const float* f = dose_->values().data() + grid.index(i, j, k);
  const auto mix = [](double a, double b, double t) { return a + t * (b - a); };
  const auto row = [&](const float* g) { return mix(double(g[0]), double(g[x]), tx); };
  return mix(mix(row(f), row(f + y), ty), mix(row(f + z), row(f + y + z), ty), tz);
}

std::vector<double> DoseInterpolator::values_at(std::span<const PatientPoint> points) const {
  std::vector<double> values(points.size());
  parallel_for_blocks(std::int64_t(points.size()), points_per_block, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) values[i] = (*this)(points[i]);
  });
  return values;
}

void DoseInterpolator::cell_values(int i, int j, int k, std::span<const double> x, std::span<const double> y,
                                   std::span<const double> z, double* values) const {
  SBRT_EXPECT(x.size() <= max_fractions && y.size() <= max_fractions && z.size() <= max_fractions);
  const std::size_t nx = x.size(), ny = y.size(), nz = z.size();
  if (kind_ == Interpolation::linear) {
    const std::array<double, 8> v = corners(i, j, k).value;
    const auto mix = [](double a, double b, double t) { return a + t * (b - a); };
    for (std::size_t c = 0; c < nz; ++c)
      for (std::size_t b = 0; b < ny; ++b)
        for (std::size_t a = 0; a < nx; ++a)
          *values++ = mix(mix(mix(v[0], v[1], x[a]), mix(v[2], v[3], x[a]), y[b]),
                          mix(mix(v[4], v[5], x[a]), mix(v[6], v[7], x[a]), y[b]), z[c]);
    return;
  }
  std::array<Weights, max_fractions> wx, wy, wz;
  for (std::size_t a = 0; a < nx; ++a) wx[a] = spline_weights(x[a]);
  for (std::size_t b = 0; b < ny; ++b) wy[b] = spline_weights(y[b]);
  for (std::size_t c = 0; c < nz; ++c) wz[c] = spline_weights(z[c]);
  const Coefficients& coefficients = state_->coefficients;
  const float* first = coefficients.cell(i, j, k);
  std::array<double, 16 * max_fractions> along_x;                 // [k][j][a]
  std::array<double, 4 * max_fractions * max_fractions> along_y;  // [k][b][a]
  for (int kk = 0; kk < 4; ++kk)
    for (int jj = 0; jj < 4; ++jj) {
      const float* row = first + kk * coefficients.slice() + jj * coefficients.row();
      double* out = along_x.data() + (kk * 4 + jj) * nx;
      for (std::size_t a = 0; a < nx; ++a)
        out[a] = wx[a].w[0] * row[0] + wx[a].w[1] * row[1] + wx[a].w[2] * row[2] + wx[a].w[3] * row[3];
    }
  for (int kk = 0; kk < 4; ++kk)
    for (std::size_t b = 0; b < ny; ++b) {
      const double* in = along_x.data() + kk * 4 * nx;
      double* out = along_y.data() + (kk * ny + b) * nx;
      for (std::size_t a = 0; a < nx; ++a)
        out[a] =
            wy[b].w[0] * in[a] + wy[b].w[1] * in[nx + a] + wy[b].w[2] * in[2 * nx + a] + wy[b].w[3] * in[3 * nx + a];
    }
  const std::size_t plane = nx * ny;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  double* value = values;
  for (std::size_t c = 0; c < nz; ++c)
    for (std::size_t a = 0; a < plane; ++a) {
      const double* in = along_y.data() + a;
      *value = wz[c].w[0] * in[0] + wz[c].w[1] * in[plane] + wz[c].w[2] * in[2 * plane] + wz[c].w[3] * in[3 * plane];
      least = std::min(least, *value);
      most = std::max(most, *value);
      ++value;
    }
  // Most cells need no limit, and finding it costs more than the values.
  const Corners corner = corners(i, j, k);
  if (least >= corner.low && most <= corner.high) return;
  const Interval bounds = cell_bounds(i, j, k);
  for (double* v = values; v != value; ++v) *v = std::clamp(*v, bounds.low, bounds.high);
}

}  // namespace sbrt
