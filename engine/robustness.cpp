#include "engine/robustness.h"

#include "dose/influence.h"
#include "engine/evaluation/dvh.h"
#include "engine/planning/low_discrepancy.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <map>
#include <numbers>

namespace sbrt {
namespace {

constexpr int points_wanted = 20000;  // in each structure: a share of the volume is good to 0.1 percentage points

struct Scenario {
  std::string name;
  BeamSet beams;
  const DensityMap* density;
  double factor = 1;
};

PatientVec along(int axis, double length) {
  return {axis == 0 ? length : 0.0, axis == 1 ? length : 0.0, axis == 2 ? length : 0.0};
}

BeamSet moved(const BeamSet& beams, const std::function<PatientPoint(PatientPoint)>& move) {
  BeamSet all = beams;
  for (Beam& b : all) {
    b.source = move(b.source);
    b.aim = move(b.aim);
  }
  return all;
}

/// About one axis of the patient through `centre`, right-handed.
PatientPoint turned(PatientPoint p, PatientPoint centre, int axis, double angle_rad) {
  const PatientVec v = p - centre;
  const double c = std::cos(angle_rad), s = std::sin(angle_rad);
  PatientVec r = v;
  if (axis == 0) r = {v.x, c * v.y - s * v.z, s * v.y + c * v.z};
  if (axis == 1) r = {c * v.x + s * v.z, v.y, -s * v.x + c * v.z};
  if (axis == 2) r = {c * v.x - s * v.y, s * v.x + c * v.y, v.z};
  return centre + r;
}

/// Two independent normal numbers from a counter (Box and Muller 1958).
std::pair<double, double> normal_pair(std::uint64_t key) {
  const double u = 1 - unit_number(mixed(key)), v = unit_number(mixed(key ^ 0x5851f42d4c957f2du));
  const double r = std::sqrt(-2 * std::log(u));
  return {r * std::cos(2 * std::numbers::pi * v), r * std::sin(2 * std::numbers::pi * v)};
}

/// Every beam displaced across its own direction.
BeamSet jittered(const BeamSet& beams, double sigma_mm, std::uint64_t seed) {
  BeamSet all = beams;
  for (std::size_t b = 0; b < all.size(); ++b) {
    const PatientVec v = all[b].aim - all[b].source;
    const PatientVec w = v / norm(v);
    const PatientVec helper = std::abs(w.x) < 0.7 ? PatientVec{1, 0, 0} : PatientVec{0, 1, 0};
    PatientVec e = cross(w, helper);
    e = e / norm(e);
    const PatientVec f = cross(w, e);
    const auto [a, c] = normal_pair(mixed(seed) + b);
    const PatientVec by = sigma_mm * (a * e + c * f);
    all[b].source = all[b].source + by;
    all[b].aim = all[b].aim + by;
  }
  return all;
}

PatientPoint centre_of(const std::vector<RobustnessTarget>& targets) {
  PatientVec sum{0, 0, 0};
  double volume = 0;
  const PatientPoint origin{0, 0, 0};
  for (const RobustnessTarget& t : targets) {
    const double v = t.shape->volume_mm3();
    sum = sum + v * (t.shape->centroid() - origin);
    volume += v;
  }
  return origin + sum / volume;
}

struct SampledPart {
  const Shape* shape;
  std::vector<Sample> samples;
  std::size_t first;  // of its points
};

class Bench {
 public:
  explicit Bench(const RobustnessCase& c) : c_(c) {
    for (const RobustnessTarget& t : c.targets) add(*t.shape);
    for (const Shape* organ : c.organs) add(*organ);
    for (const RobustnessTarget& t : c.targets) {
      name_number(t.shape->name() + " coverage", "%");
      name_number(t.shape->name() + " D98%", "Gy");
      name_number(t.shape->name() + " maximum", "Gy");
    }
    for (const Shape* organ : c.organs) name_number(organ->name() + " maximum", "Gy");
  }

  void run(const Scenario& s) {
    DoseOptions options;
    options.depth = c_.depth;
    const DoseInfluence matrix = compute_influence(s.beams, *s.density, *c_.beam_data, points_, options);
    std::vector<double> mu;
    for (const Beam& b : s.beams) mu.push_back(s.factor * b.weight_mu);
    judge(matrix.dose(mu), s.name);
  }

  std::vector<RobustnessBand> bands() const {
    std::vector<RobustnessBand> all = numbers_;
    all.insert(all.end(), goals_.begin(), goals_.end());
    return all;
  }

 private:
  void name_number(const std::string& text, const std::string& unit) {
    RobustnessBand band;
    band.text = text;
    band.unit = unit;
    numbers_.push_back(band);
  }

  void add(const Shape& shape) {
    // Points of equal volume: pieces cut by the surface would keep away from it, where the coverage is decided.
    SampledPart part{&shape, {}, points_.size()};
    const Box box = shape.bounding_box();
    const PatientVec size = box.high - box.low;
    const auto tries = std::uint64_t(std::ceil(size.x * size.y * size.z / shape.volume_mm3() * points_wanted));
    for (std::uint64_t i = 0; i < tries; ++i) {
      const auto u = [&](int axis) { return quasi_random(i, axis, 1); };
      const PatientPoint p = box.low + PatientVec{u(0) * size.x, u(1) * size.y, u(2) * size.z};
      if (shape.contains(p)) points_.push_back(p);
    }
    const std::size_t inside = points_.size() - part.first;
    SBRT_EXPECT(inside > 0);
    for (std::size_t i = part.first; i < points_.size(); ++i)
      part.samples.push_back({points_[i], shape.volume_mm3() / double(inside)});
    parts_.push_back(std::move(part));
  }

  void judge(const std::vector<double>& dose_gy, const std::string& name) {
    std::map<std::string, Dvh> curves;
    std::vector<double> values;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const SampledPart& part = parts_[i];
      const std::span<const double> doses(dose_gy.data() + part.first, part.samples.size());
      const Dvh dvh(part.samples, doses);
      curves.emplace(part.shape->name(), dvh);
      if (i < c_.targets.size()) {
        values.push_back(100 * dvh.volume_at_dose_mm3(c_.targets[i].prescription.dose_gy) / dvh.volume_mm3());
        values.push_back(dvh.dose_at_volume_gy(0.98 * dvh.volume_mm3()).value_or(dvh.min_gy()));
      }
      values.push_back(dvh.max_gy());
    }
    for (std::size_t n = 0; n < values.size(); ++n) take(numbers_[n], values[n], name);
    std::vector<RobustnessBand> goals;
    for (const Goal& goal : c_.goals) {
      const auto curve = curves.find(goal.query.structure);
      if (curve == curves.end() || goal.query.metric.scale != Metric::Scale::physical ||
          goal.query.metric.is_response())
        continue;
      Prescription rx = c_.targets.front().prescription;
      for (const RobustnessTarget& t : c_.targets)
        if (t.shape->name() == goal.query.structure) rx = t.prescription;
      const auto value = curve->second.value(goal.query.metric, DoseReference{rx.dose_gy, rx.fractions, {}, false});
      if (!value) continue;
      goals.push_back({goal.text, std::string(to_string(goal.unit)), *value, *value, *value, name, name, true, 0});
      goals.back().missed =
          goal.relation == Goal::Relation::at_most ? int(*value > goal.limit) : int(*value < goal.limit);
    }
    if (nominal_) {
      goals_ = goals;
      for (RobustnessBand& g : goals_) g.missed = 0;
    }
    for (std::size_t n = 0; n < goals.size() && !nominal_; ++n)
      for (RobustnessBand& g : goals_)
        if (g.text == goals[n].text) {
          take(g, goals[n].nominal, name);
          g.missed += goals[n].missed;
        }
    nominal_ = false;
  }

  void take(RobustnessBand& band, double value, const std::string& name) const {
    if (nominal_) {
      band.nominal = band.low = band.high = value;
      band.low_scenario = band.high_scenario = name;
    } else if (value < band.low) {
      band.low = value;
      band.low_scenario = name;
    } else if (value > band.high) {
      band.high = value;
      band.high_scenario = name;
    }
  }

  const RobustnessCase& c_;
  std::vector<SampledPart> parts_;
  std::vector<PatientPoint> points_;
  std::vector<RobustnessBand> numbers_, goals_;
  bool nominal_ = true;
};

std::vector<std::function<Scenario()>> scenarios_of(const RobustnessCase& c, const RobustnessOptions& o,
                                                    const DensityMap& denser, const DensityMap& thinner) {
  std::vector<std::function<Scenario()>> all;
  static constexpr const char* axes[3]{"x", "y", "z"};
  for (const double mm : o.shifts_mm)
    for (int axis = 0; axis < 3; ++axis)
      for (const double sign : {-1.0, 1.0})
        all.push_back([=, &c] {
          const PatientVec back = along(axis, -sign * mm);
          return Scenario{fmt::format("patient {:+} mm {}", sign * mm, axes[axis]),
                          moved(c.beams, [=](PatientPoint p) { return p + back; }), c.density};
        });
  const PatientPoint centre = centre_of(c.targets);
  for (int axis = 0; axis < 3 && o.rotation_deg > 0; ++axis)
    for (const double sign : {-1.0, 1.0})
      all.push_back([=, &c, &o] {
        const double back = -sign * o.rotation_deg * std::numbers::pi / 180;
        return Scenario{fmt::format("patient {:+} deg about {}", sign * o.rotation_deg, axes[axis]),
                        moved(c.beams, [=](PatientPoint p) { return turned(p, centre, axis, back); }), c.density};
      });
  if (o.density_pct > 0) {
    all.push_back([&] { return Scenario{fmt::format("density -{} %", o.density_pct), c.beams, &thinner}; });
    all.push_back([&] { return Scenario{fmt::format("density +{} %", o.density_pct), c.beams, &denser}; });
  }
  for (const double sign : {-1.0, 1.0})
    if (o.output_pct > 0)
      all.push_back([=, &c, &o] {
        return Scenario{fmt::format("output {:+} %", sign * o.output_pct), c.beams, c.density,
                        1 + sign * o.output_pct / 100};
      });
  for (int draw = 1; draw <= o.jitter_draws; ++draw)
    all.push_back([=, &c, &o] {
      return Scenario{fmt::format("aiming {}", draw),
                      jittered(c.beams, o.jitter_mm, mixed(o.seed) + std::uint64_t(draw) * 1000003u), c.density};
    });
  return all;
}

DensityMap scaled(const DensityMap& density, double factor) {
  DensityMap map = density;
  const GridSize n = map.grid().size();
  for (int k = 0; k < n.nz; ++k)
    for (int j = 0; j < n.ny; ++j)
      for (int i = 0; i < n.nx; ++i) map(i, j, k) = float(factor * double(map(i, j, k)));
  return map;
}

}  // namespace

Robustness test_robustness(const RobustnessCase& c, const RobustnessOptions& options, Progress& progress) {
  SBRT_EXPECT(!c.targets.empty() && !c.beams.empty() && c.density && c.beam_data);
  const DensityMap denser = scaled(*c.density, 1 + options.density_pct / 100);
  const DensityMap thinner = scaled(*c.density, 1 - options.density_pct / 100);
  const auto scenarios = scenarios_of(c, options, denser, thinner);
  progress.begin("robustness", std::int64_t(scenarios.size()) + 1);
  Bench bench(c);
  bench.run({"as planned", c.beams, c.density});
  progress.advance();
  for (const auto& make : scenarios) {
    bench.run(make());
    progress.advance();
  }
  progress.end();
  return {options, int(scenarios.size()), bench.bands()};
}

}  // namespace sbrt
