#include "dose/influence.h"

#include <gtest/gtest.h>

#include <random>

namespace sbrt {
namespace {

TEST(DoseInfluence, TransposedProductIsTheAdjoint) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  const std::size_t points = 97, beams = 31;
  std::vector<DoseInfluence::Column> columns(beams);
  for (auto& c : columns)
    for (std::uint32_t p = 0; p < points; ++p)
      if (uniform(random) < 0.2) {
        c.rows.push_back(p);
        c.gy_per_mu.push_back(float(uniform(random)));
      }
  const DoseInfluence a(points, columns);
  std::vector<double> x(beams), y(points);
  for (double& v : x) v = uniform(random);
  for (double& v : y) v = uniform(random);
  const auto ax = a.dose(x), aty = a.transposed_product(y);
  double left = 0, right = 0;
  for (std::size_t i = 0; i < points; ++i) left += ax[i] * y[i];
  for (std::size_t j = 0; j < beams; ++j) right += x[j] * aty[j];
  // Double sums of about 600 positive terms: rounding stays below 1e-13 relative.
  EXPECT_NEAR(left, right, 1e-12 * left);
}

}  // namespace
}  // namespace sbrt
