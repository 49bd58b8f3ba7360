/// What the tests of the DICOM writers share: a folder of their own, other programs, a patient and a small oblique
/// grid.
#pragma once

#include "dicom/export.h"
#include "geometry/error.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace sbrt::dicom::test {

class WriteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = std::filesystem::temp_directory_path() / ("sbrtplan-" + std::string(info->test_suite_name()) + "-" +
                                                       info->name() + "-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
};

/// Standard output and error of a command line.
inline std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return "popen failed";
  std::array<char, 4096> buffer;
  while (std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  if (status != 0) output += "\n[exit status " + std::to_string(status) + "]\n";
  return output;
}

/// Runs `script` in Debian's Python (pydicom, numpy); `arguments` are sys.argv[1:].
inline std::string python(const std::filesystem::path& folder, const std::string& script,
                          const std::string& arguments) {
  const auto path = folder / "script.py";
  std::ofstream(path) << "import sys, numpy as np, pydicom\n" << script;
  return output_of("/usr/bin/python3 " + path.string() + " " + arguments);
}

/// Lines of dciodvfy that start with "Error". The judge must have recognised the object, else its first line is
/// returned.
inline std::string dciodvfy_errors(const std::filesystem::path& file, const std::string& object_name) {
  const std::string output = output_of("dciodvfy -new " + file.string());
  std::istringstream lines(output);
  std::string errors;
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("Error", 0) == 0) errors += line + "\n";
  if (output.find(object_name) == std::string::npos) errors += "not judged: " + output;
  return errors;
}

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline PatientStudy some_patient() {
  PatientStudy s;
  s.patient_name = "Müller^Zoë";
  s.patient_id = "T-1";
  s.patient_birth_date = "19500102";
  s.patient_sex = "F";
  s.study_instance_uid = "1.2.3.4";
  s.study_id = "S1";
  s.study_date = "20200203";
  s.study_time = "101112";
  s.accession_number = "A1";
  s.referring_physician = "Doe^J";
  s.study_description = "Test study";
  return s;
}

inline ProgramInfo this_program() { return {"0.1.0", "abcdef"}; }

/// Unequal sizes and spacings, off-zero origin.
inline Grid axial_grid() { return Grid({7, 5, 4}, {1.5, 2.0, 2.5}, {-11.25, 20.5, -30.125}); }
/// The same, turned about all axes; right-handed.
inline Grid oblique_grid() {
  const double c = 0.8, s = 0.6;  // exact rotation by 36.87 degrees
  return Grid({7, 5, 4}, {1.5, 2.0, 2.5}, {-11.25, 20.5, -30.125},
              Axes{{c, s, 0}, {-s * c, c * c, s}, {s * s, -s * c, c}});
}

inline CtExport some_ct() { return {some_patient(), "1.2.3.5", "1.2.3.6", "thorax", "HFS"}; }

/// HU = i + 10 j + 100 k - 500, so that a swapped axis shows.
inline CtImage counting_image(const Grid& grid) {
  CtImage image(grid);
  for (int k = 0; k < grid.size().nz; ++k)
    for (int j = 0; j < grid.size().ny; ++j)
      for (int i = 0; i < grid.size().nx; ++i) image(i, j, k) = float(i + 10 * j + 100 * k - 500);
  return image;
}

}  // namespace sbrt::dicom::test
