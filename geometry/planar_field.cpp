#include "geometry/planar_field.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace sbrt::planar {
namespace {

struct alignas(32) Edge {
  float au, av, du, dv, inverse_length2;
};

// Relative to the lattice origin, so that floats keep 1e-5 mm.
std::vector<Edge> edges_of(const Region& region, const Lattice& lattice) {
  std::vector<Edge> edges;
  for (const Loop& loop : region)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
      const double du = loop[i].u - loop[j].u, dv = loop[i].v - loop[j].v, length2 = du * du + dv * dv;
      edges.push_back({float(loop[j].u - lattice.u0), float(loop[j].v - lattice.v0), float(du), float(dv),
                       length2 > 0 ? float(1 / length2) : 0.f});
    }
  return edges;
}

inline float distance2(const Edge& e, float u, float v) {
  const float pu = u - e.au, pv = v - e.av;
  const float t = std::clamp((pu * e.du + pv * e.dv) * e.inverse_length2, 0.f, 1.f);
  const float ru = pu - t * e.du, rv = pv - t * e.dv;
  return ru * ru + rv * rv;
}

struct Nearest {
  std::vector<float> d2;
  std::vector<std::int32_t> edge;
};

constexpr std::int32_t no_edge = -1, left_out = -2;

/// Exact distances next to the edges.
void seed(const std::vector<Edge>& edges, const Lattice& lattice, Nearest& nearest) {
  const float pitch = float(lattice.pitch);
  for (std::size_t k = 0; k < edges.size(); ++k) {
    const Edge& e = edges[k];
    const float reach = std::max(std::abs(e.du), std::abs(e.dv)) / pitch;
    const int pieces = std::max(1, int(std::ceil(reach / 2)));
    for (int s = 0; s < pieces; ++s) {
      const float t0 = float(s) / float(pieces), t1 = float(s + 1) / float(pieces);
      const float u0 = e.au + t0 * e.du, u1 = e.au + t1 * e.du, v0 = e.av + t0 * e.dv, v1 = e.av + t1 * e.dv;
      const int i0 = std::max(0, int(std::floor(std::min(u0, u1) / pitch))),
                i1 = std::min(lattice.nu - 1, int(std::ceil(std::max(u0, u1) / pitch)));
      const int j0 = std::max(0, int(std::floor(std::min(v0, v1) / pitch))),
                j1 = std::min(lattice.nv - 1, int(std::ceil(std::max(v0, v1) / pitch)));
      for (int j = j0; j <= j1; ++j)
        for (int i = i0; i <= i1; ++i) {
          const float d2 = distance2(e, float(i) * pitch, float(j) * pitch);
          const std::size_t n = std::size_t(j) * lattice.nu + i;
          if (d2 < nearest.d2[n]) nearest.d2[n] = d2, nearest.edge[n] = std::int32_t(k);
        }
    }
  }
}

/// Carries the nearest edges over the lattice: two sweeps, each row forth and back. Nodes left out have distance 0,
/// which no edge beats.
void sweep(const std::vector<Edge>& edges, const Lattice& lattice, Nearest& nearest) {
  const int nu = lattice.nu, nv = lattice.nv;
  const float pitch = float(lattice.pitch);
  for (int pass = 0; pass < 2; ++pass) {
    const int step = pass == 0 ? 1 : -1;
    for (int r = 0, j = pass == 0 ? 0 : nv - 1; r < nv; ++r, j += step) {
      float* const d2 = nearest.d2.data() + std::size_t(j) * nu;
      std::int32_t* const edge = nearest.edge.data() + std::size_t(j) * nu;
      const float v = float(j) * pitch;
      struct Node {
        float d2;
        std::int32_t edge;
      };
      const auto take = [&](int i, std::int32_t e, Node& node) {
        if (e < 0 || e == node.edge) return;
        const float found = distance2(edges[std::size_t(e)], float(i) * pitch, v);
        if (found < node.d2) node = {found, e};
      };
      const std::int32_t* const before = r > 0 ? edge - std::ptrdiff_t(step) * nu : nullptr;
      std::int32_t left = no_edge, middle = before ? before[0] : no_edge, beside = no_edge;
      for (int i = 0; i < nu; ++i) {
        Node node{d2[i], edge[i]};
        if (before) {
          const std::int32_t right = i + 1 < nu ? before[i + 1] : no_edge;
          take(i, middle, node);
          if (left != middle) take(i, left, node);
          if (right != middle && right != left) take(i, right, node);
          left = middle;
          middle = right;
        }
        take(i, beside, node);
        d2[i] = node.d2, edge[i] = beside = node.edge;
      }
      for (int i = nu - 2; i >= 0; --i) {
        Node node{d2[i], edge[i]};
        take(i, beside, node);
        d2[i] = node.d2, edge[i] = beside = node.edge;
      }
    }
  }
}

/// Inside flags of all nodes by the crossings of each lattice row.
std::vector<char> inside_nodes(const Region& region, const Lattice& lattice) {
  std::vector<std::vector<double>> hits(lattice.nv);
  for (const Loop& loop : region)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
      const Uv a = loop[j], b = loop[i];
      const double low = std::min(a.v, b.v), high = std::max(a.v, b.v);
      const int j0 = std::max(0, int(std::ceil((low - lattice.v0) / lattice.pitch) - 1));
      for (int r = j0; r < lattice.nv; ++r) {
        const double v = lattice.v0 + r * lattice.pitch;
        if (v >= high) break;
        if (v >= low) hits[r].push_back(a.u + (v - a.v) / (b.v - a.v) * (b.u - a.u));
      }
    }
  std::vector<char> inside(lattice.count(), 0);
  for (int r = 0; r < lattice.nv; ++r) {
    auto& row = hits[r];
    std::sort(row.begin(), row.end());
    for (std::size_t h = 0; h + 1 < row.size(); h += 2) {
      const int first = std::max(0, int(std::ceil((row[h] - lattice.u0) / lattice.pitch)));
      const int last = std::min(lattice.nu - 1, int(std::ceil((row[h + 1] - lattice.u0) / lattice.pitch)) - 1);
      for (int i = first; i <= last; ++i) inside[std::size_t(r) * lattice.nu + i] = 1;
    }
  }
  return inside;
}

}  // namespace

Lattice lattice_over(const Rect& box, double pitch_mm, int rim) {
  Lattice lattice;
  lattice.pitch = pitch_mm;
  lattice.u0 = box.u0 - rim * pitch_mm;
  lattice.v0 = box.v0 - rim * pitch_mm;
  lattice.nu = int(std::ceil((box.u1 - box.u0) / pitch_mm)) + 2 * rim + 1;
  lattice.nv = int(std::ceil((box.v1 - box.v0) / pitch_mm)) + 2 * rim + 1;
  return lattice;
}

std::vector<float> signed_distance(const Region& region, const Lattice& lattice) {
  const std::vector<Edge> edges = edges_of(region, lattice);
  if (edges.empty()) return std::vector<float>(lattice.count(), 1e18f);
  Nearest nearest{std::vector<float>(lattice.count(), std::numeric_limits<float>::max()),
                  std::vector<std::int32_t>(lattice.count(), no_edge)};
  seed(edges, lattice, nearest);
  sweep(edges, lattice, nearest);
  const std::vector<char> inside = inside_nodes(region, lattice);
  std::vector<float>& distance = nearest.d2;
  for (std::size_t n = 0; n < distance.size(); ++n)
    distance[n] = inside[n] ? -std::sqrt(distance[n]) : std::sqrt(distance[n]);
  return std::move(distance);
}

std::vector<float> one_sided_distance2(const Region& region, const Lattice& lattice, bool inside) {
  const std::vector<Edge> edges = edges_of(region, lattice);
  if (edges.empty()) return std::vector<float>(lattice.count(), inside ? 0.f : 1e18f);
  const std::vector<char> within = inside_nodes(region, lattice);
  Nearest nearest{std::vector<float>(lattice.count()), std::vector<std::int32_t>(lattice.count())};
  for (std::size_t n = 0; n < within.size(); ++n) {
    const bool wanted = (within[n] != 0) == inside;
    nearest.d2[n] = wanted ? std::numeric_limits<float>::max() : 0.f;
    nearest.edge[n] = wanted ? no_edge : left_out;
  }
  seed(edges, lattice, nearest);
  sweep(edges, lattice, nearest);
  return std::move(nearest.d2);
}

Region contour(const std::vector<float>& field, const Lattice& lattice, double level) {
  const int nu = lattice.nu, nv = lattice.nv;
  const float s = float(level);
  const auto flag_row = [&](int j, std::vector<std::uint8_t>& flags) {
    std::fill(flags.begin(), flags.end(), std::uint8_t(0));
    if (j == 0 || j == nv - 1) return;
    const float* const row = field.data() + std::size_t(j) * nu;
    for (int i = 1; i + 1 < nu; ++i) flags[i] = row[i] < s;
  };
  // A crossing lies on a lattice edge: 2n along +u from node n, 2n + 1 along +v. Each has one successor.
  struct Segment {
    std::int32_t from, to;
  };
  std::vector<Segment> segments;
  // Padded, so that eight cells can be looked at together.
  constexpr int together = 8;
  std::vector<std::uint8_t> low(std::size_t(nu) + together, 0), high(low);
  const auto uniform = [&](int i) {
    std::uint64_t a, b, c, d;
    std::memcpy(&a, low.data() + i, together);
    std::memcpy(&b, low.data() + i + 1, together);
    std::memcpy(&c, high.data() + i, together);
    std::memcpy(&d, high.data() + i + 1, together);
    return (a | b | c | d) == 0 || (a & b & c & d) == 0x0101010101010101u;
  };
  flag_row(0, low);
  for (int j = 0; j + 1 < nv; ++j) {
    flag_row(j + 1, high);
    for (int i = 0; i + 1 < nu; ++i) {
      if (i % together == 0 && i + together < nu && uniform(i)) {
        i += together - 1;
        continue;
      }
      const int corners = low[i] | low[i + 1] << 1 | high[i + 1] << 2 | high[i] << 3;
      if (corners == 0 || corners == 15) continue;
      const std::int32_t n = j * nu + i;
      const std::int32_t south = 2 * n, north = 2 * (n + nu), west = 2 * n + 1, east = 2 * (n + 1) + 1;
      const auto add = [&](std::int32_t from, std::int32_t to) { segments.push_back({from, to}); };
      switch (corners) {  // travelling with the inside on the left
        case 1:
          add(south, west);
          break;
        case 2:
          add(east, south);
          break;
        case 3:
          add(east, west);
          break;
        case 4:
          add(north, east);
          break;
        case 6:
          add(north, south);
          break;
        case 7:
          add(north, west);
          break;
        case 8:
          add(west, north);
          break;
        case 9:
          add(south, north);
          break;
        case 11:
          add(east, north);
          break;
        case 12:
          add(west, east);
          break;
        case 13:
          add(south, east);
          break;
        case 14:
          add(west, south);
          break;
        default: {
          const bool joined = 0.25f * (field[n] + field[n + 1] + field[n + nu] + field[n + nu + 1]) < s;
          if (corners == 5) {
            add(south, joined ? east : west);
            add(north, joined ? west : east);
          } else {
            add(east, joined ? north : south);
            add(west, joined ? south : north);
          }
        }
      }
    }
    low.swap(high);
  }
  std::sort(segments.begin(), segments.end(), [](const Segment& a, const Segment& b) { return a.from < b.from; });
  const auto point = [&](std::int32_t id) -> Uv {
    const int n = id / 2, i = n % nu, j = n / nu;
    const int i1 = id % 2 ? i : i + 1, j1 = id % 2 ? j + 1 : j;
    const double a = field[n], b = field[std::size_t(j1) * nu + i1];
    // Next to the rim the two values may lie on one side of the level; the middle then closes the loop.
    double t = (a < s) != (b < s) ? (level - a) / (b - a) : 0.5;
    t = std::clamp(t, 0.0, 1.0);
    const Uv p = lattice.node(i, j);
    return id % 2 ? Uv{p.u, p.v + t * lattice.pitch} : Uv{p.u + t * lattice.pitch, p.v};
  };
  // Where the segment that leaves a crossing lies in the list; of this thread, and all -1 between two calls.
  static thread_local std::vector<std::int32_t> leaving;
  if (leaving.size() < 2 * lattice.count()) leaving.assign(2 * lattice.count(), -1);
  for (std::size_t n = 0; n < segments.size(); ++n) leaving[std::size_t(segments[n].from)] = std::int32_t(n);
  Region region;
  std::vector<char> used(segments.size(), 0);
  for (std::size_t start = 0; start < segments.size(); ++start) {
    if (used[start]) continue;
    Loop loop;
    std::size_t k = start;
    while (!used[k]) {
      used[k] = 1;
      const Uv p = point(segments[k].from);
      // Contours through nodes repeat the node on both lattice edges.
      if (loop.empty() || std::abs(p.u - loop.back().u) + std::abs(p.v - loop.back().v) > 1e-9) loop.push_back(p);
      const std::int32_t next = leaving[std::size_t(segments[k].to)];
      if (next < 0) break;
      k = std::size_t(next);
    }
    if (loop.size() >= 3) region.push_back(std::move(loop));
  }
  for (const Segment& segment : segments) leaving[std::size_t(segment.from)] = -1;
  return region;
}

LevelContour contour_with_area(const std::vector<float>& field, const Lattice& lattice, double area_mm2, double guess) {
  // Newton on area(level), whose slope is the perimeter; the bracket catches jumps where islands appear or vanish.
  LevelContour best;
  double best_error = std::numeric_limits<double>::max();
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  double level = guess;
  for (int round = 0; round < 12; ++round) {
    Region region = contour(field, lattice, level);
    const double missing = area_mm2 - area(region), length = perimeter(region);
    if (std::abs(missing) < best_error) {
      best_error = std::abs(missing);
      best = {region, level};
    }
    if (std::abs(missing) <= 1e-5 * area_mm2) break;
    (missing > 0 ? low : high) = level;
    double next = length > 0 ? level + missing / length : level + lattice.pitch;
    if (missing < 0 && length > 0) next = std::max(next, level - 0.5 * (area_mm2 - missing) / length);
    if (next <= low || next >= high) next = std::isfinite(low) && std::isfinite(high) ? 0.5 * (low + high) : next;
    level = next;
  }
  return best;
}

}  // namespace sbrt::planar
