#include "engine/archive/store.h"

#include "engine/archive/case_job.h"
#include "engine/archive/folder_difference.h"
#include "geometry/error.h"
#include "replan_fixture.h"

#include <gmock/gmock.h>

namespace sbrt {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using StoreTest = ReplanTest;

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

TEST_F(StoreTest, ACaseAppearsWholeAndReplacesAnEarlierOne) {
  const Store store(folder / "store", true);
  EXPECT_FALSE(store.finished("a"));
  put(store.failure("a"), "{}");
  for (const std::string text : {"one", "two"}) {
    const fs::path work = store.fresh_work_folder("a");
    put(work / "result" / "case-result.json", text);
    put(work / "result" / "deep" / "file", text);
    store.finish("a", work / "result");
    EXPECT_TRUE(store.finished("a"));
    EXPECT_FALSE(fs::exists(store.failure("a")));
    std::string read;
    std::ifstream(store.case_folder("a") / "deep" / "file") >> read;
    EXPECT_EQ(read, text);
  }
  EXPECT_THAT(store.finished_cases(), ElementsAre("a"));
  store.clean();
  EXPECT_FALSE(fs::exists(store.work_folder("a")));
}

TEST_F(StoreTest, CleanLeavesWhatSomebodyWorksOn) {
  const Store store(folder / "store", true);
  store.fresh_work_folder("idle");
  store.fresh_work_folder("busy");
  const auto lock = FileLock::take(store.lock_file("busy"));
  ASSERT_TRUE(lock);
  store.clean();
  EXPECT_FALSE(fs::exists(store.work_folder("idle")));
  EXPECT_TRUE(fs::exists(store.work_folder("busy")));
}

TEST_F(StoreTest, ALockIsHeldOnce) {
  auto first = FileLock::take(folder / "lock");
  ASSERT_TRUE(first);
  EXPECT_FALSE(FileLock::take(folder / "lock"));
  first.reset();
  EXPECT_TRUE(FileLock::take(folder / "lock"));
}

TEST_F(StoreTest, AnotherFolderIsNoStore) {
  put(folder / "photos" / "cat.jpg", "");
  EXPECT_THROW(Store(folder / "photos", true), InputError);
  EXPECT_THROW(Store(folder / "missing", false), InputError);
  EXPECT_FALSE(fs::exists(folder / "missing"));
}

TEST_F(StoreTest, JobsReadBack) {
  CaseJob job;
  job.kind = JobKind::redo;
  job.source = "/archive with \xff bytes";
  job.store = "/store";
  job.protocol = "/p.json";
  job.one.id = "patient-0123";
  job.one.patient_id = "a\"b\n/../ü";
  job.one.target = "GTV";
  job.one.problem = "why not";
  job.one.expand = false;
  ArchiveEntry entry;
  entry.modality = "CT";
  entry.series_uid = "1.2";
  entry.instances = 2;
  entry.files = {"a/1.dcm", "b\xfe/2.dcm"};
  job.one.objects = {entry};
  const CaseJob read = read_case_job(write("job.json", to_json(job)));
  EXPECT_EQ(read.kind, job.kind);
  EXPECT_EQ(read.source, job.source);
  EXPECT_EQ(read.one.patient_id, job.one.patient_id);
  EXPECT_EQ(read.one.problem, job.one.problem);
  EXPECT_EQ(read.one.objects, job.one.objects);
  EXPECT_EQ(to_json(read), to_json(job));
}

TEST_F(StoreTest, AJobCannotLeaveTheStore) {
  for (const std::string id : {"../x", "a/b", ".", ""}) {
    CaseJob job;
    job.one.id = id;
    EXPECT_THROW(read_case_job(write("job.json", to_json(job))), InputError) << id;
  }
}

TEST_F(StoreTest, DifferencesOfFolders) {
  put(folder / "a" / "same", "x");
  put(folder / "b" / "same", "x");
  EXPECT_TRUE(folder_differences(folder / "a", folder / "b").empty());
  put(folder / "a" / "deep" / "file", std::string(70000, 'x') + "y");
  put(folder / "b" / "deep" / "file", std::string(70000, 'x') + "z");
  put(folder / "a" / "only", "");
  put(folder / "b" / "longer", "");
  EXPECT_THAT(folder_differences(folder / "a", folder / "b"),
              ElementsAre(HasSubstr("deep/file: differs from byte 70000"), HasSubstr("longer: only in the second"),
                          HasSubstr("only: only in the first")));
}

}  // namespace
}  // namespace sbrt
