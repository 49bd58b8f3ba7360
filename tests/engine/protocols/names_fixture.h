/// Files in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sbrt {

class WithFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("sbrt-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  /// What the exception of `run` says; empty when there is none.
  template <class Error, class Run>
  static std::string complaint(Run&& run) {
    try {
      run();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace sbrt
