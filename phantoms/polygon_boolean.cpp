#include "phantoms/polygon_boolean.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace sbrt::phantoms {
namespace {

constexpr double smallest_area_mm2 = 1e-6;

struct Edge {
  std::size_t from, to;
  std::vector<std::pair<double, std::size_t>> cuts;  ///< parameter along the edge, point
};

struct Arrangement {
  std::vector<PlanePoint> points;
  std::vector<Edge> edges[2];

  void add(int side, const std::vector<Polygon>& polygons) {
    for (const Polygon& polygon : polygons) {
      const std::size_t first = points.size();
      points.insert(points.end(), polygon.begin(), polygon.end());
      for (std::size_t n = 0; n < polygon.size(); ++n)
        edges[side].push_back({first + n, first + (n + 1) % polygon.size(), {}});
    }
  }

  void cut(Edge& a, Edge& b) {
    const PlanePoint p = points[a.from], q = points[a.to], r = points[b.from], s = points[b.to];
    if (std::max(p.x, q.x) < std::min(r.x, s.x) || std::max(r.x, s.x) < std::min(p.x, q.x) ||
        std::max(p.y, q.y) < std::min(r.y, s.y) || std::max(r.y, s.y) < std::min(p.y, q.y))
      return;
    const double ax = q.x - p.x, ay = q.y - p.y, bx = s.x - r.x, by = s.y - r.y;
    const double determinant = ax * by - ay * bx;
    if (determinant == 0) return;
    const double dx = r.x - p.x, dy = r.y - p.y;
    const double t = (dx * by - dy * bx) / determinant;
    const double u = (dx * ay - dy * ax) / determinant;
    // Half-open, so that a crossing at a vertex belongs to one of its two edges.
    if (t < 0 || t >= 1 || u < 0 || u >= 1) return;
    const std::size_t point = points.size();
    points.push_back({p.x + t * ax, p.y + t * ay});
    a.cuts.emplace_back(t, point);
    b.cuts.emplace_back(u, point);
  }
};

struct Piece {
  std::size_t from, to;
  bool used = false;
};

/// Joins the pieces to closed polygons.
std::vector<Polygon> chain(const Arrangement& arrangement, std::vector<Piece> pieces) {
  std::vector<std::vector<std::size_t>> at(arrangement.points.size());
  for (std::size_t n = 0; n < pieces.size(); ++n) {
    at[pieces[n].from].push_back(n);
    at[pieces[n].to].push_back(n);
  }
  std::vector<Polygon> polygons;
  for (Piece& start : pieces) {
    if (start.used) continue;
    start.used = true;
    Polygon polygon{arrangement.points[start.from]};
    std::size_t here = start.to;
    while (here != start.from) {
      polygon.push_back(arrangement.points[here]);
      const auto next = std::find_if(at[here].begin(), at[here].end(), [&](std::size_t n) { return !pieces[n].used; });
      if (next == at[here].end()) break;
      Piece& piece = pieces[*next];
      piece.used = true;
      here = piece.from == here ? piece.to : piece.from;
    }
    if (polygon.size() >= 3 && std::abs(signed_area_mm2(polygon)) > smallest_area_mm2)
      polygons.push_back(std::move(polygon));
  }
  return polygons;
}

}  // namespace

double signed_area_mm2(const Polygon& polygon) {
  double twice = 0;
  for (std::size_t n = 0, before = polygon.size() - 1; n < polygon.size(); before = n++)
    twice += polygon[before].x * polygon[n].y - polygon[n].x * polygon[before].y;
  return twice / 2;
}

bool inside_even_odd(const std::vector<Polygon>& polygons, PlanePoint p) {
  bool inside = false;
  for (const Polygon& polygon : polygons)
    for (std::size_t n = 0, before = polygon.size() - 1; n < polygon.size(); before = n++) {
      const PlanePoint a = polygon[before], b = polygon[n];
      if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x)) inside = !inside;
    }
  return inside;
}

std::vector<Polygon> combine(const std::vector<Polygon>& a, const std::vector<Polygon>& b, BooleanOperation operation) {
  Arrangement arrangement;
  arrangement.add(0, a);
  arrangement.add(1, b);
  for (Edge& x : arrangement.edges[0])
    for (Edge& y : arrangement.edges[1]) arrangement.cut(x, y);

  // A piece bounds the result when it lies on the right side of the other set.
  const bool keep_inside[2] = {operation == BooleanOperation::intersect, operation != BooleanOperation::unite};
  const std::vector<Polygon>* const other[2] = {&b, &a};
  std::vector<Piece> pieces;
  for (const int side : {0, 1})
    for (Edge& edge : arrangement.edges[side]) {
      std::sort(edge.cuts.begin(), edge.cuts.end());
      std::size_t from = edge.from;
      const auto add_piece = [&](std::size_t to) {
        const PlanePoint p = arrangement.points[from], q = arrangement.points[to];
        if (inside_even_odd(*other[side], {(p.x + q.x) / 2, (p.y + q.y) / 2}) == keep_inside[side])
          pieces.push_back({from, to});
        from = to;
      };
      for (const auto& [parameter, point] : edge.cuts) add_piece(point);
      add_piece(edge.to);
    }
  return chain(arrangement, std::move(pieces));
}

}  // namespace sbrt::phantoms
