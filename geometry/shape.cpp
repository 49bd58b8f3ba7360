#include "geometry/shape.h"

#include "geometry/parallel.h"
#include "geometry/shape_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {

using planar::Loop;
using planar::Region;
using planar::Uv;

RowTable::RowTable(const Region& region) {
  const planar::Rect box = planar::bounds(region);
  std::size_t n = 0;
  for (const Loop& loop : region) n += loop.size();
  if (n == 0 || !(box.v1 > box.v0)) return;
  u0_ = box.u0;
  u1_ = box.u1;
  v0_ = box.v0;
  // Half as many rows as edges: a row then holds about the edges that a line crosses, and a few more.
  rows_ = std::max<std::size_t>(1, n / 2);
  inverse_height_ = double(rows_) / (box.v1 - box.v0);
  const auto row_of = [&](double v) {
    return std::min(rows_ - 1, std::size_t(std::max(0.0, (v - v0_) * inverse_height_)));
  };
  std::vector<std::uint32_t> count(rows_ + 1, 0);
  const auto each = [&](auto&& visit) {
    for (const Loop& loop : region)
      for (std::size_t i = 0, j = loop.size() - 1; i < loop.size(); j = i++) {
        const Uv a = loop[j].v < loop[i].v ? loop[j] : loop[i], b = loop[j].v < loop[i].v ? loop[i] : loop[j];
        if (a.v == b.v) continue;
        for (std::size_t r = row_of(a.v); r <= row_of(b.v); ++r) visit(r, a, b);
      }
  };
  each([&](std::size_t r, Uv, Uv) { ++count[r + 1]; });
  for (std::size_t r = 0; r < rows_; ++r) count[r + 1] += count[r];
  first_ = count;
  edges_.resize(first_.back());
  each([&](std::size_t r, Uv a, Uv b) { edges_[count[r]++] = {a.v, b.v, a.u, (b.u - a.u) / (b.v - a.v)}; });
}

std::string_view to_string(BetweenPlanes rule) { return rule == BetweenPlanes::slab ? "slab" : "shape-following"; }

std::ptrdiff_t Shape::State::slab_index(double z) const {
  if (!(z >= low() && z <= high())) return -1;
  const auto bucket = std::min(slab_at.size() - 1, std::size_t((z - low()) / slab_step));
  std::size_t s = slab_at[bucket];
  while (s < slabs.size() && z >= slabs[s].high) ++s;
  if (s == slabs.size()) return z == high() ? std::ptrdiff_t(s) - 1 : -1;
  return z >= slabs[s].low ? std::ptrdiff_t(s) : -1;
}

planar::Rect Shape::State::uv_box() const {
  planar::Rect rect;
  for (const Slab& slab : slabs) rect.add(planar::bounds(slab.region));
  return rect;
}

std::vector<Level> Shape::State::levels(double spacing_mm) const {
  static const Region outside;
  struct Candidate {
    Level level;
    bool needed;
  };
  std::vector<Candidate> all;
  for (std::size_t s = 0; s < slabs.size(); ++s) {
    const Slab& slab = slabs[s];
    const bool open_below = s == 0 || slab.low - slabs[s - 1].high > 1e-9;
    const bool open_above = s + 1 == slabs.size() || slabs[s + 1].low - slab.high > 1e-9;
    if (open_below) all.push_back({{slab.low, &outside}, true});
    if (rule == BetweenPlanes::slab) {
      const int n = std::max(1, int(std::ceil((slab.high - slab.low) / spacing_mm)));
      for (int i = 0; i <= n; ++i) all.push_back({{slab.low + i * (slab.high - slab.low) / n, &slab.region}, true});
    } else {
      all.push_back({{0.5 * (slab.low + slab.high), &slab.region}, false});
    }
    if (open_above) all.push_back({{slab.high, &outside}, true});
  }
  if (rule == BetweenPlanes::shape_following) {
    for (const ContourPlane& plane : planes) all.push_back({{plane.z, &plane.region}, true});
    for (const Face& face : faces) all.push_back({{face.z, &face.region, false}, true});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.level.z < b.level.z; });
  std::vector<Level> kept;
  // Sections may be left out where their neighbours are close, along the normal and in their mean radius.
  const auto radius = [](const Level& level) {
    return std::sqrt(std::abs(planar::area(*level.region)) / 3.14159265358979);
  };
  double last = -HUGE_VAL, last_radius = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Level& level = all[i].level;
    if (!all[i].needed && i + 1 < all.size() && all[i + 1].level.z - last <= spacing_mm &&
        std::abs(radius(all[i + 1].level) - last_radius) <= spacing_mm)
      continue;
    kept.push_back(level);
    if (level.whole && !level.region->empty()) last = level.z, last_radius = radius(level);
  }
  return kept;
}

namespace {

void add_gap_warnings(Shape::State& state, const Loft& loft) {
  const auto gap_text = [&](std::size_t k) {
    return fmt::format("structure '{}': {:.2f} mm without contour between {} and {}", state.name,
                       state.planes[k + 1].z - state.planes[k].z, plane_label(state.frame, state.planes[k].z),
                       plane_label(state.frame, state.planes[k + 1].z));
  };
  for (const std::size_t k : loft.bridged)
    state.warnings.push_back({"missing-plane", gap_text(k) + "; bridged as if contoured"});
  for (const std::size_t k : loft.parted)
    state.warnings.push_back({"wide-gap", gap_text(k) + "; too wide to bridge, taken as separate pieces"});
  for (const std::size_t k : loft.skipped)
    state.warnings.push_back(
        {"missing-contour",
         fmt::format("structure '{}', {}: a piece has contours above and below but none here; bridged", state.name,
                     plane_label(state.frame, state.planes[k].z))});
}

void index_slabs(Shape::State& state) {
  double thinnest = HUGE_VAL;
  for (const Slab& slab : state.slabs) thinnest = std::min(thinnest, slab.high - slab.low);
  const double extent = state.high() - state.low();
  const auto buckets =
      std::size_t(std::clamp(std::ceil(extent / thinnest), 1.0, 4.0 * double(state.slabs.size()) + 64));
  state.slab_step = extent / double(buckets);
  std::uint32_t s = 0;
  for (std::size_t b = 0; b < buckets; ++b) {
    while (s + 1 < state.slabs.size() && state.slabs[s].high <= state.low() + double(b) * state.slab_step) ++s;
    state.slab_at.push_back(s);
  }
}

void measure(Shape::State& state, double uncertainty_mm3) {
  double mu = 0, mv = 0, mz = 0;
  for (const Slab& slab : state.slabs) {
    const double volume = planar::area(slab.region) * (slab.high - slab.low);
    const Uv c = planar::centroid(slab.region);
    state.volume_mm3 += volume;
    mu += volume * c.u;
    mv += volume * c.v;
    mz += volume * 0.5 * (slab.low + slab.high);
    for (const Loop& loop : slab.region)
      for (const Uv& p : loop) {
        state.box.add(state.frame.point(p, slab.low));
        state.box.add(state.frame.point(p, slab.high));
      }
  }
  SBRT_ENSURE(state.volume_mm3 > 0);
  state.centroid = state.frame.point({mu / state.volume_mm3, mv / state.volume_mm3}, mz / state.volume_mm3);
  // Section areas are met to 1e-5; polygons themselves are taken as exact.
  constexpr double section_error = 2e-5;
  const double half = uncertainty_mm3 + section_error * state.volume_mm3;
  state.interval_mm3 = {std::max(0.0, state.volume_mm3 - half), state.volume_mm3 + half};
}

}  // namespace

Shape Shape::from_structure(const Structure& structure, BetweenPlanes rule, double lone_plane_thickness_mm) {
  if (!(std::isfinite(lone_plane_thickness_mm) && lone_plane_thickness_mm > 0))
    throw InputError(fmt::format("plane thickness {} mm", lone_plane_thickness_mm),
                     fmt::format("structure '{}'", structure.name), "it must be positive",
                     "give the CT's slice spacing");
  ContourPlanes sorted = contour_planes(structure);
  auto state = std::make_shared<State>();
  state->name = structure.name;
  state->rule = rule;
  state->warnings = std::move(sorted.warnings);
  state->frame = sorted.frame;
  state->planes = std::move(sorted.planes);
  for (const ContourPlane& plane : state->planes) state->positions.push_back(plane.z);
  if (state->planes.size() == 1)
    state->warnings.push_back(
        {"single-plane", fmt::format("structure '{}' has contours on {} only; taken as {:.2f} mm thick", structure.name,
                                     plane_label(state->frame, state->positions[0]), lone_plane_thickness_mm)});
  Loft loft = rule == BetweenPlanes::slab ? loft_slabs(state->planes, lone_plane_thickness_mm)
                                          : loft_shape_following(state->planes, lone_plane_thickness_mm);
  state->slabs = std::move(loft.slabs);
  state->faces = std::move(loft.faces);
  add_gap_warnings(*state, loft);
  SBRT_ENSURE(!state->slabs.empty());
  std::vector<std::unique_ptr<RowTable>> tables(state->slabs.size());
  parallel_for(std::int64_t(tables.size()),
               [&](std::int64_t s) { tables[s] = std::make_unique<RowTable>(state->slabs[s].region); });
  for (auto& table : tables) state->tables.push_back(std::move(*table));
  index_slabs(*state);
  measure(*state, loft.uncertainty_mm3);
  return Shape(std::move(state));
}

const std::string& Shape::name() const { return state_->name; }
BetweenPlanes Shape::rule() const { return state_->rule; }
const Warnings& Shape::warnings() const { return state_->warnings; }
double Shape::volume_mm3() const { return state_->volume_mm3; }
Interval Shape::volume_interval_mm3() const { return state_->interval_mm3; }
PatientPoint Shape::centroid() const { return state_->centroid; }
Box Shape::bounding_box() const { return state_->box; }
PatientVec Shape::plane_normal() const { return state_->frame.n; }
const std::vector<double>& Shape::plane_positions_mm() const { return state_->positions; }

bool Shape::contains(PatientPoint p) const {
  const State& s = *state_;
  const std::ptrdiff_t slab = s.slab_index(s.frame.z(p));
  return slab >= 0 && s.tables[std::size_t(slab)].contains(s.frame.uv(p));
}

}  // namespace sbrt
