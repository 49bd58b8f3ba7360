#include "engine/evaluation/radiobiology.h"
#include "engine/verify/suites.h"

#include <fmt/format.h>

namespace sbrt::verify {
namespace {

constexpr double closed_form = 1e-9;  // relative

struct Schedule {
  int fractions;
  double per_fraction_gy, bed_gy, eqd2_gy;
};
constexpr Schedule schedules[] = {{3, 18, 151.2, 126}, {3, 20, 180, 150}, {4, 12, 105.6, 88}, {5, 10, 100, 250.0 / 3},
                                  {5, 9, 85.5, 71.25}, {5, 12, 132, 110}, {8, 7.5, 105, 87.5}};

}  // namespace

Rows check_radiobiology() {
  Rows rows;
  const auto add = [&](const std::string& test, const char* unit, double reference, double result) {
    rows.push_back({"radiobiology", test, unit, reference, closed_form * reference, result});
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
  add("LKB NTCP one standard deviation above TD50", "1", 0.8413447460685429,
      lkb_ntcp(24.5 * 1.18, {24.5, 0.18, 0.87, "Burman 1991, 10.1016/0360-3016(91)90172-Z"}));
  return rows;
}

}  // namespace sbrt::verify
