#include "engine/planning/prescription.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

TEST(Prescription, ReadsTheGrammar) {
  const Prescription p = Prescription::parse("45Gy/5fx@75%");
  EXPECT_EQ(p.dose_gy, 45);
  EXPECT_EQ(p.fractions, 5);
  EXPECT_EQ(p.isodose_pct, 75.0);
  EXPECT_EQ(Prescription::parse(" 13.5 gy / 1 FX ").isodose_pct, std::nullopt);
  EXPECT_EQ(Prescription::parse(p.to_string()), p);
}

TEST(Prescription, RefusesWhatIsNone) {
  for (const char* text : {"", "45", "45Gy", "45Gy/5", "0Gy/5fx", "45Gy/0fx", "-45Gy/5fx", "45Gy/5fx@0%",
                           "45Gy/5fx@101%", "45Gy/5.5fx", "600Gy/5fx", "45Gy/5fx@75", "45Gy/99999999999999999999fx"})
    EXPECT_THROW(Prescription::parse(text), InputError) << text;
}

}  // namespace
}  // namespace sbrt
