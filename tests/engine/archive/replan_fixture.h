#pragma once

#include "engine/archive/replan_protocol.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace sbrt {

/// A folder of the test's own, gone after it.
class ReplanTest : public ::testing::Test {
 protected:
  ReplanTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sbrtplan-replan-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~ReplanTest() override { std::filesystem::remove_all(folder); }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  /// A protocol of these members, besides its schema.
  ReplanProtocol protocol(const std::string& members) const {
    return read_replan_protocol(write("protocol.json", "{\"schema\": \"sbrtplan-replan/1\", " + members + "}"));
  }

  std::filesystem::path folder;
};

}  // namespace sbrt
