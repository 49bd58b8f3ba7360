#include "engine/evaluation/query.h"

#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

namespace sbrt {
namespace {

using testing::HasSubstr;
using Kind = Metric::Kind;
using Unit = Metric::Unit;

std::string message_of(const std::string& metric) {
  try {
    Metric::parse(metric);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

struct Case {
  const char* text;
  Kind kind;
  double argument;
  Unit argument_unit, result_unit;
};

class MetricGrammar : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Metric, MetricGrammar,
                         testing::Values(Case{"D95%", Kind::dose_at_volume, 95, Unit::percent, Unit::gy},
                                         Case{"D0.03cc", Kind::dose_at_volume, 0.03, Unit::cc, Unit::gy},
                                         Case{"D35mm3", Kind::dose_at_volume, 0.035, Unit::cc, Unit::gy},
                                         Case{"D95%[%]", Kind::dose_at_volume, 95, Unit::percent, Unit::percent},
                                         Case{"d2%", Kind::dose_at_volume, 2, Unit::percent, Unit::gy},
                                         Case{"V20Gy[%]", Kind::volume_at_dose, 20, Unit::gy, Unit::percent},
                                         Case{"V12Gy[cc]", Kind::volume_at_dose, 12, Unit::gy, Unit::cc},
                                         Case{"V1200cGy[cc]", Kind::volume_at_dose, 12, Unit::gy, Unit::cc},
                                         Case{"V100%[%]", Kind::volume_at_dose, 100, Unit::percent, Unit::percent},
                                         Case{"CV18Gy[cc]", Kind::cold_volume_at_dose, 18, Unit::gy, Unit::cc},
                                         Case{"Min", Kind::minimum, 0, Unit::gy, Unit::gy},
                                         Case{"mean", Kind::mean, 0, Unit::gy, Unit::gy},
                                         Case{"Max [ % ]", Kind::maximum, 0, Unit::gy, Unit::percent},
                                         Case{"gEUD(a=8)", Kind::geud, 8, Unit::gy, Unit::gy},
                                         Case{"gEUD(n=0.125)", Kind::geud, 8, Unit::gy, Unit::gy}));

TEST_P(MetricGrammar, IsRead) {
  const Case& c = GetParam();
  const Metric m = Metric::parse(std::string(" ") + c.text + " ");
  EXPECT_EQ(m.kind, c.kind);
  EXPECT_DOUBLE_EQ(m.argument, c.argument);
  EXPECT_EQ(m.argument_unit, c.argument_unit);
  EXPECT_EQ(m.result_unit, c.result_unit);
  EXPECT_EQ(m.text, c.text);
}

TEST(Metric, ReadsBiologicalDoses) {
  const Metric bed = Metric::parse("BED(D95%)");
  EXPECT_EQ(bed.scale, Metric::Scale::bed);
  EXPECT_EQ(bed.kind, Kind::dose_at_volume);
  EXPECT_FALSE(bed.alpha_beta_gy);
  const Metric eqd2 = Metric::parse("EQD2(D0.03cc, ab=3)");
  EXPECT_EQ(eqd2.scale, Metric::Scale::eqd2);
  EXPECT_DOUBLE_EQ(eqd2.alpha_beta_gy.value(), 3);
}

TEST(Metric, ReadsResponses) {
  const Metric ntcp = Metric::parse("NTCP");
  EXPECT_EQ(ntcp.kind, Kind::ntcp);
  EXPECT_EQ(ntcp.result_unit, Unit::percent);
  EXPECT_FALSE(ntcp.ntcp);
  EXPECT_FALSE(ntcp.needs_prescription());
  const Metric stated = Metric::parse("ntcp(td50=24.5, m=0.18, n=0.87, ab=3)");
  EXPECT_DOUBLE_EQ(stated.ntcp->parameters.td50_gy, 24.5);
  EXPECT_DOUBLE_EQ(stated.ntcp->parameters.m, 0.18);
  EXPECT_DOUBLE_EQ(stated.ntcp->parameters.n, 0.87);
  EXPECT_EQ(stated.ntcp->parameters.source, "stated in the query");
  EXPECT_DOUBLE_EQ(stated.ntcp->dose.fraction_gy.value(), 2);
  EXPECT_DOUBLE_EQ(stated.alpha_beta_gy.value(), 3);
  EXPECT_FALSE(Metric::parse("NTCP(as-is,td50=24.5,m=0.18,n=0.87)").ntcp->dose.fraction_gy);
  const Metric poisson = Metric::parse("TCP(d50=60,gamma50=2,fx=3)");
  EXPECT_EQ(poisson.kind, Kind::tcp);
  EXPECT_DOUBLE_EQ(std::get<PoissonParameters>(poisson.tcp->parameters).gamma50, 2);
  EXPECT_DOUBLE_EQ(poisson.tcp->dose.fraction_gy.value(), 3);
  const Metric cells = Metric::parse("TCP(rho=1e7,alpha=0.3)");
  EXPECT_DOUBLE_EQ(std::get<ClonogenParameters>(cells.tcp->parameters).clonogens_per_cc, 1e7);
}

TEST(Metric, RefusesResponsesThatSayTooLittleOrTooMuch) {
  EXPECT_THAT(message_of("NTCP(td50=24.5,m=0.18)"), HasSubstr("'n=' is missing"));
  EXPECT_THAT(message_of("NTCP(td50=24.5,m=0.18,n=0)"), HasSubstr("positive"));
  EXPECT_THAT(message_of("NTCP(td50=24.5,m=0.18,n=1,n=1)"), HasSubstr("twice"));
  EXPECT_THAT(message_of("NTCP(d50=24.5,m=0.18,n=1)"), HasSubstr("a parameter is expected"));
  EXPECT_THAT(message_of("NTCP(td50=1,m=1,n=1,fx=3,as-is)"), HasSubstr("either"));
  EXPECT_THAT(message_of("TCP(rho=1e7,gamma50=2)"), HasSubstr("stand alone"));
  EXPECT_THAT(message_of("TCP(d50=60)"), HasSubstr("'gamma50=' is missing"));
  EXPECT_THAT(message_of("BED(NTCP)"), HasSubstr("no metric"));
  EXPECT_THAT(message_of("NTCP[%]"), HasSubstr("nothing more"));
  EXPECT_EQ(Goal::parse("Lungs-GTV:NTCP <= 10 %").limit, 10);
  EXPECT_THROW(Goal::parse("Lungs-GTV:NTCP <= 10 Gy"), InputError);
}

TEST(Metric, SaysWhereReadingStopped) {
  EXPECT_THAT(message_of("D95"), HasSubstr("character 4"));
  EXPECT_THAT(message_of("V20Gy"), HasSubstr("[%] or [cc]"));
  EXPECT_THAT(message_of("V20Gy[cGy]"), HasSubstr("character 7"));
  EXPECT_THAT(message_of("X95%"), HasSubstr("character 1"));
  EXPECT_THAT(message_of("D95%x"), HasSubstr("character 5"));
  EXPECT_THAT(message_of("D101%"), HasSubstr("whole structure"));
  EXPECT_THAT(message_of("D-1cc"), HasSubstr("whole structure"));
  EXPECT_THAT(message_of("V-3Gy[%]"), HasSubstr("not negative"));
  EXPECT_THAT(message_of("Dnancc"), HasSubstr("a number"));
  EXPECT_THAT(message_of("Dinf%"), HasSubstr("a number"));
  EXPECT_THAT(message_of("gEUD(a=0)"), HasSubstr("not be 0"));
  EXPECT_THAT(message_of("EQD2(D95%,ab=0)"), HasSubstr("positive"));
  EXPECT_THAT(message_of("D95%[cGy]"), HasSubstr("Gy, % or cc"));
  EXPECT_THAT(message_of(""), HasSubstr("character 1"));
  EXPECT_THAT(message_of(std::string(1000, 'D')), HasSubstr("too long"));
}

TEST(StructureQuery, TheLastColonSeparates) {
  const StructureQuery q = StructureQuery::parse(" Lung: left : V20Gy[%]");
  EXPECT_EQ(q.structure, "Lung: left");
  EXPECT_EQ(q.metric.text, "V20Gy[%]");
  EXPECT_THROW(StructureQuery::parse("D95%"), InputError);
  EXPECT_THROW(StructureQuery::parse(":D95%"), InputError);
}

TEST(Goal, ReadsRelationLimitAndUnit) {
  const Goal goal = Goal::parse("SpinalCord:D0.03cc <= 21.9 Gy");
  EXPECT_EQ(goal.query.structure, "SpinalCord");
  EXPECT_EQ(goal.query.metric.text, "D0.03cc");
  EXPECT_EQ(goal.relation, Goal::Relation::at_most);
  EXPECT_DOUBLE_EQ(goal.limit, 21.9);
  EXPECT_EQ(goal.unit, Unit::gy);
  EXPECT_EQ(goal.text, "SpinalCord:D0.03cc <= 21.9 Gy");
  EXPECT_DOUBLE_EQ(Goal::parse("Cord:Max<=2190cGy").limit, 21.9);
  EXPECT_EQ(Goal::parse("PTV:V45Gy[%]>=95%").relation, Goal::Relation::at_least);
}

TEST(Goal, TheUnitOfTheLimitDecidesTheUnitOfTheMetric) {
  EXPECT_EQ(Goal::parse("Lung:V20Gy <= 10 %").query.metric.result_unit, Unit::percent);
  EXPECT_EQ(Goal::parse("Lung:V20Gy <= 1500 mm3").query.metric.result_unit, Unit::cc);
  EXPECT_DOUBLE_EQ(Goal::parse("Lung:V20Gy <= 1500 mm3").limit, 1.5);
  EXPECT_EQ(Goal::parse("PTV:D95% >= 100 %").query.metric.result_unit, Unit::percent);
}

TEST(Goal, RefusesWhatDoesNotFit) {
  EXPECT_THROW(Goal::parse("Lung:V20Gy[%] <= 3 cc"), InputError);
  EXPECT_THROW(Goal::parse("Lung:V20Gy <= 3 Gy"), InputError);
  EXPECT_THROW(Goal::parse("Lung:D2% <= 3 cc"), InputError);
  EXPECT_THROW(Goal::parse("Lung:D2% <= 3"), InputError);
  EXPECT_THROW(Goal::parse("Lung:D2% <= Gy"), InputError);
  EXPECT_THROW(Goal::parse("Lung:D2% 3 Gy"), InputError);
  EXPECT_THROW(Goal::parse("Lung:D2% <= 3 Gy or so"), InputError);
}

}  // namespace
}  // namespace sbrt
