#include "engine/evaluation/tissue.h"

#include "engine/evaluation/biology_file.h"
#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace sbrt {
namespace {

using testing::HasSubstr;

constexpr double relative = 1e-9;  // closed forms; only rounding

Tissue lql(double transition_gy) {
  Tissue tissue = Tissue::linear_quadratic(10, "test");
  tissue.model = SurvivalModel::lql;
  tissue.transition_gy = transition_gy;
  return tissue;
}

Tissue park() {
  Tissue tissue;
  tissue.model = SurvivalModel::usc;
  tissue.survival = {0.33, 1.25, 1.8, "Park 2008"};
  tissue.alpha_beta_gy = tissue.survival.alpha_beta_gy();
  return tissue;
}

TEST(Tissue, ConvertsByItsModel) {
  EXPECT_NEAR(Tissue{}.bed_gy(54, 3), 151.2, relative * 151.2);
  EXPECT_NEAR(lql(10).bed_gy(54, 3), 132, relative * 132);
  EXPECT_NEAR(park().bed_gy(54, 3), 3 * (18 - 1.8) / (0.33 * 1.25), relative * 120);
  EXPECT_NEAR(lql(10).equivalent_dose_gy(132), 110, relative * 110);
  EXPECT_NEAR(Tissue{}.equivalent_dose_gy(100, 5), 100 / 1.5, relative * 70);
}

TEST(Tissue, EquivalentDoseInItsOwnFractionsIsTheDose) {
  for (const Tissue& tissue : {Tissue{}, lql(10), park()})
    EXPECT_NEAR(tissue.equivalent_dose_gy(tissue.bed_gy(60, 30)), 60, relative * 60) << tissue.description();
}

TEST(Tissue, RepopulationTakesTheSameFromEveryPoint) {
  Tissue tissue;
  tissue.repopulation = TimedRepopulation{{0.3, 28, 3, "test"}, 40};
  const double loss = std::log(2.0) * 12 / 0.9;
  EXPECT_NEAR(tissue.repopulation->loss_gy(), loss, relative * loss);
  EXPECT_NEAR(tissue.net_bed_gy(54, 3), 151.2 - loss, relative * 151);
  EXPECT_NEAR(tissue.bed_gy(54, 3), 151.2, relative * 151.2);
  EXPECT_NEAR(tissue.net_bed_gy(0, 3), -loss, relative * loss);  // what is not treated grows
}

TEST(Tissue, DescribesItsParameters) {
  EXPECT_EQ(Tissue{}.description(), "alpha/beta 10 Gy, LQ");
  EXPECT_EQ(lql(12.5).description(), "alpha/beta 10 Gy, LQ-L, transition 12.5 Gy");
  EXPECT_THAT(park().description(), HasSubstr("USC, alpha 0.33/Gy, D0 1.25 Gy, Dq 1.8 Gy, transition 6.1"));
}

class BiologyFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(testing::TempDir()) /
            (std::string("biology-") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".json");
  }
  void TearDown() override { std::filesystem::remove(path_); }
  Biology read(const std::string& text) const {
    std::ofstream(path_) << text;
    return read_biology_file(path_);
  }
  std::string message(const std::string& tissue) const {
    try {
      read(R"({"schema": "sbrtplan-biology/1", "default": )" + tissue + "}");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  std::filesystem::path path_;
};

TEST_F(BiologyFile, ReadsEveryKindOfTissue) {
  const Biology b = read(R"({"schema": "sbrtplan-biology/1", "name": "test",
    "default": {"alpha_beta_gy": 3, "source": "a", "repair": {"half_time_min": 90, "source": "b"}},
    "structures": {
      "PTV": {"model": "lql", "alpha_beta_gy": 10, "transition_gy": 20, "source": "c",
              "repopulation": {"alpha_per_gy": 0.3, "kick_off_days": 28, "doubling_days": 3, "treatment_days": 40,
                               "source": "d"},
              "tcp": {"model": "poisson", "d50_gy": 50, "gamma50": 2, "reference_fraction_gy": 2, "source": "e"}},
      "GTV": {"model": "usc", "alpha_per_gy": 0.33, "d0_gy": 1.25, "dq_gy": 1.8, "source": "f",
              "tcp": {"model": "clonogens", "clonogens_per_cc": 1e7, "alpha_per_gy": 0.3, "source": "g"}},
      "Lungs-GTV": {"alpha_beta_gy": 3, "source": "h",
                    "ntcp": {"td50_gy": 24.5, "m": 0.18, "n": 0.87, "dose": "as-is", "endpoint": "pneumonitis",
                             "source": "i"}}}})");
  EXPECT_EQ(b.standard.alpha_beta_gy, 3);
  EXPECT_EQ(b.standard.repair->half_time_min, 90);
  EXPECT_EQ(b.of("Heart").name, "default");
  const Tissue& ptv = b.of("PTV");
  EXPECT_EQ(ptv.model, SurvivalModel::lql);
  EXPECT_EQ(ptv.repopulation->parameters.source, "d");
  EXPECT_EQ(std::get<PoissonParameters>(ptv.tcp->parameters).gamma50, 2);
  EXPECT_NEAR(b.of("GTV").alpha_beta_gy, 8.6, 0.1);  // one printed decimal
  EXPECT_EQ(std::get<ClonogenParameters>(b.of("GTV").tcp->parameters).clonogens_per_cc, 1e7);
  EXPECT_FALSE(b.of("Lungs-GTV").ntcp->dose.fraction_gy);
  EXPECT_EQ(b.of("Lungs-GTV").ntcp->endpoint, "pneumonitis");
}

TEST_F(BiologyFile, WantsASourceForEveryParameter) {
  EXPECT_THAT(message(R"({"alpha_beta_gy": 3})"), HasSubstr("source"));
  EXPECT_THAT(message(R"({"alpha_beta_gy": 3, "source": "  "})"), HasSubstr("source is empty"));
  EXPECT_THAT(message(R"({"alpha_beta_gy": 3, "source": "a", "repair": {"half_time_min": 30}})"),
              HasSubstr("$.default.repair"));
  EXPECT_THAT(message(R"({"alpha_beta_gy": 3, "source": "a",
                          "ntcp": {"td50_gy": 1, "m": 1, "n": 1, "reference_fraction_gy": 2}})"),
              HasSubstr("$.default.ntcp"));
}

TEST_F(BiologyFile, RefusesWhatMakesNoSense) {
  EXPECT_THAT(message(R"({"alpha_beta_gy": 3, "alpha_per_gy": 1, "source": "a"})"), HasSubstr("alpha_per_gy"));
  EXPECT_THAT(message(R"({"model": "usc", "alpha_beta_gy": 3, "alpha_per_gy": 0.33, "d0_gy": 1.25, "dq_gy": 1.8,
                          "source": "a"})"),
              HasSubstr("alpha_beta_gy"));
  EXPECT_THAT(message(R"({"model": "usc", "alpha_per_gy": 1, "d0_gy": 1.25, "dq_gy": 1.8, "source": "a"})"),
              HasSubstr("alpha D0"));
  EXPECT_THAT(message(R"({"model": "lql", "alpha_beta_gy": 3, "transition_gy": 1.5, "source": "a"})"),
              HasSubstr("2 Gy fractions"));
  EXPECT_THAT(message(R"({"model": "lql", "alpha_beta_gy": 3, "transition_gy": 6, "source": "a",
                          "repair": {"half_time_min": 30, "source": "b"}})"),
              HasSubstr("protraction"));
  EXPECT_THAT(message(R"({"alpha_beta_gy": 3, "source": "a",
                          "ntcp": {"td50_gy": 1, "m": 1, "n": 1, "source": "b"}})"),
              HasSubstr("reference_fraction_gy"));
  EXPECT_THAT(message(R"({"alpha_beta_gy": 0, "source": "a"})"), HasSubstr("alpha_beta_gy"));
}

}  // namespace
}  // namespace sbrt
