#include "dose/beam_data.h"

#include "dose/csv.h"
#include "fixtures.h"
#include "geometry/error.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

/// A small valid set whose files a test can replace.
std::map<std::string, std::string> small_set() {
  return {{"beam-data.json",
           R"({"schema": "sbrtplan-beam-data/1", "name": "small", "version": "7", "collimator_kind": "fixed",
 "clinical": false, "source": "by hand", "licence": "CC0-1.0",
 "reference": {"distance_mm": 800, "depth_mm": 15, "collimator_mm": 60, "gy_per_mu": 0.01}})"},
          {"of.csv", "# comment\ncollimator_mm,distance_mm,output_factor\n10,800,0.9\n60,700,0.99\n60,900,1.01\n"},
          {"tpr.csv", "field_mm,depth_mm,tpr\n10,0,0.4\n10,15,1\n10,100,0.6\n60,0,0.5\n60,15,1\n60,100,0.7\n"},
          {"ocr.csv",
           "collimator_mm,depth_mm,radius_mm,ocr\n10,15,0,1\n10,15,5,0.5\n10,15,9,0.01\n60,15,0,1\n60,15,30,0.5\n60,15,"
           "40,0.02\n"
           "60,200,0,1\n60,200,30,0.6\n60,200,40,0.1\n"}};
}

fs::path write_set(const std::map<std::string, std::string>& files) {
  const fs::path folder = fs::path(::testing::TempDir()) /
                          ("beam_data_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto& [name, text] : files) std::ofstream(folder / name) << text;
  return folder;
}

BeamData load(const std::map<std::string, std::string>& files) { return BeamData::from_folder(write_set(files)); }

constexpr double rounding = 1e-12;

TEST(BeamData, ReadsAFolderAndInterpolatesAsStated) {
  const BeamData data = load(small_set());
  EXPECT_EQ(data.name(), "small");
  EXPECT_EQ(data.version(), "7");
  EXPECT_FALSE(data.clinical());
  EXPECT_EQ(data.collimators_mm(), (std::vector<double>{10, 60}));
  EXPECT_NEAR(data.output_factor(60, 750), 0.995, rounding);
  EXPECT_NEAR(data.output_factor(60, 2000), 1.01, rounding);                     // clamped
  EXPECT_NEAR(data.output_factor(10, 650), 0.9, rounding);                       // one distance: constant
  EXPECT_NEAR(data.tissue_phantom_ratio(35, 57.5), (0.8 + 0.85) / 2, rounding);  // bilinear
  EXPECT_NEAR(data.tissue_phantom_ratio(5, 500), 0.6, rounding);                 // both clamped
  EXPECT_NEAR(data.off_axis_ratio(60, 35, 107.5), (0.26 + 0.35) / 2, rounding);  // bilinear
  EXPECT_NEAR(data.off_axis_ratio(60, 30, 5), 0.5, rounding);                    // depth clamped
  EXPECT_NEAR(data.off_axis_ratio(60, 40, 15), 0.02, rounding);
  EXPECT_EQ(data.off_axis_ratio(60, 40.001, 15), 0);  // zero beyond the last radius
  EXPECT_EQ(data.largest_radius_mm(10), 9);
}

TEST(BeamData, HashCoversAllFourFiles) {
  const std::string before = load(small_set()).sha256();
  for (const auto& [name, text] : small_set()) {
    auto files = small_set();
    files[name] += "\n";
    EXPECT_NE(load(files).sha256(), before) << name;
  }
}

std::string refusal(const std::string& file, const std::string& from, const std::string& to) {
  auto files = small_set();
  const std::size_t at = files[file].find(from);
  EXPECT_NE(at, std::string::npos) << from;
  files[file].replace(at, from.size(), to);
  try {
    load(files);
    return "accepted";
  } catch (const InputError& e) {
    return e.what();
  }
}

void expect_refused(const std::string& file, const std::string& from, const std::string& to, const std::string& words) {
  const std::string message = refusal(file, from, to);
  EXPECT_NE(message.find(words), std::string::npos) << message;
  EXPECT_NE(message.find(file), std::string::npos) << message;
}

TEST(BeamData, RefusesADescriptionThatIsNotStrictlyAsDefined) {
  expect_refused("beam-data.json", "\"version\"", "\"verison\"", "/version");
  expect_refused("beam-data.json", "\"clinical\"", "\"colour\": 1, \"clinical\"", "unknown key 'colour'");
  expect_refused("beam-data.json", "\"depth_mm\"", "\"unit\": \"mm\", \"depth_mm\"", "/reference/unit");
  expect_refused("beam-data.json", "\"name\"", "\"name\": \"x\", \"name\"", "appears twice");
  expect_refused("beam-data.json", "data/1", "data/2", "schema");
  expect_refused("beam-data.json", "fixed", "mlc", "fixed or iris");
  expect_refused("beam-data.json", "false", "\"no\"", "/clinical");
  expect_refused("beam-data.json", "0.01", "0", "/reference/gy_per_mu");
  expect_refused("beam-data.json", "}", "", "not valid JSON");
}

TEST(BeamData, RefusesTablesByFileAndLine) {
  expect_refused("of.csv", "60,700,0.99", "60,700,-0.99", "line 4");
  expect_refused("of.csv", "60,900,1.01", "60,700,1.01", "line 5");
  expect_refused("of.csv", "60,700,0.99", "60,700,0.89", "is 1 by definition");
  expect_refused("of.csv", "60,700,0.99\n60,900,1.01\n", "", "reference collimator");
  expect_refused("of.csv", "10,800,0.9\n", "", "collimator");
  expect_refused("tpr.csv", "10,15,1\n", "", "hole");
  expect_refused("tpr.csv", "60,100,0.7\n", "", "hole");
  expect_refused("tpr.csv", "60,100,0.7\n", "60,100,0.7\n60,200,0.3\n", "hole");
  expect_refused("tpr.csv", "10,0,0.4\n10,15,1\n", "10,15,1\n10,0,0.4\n", "line 3");
  expect_refused("tpr.csv", "60,15,1\n", "60,15,1.01\n", "is 1 by definition");
  expect_refused("tpr.csv", "0.6", "nan", "line 4");
  expect_refused("ocr.csv", "60,200,30,0.6\n", "", "hole");
  expect_refused("ocr.csv", "60,200,0,1", "60,200,0,0.9", "OCR(0)");
  expect_refused("ocr.csv", "10,15,0,1\n", "", "first radius");
  expect_refused("ocr.csv", "10,15,5,0.5", "10,15,5,-0.5", "line 3");
}

TEST(BeamData, NamesAMissingFile) {
  auto files = small_set();
  files.erase("tpr.csv");
  try {
    load(files);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("tpr.csv"), std::string::npos);
  }
}

TEST(BeamData, FindsShippedSetsByNameAndOffersThemOtherwise) {
  const auto names = BeamData::shipped_names();
  EXPECT_NE(std::find(names.begin(), names.end(), "generic-6mv-fff"), names.end());
  try {
    BeamData::named_or_folder("generic-6mv-ff");
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("generic-6mv-fff"), std::string::npos);
  }
  EXPECT_THROW(BeamData::named_or_folder(""), InputError);
  EXPECT_THROW(BeamData::named_or_folder("../generic-6mv-fff"), InputError);
}

TEST(BeamData, EnvironmentComesFirst) {
  const fs::path folder = write_set({});
  fs::create_directories(folder / "beam-data" / "mine");
  for (const auto& [name, text] : small_set()) std::ofstream(folder / "beam-data" / "mine" / name) << text;
  ::setenv("SBRTPLAN_DATA", folder.c_str(), 1);
  EXPECT_EQ(BeamData::named_or_folder("mine").name(), "small");
  ::unsetenv("SBRTPLAN_DATA");
  EXPECT_THROW(BeamData::named_or_folder("mine"), InputError);
}

TEST(BeamData, AskingForAnotherCollimatorListsThoseOfTheSet) {
  try {
    testing::generic_data().require_collimator(11);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("5, 7.5, 10, 12.5, 15, 20, 25, 30, 35, 40, 50, 60 mm"), std::string::npos);
  }
}

}  // namespace
}  // namespace sbrt
