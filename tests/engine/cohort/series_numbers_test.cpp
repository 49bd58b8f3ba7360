#include "engine/cohort/series_numbers.h"

#include "dose/svg_plot.h"
#include "engine/cohort/cohort_report.h"
#include "engine/json.h"
#include "tests/engine/cohort/store_fixture.h"

#include <gmock/gmock.h>

namespace sbrt {
namespace {

using SeriesNumbersTest = StoreTest;
using ::testing::HasSubstr;
using ::testing::Not;

const MeasureSummary& of(const SeriesNumbers& numbers, const std::string& id) {
  for (const MeasureSummary& m : numbers.measures)
    if (m.measure->id == id) return m;
  throw std::out_of_range(id);
}

TEST(Spread, IsThatOfR) {
  // R: x <- c(7, 1, 4, 10, 2, 8); median(x) 5.5; quantile(x) 1, 2.5, 5.5, 7.75, 10; mean(x) 5.3333...
  const Spread s = spread_of({7, 1, 4, 10, 2, 8});
  EXPECT_EQ(s.cases, 6);
  EXPECT_DOUBLE_EQ(s.median, 5.5);
  EXPECT_DOUBLE_EQ(s.low, 1);
  EXPECT_DOUBLE_EQ(s.first_quartile, 2.5);
  EXPECT_DOUBLE_EQ(s.third_quartile, 7.75);
  EXPECT_DOUBLE_EQ(s.high, 10);
  EXPECT_DOUBLE_EQ(s.mean, 32.0 / 6);
  EXPECT_DOUBLE_EQ(spread_of({3}).first_quartile, 3);
}

TEST_F(SeriesNumbersTest, CountsAndDifferences) {
  const std::string archived =
      R"(, "archived": {"indices": {"ci": 1.3, "coverage_pct": 80, "isodose_pct": 70}, "beams": 100})";
  add_case("1", "A", "LUNG", 50, 45, 5, 1.2, archived);
  add_case("2", "A", "lung", 50.1, 45, 5, 1.3, archived);
  add_case("3", "B", "ABDOMENPELVIS", 80, 50, 5, 1.5, archived);
  add_case("4", "C", "EXTREMITY", 20, 30, 3, 1.0);
  const SeriesNumbers n = summarise(read_store(folder).cases);
  EXPECT_EQ(n.cases, 4);
  EXPECT_EQ(n.patients, 3);
  ASSERT_EQ(n.sites.size(), 3u);
  EXPECT_EQ(n.sites[0].site, "lung");
  EXPECT_EQ(n.sites[0].cases, 2);
  EXPECT_EQ(n.sites[1].site, "abdomen/pelvis");
  EXPECT_EQ(n.sites[2].site, "limb");
  EXPECT_EQ(n.prescriptions[0].dose_gy, 45);
  EXPECT_EQ(n.prescriptions[0].cases, 2);
  EXPECT_EQ(n.up_to_5_cm, 2);  // 50 mm belongs to the smaller
  EXPECT_EQ(n.above_5_cm, 2);
  EXPECT_EQ(n.bed_below_100, 3);
  EXPECT_EQ(n.bed_from_100, 1);  // 50 Gy in 5 is 100 Gy

  const MeasureSummary& ci = of(n, "ci");
  EXPECT_EQ(ci.replanned->cases, 4);
  EXPECT_EQ(ci.archived->cases, 3);
  EXPECT_EQ(ci.difference->cases, 3);
  EXPECT_NEAR(ci.difference->median, 0, 1e-12);
  EXPECT_NEAR(ci.difference->low, -0.1, 1e-12);
  EXPECT_NEAR(ci.difference->high, 0.2, 1e-12);
  EXPECT_EQ(ci.better, 1);
  EXPECT_EQ(ci.worse, 1);
  EXPECT_EQ(ci.equal, 1);
  EXPECT_EQ(of(n, "coverage_pct").better, 3);  // larger is better
  EXPECT_EQ(of(n, "beams").worse, 3);          // 120 instead of 100
  EXPECT_EQ(of(n, "isodose_pct").better, 0);   // neither is
  EXPECT_EQ(of(n, "isodose_pct").difference->median, 5);
  EXPECT_THROW(of(n, "hi"), std::out_of_range);  // no case has it
}

TEST_F(SeriesNumbersTest, PagesSurviveHostileNames) {
  add_case("case-1", "<script>alert(1)</script>", "=cmd()", 20, 30, 3, 1.1);
  add_case("case 2&", "@x,\\\"y", "lung", 20, 30, 3, 1.1);
  write("cases/case 2&/report.html", "x");
  write("failed/f.json", R"({"reason": "<img src=x onerror=alert(1)>"})");
  CohortReport report;
  report.store = folder.string();
  report.contents = read_store(folder);
  ASSERT_EQ(report.contents.cases.size(), 2u);
  report.numbers = summarise(report.contents.cases);
  const std::string html = to_html(report, draw_pictures(report), folder / "out");
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, HasSubstr("href=\"../cases/case%202%26/report.html\""));
  const std::string csv = to_csv(report);
  EXPECT_THAT(csv, HasSubstr(",'=cmd(),"));
  EXPECT_THAT(csv, HasSubstr(",\"'@x,\"\"y\","));
  EXPECT_THAT(csv, Not(HasSubstr(",=cmd")));
}

TEST(HtmlEscaped, HoldsNoMarkupAndNoControlCharacter) {
  EXPECT_EQ(markup_escaped("a<b>&\"'\x07\r\n\xc3\xa9"), "a&lt;b&gt;&amp;&quot;&#39;\xef\xbf\xbd\xef\xbf\xbd\n\xc3\xa9");
}

TEST_F(SeriesNumbersTest, JsonHoldsEveryNumberAndName) {
  add_case("1", "A", "LUNG", 50, 45, 5, 1.2);
  write("cases/bad/case-result.json", "");
  write("failed/f.json", R"({"reason": "no target"})");
  CohortReport report;
  report.store = "STORE";
  report.with_published = true;
  report.contents = read_store(folder);
  report.numbers = summarise(report.contents.cases);
  const JsonReader json = JsonReader::from_text(to_json(report), "cohort.json");
  json.expect_schema("sbrtplan-cohort/1");
  EXPECT_EQ(json.at("series").at("cases").integer(), 1);
  EXPECT_EQ(json.at("failed").items().at(0).at("reason").text(), "no target");
  EXPECT_EQ(json.at("unreadable").items().size(), 1u);
  EXPECT_EQ(json.at("cases").items().at(0).at("replanned").at("ci").number(), 1.2);
  EXPECT_EQ(json.at("published").at("measures").items().size(), 7u);
  EXPECT_FALSE(json.has("outcomes"));
  for (const JsonReader& m : json.at("series").at("measures").items()) EXPECT_FALSE(m.at("definition").text().empty());
}

TEST_F(SeriesNumbersTest, AnEmptySeriesIsAPageToo) {
  CohortReport report;
  report.contents = read_store(folder);
  report.numbers = summarise(report.contents.cases);
  EXPECT_THAT(to_html(report, draw_pictures(report), folder), HasSubstr("Series of 0 cases"));
  EXPECT_THAT(to_csv(report), HasSubstr("case_id,"));
}

}  // namespace
}  // namespace sbrt
