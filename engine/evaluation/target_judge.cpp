#include "engine/evaluation/target_judge.h"

#include "engine/evaluation/dose_extremes.h"
#include "engine/evaluation/measured_metrics.h"
#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace sbrt {
namespace {

constexpr double far_from_target_mm = 20;
constexpr double near_volume_mm3 = 35;  // ICRU 91
constexpr double near_volume_below_mm3 = 2 * units::cc;
constexpr double overlap_share = 0.001;  // of the volume; below it two targets only touch

class TargetJudge {
 public:
  TargetJudge(const DoseInBody& field, std::vector<JudgedTarget>& targets, Evaluation& evaluation)
      : field_(field), targets_(targets), evaluation_(evaluation) {
    distance_.resize(targets_.size());
    parallel_for(std::int64_t(targets_.size()) + 1, [&](std::int64_t n) {
      if (n == 0)
        max_in_body_ = maximum_in_body(field_);
      else
        distance_[std::size_t(n - 1)] = std::make_shared<DistanceToShape>(*targets_[std::size_t(n - 1)].shape);
    });
    for (const JudgedTarget& t : targets_) {
      const StructureResult& s = *t.structure;
      if (s.max_point && (!max_in_body_ || s.max_gy > max_in_body_->dose_gy) && field_.contains(*s.max_point))
        max_in_body_ = DoseAtPoint{s.max_gy, *s.max_point};
    }
    find_overlaps();
    for (JudgedTarget& t : targets_) raise_maximum(t);
  }

  TargetResult judge(std::size_t t) {
    const JudgedTarget& target = targets_[t];
    TargetResult result;
    result.name = target.shape->name();
    result.prescription = target.prescription;
    SBRT_EXPECT(target.structure->reference);
    result.tissue = target.structure->reference->tissue;
    if (!target.structure->reference->effective) {
      result.prescription_bed_gy = result.tissue.net_bed_gy(target.prescription.dose_gy, target.prescription.fractions);
      result.prescription_eqd2_gy = result.tissue.equivalent_dose_gy(*result.prescription_bed_gy);
    }
    if (!target.structure->has_dose) {
      warn("target-without-dose",
           fmt::format("{}: the dose grid does not cover the target; it has no indices", result.name));
      return result;
    }
    const double rx = target.prescription.dose_gy;
    IndexIngredients in;
    in.prescription_gy = rx;
    in.target = {target.shape->volume_mm3(), target.shape->volume_interval_mm3()};
    in.covered = covered_volume(target, rx);
    in.isodose = isodose(t, rx, "piv", "PIV");
    in.half_isodose = isodose(t, rx / 2, "piv50", "PIV50");
    add_extremes(t, in);
    add_dose_statistics(target, in);
    result.indices = compute_indices(in);
    compare_with_rtog(result);
    return result;
  }

 private:
  void warn(const std::string& code, const std::string& text) { evaluation_.warnings.push_back({code, text}); }

  void find_overlaps() {
    overlaps_.assign(targets_.size(), std::vector<bool>(targets_.size(), false));
    for (std::size_t a = 0; a < targets_.size(); ++a)
      for (std::size_t b = a + 1; b < targets_.size(); ++b) {
        const auto overlap = [&](std::size_t x, std::size_t y) {
          double inside = 0, all = 0;
          const Box box = targets_[y].shape->bounding_box();
          for (const Sample& s : targets_[x].coarse.front().samples) {
            all += s.volume_mm3;
            if (box.contains(s.point) && targets_[y].shape->contains(s.point)) inside += s.volume_mm3;
          }
          return inside > overlap_share * all;
        };
        if (!overlap(a, b) && !overlap(b, a)) continue;
        overlaps_[a][b] = overlaps_[b][a] = true;
        warn("targets-overlap", fmt::format("{} and {} overlap; their isodose volumes are not divided between them",
                                            targets_[a].shape->name(), targets_[b].shape->name()));
      }
  }

  // Dmax of the target and of the body are one number where the body's maximum lies in the target.
  void raise_maximum(JudgedTarget& target) {
    if (!max_in_body_ || !target.structure->has_dose || !target.shape->contains(max_in_body_->point)) return;
    target.structure->dvh.widen(target.structure->min_gy, max_in_body_->dose_gy);
    target.structure->max_gy = target.structure->dvh.max_gy();
    for (auto& [text, value] : target.structure->queries) {
      const Metric metric = Metric::parse(text);
      if (metric.kind == Metric::Kind::maximum)
        value = target.structure->dvh.value(metric, target.structure->reference).value_or(value);
    }
  }

  // Part of the target in the body with at least this dose, and what the coarse pieces say of it.
  Measured covered_volume(const JudgedTarget& target, double threshold_gy) {
    double outside = 0;
    const auto volume = [&](const SampledStructure& sampled, const Dvh& curve, double* outside_mm3) {
      std::vector<std::size_t> not_in_body;
      for (std::size_t i = 0; i < sampled.samples.size(); ++i)
        if (sampled.dose_gy[i] >= threshold_gy && !field_.contains(sampled.points[i])) not_in_body.push_back(i);
      if (not_in_body.empty()) return curve.volume_at_dose_mm3(threshold_gy);
      std::vector<double> dose = sampled.dose_gy;
      for (const std::size_t i : not_in_body) {
        if (outside_mm3) *outside_mm3 += sampled.samples[i].volume_mm3;
        dose[i] = std::nextafter(threshold_gy, 0.0);
      }
      return Dvh(sampled.samples, dose).volume_at_dose_mm3(threshold_gy);
    };
    const double fine = volume(target.fine, target.structure->dvh, &outside);
    std::vector<double> coarse;
    const std::vector<Dvh>& curves = target.structure->check.coarse;
    for (std::size_t d = 0; d < target.coarse.size(); ++d)
      coarse.push_back(volume(target.coarse[d], curves.at(d), nullptr));
    if (outside > 0)
      warn("target-outside-body",
           fmt::format("{}: {:.3g} cc of it receive the prescription outside the body and do not count",
                       target.shape->name(), outside / units::cc));
    Measured result = with_sampling_error(fine, coarse, target.structure->dvh.volume_noise_mm3(fine));
    result.interval.low = std::max(result.interval.low, 0.0);
    return result;
  }

  Measured isodose(std::size_t t, double threshold_gy, const std::string& code, const std::string& word) {
    std::vector<IsodoseOwner> owners;
    std::vector<std::size_t> names;
    std::size_t own = 0;
    for (std::size_t o = 0; o < targets_.size(); ++o) {
      if (o != t && overlaps_[t][o]) continue;
      if (o == t) own = owners.size();
      IsodoseOwner owner;
      const SampledStructure& sampled = targets_[o].fine;
      for (std::size_t i = 0; i < sampled.samples.size() && targets_.size() > 1; ++i)
        if (sampled.dose_gy[i] >= threshold_gy) owner.points.push_back(sampled.points[i]);
      owner.distance_mm = [distance = distance_[o]](PatientPoint p) { return (*distance)(p); };
      owners.push_back(std::move(owner));
      names.push_back(o);
    }
    const IsodoseVolume volume = isodose_volume(field_, threshold_gy, owners, own);
    const std::string& name = targets_[t].shape->name();
    if (volume.at_grid_edge)
      warn(code + "-at-grid-edge", fmt::format("{}: {} ({:.4g} Gy) reaches the edge of the dose grid and is cut there",
                                               name, word, threshold_gy));
    if (volume.at_body_edge)
      warn(code + "-at-body-edge", fmt::format("{}: {} ({:.4g} Gy) reaches the surface of the {} and is cut there",
                                               name, word, threshold_gy, evaluation_.piv_region));
    for (const std::size_t other : volume.merged_with)
      warn(code + "-merged",
           fmt::format("{}: {} ({:.4g} Gy) is one with that of {}; it is divided by the nearest target", name, word,
                       threshold_gy, targets_[names[other]].shape->name()));
    return volume.volume_mm3;
  }

  void add_extremes(std::size_t t, IndexIngredients& in) {
    const JudgedTarget& target = targets_[t];
    double hottest_piece = 0;
    for (const double d : target.fine.dose_gy)
      if (d > hottest_piece) hottest_piece = d;
    const double in_target = target.structure->max_gy;
    in.max_in_target = Measured{in_target, {std::min(hottest_piece, in_target), in_target}};
    if (max_in_body_) {
      const double value = max_in_body_->dose_gy;
      const double low = target.shape->contains(max_in_body_->point) ? in.max_in_target->interval.low : value;
      in.max_in_body = Measured{value, {std::min(low, value), value}};
    }
    const std::function<double(PatientPoint)> distance = [&](PatientPoint p) { return (*distance_[t])(p); };
    in.max_beyond_2cm =
        maximum_beyond(field_.dose(), field_.region(), far_from_target_mm, distance, target.shape->bounding_box());
  }

  void add_dose_statistics(const JudgedTarget& target, IndexIngredients& in) {
    const Dvh& dvh = target.structure->dvh;
    const std::optional<DoseReference> none;
    const MeasuredMetrics measure(dvh, target.structure->check, none);
    const auto at = [&](double percent) -> std::optional<Measured> {
      const auto found = measure({.kind = Metric::Kind::dose_at_volume,
                                  .argument = percent,
                                  .argument_unit = Metric::Unit::percent,
                                  .result_unit = Metric::Unit::gy,
                                  .scale = Metric::Scale::physical,
                                  .alpha_beta_gy = {},
                                  .ntcp = {},
                                  .tcp = {},
                                  .text = {}});
      return found ? std::optional(found->measured) : std::nullopt;
    };
    in.d2 = at(2);
    in.d5 = at(5);
    in.d50 = at(50);
    in.d95 = at(95);
    in.d98 = at(98);
    const double volume = dvh.volume_mm3(), near_pct = 100 * near_volume_mm3 / volume;
    const bool small = volume < near_volume_below_mm3;
    in.near_max = small ? at(near_pct) : in.d2;
    in.near_min = small ? at(100 - near_pct) : in.d98;
  }

  void compare_with_rtog(TargetResult& result) {
    const auto value = [&](const char* id) { return result.indices.at(id).value; };
    if (!(value("r50") > 0)) return;  // the dose never reaches Rx/2: there is nothing to compare
    RtogComparison comparison{"out of range", "out of range", rtog_limits(value("tv_cc"))};
    if (comparison.limits) {
      comparison.r50 = rtog_deviation(value("r50"), comparison.limits->r50_none, comparison.limits->r50_minor);
      comparison.d2cm =
          result.indices.contains("d2cm_pct")
              ? rtog_deviation(value("d2cm_pct"), comparison.limits->d2cm_none_pct, comparison.limits->d2cm_minor_pct)
              : "no point at 20 mm";
    }
    result.rtog = comparison;
  }

  const DoseInBody& field_;
  std::vector<JudgedTarget>& targets_;
  Evaluation& evaluation_;
  std::vector<std::shared_ptr<DistanceToShape>> distance_;
  std::vector<std::vector<bool>> overlaps_;
  std::optional<DoseAtPoint> max_in_body_;

 public:
  const std::optional<DoseAtPoint>& max_in_body() const { return max_in_body_; }
};

}  // namespace

std::vector<TargetResult> judge_targets(const DoseInterpolator& dose, const Region& region,
                                        std::vector<JudgedTarget>& targets, Evaluation& evaluation,
                                        Progress& progress) {
  std::vector<TargetResult> results;
  if (targets.empty()) return results;
  progress.begin("indices", std::int64_t(targets.size()));
  double lowest = HUGE_VAL;
  for (const JudgedTarget& t : targets) lowest = std::min(lowest, t.prescription.dose_gy / 2);
  // A dose far below the prescription still has a maximum to report.
  const auto highest = double(dose.rows().highest());
  const DoseInBody field(dose, region, std::min(lowest, highest / 2));
  TargetJudge judge(field, targets, evaluation);
  if (judge.max_in_body()) evaluation.max_in_body_gy = judge.max_in_body()->dose_gy;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    results.push_back(judge.judge(t));
    progress.advance();
  }
  progress.end();
  return results;
}

}  // namespace sbrt
