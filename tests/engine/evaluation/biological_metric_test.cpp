#include "engine/evaluation/biological_metric.h"

#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace sbrt {
namespace {

using testing::HasSubstr;

constexpr double relative = 1e-9;  // closed forms; only rounding

/// 3 cm^3 at one dose and 1 cm^3 at another.
Dvh two_parts(double most_gy, double rest_gy) {
  const std::vector<Sample> samples{{{0, 0, 0}, 3000}, {{1, 0, 0}, 1000}};
  const std::vector<double> dose{most_gy, rest_gy};
  return Dvh(samples, dose);
}

double value(const Dvh& dvh, const std::string& metric, const DoseReference& reference) {
  return dvh.value(Metric::parse(metric), reference).value();
}

double phi(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

DoseReference five_fractions(Tissue tissue = {}) { return {0, 5, std::move(tissue), false}; }

TEST(BiologicalMetric, ConvertsEveryPieceByTheTissuesModel) {
  Tissue tissue;
  tissue.model = SurvivalModel::lql;
  tissue.transition_gy = 8;
  const Dvh dvh = two_parts(60, 20);
  const auto bed = [](double dose) { return bed_lql_gy(dose, 5, 10, 8); };
  EXPECT_NEAR(value(dvh, "BED(Mean)", five_fractions(tissue)), (3 * bed(60) + bed(20)) / 4, relative * 100);
  EXPECT_NEAR(value(dvh, "EQD2(Max)", five_fractions(tissue)), bed(60) / 1.2, relative * 100);
  // alpha/beta in the query is plain LQ.
  EXPECT_NEAR(value(dvh, "BED(Max,ab=3)", five_fractions(tissue)), bed_gy(60, 5, 3), relative * 300);
  const double geud = std::cbrt((3 * std::pow(bed(60), 3) + std::pow(bed(20), 3)) / 4);
  EXPECT_NEAR(value(dvh, "BED(gEUD(a=3))", five_fractions(tissue)), geud, relative * geud);
}

TEST(BiologicalMetric, RepopulationLowersBedAndMayTurnItNegative) {
  Tissue tissue;
  tissue.repopulation = TimedRepopulation{{0.3, 28, 3, "test"}, 40};
  const double loss = std::log(2.0) * 12 / 0.9;
  EXPECT_NEAR(value(two_parts(50, 2), "BED(Max)", five_fractions(tissue)), 100 - loss, relative * 100);
  EXPECT_NEAR(value(two_parts(50, 2), "BED(Min)", five_fractions(tissue)), 2 * 1.04 - loss, relative * 10);
}

TEST(Geud, RunsFromTheMeanToTheExtremes) {
  const Dvh dvh = two_parts(60, 20);
  EXPECT_NEAR(value(dvh, "gEUD(n=1)", {}), 50, relative * 50);
  // (3/4)^(1/a) of the maximum and (1/4)^(-1/a) of the minimum as |a| grows; the other part has vanished at 2000.
  EXPECT_NEAR(value(dvh, "gEUD(n=0.0005)", {}), 60 * std::pow(0.75, 1 / 2000.0), relative * 60);
  EXPECT_NEAR(value(dvh, "gEUD(a=-2000)", {}), 20 * std::pow(0.25, -1 / 2000.0), relative * 20);
}

TEST(Ntcp, ConvertsToTheFractionsOfItsParameters) {
  const Dvh dvh = two_parts(30, 5);
  const auto eqd = [](double dose, double fraction) { return bed_gy(dose, 5, 3) / (1 + fraction / 3); };
  const auto geud = [&](double a, double b) { return std::pow((3 * std::pow(a, 2) + std::pow(b, 2)) / 4, 0.5); };
  const double eqd2 = geud(eqd(30, 2), eqd(5, 2)), eqd4 = geud(eqd(30, 4), eqd(5, 4)), plain = geud(30, 5);
  const std::string parameters = "td50=45,m=0.4,n=0.5";
  const auto expected = [](double dose) { return 100 * phi((dose - 45) / (0.4 * 45)); };
  EXPECT_NEAR(value(dvh, "NTCP(" + parameters + ",ab=3)", five_fractions()), expected(eqd2), relative * 100);
  EXPECT_NEAR(value(dvh, "NTCP(" + parameters + ",fx=4,ab=3)", five_fractions()), expected(eqd4), relative * 100);
  EXPECT_NEAR(value(dvh, "NTCP(" + parameters + ",as-is)", {}), expected(plain), relative * 100);

  Tissue lung = Tissue::linear_quadratic(3, "test");
  lung.ntcp = NtcpModel{{45, 0.4, 0.5, "test"}, {2.0}, ""};
  EXPECT_NEAR(value(dvh, "NTCP", five_fractions(lung)), expected(eqd2), relative * 100);
}

TEST(Ntcp, HasItsLimits) {
  const std::string n1 = "NTCP(td50=30,m=0.2,n=1,as-is)";
  EXPECT_NEAR(value(two_parts(30, 30), n1, {}), 50, relative * 50);             // uniform TD50
  EXPECT_NEAR(value(two_parts(36, 36), n1, {}), 100 * phi(1), relative * 100);  // one m above
  EXPECT_NEAR(value(two_parts(40, 0), n1, {}), 50, relative * 50);              // n = 1: the mean alone counts
  EXPECT_NEAR(value(two_parts(0, 0), n1, {}), 100 * phi(-5), relative);
  // n -> 0: the maximum alone counts, here in a quarter of the volume.
  EXPECT_NEAR(value(two_parts(10, 30), "NTCP(td50=30,m=0.2,n=1e-4,as-is)", {}),
              100 * phi((std::pow(0.25, 1e-4) - 1) / 0.2), relative * 100);
}

TEST(TcpMetric, AgreesWithTheClosedForms) {
  const Dvh dvh = two_parts(60, 40);
  const auto eqd2 = [](double dose) { return bed_gy(dose, 5, 10) / 1.2; };
  const double slope = 2 * 2 / std::log(2.0);
  const double survivors = 0.75 * std::exp(slope * (1 - eqd2(60) / 70)) + 0.25 * std::exp(slope * (1 - eqd2(40) / 70));
  EXPECT_NEAR(value(dvh, "TCP(d50=70,gamma50=2)", five_fractions()), 100 * std::exp2(-survivors), relative * 100);
  const double cells = 1e6 * (3 * std::exp(-0.2 * bed_gy(60, 5, 10)) + std::exp(-0.2 * bed_gy(40, 5, 10)));
  EXPECT_NEAR(value(dvh, "TCP(rho=1e6,alpha=0.2)", five_fractions()), 100 * std::exp(-cells), relative * 100);
  // Uniform D50 gives 50 %, no dose no control, a huge dose certainty.
  EXPECT_NEAR(value(two_parts(70, 70), "TCP(d50=70,gamma50=2,as-is)", {}), 50, relative * 50);
  EXPECT_NEAR(value(two_parts(0, 0), "TCP(rho=1e6,alpha=0.2)", five_fractions()), 0, 1e-300);
  EXPECT_NEAR(value(two_parts(500, 500), "TCP(rho=1e6,alpha=0.2)", five_fractions()), 100, relative * 100);
}

TEST(TcpMetric, RepopulationCostsControl) {
  Tissue tissue;
  tissue.repopulation = TimedRepopulation{{0.2, 0, 3, "test"}, 30};
  const double bed = bed_gy(50, 5, 10) - std::log(2.0) * 30 / 0.6;
  EXPECT_NEAR(value(two_parts(50, 50), "TCP(rho=1e6,alpha=0.2)", five_fractions(tissue)),
              100 * std::exp(-4e6 * std::exp(-0.2 * bed)), relative * 100);
}

TEST(BiologicalMetric, SaysWhyItHasNoValue) {
  const auto why = [](const char* metric, const DoseReference& reference) {
    const Metric m = Metric::parse(metric);
    EXPECT_FALSE(two_parts(30, 5).value(m, reference)) << metric;
    return why_no_biology(m, reference);
  };
  DoseReference effective = five_fractions();
  effective.effective = true;
  EXPECT_THAT(why("NTCP", five_fractions()), HasSubstr("--biology"));
  EXPECT_THAT(why("TCP", five_fractions()), HasSubstr("--biology"));
  EXPECT_THAT(why("BED(Mean)", {}), HasSubstr("fractions is not known"));
  EXPECT_THAT(why("NTCP(td50=1,m=1,n=1)", {}), HasSubstr("fractions is not known"));
  EXPECT_THAT(why("EQD2(Mean)", effective), HasSubstr("not converted again"));
  EXPECT_THAT(why("NTCP(td50=1,m=1,n=1)", effective), HasSubstr("not converted again"));
  Tissue lql;
  lql.model = SurvivalModel::lql;
  lql.transition_gy = 4;
  EXPECT_THAT(why("NTCP(td50=1,m=1,n=1,fx=5)", five_fractions(lql)), HasSubstr("transition"));
  EXPECT_NEAR(value(two_parts(30, 30), "NTCP(td50=30,m=1,n=1,as-is)", effective), 50, relative * 50);
}

TEST(BiologicalMetric, ResponsesNeedTheWholeStructure) {
  const std::vector<Sample> samples{{{0, 0, 0}, 1000}, {{1, 0, 0}, 1000}};
  const Dvh half(samples, std::vector<double>{30, std::nan("")});
  EXPECT_FALSE(half.value(Metric::parse("NTCP(td50=1,m=1,n=1,as-is)"), five_fractions()));
  EXPECT_FALSE(half.value(Metric::parse("TCP(d50=1,gamma50=1,as-is)"), five_fractions()));
}

}  // namespace
}  // namespace sbrt
