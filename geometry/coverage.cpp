#include "geometry/coverage.h"

#include <algorithm>
#include <cmath>

namespace sbrt::planar {
namespace {

int floor_of(double x) {
  const int i = int(x);
  return i - (x < i);
}

}  // namespace

Coverage::Coverage(int nu, int nv, bool with_moments)
    : nu_(nu), nv_(nv), sums_(std::size_t(nu + 1) * nv), moments_(with_moments ? sums_.size() : 0), touched_(nv, 0) {}

void Coverage::clear() {
  for (int j = 0; j < nv_; ++j) {
    if (!touched_[j]) continue;
    const auto row = std::ptrdiff_t(j) * (nu_ + 1);
    std::fill_n(sums_.begin() + row, nu_ + 1, Sums{});
    if (!moments_.empty()) std::fill_n(moments_.begin() + row, nu_ + 1, Moments{});
    touched_[j] = 0;
  }
}

void Coverage::add(const Loop& loop, double weight, double height) {
  for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) add_edge(loop[j], loop[i], weight, height);
}

void Coverage::add_edge(Uv a, Uv b, double weight, double height) {
  // The area of a loop with the inside on its left is the integral of u dv; seen from the +u side the sign turns.
  weight = -weight;
  if (a.v > b.v) {
    std::swap(a, b);
    weight = -weight;
  }
  if (a.v >= nv_ || b.v <= 0 || a.v == b.v) return;
  // Most edges are short and lie in one cell.
  if (a.v >= 0 && b.v <= int(a.v) + 1 && floor_of(a.u) == floor_of(b.u)) {
    const int row = int(a.v);
    touched_[row] = 1;
    if (a.u > b.u) std::swap(a, b);
    add_piece(floor_of(a.u), row, a, b, weight, height);
    return;
  }
  const double slope = (b.u - a.u) / (b.v - a.v);
  // b.v is positive here: one less than its ceiling.
  const int j0 = std::max(0, int(a.v)), j1 = std::min(nv_ - 1, int(b.v) - (int(b.v) == b.v));
  for (int j = j0; j <= j1; ++j) {
    Uv p = a.v >= j ? a : Uv{a.u + (j - a.v) * slope, double(j)};
    Uv q = b.v <= j + 1 ? b : Uv{a.u + (j + 1 - a.v) * slope, double(j + 1)};
    touched_[j] = 1;
    if (p.u > q.u) {  // visit the cells of the row from left to right
      Uv low = q, high = p;
      // Mirrored order only; the piece keeps its extent in v.
      p = low;
      q = high;
    }
    const double span = q.u - p.u;
    const int i0 = floor_of(p.u), i1 = floor_of(q.u);
    if (i0 == i1 || span <= 0) {
      add_piece(i0, j, p, q, weight, height);
      continue;
    }
    const double rate = (q.v - p.v) / span;
    Uv from = p;
    if (from.u < 0) {
      const Uv edge = q.u <= 0 ? q : Uv{0, p.v - p.u * rate};
      add_piece(-1, j, from, edge, weight, height);
      from = edge;
      if (q.u <= 0) continue;
    }
    for (int i = std::max(0, i0); i <= i1 && i < nu_; ++i) {
      const Uv to = q.u <= i + 1 ? q : Uv{double(i + 1), p.v + (i + 1 - p.u) * rate};
      add_piece(i, j, from, to, weight, height);
      from = to;
    }
  }
}

void Coverage::add_piece(int i, int j, Uv a, Uv b, double weight, double height) {
  if (i >= nu_) return;
  const double dv = std::abs(b.v - a.v) * weight;
  const double va = a.v - j, vb = b.v - j;
  const std::size_t row = std::size_t(j) * (nu_ + 1);
  const std::size_t next = row + std::size_t(i < 0 ? 0 : i + 1);
  sums_[next].cover += dv;
  if (!moments_.empty()) {
    moments_[next].cover_v += 0.5 * dv * (va + vb);
    moments_[next].cover_height += dv * height;
  }
  if (i < 0) return;
  const double ra = i + 1 - a.u, rb = i + 1 - b.u;  // distance to the cell's right side
  const std::size_t n = row + std::size_t(i);
  const double here = 0.5 * dv * (ra + rb);
  sums_[n].area += here;
  if (moments_.empty()) return;
  const double ua = a.u - i, ub = b.u - i;
  moments_[n].u += 0.5 * dv * (1 - (ua * ua + ua * ub + ub * ub) / 3);
  moments_[n].v += dv * (2 * (ra * va + rb * vb) + ra * vb + rb * va) / 6;
  moments_[n].height += here * height;
}

}  // namespace sbrt::planar
