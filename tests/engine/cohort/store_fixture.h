/// A small store of hand-written results, as replan leaves it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace sbrt {

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = std::filesystem::temp_directory_path() /
             ("sbrtplan-store-" + std::string(info->name()) + "-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder / "cases");
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  }

  /// One result; `more` are further members of the whole document, each beginning with a comma.
  std::filesystem::path add_case(const std::string& id, const std::string& patient, const std::string& site,
                                 double diameter_mm, double dose_gy, int fractions, double ci,
                                 const std::string& more = "", const std::string& more_plan = "") const {
    const double bed = dose_gy * (1 + dose_gy / fractions / 10);
    return write("cases/" + id + "/case-result.json",
                 R"({"schema": "sbrtplan-case-result/1",
 "case": {"id": ")" + id +
                     R"(", "patient_id": ")" + patient + R"(", "rtstruct_uid": "1.2.3", "ct_series_uid": "1.2.4",
          "target": "PTV", "gtv": ["GTV"], "site": ")" +
                     site + R"(", "study_date": "20200102"},
 "lesion": {"largest_diameter_mm": )" +
                     std::to_string(diameter_mm) + R"(, "gtv_cc": 10, "ptv_cc": 20},
 "prescription": {"dose_gy": )" +
                     std::to_string(dose_gy) + R"(, "fractions": )" + std::to_string(fractions) +
                     R"(, "alpha_beta_gy": 10, "bed_gy": )" + std::to_string(bed) + R"(, "eqd2_gy": )" +
                     std::to_string(bed / 1.2) + R"(},
 "replanned": {"indices": {"coverage_pct": 95, "ci": )" +
                     std::to_string(ci) + R"(, "isodose_pct": 75},
               "beams": 120, "nodes": 60, "total_mu": 20000, "minutes_per_fraction": 30, "goals_met": 3, "goals_missed": 1,
               "warnings": ["lung-path"])" +
                     more_plan + R"(},
 "hashes": {"protocol": "00"})" +
                     more + "}\n");
  }

  std::filesystem::path folder;
};

}  // namespace sbrt
