#include "phantoms/lobed_ellipsoid.h"

#include "geometry/error.h"
#include "phantoms/closed_form.h"
#include "phantoms/polygon_boolean.h"
#include "phantoms/solid_node.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sbrt::phantoms {
namespace {

using std::numbers::pi;

/// Root of a function that is negative at `inside` and not negative at `outside`.
template <class F>
double boundary(const F& excess, double inside, double outside) {
  constexpr int halvings = 50;
  for (int n = 0; n < halvings; ++n) {
    const double middle = 0.5 * (inside + outside);
    (excess(middle) < 0 ? inside : outside) = middle;
  }
  return 0.5 * (inside + outside);
}

struct Lobed final : Solid::Node {
  explicit Lobed(const LobedEllipsoid& f) : form(f) {
    const auto reach = [&](double PatientVec::*axis) {
      double sum = 0;
      for (int n = 0; n < 3; ++n) {
        const PatientVec semi = form.semi_axes_mm;
        const double along = form.axes[std::size_t(n)].*axis * (n == 0 ? semi.x : n == 1 ? semi.y : semi.z);
        sum += along * along;
      }
      return std::sqrt(sum);
    };
    half = {reach(&PatientVec::x), reach(&PatientVec::y), reach(&PatientVec::z)};
    top = furthest({0, 0, 1});
    bottom = furthest({0, 0, -1});
  }
  LobedEllipsoid form;
  PatientVec half;           // of the ellipsoid's box
  PatientPoint top, bottom;  // points of the surface that are highest and lowest

  double excess(PatientPoint p) const { return form.place_of(p).gauge - 1; }

  /// The support is a smooth function of the direction of the ray: a narrowing net about the best one finds it.
  PatientPoint furthest(PatientVec towards) const {
    PatientVec best = towards;
    double best_height = -HUGE_VAL;
    for (double width = 1.5; width > 1e-7; width *= 0.6) {
      const PatientVec middle = best;
      PatientVec across =
          cross(middle, std::abs(middle.x) < 0.6 * norm(middle) ? PatientVec{1, 0, 0} : PatientVec{0, 1, 0});
      across = across / norm(across);
      const PatientVec other = cross(middle / norm(middle), across);
      for (int i = -4; i <= 4; ++i)
        for (int j = -4; j <= 4; ++j) {
          const PatientVec direction = middle / norm(middle) + (width * i / 4) * across + (width * j / 4) * other;
          const double height = dot(form.surface_towards(direction) - form.centre, towards);
          if (height > best_height) {
            best_height = height;
            best = direction;
          }
        }
    }
    return form.surface_towards(best);
  }

  bool contains(PatientPoint p) const override { return excess(p) <= 0; }
  std::optional<double> volume_mm3() const override { return form.volume_mm3(); }
  Box bounding_box() const override { return {form.centre - half, form.centre + half}; }

  void breakpoints(PatientPoint origin, PatientVec direction, std::vector<double>& t) const override {
    const PatientVec o = origin - form.centre, semi = form.semi_axes_mm;
    const auto scaled = [&](PatientVec v) {
      return PatientVec{dot(v, form.axes[0]) / semi.x, dot(v, form.axes[1]) / semi.y, dot(v, form.axes[2]) / semi.z};
    };
    const PatientVec so = scaled(o), sd = scaled(direction);
    std::vector<double> ends;  // of the ellipsoid about it
    append_quadratic_roots(norm2(sd), 2 * dot(so, sd), norm2(so) - 1, ends);
    if (ends.size() != 2) return;
    std::sort(ends.begin(), ends.end());
    const auto at = [&](double u) { return excess(origin + u * direction); };
    // A convex body: the gauge has one minimum along the line.
    double low = ends[0], high = ends[1];
    for (int n = 0; n < 60 && high - low > 1e-9; ++n) {
      const double a = low + (high - low) / 3, b = high - (high - low) / 3;
      (at(a) < at(b) ? high : low) = at(a) < at(b) ? b : a;
      if (at(0.5 * (low + high)) < 0) break;
    }
    const double inside = 0.5 * (low + high);
    if (!(at(inside) < 0)) return;
    t.push_back(boundary(at, inside, ends[0]));
    t.push_back(boundary(at, inside, ends[1]));
  }

  std::vector<Polygon> section(double z_mm, double tolerance_mm) const override {
    const double height = z_mm - form.centre.z;
    const PatientPoint end = height >= 0 ? top : bottom;
    const double share = height == 0 ? 0 : height / (end.z - form.centre.z);
    constexpr double touching = 1e-9;
    if (!(share < 1 - touching)) return {};
    // The section is convex and holds the point on the way from the centre to the highest one.
    const PatientPoint middle = form.centre + share * (end - form.centre);
    const auto radius_at = [&](double angle) {
      const PatientVec d{std::cos(angle), std::sin(angle), 0};
      return boundary([&](double r) { return excess(middle + r * d); }, 0, 2.01 * form.semi_axes_mm.x);
    };
    // Steep places of a long section need the finer step.
    const int steps = 2 * circle_steps(form.semi_axes_mm.x, tolerance_mm);
    std::vector<double> radii;
    double area = 0;  // the mean of r^2 over equal steps of a period converges faster than any power of the step
    for (int n = 0; n < steps; ++n) {
      radii.push_back(radius_at(2 * pi * n / steps));
      area += pi * radii.back() * radii.back() / steps;
    }
    Polygon polygon;
    for (int n = 0; n < steps; ++n)
      polygon.push_back({middle.x + radii[std::size_t(n)] * std::cos(2 * pi * n / steps),
                         middle.y + radii[std::size_t(n)] * std::sin(2 * pi * n / steps)});
    const double drawn = std::abs(signed_area_mm2(polygon));
    if (!(drawn > 0)) return {};
    const double grown = std::sqrt(area / drawn);
    for (PlanePoint& p : polygon) p = {middle.x + grown * (p.x - middle.x), middle.y + grown * (p.y - middle.y)};
    return {polygon};
  }
};

}  // namespace

double LobedEllipsoid::volume_mm3() const {
  const double whole = sphere_volume_mm3(1) * semi_axes_mm.x * semi_axes_mm.y * semi_axes_mm.z;
  return whole * (1 - dent + 0.6 * dent * dent - dent * dent * dent / 7);
}

double LobedEllipsoid::share_at(double mu) const {
  // Means of (1 + cos 3 phi)^n / 2^n are 1/2, 3/8, 5/16; those of (1 - mu^2)^n over the sphere 2/3, 8/15, 16/35.
  const double w = dent * (1 - mu * mu);
  const double here = 1 - 1.5 * w + 9.0 / 8 * w * w - 5.0 / 16 * w * w * w;
  return here / (1 - dent + 0.6 * dent * dent - dent * dent * dent / 7);
}

LobedEllipsoid::Place LobedEllipsoid::place_of(PatientPoint p) const {
  const PatientVec d = p - centre;
  const PatientVec q{dot(d, axes[0]) / semi_axes_mm.x, dot(d, axes[1]) / semi_axes_mm.y,
                     dot(d, axes[2]) / semi_axes_mm.z};
  const double r2 = norm2(q), rho2 = q.y * q.y + q.z * q.z;
  if (r2 == 0) return {};
  const double cos_3_phi = rho2 == 0 ? 1 : q.y * (q.y * q.y - 3 * q.z * q.z) / (rho2 * std::sqrt(rho2));
  const double s = 1 - dent * (rho2 / r2) * (1 + cos_3_phi) / 2, r = std::sqrt(r2);
  return {r / s, q.x / r};
}

PatientPoint LobedEllipsoid::surface_towards(PatientVec direction) const {
  return centre + direction / place_of(centre + direction).gauge;
}

LobedEllipsoid LobedEllipsoid::grown(double margin_mm) const {
  LobedEllipsoid larger = *this;
  larger.semi_axes_mm = semi_axes_mm + PatientVec{margin_mm, margin_mm, margin_mm};
  return larger;
}

Solid lobed(const LobedEllipsoid& form) {
  const PatientVec semi = form.semi_axes_mm;
  SBRT_EXPECT(semi.y > 0 && semi.z > 0 && semi.x >= semi.y && semi.x >= semi.z);
  SBRT_EXPECT(form.dent >= 0 && form.dent <= 0.15);
  return Solid(std::make_shared<const Lobed>(form));
}

}  // namespace sbrt::phantoms
