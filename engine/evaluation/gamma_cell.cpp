#include "engine/evaluation/gamma_cell.h"

#include <algorithm>

namespace sbrt::gamma {
namespace {

using Vec4 = std::array<double, 4>;  // place and dose

double product(const Vec4& a, const Vec4& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]; }
Vec4 difference(const Vec4& a, const Vec4& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]}; }

double edge_squared(const Vec4& a, const Vec4& b) {
  const Vec4 u = difference(b, a);
  const double t = std::clamp(-product(a, u) / product(u, u), 0.0, 1.0);
  const Vec4 p{a[0] + t * u[0], a[1] + t * u[1], a[2] + t * u[2], a[3] + t * u[3]};
  return product(p, p);
}

// Nearest point of the triangle's plane where it lies in the triangle; else an edge is nearer and counts by itself.
double face_squared(const Vec4& a, const Vec4& b, const Vec4& c, double best) {
  const Vec4 u = difference(b, a), v = difference(c, a);
  const double uu = product(u, u), uv = product(u, v), vv = product(v, v), ua = product(u, a), va = product(v, a);
  const double determinant = uu * vv - uv * uv;
  if (!(determinant > 0)) return best;
  const double s = (uv * va - vv * ua) / determinant, t = (uv * ua - uu * va) / determinant;
  if (s < 0 || t < 0 || s + t > 1) return best;
  const Vec4 p{a[0] + s * u[0] + t * v[0], a[1] + s * u[1] + t * v[1], a[2] + s * u[2] + t * v[2],
               a[3] + s * u[3] + t * v[3]};
  return std::min(best, product(p, p));
}

// Paths from the lowest to the highest corner along the axes, one tetrahedron each; neighbouring cells agree on the
// diagonals of their common face.
constexpr std::array<std::array<int, 3>, 6> paths{{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};

double tetrahedron_squared(const Cell& cell, const std::array<int, 3>& path, double best) {
  const int first = 1 << path[0], second = first | 1 << path[1];
  const std::array<double, 4> dose{cell.dose[0], cell.dose[first], cell.dose[second], cell.dose[7]};
  std::array<double, 3> gradient{};
  for (int n = 0; n < 3; ++n) gradient[path[n]] = (dose[n + 1] - dose[n]) / cell.edge[path[n]];
  double at_point = dose[0], steep = 1;
  for (int a = 0; a < 3; ++a) {
    at_point -= gradient[a] * cell.corner[a];
    steep += gradient[a] * gradient[a];
  }
  // Nearest point of the unbounded linear dose: a lower bound, and the minimum where it lies inside.
  const double bound = at_point * at_point / steep;
  if (bound >= best) return best;
  double before = 1;
  bool inside = true;
  for (int n = 0; n < 3 && inside; ++n) {
    const int a = path[n];
    const double t = (-gradient[a] * at_point / steep - cell.corner[a]) / cell.edge[a];
    inside = t <= before && t >= 0;
    before = t;
  }
  if (inside) return bound;

  std::array<Vec4, 4> w;
  w[0] = {cell.corner[0], cell.corner[1], cell.corner[2], dose[0]};
  for (int n = 0; n < 3; ++n) {
    w[n + 1] = w[n];
    w[n + 1][path[n]] += cell.edge[path[n]];
    w[n + 1][3] = dose[n + 1];
  }
  for (int a = 0; a < 4; ++a)
    for (int b = a + 1; b < 4; ++b) {
      best = std::min(best, edge_squared(w[a], w[b]));
      for (int c = b + 1; c < 4; ++c) best = face_squared(w[a], w[b], w[c], best);
    }
  return best;
}

}  // namespace

double least_squared(const Cell& cell, double best) {
  // Nothing in the cell is nearer than its box in place and dose.
  double bound = 0;
  for (int a = 0; a < 3; ++a) {
    const double gap = std::max({cell.corner[a], -cell.corner[a] - cell.edge[a], 0.0});
    bound += gap * gap;
  }
  if (bound >= best) return best;
  const auto [low, high] = std::minmax_element(cell.dose.begin(), cell.dose.end());
  const double gap = std::max({*low, -*high, 0.0});
  if (bound + gap * gap >= best) return best;
  for (const auto& path : paths) best = tetrahedron_squared(cell, path, best);
  return best;
}

}  // namespace sbrt::gamma
