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
  return rows;
}

}  // namespace sbrt::verify
