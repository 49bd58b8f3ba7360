#include "geometry/atomic_output.h"

#include "geometry/error.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <unistd.h>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::size_t entries(const fs::path& folder) {
  return std::size_t(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class AtomicOutput : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("sbrt-atomic-" + std::to_string(::getpid()) + "-" +
                                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(AtomicOutput, WritesAndReplacesAFile) {
  const fs::path file = folder_ / "plan.json";
  write_file_atomically(file, "first");
  write_file_atomically(file, std::string("sec\0ond", 7));
  EXPECT_EQ(content(file), std::string("sec\0ond", 7));
  EXPECT_EQ(entries(folder_), 1u);
}

TEST_F(AtomicOutput, RefusesAFolderThatDoesNotExistAndLeavesNothing) {
  EXPECT_THROW(write_file_atomically(folder_ / "missing" / "plan.json", "x"), InputError);
  EXPECT_EQ(entries(folder_), 0u);
}

TEST_F(AtomicOutput, AFailedReplacementKeepsTheOldAndLeavesNothing) {
  fs::create_directories(folder_ / "plan.json" / "inside");  // a file cannot replace a folder
  EXPECT_THROW(write_file_atomically(folder_ / "plan.json", "x"), InputError);
  EXPECT_TRUE(fs::is_directory(folder_ / "plan.json" / "inside"));
  EXPECT_EQ(entries(folder_), 1u);
}

TEST_F(AtomicOutput, AFolderAppearsWhole) {
  const fs::path goal = folder_ / "out";
  {
    AtomicFolder out(goal, false);
    std::ofstream(out.staging() / "dose.dcm") << "dose";
    EXPECT_FALSE(fs::exists(goal));
    out.commit();
  }
  EXPECT_EQ(content(goal / "dose.dcm"), "dose");
  EXPECT_EQ(entries(folder_), 1u);
}

TEST_F(AtomicOutput, WithoutCommitNothingChanges) {
  const fs::path goal = folder_ / "out";
  fs::create_directories(goal);
  std::ofstream(goal / "old") << "old";
  {
    AtomicFolder out(goal, true);
    std::ofstream(out.staging() / "new") << "new";
  }
  EXPECT_EQ(content(goal / "old"), "old");
  EXPECT_EQ(entries(goal), 1u);
  EXPECT_EQ(entries(folder_), 1u);
}

TEST_F(AtomicOutput, AFullFolderIsReplacedOnlyWhenAsked) {
  const fs::path goal = folder_ / "out";
  fs::create_directories(goal);
  std::ofstream(goal / "old") << "old";
  EXPECT_THROW(AtomicFolder(goal, false), InputError);
  {
    AtomicFolder out(goal, true);
    std::ofstream(out.staging() / "new") << "new";
    out.commit();
  }
  EXPECT_FALSE(fs::exists(goal / "old"));
  EXPECT_EQ(content(goal / "new"), "new");
  EXPECT_EQ(entries(folder_), 1u);
}

TEST_F(AtomicOutput, AFileIsNoGoalForAFolder) {
  std::ofstream(folder_ / "out") << "file";
  EXPECT_THROW(AtomicFolder(folder_ / "out", true), InputError);
  EXPECT_EQ(content(folder_ / "out"), "file");
}

}  // namespace
}  // namespace sbrt
