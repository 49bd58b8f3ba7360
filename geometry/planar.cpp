#include "geometry/planar.h"

#include <algorithm>
#include <cmath>

namespace sbrt::planar {

void Rect::add(Uv p) {
  u0 = std::min(u0, p.u);
  u1 = std::max(u1, p.u);
  v0 = std::min(v0, p.v);
  v1 = std::max(v1, p.v);
}

void Rect::add(const Rect& r) {
  u0 = std::min(u0, r.u0);
  u1 = std::max(u1, r.u1);
  v0 = std::min(v0, r.v0);
  v1 = std::max(v1, r.v1);
}

double signed_area(const Loop& loop) {
  if (loop.size() < 3) return 0;
  const Uv o = loop.front();
  double twice = 0;
  for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++)
    twice += (loop[j].u - o.u) * (loop[i].v - o.v) - (loop[i].u - o.u) * (loop[j].v - o.v);
  return 0.5 * twice;
}

double area(const Region& region) {
  double sum = 0;
  for (const Loop& loop : region) sum += signed_area(loop);
  return sum;
}

double perimeter(const Region& region) {
  double sum = 0;
  for (const Loop& loop : region)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++)
      sum += std::hypot(loop[i].u - loop[j].u, loop[i].v - loop[j].v);
  return sum;
}

Uv centroid(const Region& region) {
  const Rect box = bounds(region);
  const Uv o{0.5 * (box.u0 + box.u1), 0.5 * (box.v0 + box.v1)};
  double twice = 0, mu = 0, mv = 0;
  for (const Loop& loop : region)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
      const double au = loop[j].u - o.u, av = loop[j].v - o.v, bu = loop[i].u - o.u, bv = loop[i].v - o.v;
      const double w = au * bv - bu * av;
      twice += w;
      mu += w * (au + bu);
      mv += w * (av + bv);
    }
  const double extent = (box.u1 - box.u0) * (box.v1 - box.v0);
  if (std::abs(twice) > 1e-9 * extent && twice != 0) return {o.u + mu / (3 * twice), o.v + mv / (3 * twice)};
  Uv mean;
  double n = 0;
  for (const Loop& loop : region)
    for (const Uv& p : loop) mean = {mean.u + p.u, mean.v + p.v}, n += 1;
  return n > 0 ? Uv{mean.u / n, mean.v / n} : Uv{};
}

double roundness(const Region& region) {
  const Uv c = centroid(region);
  double twice_area = 0, moment = 0;
  for (const Loop& loop : region)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
      const double au = loop[j].u - c.u, av = loop[j].v - c.v, bu = loop[i].u - c.u, bv = loop[i].v - c.v;
      const double cross = au * bv - bu * av;
      twice_area += cross;
      moment += cross * (au * au + au * bu + bu * bu + av * av + av * bv + bv * bv) / 12;
    }
  constexpr double two_pi = 6.283185307179586;
  return moment > 0 ? twice_area * twice_area / (4 * two_pi * moment) : 0;
}

Rect bounds(const Loop& loop) {
  Rect box;
  for (const Uv& p : loop) box.add(p);
  return box;
}

Rect bounds(const Region& region) {
  Rect box;
  for (const Loop& loop : region) box.add(bounds(loop));
  return box;
}

void translate(Region& region, Uv shift) {
  for (Loop& loop : region)
    for (Uv& p : loop) p = {p.u + shift.u, p.v + shift.v};
}

bool contains(const Loop& loop, Uv p) {
  bool inside = false;
  for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
    const Uv a = loop[j], b = loop[i];
    if ((a.v <= p.v) != (b.v <= p.v) && a.u + (p.v - a.v) / (b.v - a.v) * (b.u - a.u) > p.u) inside = !inside;
  }
  return inside;
}

bool contains(const Region& region, Uv p) {
  bool inside = false;
  for (const Loop& loop : region) inside ^= contains(loop, p);
  return inside;
}

namespace {

constexpr int scan_rows = 48;

/// Crossings of the scan lines v0 + (r + 1/2) step with the boundary, ascending in each row.
std::vector<std::vector<double>> scan(const Region& region, double v0, double step) {
  std::vector<std::vector<double>> rows(scan_rows);
  for (const Loop& loop : region)
    for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
      const Uv a = loop[j].v < loop[i].v ? loop[j] : loop[i], b = loop[j].v < loop[i].v ? loop[i] : loop[j];
      for (int r = std::max(0, int(std::ceil((a.v - v0) / step - 0.5))); r < scan_rows; ++r) {
        const double v = v0 + (r + 0.5) * step;
        if (v >= b.v) break;
        if (v >= a.v) rows[r].push_back(a.u + (v - a.v) / (b.v - a.v) * (b.u - a.u));
      }
    }
  for (auto& row : rows) std::sort(row.begin(), row.end());
  return rows;
}

}  // namespace

double overlap_area(const Region& a, const Region& b) {
  const Rect ra = bounds(a), rb = bounds(b);
  if (ra.empty() || rb.empty() || !ra.meets(rb)) return 0;
  const double v0 = std::max(ra.v0, rb.v0), v1 = std::min(ra.v1, rb.v1), step = (v1 - v0) / scan_rows;
  if (!(step > 0)) return 0;
  const auto in_a = scan(a, v0, step), in_b = scan(b, v0, step);
  double length = 0;
  for (int r = 0; r < scan_rows; ++r) {
    const auto &p = in_a[r], &q = in_b[r];
    std::size_t i = 0, j = 0;
    while (i + 1 < p.size() && j + 1 < q.size()) {
      length += std::max(0.0, std::min(p[i + 1], q[j + 1]) - std::max(p[i], q[j]));
      if (p[i + 1] < q[j + 1])
        i += 2;
      else
        j += 2;
    }
  }
  return length * step;
}

std::vector<Part> parts_of(const Region& region) {
  std::vector<Part> parts;
  std::vector<double> sizes;
  for (const Loop& loop : region)
    if (signed_area(loop) > 0) {
      parts.push_back({loop, {}});
      sizes.push_back(signed_area(loop));
    }
  for (const Loop& loop : region) {
    if (signed_area(loop) > 0) continue;
    // A hole may touch its outer loop in a vertex, so the decision is taken by most of its edge midpoints.
    std::size_t owner = parts.size();
    for (std::size_t p = 0; p < parts.size(); ++p) {
      std::size_t within = 0;
      for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++)
        within += contains(parts[p].outer, {0.5 * (loop[i].u + loop[j].u), 0.5 * (loop[i].v + loop[j].v)});
      if (2 * within > loop.size() && (owner == parts.size() || sizes[p] < sizes[owner])) owner = p;
    }
    if (owner < parts.size()) parts[owner].holes.push_back(loop);
  }
  return parts;
}

namespace {

double distance_to_chord(Uv p, Uv a, Uv b) {
  const double du = b.u - a.u, dv = b.v - a.v, length2 = du * du + dv * dv;
  const double t = length2 > 0 ? std::clamp(((p.u - a.u) * du + (p.v - a.v) * dv) / length2, 0.0, 1.0) : 0.0;
  return std::hypot(p.u - a.u - t * du, p.v - a.v - t * dv);
}

// Douglas-Peucker between two kept vertices (indices into the closed loop, last may wrap).
void keep_far_points(const Loop& loop, std::size_t first, std::size_t last, double tolerance, std::vector<char>& keep) {
  std::vector<std::pair<std::size_t, std::size_t>> open{{first, last}};
  const std::size_t n = loop.size();
  while (!open.empty()) {
    const auto [a, b] = open.back();
    open.pop_back();
    double worst = tolerance;
    std::size_t split = a;
    for (std::size_t i = a + 1; i < b; ++i) {
      const double d = distance_to_chord(loop[i % n], loop[a % n], loop[b % n]);
      if (d > worst) worst = d, split = i;
    }
    if (split == a) continue;
    keep[split % n] = 1;
    open.emplace_back(a, split);
    open.emplace_back(split, b);
  }
}

}  // namespace

Loop simplified(const Loop& loop, double tolerance_mm) {
  if (loop.size() < 5) return loop;
  // Chords cut the outside of curves; half the tolerance is left for moving the kept vertices out again.
  std::vector<char> keep(loop.size(), 0);
  std::size_t far = 0;
  double best = -1;
  for (std::size_t i = 0; i < loop.size(); ++i) {
    const double d = std::hypot(loop[i].u - loop[0].u, loop[i].v - loop[0].v);
    if (d > best) best = d, far = i;
  }
  keep[0] = keep[far] = 1;
  keep_far_points(loop, 0, far, 0.5 * tolerance_mm, keep);
  keep_far_points(loop, far, loop.size(), 0.5 * tolerance_mm, keep);
  Loop out;
  for (std::size_t i = 0; i < loop.size(); ++i)
    if (keep[i]) out.push_back(loop[i]);
  if (out.size() < 3) return loop;
  const double length = perimeter({out});
  const double shift = (signed_area(loop) - signed_area(out)) / length;
  if (std::abs(shift) > 0.5 * tolerance_mm) return out;
  Loop moved(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Uv a = out[(i + out.size() - 1) % out.size()], b = out[i], c = out[(i + 1) % out.size()];
    const double du = c.u - a.u, dv = c.v - a.v, d = std::hypot(du, dv);
    // The outside lies on the right of the direction of travel.
    moved[i] = d > 0 ? Uv{b.u + shift * dv / d, b.v - shift * du / d} : b;
  }
  return moved;
}

}  // namespace sbrt::planar
