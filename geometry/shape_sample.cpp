#include "geometry/coverage.h"
#include "geometry/parallel.h"
#include "geometry/piece_cells.h"

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

using planar::Loop;
using planar::Uv;

struct Piece {
  double volume = 0, u = 0, v = 0, z = 0;  // volume and its first moments (u, v in cells)
};

ScatteredSamples joined(std::vector<ScatteredSamples> parts) {
  ScatteredSamples all;
  std::size_t samples = 0, points = 0;
  for (const ScatteredSamples& part : parts) {
    samples += part.samples.size();
    points += part.points.size();
  }
  all.samples.reserve(samples);
  all.points.reserve(points);
  all.cell.reserve(points);
  all.block.reserve(points);
  for (ScatteredSamples& part : parts) {
    all.samples.insert(all.samples.end(), part.samples.begin(), part.samples.end());
    all.points.insert(all.points.end(), part.points.begin(), part.points.end());
    all.cell.insert(all.cell.end(), part.cell.begin(), part.cell.end());
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
std::vector<planar::Region> in_cells(const std::vector<Slab>& slabs, const PieceCells& cells) {
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
  Layers(const Shape::State& shape, const PieceCells& cells, const std::vector<planar::Region>& outlines)
      : shape_(shape), outlines_(outlines), thin_(cells.nu(), cells.nv(), true), thick_(cells.nu(), cells.nv(), true) {}

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
  const Shape::State& s = shape.state();
  const PieceCells cells(shape, step_mm);
  constexpr int phases = PieceCells::phases;
  const std::int64_t layers = cells.layers(), fine = cells.fine_layers();
  const int nu = cells.nu(), nv = cells.nv();
  const double dz = cells.fine_layer_mm();
  const std::vector<planar::Region> outlines = in_cells(s.slabs, cells);
  constexpr std::int64_t block = 8;
  const std::int64_t blocks = (layers + 1 + block - 1) / block;
  std::vector<ScatteredSamples> by_block(static_cast<std::size_t>(blocks));
  parallel_for(blocks, [&](std::int64_t b) {
    const std::int64_t first = b * block - 1, last = std::min(first + block, layers);  // cell layers of this block
    Layers slabs(s, cells, outlines);
    std::vector<Piece> open(std::size_t(nu) * std::size_t(nv));
    Blocks twice(nu, nv);
    ScatteredSamples& out = by_block[std::size_t(b)];
    const auto close = [&](int i, int j, std::int64_t end, const Piece& piece) {
      const Uv p = cells.to_plane(piece.u / piece.volume, piece.v / piece.volume);
      out.samples.push_back({s.frame.point(p, piece.z / piece.volume), piece.volume * cells.cell_area_mm2()});
      if (!scattered) return;
      const std::uint64_t cell = cells.number(i, j, end);
      out.block.push_back(twice.number(i, j, out.blocks));
      out.cell.push_back(cell);
      const Sample& sample = out.samples.back();
      out.points.push_back(cells.one_point(cell, sample.volume_mm3).value_or(sample.point));
    };
    for (std::int64_t f = first * phases; f < last * phases + phases - 1; ++f) {
      const double low = s.low() + double(f) * dz, high = f + 1 == fine ? s.high() : low + dz;
      if (f >= 0 && f < fine)
        slabs.between(low, high, [&](int i, int j, const planar::Coverage::Cell& cell) {
          const int phase = PieceCells::phase_of(i, j);
          const std::int64_t begin = first * phases + phase, end = last * phases + phase;
          if (f < begin || f >= end) return;
          Piece& piece = open[std::size_t(j) * std::size_t(nu) + std::size_t(i)];
          piece.volume += cell.area;
          piece.u += cell.u;
          piece.v += cell.v;
          piece.z += cell.height;
        });
      // All cells of a layer end before the first of the next one does.
      if ((f + 1 - first * phases) % (2 * phases) == phases) twice.begin_layers();
      for (int j = 0; j < nv; ++j)
        for (int i = PieceCells::first_of_phase(int((f + 1 + phases) % phases), j); i < nu; i += phases) {
          Piece& piece = open[std::size_t(j) * std::size_t(nu) + std::size_t(i)];
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
