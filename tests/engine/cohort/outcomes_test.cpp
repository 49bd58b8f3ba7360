#include "engine/cohort/outcome_analysis.h"
#include "geometry/error.h"
#include "tests/engine/cohort/store_fixture.h"

#include <gmock/gmock.h>

#include <functional>

namespace sbrt {
namespace {

using OutcomesTest = StoreTest;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string complaint_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing";
}

TEST_F(OutcomesTest, ReadsQuotesMissingValuesAndMarks) {
  const auto path = write("o.csv",
                          "\xef\xbb\xbf"
                          "case_id,months,event,\"age, years\",note\r\n"
                          "a,12.5,1,71,\"said \"\"no\"\",\nthen yes\"\r\n\r\n b ,0,0,NA,\"NA\"\r\nc,3,2,,\r\n");
  const OutcomesFile file = read_outcomes(path);
  EXPECT_EQ(file.level, OutcomeLevel::lesion);
  EXPECT_EQ(file.covariates, (std::vector<std::string>{"age, years", "note"}));
  ASSERT_EQ(file.rows.size(), 3u);
  EXPECT_EQ(file.rows[0].cells[1], "said \"no\",\nthen yes");
  EXPECT_EQ(file.rows[1].id, "b");
  EXPECT_EQ(file.rows[1].line, 5);
  EXPECT_EQ(file.rows[1].cells[0], std::nullopt);
  EXPECT_EQ(file.rows[1].cells[1], "NA");  // in quotes it is a text
  EXPECT_EQ(file.rows[2].cause, 2);
  EXPECT_EQ(file.rows[2].cells[1], std::nullopt);
}

TEST_F(OutcomesTest, BadInputIsRefusedByLineAndColumn) {
  const auto said = [&](const std::string& text) {
    const auto path = write("o.csv", text);
    return complaint_of([&] { read_outcomes(path); });
  };
  EXPECT_THAT(said("case_id,months,event\na,x,1\n"),
              AllOf(HasSubstr("line 2"), HasSubstr("months"), HasSubstr("o.csv")));
  EXPECT_THAT(said("case_id,months,event\na,1,1\nb,-2,1\n"), AllOf(HasSubstr("line 3"), HasSubstr("months")));
  EXPECT_THAT(said("case_id,months,event\na,1,0.5\n"), AllOf(HasSubstr("line 2"), HasSubstr("event")));
  EXPECT_THAT(said("case_id,months,event\na,1,yes\n"), HasSubstr("event"));
  EXPECT_THAT(said("case_id,months,event\na,nan,1\n"), HasSubstr("months"));
  EXPECT_THAT(said("case_id,months,event\na,1\n"), AllOf(HasSubstr("line 2"), HasSubstr("2 cells instead of 3")));
  EXPECT_THAT(said("case_id,months,event\na,1,1\na,2,0\n"),
              AllOf(HasSubstr("line 3"), HasSubstr("twice"), HasSubstr("line 2")));
  EXPECT_THAT(said("case_id,months,event\n,1,1\n"), AllOf(HasSubstr("line 2"), HasSubstr("case_id")));
  EXPECT_THAT(said("case_id,months,event,age,age\na,1,1,2,3\n"), HasSubstr("'age' occurs twice"));
  EXPECT_THAT(said("case_id,patient_id,months,event\na,b,1,1\n"), HasSubstr("case_id and patient_id"));
  EXPECT_THAT(said("id,months,event\na,1,1\n"), HasSubstr("no column case_id"));
  EXPECT_THAT(said("case_id,event\na,1\n"), HasSubstr("no column months"));
  EXPECT_THAT(said("case_id,months\na,1\n"), HasSubstr("no column event"));
  EXPECT_THAT(said("case_id,months,event,x\na,1,1,\"open\n"), AllOf(HasSubstr("never ends"), HasSubstr("line 2")));
  EXPECT_THAT(said("case_id,months,event,x\na,1,1,b\"c\n"), AllOf(HasSubstr("line 2"), HasSubstr("column 4")));
  EXPECT_THAT(said("case_id,months,event\na\xff,1,1\n"), HasSubstr("UTF-8"));
  EXPECT_THAT(said("case_id,months,event\n"), HasSubstr("no outcome"));
  EXPECT_THAT(said(""), HasSubstr("no outcome"));
  EXPECT_THAT(complaint_of([&] { read_outcomes(folder); }), HasSubstr("cannot be read"));
}

TEST_F(OutcomesTest, JoinsAndNamesWhatHasNoPartner) {
  for (const char* id : {"a", "b", "c", "d"})
    add_case(id, "P-" + std::string(id), "LUNG", id[0] < 'c' ? 30 : 60, 45, 5, 1.1);
  const auto cases = read_store(folder).cases;
  const auto path = write("o.csv", "case_id,months,event,arm\na,5,1,x\nb,9,0,y\nc,2,1,x\nz,4,1,x\n");
  const OutcomeAnalysis a = analyse_outcomes(read_outcomes(path), cases, {});
  EXPECT_EQ(a.subjects, 3);
  EXPECT_EQ(a.events, 2);
  ASSERT_EQ(a.rows_without_case.size(), 1u);
  EXPECT_EQ(a.rows_without_case[0], (std::pair<int, std::string>{5, "z"}));
  EXPECT_EQ(a.cases_without_row, (std::vector<std::string>{"d"}));
  EXPECT_TRUE(a.incidences.empty());
  ASSERT_GE(a.curves.size(), 3u);
  EXPECT_EQ(a.curves[1].by, "arm");
  EXPECT_EQ(a.curves[1].values, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(a.curves[2].by, "case.size");
  EXPECT_EQ(a.curves[2].values, (std::vector<std::string>{"<= 5 cm", "> 5 cm"}));
  OutcomeOptions by_sex;
  by_sex.groups = {"sex"};
  EXPECT_THAT(complaint_of([&] { analyse_outcomes(read_outcomes(path), cases, by_sex); }),
              AllOf(HasSubstr("'sex'"), HasSubstr("--group"), HasSubstr("arm")));
  const auto strangers = write("s.csv", "case_id,months,event\nq,5,1\n");
  EXPECT_THAT(complaint_of([&] { analyse_outcomes(read_outcomes(strangers), cases, {}); }),
              HasSubstr("no outcome belongs"));
}

TEST_F(OutcomesTest, PatientsCountOnceHoweverManyLesions) {
  add_case("a", "P1", "LUNG", 30, 45, 5, 1.1);
  add_case("b", "P1", "LUNG", 30, 45, 5, 1.1);
  add_case("c", "P2", "LUNG", 30, 45, 5, 1.1);
  const auto path = write("o.csv", "patient_id,months,event\nP1,5,1\nP2,6,0\n");
  const OutcomeAnalysis a = analyse_outcomes(read_outcomes(path), read_store(folder).cases, {});
  EXPECT_EQ(a.subjects, 2);
  EXPECT_TRUE(a.cases_without_row.empty());
  EXPECT_EQ(a.curves.size(), 1u);  // no columns of the cases
}

TEST_F(OutcomesTest, TextCovariatesBecomeIndicatorsAgainstTheFirst) {
  std::string csv = "case_id,months,event,grade\n";
  for (int n = 0; n < 24; ++n) {
    const std::string id = "c" + std::to_string(n);
    add_case(id, id, "LUNG", 30, 45, 5, 1.1);
    csv += id + "," + std::to_string(1 + (n * 7) % 19) + "," + std::to_string(n % 4 != 0) + "," +
           (n == 5       ? "NA"
            : n % 3 == 0 ? "low"
            : n % 3 == 1 ? "mid"
                         : "top") +
           "\n";
  }
  OutcomeOptions by_grade;
  by_grade.covariates = {"grade"};
  const OutcomeAnalysis a = analyse_outcomes(read_outcomes(write("o.csv", csv)), read_store(folder).cases, by_grade);
  ASSERT_EQ(a.regressions.size(), 2u);
  ASSERT_TRUE(a.regressions[0].fit) << a.regressions[0].failure;
  EXPECT_EQ(a.regressions[0].left_out, 1);
  ASSERT_EQ(a.regressions[0].fit->coefficients.size(), 2u);
  EXPECT_EQ(a.regressions[0].fit->coefficients[0].name, "grade=mid");
  EXPECT_EQ(a.regressions[1].ties, TieMethod::breslow);
}

TEST_F(OutcomesTest, CompetingEventsHaveIncidencesAndAreCensoredInCurves) {
  std::string csv = "case_id,months,event\n";
  const int causes[] = {1, 2, 0, 1, 2, 0};
  for (int n = 0; n < 6; ++n) {
    const std::string id = "c" + std::to_string(n);
    add_case(id, id, "LUNG", 30, 45, 5, 1.1);
    csv += id + "," + std::to_string(n + 1) + "," + std::to_string(causes[n]) + "\n";
  }
  const OutcomeAnalysis a = analyse_outcomes(read_outcomes(write("o.csv", csv)), read_store(folder).cases, {});
  EXPECT_EQ(a.events, 2);
  EXPECT_EQ(a.competing, 2);
  ASSERT_EQ(a.incidences.size(), 2u);
  // By hand: event 1 at 1 (6 at risk) and 4 (3 at risk, survival of any event before it 5/6 x 4/5).
  EXPECT_NEAR(a.incidences[0].steps.back().incidence, 1.0 / 6 + 4.0 / 6 / 3, 1e-15);
  EXPECT_NEAR(a.curves[0].curves[0].steps.back().survival, 5.0 / 6 * 2 / 3, 1e-15);
}

TEST(RoundTimes, AreFewAndInside) {
  for (const double last : {0.0, 0.4, 3.0, 11.0, 24.0, 36.5, 60.0, 99.0, 1022.0}) {
    const std::vector<double> times = round_times(last);
    EXPECT_LE(times.size(), 9u) << last;
    EXPECT_EQ(times.front(), 0);
    EXPECT_LE(times.back(), last * (1 + 1e-9)) << last;
    if (last >= 3) {
      EXPECT_GE(times.size(), 4u) << last;
    }
  }
}

}  // namespace
}  // namespace sbrt
