#include "engine/cohort/case_store.h"

#include "geometry/error.h"
#include "tests/engine/cohort/store_fixture.h"

#include <gmock/gmock.h>

namespace sbrt {
namespace {

using CaseStoreTest = StoreTest;
using ::testing::HasSubstr;

TEST_F(CaseStoreTest, ReadsWhatReplanWrote) {
  add_case("b", "P2", "LUNG", 31.5, 45, 5, 1.2,
           R"(, "archived": {"indices": {"ci": {"value": 1.4, "interval": [1.3, 1.5]}}, "beams": 90, "total_mu": 30000},
                "comparison": {"gamma_pct": 98.5, "dvh": [1, 2]})");
  add_case("a", "P1", "SPINE", 20, 30, 3, 1.1);
  write("cases/b/report.html", "x");
  write("failed/c.json", R"({"reason": "two CTs"})");
  const CaseStore store = read_store(folder);
  ASSERT_EQ(store.cases.size(), 2u);
  EXPECT_TRUE(store.unreadable.empty());
  EXPECT_EQ(store.cases[0].id, "a");
  EXPECT_EQ(store.cases[0].archived, std::nullopt);
  EXPECT_TRUE(store.cases[0].report.empty());
  const CohortCase& b = store.cases[1];
  EXPECT_EQ(b.patient_id, "P2");
  EXPECT_EQ(b.largest_diameter_mm, 31.5);
  EXPECT_EQ(b.fractions, 5);
  EXPECT_EQ(b.replanned.at("ci"), 1.2);
  EXPECT_EQ(b.replanned.at("goals_missed"), 1);
  EXPECT_EQ(b.archived->at("ci"), 1.4);
  EXPECT_EQ(b.archived->at("total_mu"), 30000);
  EXPECT_EQ(b.gamma_pct, 98.5);
  EXPECT_EQ(b.warnings, (std::vector<std::string>{"lung-path"}));
  EXPECT_EQ(b.report.filename(), "report.html");
  ASSERT_EQ(store.failed.size(), 1u);
  EXPECT_EQ(store.failed[0].id, "c");
  EXPECT_EQ(store.failed[0].reason, "two CTs");
}

TEST_F(CaseStoreTest, NothingIsSilentlyMissing) {
  add_case("good", "P", "LUNG", 20, 30, 3, 1.1);
  add_case("unknown-key", "P", "LUNG", 20, 30, 3, 1.1, R"(, "surprise": 1)");
  write("cases/broken/case-result.json", "{\"schema\": ");
  write("cases/other/case-result.json", R"({"schema": "sbrtplan-case-result/9"})");
  std::filesystem::create_directories(folder / "cases" / "empty");
  write("failed/odd.json", "[]");
  const CaseStore store = read_store(folder);
  EXPECT_EQ(store.cases.size(), 1u);
  ASSERT_EQ(store.unreadable.size(), 4u);
  EXPECT_THAT(store.unreadable[0].reason, HasSubstr("broken"));
  EXPECT_THAT(store.unreadable[1].reason, HasSubstr("empty"));
  EXPECT_THAT(store.unreadable[2].reason, HasSubstr("sbrtplan-case-result/1"));
  EXPECT_THAT(store.unreadable[3].reason, HasSubstr("surprise"));
  EXPECT_EQ(store.failed.size(), 1u);
}

TEST_F(CaseStoreTest, OneCaseInTwoFoldersCountsOnce) {
  const auto path = add_case("a", "P", "LUNG", 20, 30, 3, 1.1);
  std::filesystem::copy(path.parent_path(), folder / "cases" / "copy");
  const CaseStore store = read_store(folder);
  EXPECT_EQ(store.cases.size(), 1u);
  ASSERT_EQ(store.unreadable.size(), 1u);
  EXPECT_THAT(store.unreadable[0].reason, HasSubstr("twice"));
}

TEST_F(CaseStoreTest, RefusesWhatIsNoStore) {
  std::filesystem::remove(folder / "cases");
  EXPECT_THROW(read_store(folder), InputError);
  EXPECT_THROW(read_store(folder / "nowhere"), InputError);
}

}  // namespace
}  // namespace sbrt
