#include "engine/effective_dose.h"
#include "engine/evaluation/accumulation.h"
#include "engine/evaluation/biological_metric.h"
#include "engine/evaluation/radiobiology.h"
#include "engine/verify/suites.h"
#include "phantoms/analytic_dose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace sbrt::verify {
namespace {

constexpr double closed_form = 1e-9;  // relative

struct Schedule {
  int fractions;
  double per_fraction_gy, bed_gy, eqd2_gy;
};
constexpr Schedule schedules[] = {{3, 18, 151.2, 126}, {3, 20, 180, 150}, {4, 12, 105.6, 88}, {5, 10, 100, 250.0 / 3},
                                  {5, 9, 85.5, 71.25}, {5, 12, 132, 110}, {8, 7.5, 105, 87.5}};

void add_row(Rows& rows, const std::string& test, const char* unit, double reference, double result) {
  rows.push_back({"radiobiology", test, unit, reference, closed_form * std::abs(reference), result});
}

// 3 cc at one dose, 1 cc at another, through the query grammar.
double query(const char* metric, double most_gy, double rest_gy, const DoseReference& reference) {
  const std::vector<Sample> pieces{{{0, 0, 0}, 3000}, {{1, 0, 0}, 1000}};
  const std::vector<double> dose{most_gy, rest_gy};
  return Dvh(pieces, dose).value(Metric::parse(metric), reference).value_or(std::nan(""));
}

void check_responses(Rows& rows) {
  const DoseReference five{0, 5, {}, false};
  const auto eqd2 = [](double dose, double ab) { return dose * (dose / 5 + ab) / (2 + ab); };
  add_row(rows, "mean BED of 3 cc at 60 Gy and 1 cc at 20 Gy in 5 fractions (never the BED of the mean)", "Gy",
          (3 * 60 * 2.2 + 20 * 1.4) / 4, query("BED(Mean)", 60, 20, five));
  add_row(rows, "gEUD with n = 1 is the mean", "Gy", 50, query("gEUD(n=1)", 60, 20, five));
  add_row(rows, "gEUD with n = 0.0005 is the maximum times 0.75^n", "Gy", 60 * std::pow(0.75, 0.0005),
          query("gEUD(n=0.0005)", 60, 20, five));
  add_row(rows, "LKB NTCP of a uniform TD50", "%", 50, query("NTCP(td50=30,m=0.2,n=0.5,as-is)", 30, 30, five));
  const double geud = std::sqrt((3 * std::pow(eqd2(30, 3), 2) + std::pow(eqd2(5, 3), 2)) / 4);
  add_row(rows, "LKB NTCP of two doses, converted to 2 Gy fractions first", "%",
          50 * std::erfc((45 - geud) / 18 / std::numbers::sqrt2), query("NTCP(td50=45,m=0.4,n=0.5,ab=3)", 30, 5, five));
  add_row(rows, "Poisson TCP of a uniform D50", "%", 50, query("TCP(d50=70,gamma50=2,as-is)", 70, 70, five));
  const double slope = 4 / std::numbers::ln2;
  add_row(rows, "Poisson TCP of two doses", "%",
          100 * std::exp2(-0.75 * std::exp(slope * (1 - eqd2(60, 10) / 70)) -
                          0.25 * std::exp(slope * (1 - eqd2(40, 10) / 70))),
          query("TCP(d50=70,gamma50=2)", 60, 40, five));
  add_row(rows, "LQ TCP of two doses", "%",
          100 * std::exp(-1e6 * (3 * std::exp(-0.2 * 60 * 2.2) + std::exp(-0.2 * 40 * 1.8))),
          query("TCP(rho=1e6,alpha=0.2)", 60, 40, five));
}

// Two linear doses in 5 and 3 fractions on different grids, summed in EQD2: largest deviation from the closed form.
void check_sum_of_plans(Rows& rows) {
  const phantoms::LinearDose a{30, {0.4, -0.3, 0.2}}, b{24, {-0.5, 0.1, 0.6}};
  const DoseGrid first = phantoms::sample(a, Grid({12, 10, 9}, {2, 2.5, 3}, {-11, -12, -13}));
  const DoseGrid second = phantoms::sample(b, Grid({30, 28, 24}, {1.1, 1.3, 1.7}, {-17, -19, -21}));
  const Grid grid({7, 8, 9}, {1.5, 1.2, 1}, {-5.2, -4.1, -3.3});
  const DoseGrid sum = accumulate({{"a", &first, 5}, {"b", &second, 3}}, grid, DoseQuantity::eqd2,
                                  Tissue::linear_quadratic(3, "check"), OutsideRule::refuse)
                           .sum;
  double worst = 0;
  for (int k = 0; k < 9; ++k)
    for (int j = 0; j < 8; ++j)
      for (int i = 0; i < 7; ++i) {
        const PatientPoint p = grid.voxel_centre(i, j, k);
        const double truth = a(p) * (a(p) / 5 + 3) / 5 + b(p) * (b(p) / 3 + 3) / 5;
        worst = std::max(worst, std::abs(double(sum(i, j, k)) / truth - 1));
      }
  // Doses are stored and interpolated in single precision, then squared.
  rows.push_back({"radiobiology", "EQD2 of two linear plans of 5 and 3 fractions on one grid: largest deviation", "1",
                  0, 2e-6, worst});
}

// The check value of (13) in every voxel of a water block under ten equal beams.
void check_protracted_volume(Rows& rows) {
  const DensityMap water(Grid({24, 24, 24}, {5, 5, 5}, {-57.5, -57.5, -57.5}), 1.0f);
  const BeamSet beams(10, Beam{"1", "a", {0, -800, 0}, {0, 0, 0}, 20, 1500});
  std::vector<BeamTime> times;
  for (int beam = 0; beam < 10; ++beam) times.push_back({1.5 * beam, 0.5});
  const Protractions dose = protraction_factors(beams, times, 30, water, BeamData::named_or_folder("generic-6mv-fff"),
                                                Grid({9, 9, 9}, {5, 5, 5}, {-20, -20, -20}));
  add_row(rows, "the same in the voxels of a dose of ten beams: at the maximum", "1", 0.8945198860,
          dose.factor_at_maximum);
  add_row(rows, "the same: lowest of the voxels above 10 % of the maximum", "1", 0.8945198860, dose.lowest_factor);
}

}  // namespace

Rows check_radiobiology() {
  Rows rows;
  const auto add = [&](const std::string& test, const char* unit, double reference, double result) {
    add_row(rows, test, unit, reference, result);
  };
  for (const Schedule& s : schedules) {
    const double dose = s.fractions * s.per_fraction_gy;
    add(fmt::format("BED of {} x {} Gy, alpha/beta 10 Gy", s.fractions, s.per_fraction_gy), "Gy", s.bed_gy,
        bed_gy(dose, s.fractions, 10));
    add(fmt::format("EQD2 of {} x {} Gy, alpha/beta 10 Gy", s.fractions, s.per_fraction_gy), "Gy", s.eqd2_gy,
        eqd2_gy(dose, s.fractions, 10));
  }
  add("LQ-L BED of 3 x 18 Gy, transition 10 Gy", "Gy", 132, bed_lql_gy(54, 3, 10, 10));
  const UniversalSurvival park{0.33, 1.25, 1.8, "Park 2008, 10.1016/j.ijrobp.2007.10.059"};
  add("USC BED of 3 x 18 Gy, alpha 0.33/Gy, D0 1.25 Gy, Dq 1.8 Gy", "Gy", 3 * (18 - 1.8) / (0.33 * 1.25),
      bed_usc_gy(54, 3, park));
  Protraction fraction(30);
  for (int beam = 0; beam < 10; ++beam) fraction.add_beam(1, 0.5, 1);
  add("protraction factor of 10 beams of 1 Gy every 1.5 min, half-time 30 min", "1", 0.8945198860, fraction.factor());
  check_protracted_volume(rows);
  add("repopulation from day 28 to day 34, alpha 0.3/Gy, doubling in 3 d", "Gy", std::numbers::ln2 * 6 / 0.9,
      repopulation_loss_gy(34, {0.3, 28, 3, "check"}));
  add("LKB NTCP one standard deviation above TD50", "1", 0.8413447460685429,
      lkb_ntcp(24.5 * 1.18, {24.5, 0.18, 0.87, "Burman 1991, 10.1016/0360-3016(91)90172-Z"}));
  check_responses(rows);
  check_sum_of_plans(rows);
  return rows;
}

}  // namespace sbrt::verify
