#include "engine/cohort/cox.h"
#include "engine/cohort/kaplan_meier.h"
#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace sbrt {
namespace {

// Values of R 4.2.2, survival 3.5-3 in ../shared/data/survival/README.md are printed to 10-13 digits.
constexpr double as_printed = 1e-8;

using Table = std::map<std::string, std::vector<std::string>>;

Table read_csv(const std::string& name) {
  std::ifstream file(std::string(SBRT_SHARED_DIR) + "/data/survival/" + name);
  std::string line;
  std::vector<std::string> titles;
  Table table;
  const auto fields = [](std::string text) {
    std::erase(text, '"');
    std::vector<std::string> all;
    std::stringstream list(text);
    for (std::string item; std::getline(list, item, ',');) all.push_back(item);
    return all;
  };
  std::getline(file, line);
  titles = fields(line);
  while (std::getline(file, line)) {
    const auto row = fields(line);
    for (std::size_t n = 0; n < titles.size(); ++n) table[titles[n]].push_back(row.at(n));
  }
  return table;
}

std::vector<Observation> outcomes(const Table& table, const std::string& time, const std::string& status,
                                  const std::string& event, const std::string& by = "", const std::string& group = "") {
  std::vector<Observation> all;
  for (std::size_t n = 0; n < table.at(time).size(); ++n)
    if (by.empty() || table.at(by)[n] == group)
      all.push_back({std::stod(table.at(time)[n]), table.at(status)[n] == event});
  return all;
}

std::vector<CoxSubject> regressed(const Table& table, const std::string& time, const std::string& status,
                                  const std::string& event, const std::vector<std::string>& names) {
  std::vector<CoxSubject> all;
  for (std::size_t n = 0; n < table.at(time).size(); ++n) {
    CoxSubject s{{std::stod(table.at(time)[n]), table.at(status)[n] == event}, {}};
    bool complete = true;
    for (const std::string& name : names) {
      complete = complete && table.at(name)[n] != "NA";
      if (complete) s.covariates.push_back(std::stod(table.at(name)[n]));
    }
    if (complete) all.push_back(s);
  }
  return all;
}

class SharedSurvival : public ::testing::Test {
 protected:
  const Table lung = read_csv("lung.csv"), ovarian = read_csv("ovarian.csv"), aml = read_csv("aml.csv");
  const std::vector<Observation> lung_all = outcomes(lung, "time", "status", "2");
};

TEST_F(SharedSurvival, LungCurveAndMedianByEveryInterval) {
  struct Case {
    ConfidenceType type;
    double low, high;
  };
  for (const Case& c : {Case{ConfidenceType::log, 285, 363},
                        {ConfidenceType::log_log, 284, 361},
                        {ConfidenceType::plain, 284, 361},
                        {ConfidenceType::logit, 284, 361},
                        {ConfidenceType::arcsin, 284, 361}}) {
    const SurvivalCurve curve = kaplan_meier(lung_all, c.type);
    EXPECT_EQ(curve.median.time, 310) << to_string(c.type);
    EXPECT_EQ(curve.median.low, c.low) << to_string(c.type);
    EXPECT_EQ(curve.median.high, c.high) << to_string(c.type);
  }
  const auto log = kaplan_meier(lung_all).at(180), loglog = kaplan_meier(lung_all, ConfidenceType::log_log).at(180);
  EXPECT_NEAR(log->survival, 0.7216706534, as_printed);
  EXPECT_NEAR(log->standard_error, 0.02981241947, as_printed);
  EXPECT_NEAR(log->interval->low, 0.66554230713, as_printed);
  EXPECT_NEAR(log->interval->high, 0.7825325699, as_printed);
  EXPECT_NEAR(loglog->interval->low, 0.65830452845, as_printed);
  EXPECT_NEAR(loglog->interval->high, 0.7753146907, as_printed);
  const SurvivalCurve curve = kaplan_meier(lung_all, ConfidenceType::log_log);
  EXPECT_NEAR(curve.at(365)->survival, 0.4092416245, as_printed);
  EXPECT_NEAR(curve.at(365)->interval->low, 0.33871426909, as_printed);
  EXPECT_NEAR(curve.at(365)->interval->high, 0.4783807676, as_printed);
  EXPECT_NEAR(curve.at(730)->survival, 0.1156930983, as_printed);
  EXPECT_NEAR(curve.at(730)->interval->low, 0.06763215149, as_printed);
  EXPECT_NEAR(curve.at(730)->interval->high, 0.1778251997, as_printed);
}

TEST_F(SharedSurvival, MediansByGroup) {
  const auto men = outcomes(lung, "time", "status", "2", "sex", "1"),
             women = outcomes(lung, "time", "status", "2", "sex", "2");
  const auto expect = [](const SurvivalCurve& curve, double median, double low, std::optional<double> high) {
    EXPECT_EQ(curve.median.time, median);
    EXPECT_EQ(curve.median.low, low);
    EXPECT_EQ(curve.median.high, high);
  };
  expect(kaplan_meier(men), 270, 212, 310);
  expect(kaplan_meier(women), 426, 348, 550);
  expect(kaplan_meier(men, ConfidenceType::log_log), 270, 210, 306);
  expect(kaplan_meier(women, ConfidenceType::log_log), 426, 345, 524);
  const auto ovary = outcomes(ovarian, "futime", "fustat", "1");
  expect(kaplan_meier(ovary), 638, 464, std::nullopt);
  expect(kaplan_meier(ovary, ConfidenceType::plain), 638, 464, std::nullopt);
  expect(kaplan_meier(ovary, ConfidenceType::log_log), 638, 431, std::nullopt);
}

TEST_F(SharedSurvival, LogRankTests) {
  const std::vector<std::vector<Observation>> by_sex{outcomes(lung, "time", "status", "2", "sex", "1"),
                                                     outcomes(lung, "time", "status", "2", "sex", "2")};
  const LogRank sex = log_rank(by_sex);
  EXPECT_EQ(sex.observed, (std::vector<double>{112, 53}));
  EXPECT_NEAR(sex.expected[0], 91.5817390296, as_printed);
  EXPECT_NEAR(sex.expected[1], 73.4182609704, as_printed);
  EXPECT_NEAR(sex.variance, 40.3714339796, as_printed);
  EXPECT_NEAR(sex.chi_square, 10.3267419549, as_printed);
  EXPECT_NEAR(log_rank(by_sex, 1).chi_square, 12.7141514012, as_printed);
  EXPECT_NEAR(log_rank({outcomes(ovarian, "futime", "fustat", "1", "rx", "1"),
                        outcomes(ovarian, "futime", "fustat", "1", "rx", "2")})
                  .chi_square,
              1.06273986129, as_printed);
  EXPECT_NEAR(log_rank({outcomes(aml, "time", "status", "1", "x", "Maintained"),
                        outcomes(aml, "time", "status", "1", "x", "Nonmaintained")})
                  .chi_square,
              3.39638869898, as_printed);
}

TEST_F(SharedSurvival, CoxRegressions) {
  const auto sex = regressed(lung, "time", "status", "2", {"sex"});
  const CoxFit efron = fit_cox({"sex"}, sex), breslow = fit_cox({"sex"}, sex, TieMethod::breslow);
  EXPECT_NEAR(efron.coefficients[0].coefficient, -0.531023540006, as_printed);
  EXPECT_NEAR(efron.coefficients[0].standard_error, 0.167178583301, as_printed);
  EXPECT_NEAR(efron.score.chi_square, 10.3251484957, as_printed);
  EXPECT_NEAR(breslow.coefficients[0].coefficient, -0.530396576883, as_printed);
  EXPECT_NEAR(breslow.coefficients[0].standard_error, 0.167180837456, as_printed);
  EXPECT_NEAR(breslow.score.chi_square, 10.2999243232, as_printed);

  const std::vector<std::string> names{"age", "sex", "ph.ecog"};
  const auto three = regressed(lung, "time", "status", "2", names);
  const CoxFit many = fit_cox(names, three);
  EXPECT_EQ(many.subjects, 227);
  EXPECT_EQ(many.events, 164);
  const double b[] = {0.0110667645961, -0.5526123955318, 0.4637284751157},
               se[] = {0.00926741101, 0.16773905378, 0.11357726616};
  for (int n = 0; n < 3; ++n) {
    EXPECT_NEAR(many.coefficients[n].coefficient, b[n], as_printed);
    EXPECT_NEAR(many.coefficients[n].standard_error, se[n], as_printed);
  }
  EXPECT_NEAR(many.log_likelihood_start, -744.480455761, as_printed);
  EXPECT_NEAR(many.log_likelihood, -729.230121375, as_printed);
  const CoxFit other = fit_cox(names, three, TieMethod::breslow);
  const double bb[] = {0.0110411363857, -0.5518895696377, 0.4629470403345};
  for (int n = 0; n < 3; ++n) EXPECT_NEAR(other.coefficients[n].coefficient, bb[n], as_printed);
  EXPECT_NEAR(other.log_likelihood_start, -744.692819266, as_printed);
  EXPECT_NEAR(other.log_likelihood, -729.488705177, as_printed);

  const CoxFit ovary = fit_cox({"age", "rx"}, regressed(ovarian, "futime", "fustat", "1", {"age", "rx"}));
  EXPECT_NEAR(ovary.coefficients[0].coefficient, 0.147326595469, as_printed);
  EXPECT_NEAR(ovary.coefficients[1].coefficient, -0.803973012665, as_printed);
  EXPECT_NEAR(ovary.coefficients[0].standard_error, 0.0461470477, as_printed);
  EXPECT_NEAR(ovary.coefficients[1].standard_error, 0.6320493719, as_printed);

  std::vector<CoxSubject> leukaemia;
  for (std::size_t n = 0; n < aml.at("time").size(); ++n)
    leukaemia.push_back(
        {{std::stod(aml.at("time")[n]), aml.at("status")[n] == "1"}, {aml.at("x")[n] == "Nonmaintained" ? 1.0 : 0.0}});
  EXPECT_NEAR(fit_cox({"x"}, leukaemia).coefficients[0].coefficient, 0.915532575015, as_printed);
  EXPECT_NEAR(fit_cox({"x"}, leukaemia, TieMethod::breslow).coefficients[0].coefficient, 0.904219723686, as_printed);
}

TEST(Survival, MedianOnAFlatIsItsMiddle) {
  EXPECT_EQ(kaplan_meier({{1, true}, {2, true}, {3, true}, {4, true}}).median.time, 2.5);
  EXPECT_EQ(kaplan_meier({{1, true}, {2, false}, {3, false}}).median.time, std::nullopt);
}

TEST(Survival, CensoredAtADeathTimeIsAtRisk) {
  const SurvivalCurve curve = kaplan_meier({{1, true}, {1, false}, {2, true}});
  EXPECT_DOUBLE_EQ(curve.at(1)->survival, 2.0 / 3);
  EXPECT_EQ(curve.at_risk(1), 3);
  EXPECT_EQ(curve.at_risk(1.5), 1);
  EXPECT_EQ(curve.at(0.5)->survival, 1);
  EXPECT_EQ(curve.at(5)->survival, 0);
}

TEST(Survival, NothingIsSaidBeyondTheLastCensoredTime) {
  EXPECT_EQ(kaplan_meier({{1, true}, {3, false}}).at(4), std::nullopt);
}

TEST(Survival, IncidencesOfAllCausesAndSurvivalAddUpToOne) {
  std::vector<CompetingObservation> subjects;
  std::vector<Observation> any;
  for (int n = 0; n < 60; ++n) {
    const int cause = (n * 7) % 3;
    subjects.push_back({double(1 + (n * 13) % 17), cause});
    any.push_back({subjects.back().time, cause != 0});
  }
  const auto one = cumulative_incidence(subjects, 1), two = cumulative_incidence(subjects, 2);
  const SurvivalCurve curve = kaplan_meier(any);
  ASSERT_EQ(one.size(), curve.steps.size());
  for (std::size_t n = 0; n < one.size(); ++n)
    EXPECT_NEAR(one[n].incidence + two[n].incidence + curve.steps[n].survival, 1, 1e-14);
}

TEST(Survival, WithOneCauseTheIncidenceIsTheLossOfSurvival) {
  const std::vector<Observation> subjects{{1, true},  {2, false}, {2, true}, {4, true},
                                          {5, false}, {7, true},  {9, false}};
  std::vector<CompetingObservation> single;
  for (const Observation& s : subjects) single.push_back({s.time, s.event ? 1 : 0});
  const auto steps = cumulative_incidence(single, 1);
  const SurvivalCurve curve = kaplan_meier(subjects);
  for (std::size_t n = 0; n < steps.size(); ++n) {
    EXPECT_NEAR(steps[n].incidence, 1 - curve.steps[n].survival, 1e-15);
  }
}

TEST(Survival, RefusesWhatCannotBeJudged) {
  EXPECT_THROW(kaplan_meier({}), InputError);
  EXPECT_THROW(kaplan_meier({{-1, true}}), InputError);
  EXPECT_THROW(kaplan_meier({{NAN, true}}), InputError);
  EXPECT_THROW(log_rank({{{1, true}}}), InputError);
  EXPECT_THROW(log_rank({{{1, false}}, {{2, false}}}), InputError);
  EXPECT_THROW(fit_cox({"x"}, {{{1, true}, {2}}, {{2, true}, {2}}}), InputError);    // no spread
  EXPECT_THROW(fit_cox({"x"}, {{{1, false}, {2}}, {{2, false}, {3}}}), InputError);  // no event
  EXPECT_THROW(fit_cox({"x"}, {{{1, true}, {NAN}}, {{2, true}, {3}}}), InputError);
  EXPECT_THROW(fit_cox({"x", "y"}, {{{1, true}, {1, 2}}, {{2, true}, {2, 4}}, {{3, true}, {5, 10}}}), InputError);
  EXPECT_THROW(fit_cox({"x"}, {{{1, true}, {2}}, {{2, true}, {1}}, {{3, false}, {0}}}), InputError);  // separated
}

}  // namespace
}  // namespace sbrt
