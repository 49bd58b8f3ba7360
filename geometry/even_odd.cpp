#include "geometry/planar.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>

namespace sbrt::planar {
namespace {

// Vertices closer than this are one vertex [mm]; DICOM coordinates carry 1e-2...1e-6 mm.
constexpr double weld_mm = 1e-6;

struct Edge {
  Uv a, b;
};

struct Cut {
  double t;  // along the edge, 0...1
  Uv point;
};

double cross(Uv o, Uv a, Uv b) { return (a.u - o.u) * (b.v - o.v) - (b.u - o.u) * (a.v - o.v); }

/// Position along the edge of the foot of p if p lies on the edge within weld_mm, else -1.
double contact(const Edge& e, Uv p) {
  const double du = e.b.u - e.a.u, dv = e.b.v - e.a.v, length2 = du * du + dv * dv;
  const double t = ((p.u - e.a.u) * du + (p.v - e.a.v) * dv) / length2;
  const double slack = weld_mm / std::sqrt(length2);
  if (t < -slack || t > 1 + slack) return -1;
  return std::hypot(p.u - e.a.u - t * du, p.v - e.a.v - t * dv) <= weld_mm ? std::clamp(t, 0.0, 1.0) : -1;
}

bool same(Uv a, Uv b) { return std::abs(a.u - b.u) <= weld_mm && std::abs(a.v - b.v) <= weld_mm; }

struct Contacts {
  std::vector<std::vector<Cut>> cuts;
  bool crossing = false;
  bool meeting = false;
};

void meet(const std::vector<Edge>& edges, std::size_t i, std::size_t j, Contacts& found) {
  const Edge &e = edges[i], &f = edges[j];
  if (std::max(e.a.u, e.b.u) + weld_mm < std::min(f.a.u, f.b.u) ||
      std::max(f.a.u, f.b.u) + weld_mm < std::min(e.a.u, e.b.u) ||
      std::max(e.a.v, e.b.v) + weld_mm < std::min(f.a.v, f.b.v) ||
      std::max(f.a.v, f.b.v) + weld_mm < std::min(e.a.v, e.b.v))
    return;
  bool contacted = false, cut = false;
  for (const auto& [edge, k, p] :
       {std::tuple(&e, i, f.a), std::tuple(&e, i, f.b), std::tuple(&f, j, e.a), std::tuple(&f, j, e.b)}) {
    const double t = contact(*edge, p);
    if (t < 0) continue;
    contacted = true;
    if (!same(p, edge->a) && !same(p, edge->b)) {
      found.cuts[k].push_back({t, p});
      cut = true;
    }
  }
  if (contacted) {
    // Neighbours along a loop always share one vertex; that alone is no contact, folding back onto each other is.
    const bool neighbours = same(e.b, f.a) || same(e.a, f.b);
    const bool folded = (same(e.b, f.a) && same(e.a, f.b)) || cut;
    if (!neighbours || folded) found.meeting = true;
    return;
  }
  const double d1 = cross(f.a, f.b, e.a), d2 = cross(f.a, f.b, e.b), d3 = cross(e.a, e.b, f.a),
               d4 = cross(e.a, e.b, f.b);
  if ((d1 < 0) == (d2 < 0) || (d3 < 0) == (d4 < 0)) return;
  const double t = d1 / (d1 - d2), s = d3 / (d3 - d4);
  const Uv p{e.a.u + t * (e.b.u - e.a.u), e.a.v + t * (e.b.v - e.a.v)};
  found.cuts[i].push_back({t, p});
  found.cuts[j].push_back({s, p});
  found.crossing = true;
}

Contacts find_contacts(const std::vector<Edge>& edges) {
  Contacts found;
  found.cuts.resize(edges.size());
  Rect box;
  double length = 0;
  for (const Edge& e : edges) {
    box.add(e.a);
    box.add(e.b);
    length += std::hypot(e.b.u - e.a.u, e.b.v - e.a.v);
  }
  const double mean = std::max(length / double(edges.size()), 1e-3);
  const double cell = std::max({mean, (box.u1 - box.u0) / 1000, (box.v1 - box.v0) / 1000});
  const int nu = int((box.u1 - box.u0) / cell) + 1, nv = int((box.v1 - box.v0) / cell) + 1;
  std::vector<std::vector<std::uint32_t>> bucket(std::size_t(nu) * nv);
  const auto cells = [&](const Edge& e, auto&& visit) {
    const int i0 = std::clamp(int((std::min(e.a.u, e.b.u) - weld_mm - box.u0) / cell), 0, nu - 1);
    const int i1 = std::clamp(int((std::max(e.a.u, e.b.u) + weld_mm - box.u0) / cell), 0, nu - 1);
    const int j0 = std::clamp(int((std::min(e.a.v, e.b.v) - weld_mm - box.v0) / cell), 0, nv - 1);
    const int j1 = std::clamp(int((std::max(e.a.v, e.b.v) + weld_mm - box.v0) / cell), 0, nv - 1);
    for (int j = j0; j <= j1; ++j)
      for (int i = i0; i <= i1; ++i) visit(i, j);
  };
  for (std::size_t k = 0; k < edges.size(); ++k)
    cells(edges[k], [&](int i, int j) { bucket[std::size_t(j) * nu + i].push_back(std::uint32_t(k)); });
  for (std::size_t k = 0; k < edges.size(); ++k) {
    const Edge& e = edges[k];
    cells(e, [&](int i, int j) {
      for (const std::uint32_t other : bucket[std::size_t(j) * nu + i]) {
        if (other <= k) continue;
        // Each pair is examined once: in the first cell that both edges share.
        const Edge& f = edges[other];
        const double u = std::max(std::min(e.a.u, e.b.u), std::min(f.a.u, f.b.u)) - weld_mm;
        const double v = std::max(std::min(e.a.v, e.b.v), std::min(f.a.v, f.b.v)) - weld_mm;
        if (std::clamp(int((u - box.u0) / cell), 0, nu - 1) != i ||
            std::clamp(int((v - box.v0) / cell), 0, nv - 1) != j)
          continue;
        meet(edges, k, other, found);
      }
    });
  }
  return found;
}

struct Key {
  std::int64_t u, v;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& k) const {
    return std::size_t(k.u) * 0x9E3779B97F4A7C15ull ^ (std::size_t(k.v) * 0xC2B2AE3D27D4EB4Full + 0x165667B1ull);
  }
};

/// Boundary of the even-odd region as a graph: welded vertices and the edges that do not cancel.
struct Graph {
  std::vector<Uv> vertices;
  std::vector<std::pair<int, int>> edges;
  bool cancelled = false;
};

Graph build_graph(const std::vector<Edge>& edges, Contacts& contacts) {
  Graph graph;
  std::unordered_map<Key, int, KeyHash> ids;
  const auto id_of = [&](Uv p) {
    const Key key{std::llround(p.u / weld_mm), std::llround(p.v / weld_mm)};
    const auto [it, added] = ids.emplace(key, int(graph.vertices.size()));
    if (added) graph.vertices.push_back(p);
    return it->second;
  };
  std::vector<std::pair<int, int>> pieces;
  for (std::size_t k = 0; k < edges.size(); ++k) {
    auto& cuts = contacts.cuts[k];
    std::sort(cuts.begin(), cuts.end(), [](const Cut& a, const Cut& b) { return a.t < b.t; });
    int last = id_of(edges[k].a);
    for (std::size_t c = 0; c <= cuts.size(); ++c) {
      const int next = id_of(c < cuts.size() ? cuts[c].point : edges[k].b);
      if (next != last) pieces.emplace_back(std::min(last, next), std::max(last, next));
      last = next;
    }
  }
  std::sort(pieces.begin(), pieces.end());
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t j = i;
    while (j < pieces.size() && pieces[j] == pieces[i]) ++j;
    if ((j - i) % 2 == 1)
      graph.edges.push_back(pieces[i]);
    else
      graph.cancelled = true;
    i = j;
  }
  return graph;
}

/// Turns every edge so that the inside lies on its left, by the parity of crossings on a ray from its middle.
void orient(Graph& graph) {
  const auto& p = graph.vertices;
  for (auto& [a, b] : graph.edges) {
    const Uv m{0.5 * (p[a].u + p[b].u), 0.5 * (p[a].v + p[b].v)};
    const bool steep = std::abs(p[b].v - p[a].v) >= std::abs(p[b].u - p[a].u);
    bool inside = false;  // just beyond the edge, towards +u (steep) or +v
    for (const auto& other : graph.edges) {
      if (&other.first == &a) continue;
      Uv c = p[other.first], d = p[other.second], q = m;
      if (!steep) std::swap(c.u, c.v), std::swap(d.u, d.v), std::swap(q.u, q.v);
      if ((c.v <= q.v) != (d.v <= q.v) && c.u + (q.v - c.v) / (d.v - c.v) * (d.u - c.u) > q.u) inside = !inside;
    }
    // Travelling towards +v, +u lies on the right; travelling towards +u, +v lies on the left.
    const bool forward = steep ? p[b].v > p[a].v : p[b].u > p[a].u;
    const bool inside_on_left = steep ? inside != forward : inside == forward;
    if (!inside_on_left) std::swap(a, b);
  }
}

Region trace(const Graph& graph) {
  std::vector<std::vector<int>> leaving(graph.vertices.size());
  for (std::size_t e = 0; e < graph.edges.size(); ++e) leaving[graph.edges[e].first].push_back(int(e));
  std::vector<char> used(graph.edges.size(), 0);
  const auto angle = [&](int from, int to) {
    const Uv a = graph.vertices[from], b = graph.vertices[to];
    return std::atan2(b.v - a.v, b.u - a.u);
  };
  Region region;
  constexpr double turn = 6.283185307179586;
  for (std::size_t start = 0; start < graph.edges.size(); ++start) {
    if (used[start]) continue;
    Loop loop;
    int edge = int(start);
    while (edge >= 0 && !used[edge]) {
      used[edge] = 1;
      const auto [a, b] = graph.edges[edge];
      loop.push_back(graph.vertices[a]);
      // Coming in with the inside on the left, the loop goes on with the first edge clockwise from where it came:
      // loops then touch in a vertex but never cross.
      const double back = angle(b, a);
      double smallest = 1e9;
      int next = -1;
      for (const int candidate : leaving[b]) {
        double clockwise = back - angle(b, graph.edges[candidate].second);
        while (clockwise <= 1e-12) clockwise += turn;
        if (clockwise < smallest) smallest = clockwise, next = candidate;
      }
      edge = next;
    }
    if (loop.size() >= 3 && std::abs(signed_area(loop)) > 1e-9) region.push_back(std::move(loop));
  }
  return region;
}

}  // namespace

EvenOdd combine_even_odd(const std::vector<Loop>& loops) {
  EvenOdd result;
  std::vector<Edge> edges;
  for (const Loop& loop : loops)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++)
      if (!same(loop[j], loop[i])) edges.push_back({loop[j], loop[i]});
  if (edges.empty()) return result;
  Contacts contacts = find_contacts(edges);
  if (contacts.crossing || contacts.meeting) {
    Graph graph = build_graph(edges, contacts);
    orient(graph);
    result.region = trace(graph);
    result.crossing = contacts.crossing;
    result.touching = contacts.meeting && !graph.cancelled;
    return result;
  }
  std::vector<Rect> box;
  for (const Loop& loop : loops) box.push_back(bounds(loop));
  for (std::size_t i = 0; i < loops.size(); ++i) {
    bool hole = false;
    for (std::size_t j = 0; j < loops.size(); ++j)
      if (j != i && box[j].u0 <= box[i].u0 && box[j].v0 <= box[i].v0 && box[j].u1 >= box[i].u1 &&
          box[j].v1 >= box[i].v1)
        hole ^= contains(loops[j], loops[i].front());
    Loop loop = loops[i];
    if ((signed_area(loop) > 0) == hole) std::reverse(loop.begin(), loop.end());
    result.region.push_back(std::move(loop));
  }
  return result;
}

}  // namespace sbrt::planar
