/// Dose-volume histogram of weighted points, and every metric of the query grammar on it.
#pragma once

#include "engine/evaluation/query.h"
#include "geometry/shape.h"

#include <optional>
#include <span>
#include <vector>

namespace sbrt {

/// What percentages of dose and biological doses refer to.
struct DoseReference {
  double dose_gy = 0;      //!< prescription, total over all fractions; 0: none
  int fractions = 0;       //!< of the dose; 0: not known
  Tissue tissue;           //!< of the structure
  bool effective = false;  //!< the doses are biologically effective ones already and are not converted again
};

/// Cumulative dose-volume curve without bins: the points in order of falling dose, each at the middle of its own
/// volume, joined linearly; the ends are the largest and smallest dose. Immutable.
///
/// A structure that is partly outside the dose grid: volumes in % refer to the whole structure; the part without dose
/// is taken to lie at the cold end, so a metric that would need it has no value.
class Dvh {
 public:
  Dvh() = default;
  /// @param samples pieces of the structure  @param dose_gy their doses, NaN where there is none
  /// @param surface_gy doses of points that take no volume but bound minimum and maximum; NaN is ignored
  Dvh(std::span<const Sample> samples, std::span<const double> dose_gy, std::span<const double> surface_gy = {});

  double volume_mm3() const { return volume_mm3_; }    ///< of the whole structure
  double covered_mm3() const { return covered_mm3_; }  ///< where there is a dose
  double outside_mm3() const { return outside_mm3_; }  ///< where there is none
  bool empty() const { return dose_.empty(); }         ///< no dose anywhere; then only the volumes have a meaning
  double min_gy() const { return min_; }
  double max_gy() const { return max_; }
  double mean_gy() const { return mean_; }                         ///< of the covered part
  std::span<const double> doses_gy() const { return dose_; }       ///< of the pieces with a dose, falling
  std::span<const double> volumes_mm3() const { return volume_; }  ///< of the same pieces

  /// Smallest dose in the hottest `volume_mm3`; nothing when that volume is not covered or larger than the structure.
  std::optional<double> dose_at_volume_gy(double volume_mm3) const;
  /// Volume with at least this dose.
  double volume_at_dose_mm3(double dose_gy) const;
  /// (sum v d^a)^(1/a) over the covered part, v the share of the volume. Doses below 0 count as 0.
  double geud_gy(double a) const;

  /// How far a volume may be wrong because the isodose surface around the hottest `hot_mm3` cuts through whole pieces
  /// [mm^3, standard deviation]. A ball of m pieces has a surface of 4.84 m^(2/3) faces, which meets 1.5 times as many
  /// pieces, but no more than twice those on its colder or hotter side; each falls to one side as a whole, by chance:
  /// variance p (1 - p), 1/6 on average over all cuts. The pieces fall independently.
  double volume_noise_mm3(double hot_mm3) const;
  /// Value in the metric's unit; nothing when it does not exist: a volume that the structure does not have, a dose
  /// outside the grid, a percentage without reference, a biological dose without fractions (biological_metric.h).
  std::optional<double> value(const Metric& metric, const std::optional<DoseReference>& reference) const;

  /// The same curve with another dose for each; `map` must not fall.
  template <class Map>
  Dvh mapped(Map&& map) const {
    Dvh result = *this;
    for (double& d : result.dose_) d = map(d);
    result.min_ = map(min_);
    result.max_ = map(max_);
    result.average();
    return result;
  }
  /// Keeps everything but knows a smaller minimum or larger maximum, found between the points. @pre not empty
  void widen(double min_gy, double max_gy);

 private:
  void average();

  std::vector<double> dose_;    //!< falling
  std::vector<double> volume_;  //!< of each point [mm^3]
  std::vector<double> middle_;  //!< volume of all hotter points plus half its own [mm^3]
  double volume_mm3_ = 0, covered_mm3_ = 0, outside_mm3_ = 0;
  double min_ = 0, max_ = 0, mean_ = 0;
};

/// Cumulative curve on equal dose bins from 0 to the first bin above the maximum.
struct DvhCurve {
  std::vector<double> dose_gy, volume_cc;
};
DvhCurve sampled_curve(const Dvh& dvh, double bin_gy);

}  // namespace sbrt
