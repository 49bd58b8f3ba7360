#include "geometry/coverage.h"
#include "geometry/parallel.h"
#include "geometry/scatter.h"
#include "geometry/shape_state.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

using planar::Loop;
using planar::Uv;

/// In-plane cells, turned against the axes: a dose gradient along an axis then meets cells at all phases, and quantiles
/// do not move in steps of the cell size. The tangent is the golden ratio's inverse.
class TurnedCells {
 public:
  TurnedCells(const Shape::State& shape, double step_mm) {
    planar::Rect box;
    for (const Slab& slab : shape.slabs)
      for (const Loop& loop : slab.region)
        for (const Uv& p : loop) box.add(turned(p));
    u0_ = box.u0;
    v0_ = box.v0;
    nu = std::max(1, int(std::ceil((box.u1 - box.u0) / step_mm)));
    nv = std::max(1, int(std::ceil((box.v1 - box.v0) / step_mm)));
    du_ = std::max(box.u1 - box.u0, 1e-9) / nu;
    dv_ = std::max(box.v1 - box.v0, 1e-9) / nv;
  }

  Uv to_cells(Uv p) const {
    const Uv t = turned(p);
    return {(t.u - u0_) / du_, (t.v - v0_) / dv_};
  }
  Uv to_plane(double i, double j) const {
    const double u = u0_ + i * du_, v = v0_ + j * dv_;
    return {cosine * u - sine * v, sine * u + cosine * v};
  }
  double cell_area() const { return du_ * dv_; }

  int nu, nv;

 private:
  static constexpr double cosine = 0.8506508083520399, sine = 0.5257311121191336;
  static Uv turned(Uv p) { return {cosine * p.u + sine * p.v, -sine * p.u + cosine * p.v}; }
  double u0_, v0_, du_, dv_;
};

struct Piece {
  double volume = 0, u = 0, v = 0, z = 0;  // volume and its first moments (u, v in cells)
};

/// Along the normal, cells are stacked at five different phases, so that their borders do not line up there either.
constexpr int phases = 5;
int phase_of(int i, int j) { return (i + 2 * j) % phases; }
/// The first i of row j that has this phase.
int first_of_phase(int phase, int j) { return (phase + (phases - 2) * j) % phases; }

ScatteredSamples joined(std::vector<ScatteredSamples> parts) {
  ScatteredSamples all;
  std::size_t samples = 0, points = 0;
  for (const ScatteredSamples& part : parts) {
    samples += part.samples.size();
    points += part.points.size();
  }
  all.samples.reserve(samples);
  all.points.reserve(points);
  all.block.reserve(points);
  for (ScatteredSamples& part : parts) {
    all.samples.insert(all.samples.end(), part.samples.begin(), part.samples.end());
    all.points.insert(all.points.end(), part.points.begin(), part.points.end());
    for (const std::int32_t block : part.block) all.block.push_back(all.blocks + block);
    all.blocks += part.blocks;
    part = {};
  }
  return all;
}

/// Numbers of the 2 x 2 columns of cells, given where the first piece of one is met.
class Blocks {
 public:
  Blocks(int nu, int nv) : nu_((nu + 1) / 2), numbers_(std::size_t(nu_) * std::size_t((nv + 1) / 2), none) {}

  void begin_layers() { std::fill(numbers_.begin(), numbers_.end(), none); }
  std::int32_t number(int i, int j, std::int32_t& count) {
    std::int32_t& number = numbers_[std::size_t(j / 2) * std::size_t(nu_) + std::size_t(i / 2)];
    if (number == none) number = count++;
    return number;
  }

 private:
  static constexpr std::int32_t none = -1;
  int nu_;
  std::vector<std::int32_t> numbers_;
};

/// The slabs' outlines in cell coordinates.
std::vector<planar::Region> in_cells(const std::vector<Slab>& slabs, const TurnedCells& cells) {
  std::vector<planar::Region> turned(slabs.size());
  parallel_for_blocks(std::int64_t(slabs.size()), 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto n = std::size_t(begin); n < std::size_t(end); ++n)
      for (const Loop& loop : slabs[n].region) {
        Loop& out = turned[n].emplace_back();
        out.reserve(loop.size());
        for (const Uv& p : loop) out.push_back(cells.to_cells(p));
      }
  });
  return turned;
}

/// What the parts of all slabs between two positions add to each cell of the plane.
class Layers {
 public:
  Layers(const Shape::State& shape, const TurnedCells& cells, const std::vector<planar::Region>& outlines)
      : shape_(shape), outlines_(outlines), thin_(cells.nu, cells.nv, true), thick_(cells.nu, cells.nv, true) {}

  /// Calls add(i, j, cell), cells weighted by thickness [mm]; `low` must not fall from call to call.
  template <class Add>
  void between(double low, double high, Add&& add) {
    while (next_ < shape_.slabs.size() && shape_.slabs[next_].high <= low) ++next_;
    thin_.clear();
    for (std::size_t n = next_; n < shape_.slabs.size() && shape_.slabs[n].low < high; ++n) {
      const Slab& slab = shape_.slabs[n];
      const double from = std::max(low, slab.low), to = std::min(high, slab.high);
      if (!(to > from)) continue;
      const double thickness = to - from, height = 0.5 * (from + to);
      if (slab.high - slab.low <= high - low) {
        for (const Loop& loop : outlines_[n]) thin_.add(loop, thickness, height);
        continue;
      }
      hold(n);
      for (const Held& h : held_)
        add(h.i, h.j,
            planar::Coverage::Cell{thickness * h.area, thickness * h.u, thickness * h.v, thickness * height * h.area});
    }
    thin_.visit(add);
  }

 private:
  // The cells of a slab that is thicker than a layer serve several of them.
  void hold(std::size_t n) {
    if (holds_ == std::ptrdiff_t(n)) return;
    holds_ = std::ptrdiff_t(n);
    held_.clear();
    thick_.clear();
    for (const Loop& loop : outlines_[n]) thick_.add(loop, 1);
    thick_.visit([&](int i, int j, const planar::Coverage::Cell& c) { held_.push_back({i, j, c.area, c.u, c.v}); });
  }

  struct Held {
    int i, j;
    double area, u, v;
  };
  const Shape::State& shape_;
  const std::vector<planar::Region>& outlines_;
  planar::Coverage thin_, thick_;
  std::vector<Held> held_;
  std::ptrdiff_t holds_ = -1;
  std::size_t next_ = 0;
};

ScatteredSamples pieces_of(const Shape& shape, double step_mm, bool scattered) {
  SBRT_EXPECT(std::isfinite(step_mm) && step_mm > 0);
  const Shape::State& s = shape.state();
  const TurnedCells cells(s, step_mm);
  const auto layers = std::int64_t(std::max(1.0, std::ceil((s.high() - s.low()) / step_mm)));
  const std::int64_t fine = layers * phases;
  const double dz = (s.high() - s.low()) / double(fine);
  const double whole = phases * dz * (1 - 1e-9);  // rounding
  const std::vector<planar::Region> outlines = in_cells(s.slabs, cells);
  // Layer n of a cell with phase p fills the fine layers n * phases + p ... n * phases + p + phases - 1; n starts at
  // -1.
  constexpr std::int64_t block = 8;
  const std::int64_t blocks = (layers + 1 + block - 1) / block;
  std::vector<ScatteredSamples> by_block(static_cast<std::size_t>(blocks));
  parallel_for(blocks, [&](std::int64_t b) {
    const std::int64_t first = b * block - 1, last = std::min(first + block, layers);  // cell layers of this block
    Layers slabs(s, cells, outlines);
    std::vector<Piece> open(std::size_t(cells.nu) * cells.nv);
    Blocks twice(cells.nu, cells.nv);
    ScatteredSamples& out = by_block[std::size_t(b)];
    const auto close = [&](int i, int j, std::int64_t end, const Piece& piece) {
      const Uv p = cells.to_plane(piece.u / piece.volume, piece.v / piece.volume);
      out.samples.push_back({s.frame.point(p, piece.z / piece.volume), piece.volume * cells.cell_area()});
      if (!scattered) return;
      out.block.push_back(twice.number(i, j, out.blocks));
      const double z0 = s.low() + double(std::max<std::int64_t>(end - phases, 0)) * dz,
                   z1 = s.low() + double(std::min(end, fine)) * dz;
      const auto place = [&](UnitPoint x) {
        return s.frame.point(cells.to_plane(i + x.a, j + x.b), z0 + x.c * (z1 - z0));
      };
      const auto inside = [&](PatientPoint q) { return piece.volume >= whole || shape.contains(q); };
      const auto cell = std::uint64_t((end * cells.nv + j) * cells.nu + i);
      out.points.push_back(point_in_part(cell, place, inside).value_or(out.samples.back().point));
    };
    for (std::int64_t f = first * phases; f < last * phases + phases - 1; ++f) {
      const double low = s.low() + double(f) * dz, high = f + 1 == fine ? s.high() : low + dz;
      if (f >= 0 && f < fine)
        slabs.between(low, high, [&](int i, int j, const planar::Coverage::Cell& cell) {
          const std::int64_t begin = first * phases + phase_of(i, j), end = last * phases + phase_of(i, j);
          if (f < begin || f >= end) return;
          Piece& piece = open[std::size_t(j) * cells.nu + i];
          piece.volume += cell.area;
          piece.u += cell.u;
          piece.v += cell.v;
          piece.z += cell.height;
        });
      // All cells of a layer end before the first of the next one does.
      if ((f + 1 - first * phases) % (2 * phases) == phases) twice.begin_layers();
      for (int j = 0; j < cells.nv; ++j)
        for (int i = first_of_phase(int((f + 1 + phases) % phases), j); i < cells.nu; i += phases) {
          Piece& piece = open[std::size_t(j) * cells.nu + i];
          if (piece.volume == 0) continue;
          close(i, j, f + 1, piece);
          piece = {};
        }
    }
  });
  return joined(std::move(by_block));
}

}  // namespace

std::vector<Sample> Shape::sample(double step_mm) const { return pieces_of(*this, step_mm, false).samples; }

ScatteredSamples Shape::sample_scattered(double step_mm) const { return pieces_of(*this, step_mm, true); }

}  // namespace sbrt
