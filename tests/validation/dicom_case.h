/// A folder with one RTSTRUCT and one RTDOSE, as a treatment planning system would export them, and what the program
/// makes of it.
#pragma once

#include "dicom/export.h"
#include "engine/evaluate_case.h"
#include "phantoms/analytic_shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace sbrt::validation {

inline std::vector<double> planes(double first_mm, double last_mm, double gap_mm) {
  std::vector<double> at;
  for (int n = 0; first_mm + n * gap_mm <= last_mm; ++n) at.push_back(first_mm + n * gap_mm);
  return at;
}

inline Structure drawn(const std::string& name, const phantoms::Solid& solid, const std::vector<double>& planes_mm,
                       int number = 1, RoiRole role = RoiRole::ptv) {
  return {number, name, role, {255, 0, 0}, phantoms::contours_on(solid, planes_mm)};
}

class DicomCase {
 public:
  DicomCase() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(info->test_suite_name()) + "-" + info->name() + "-" + std::to_string(::getpid());
    for (char& c : name)
      if (c == '/') c = '-';
    folder_ = std::filesystem::temp_directory_path() / ("sbrtplan-" + name);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    study_.patient_id = "VALIDATION";
    study_.study_instance_uid = dicom::uid_from("validation study");
  }
  ~DicomCase() { std::filesystem::remove_all(folder_); }
  DicomCase(const DicomCase&) = delete;
  DicomCase& operator=(const DicomCase&) = delete;

  void write(std::vector<Structure> structures, const DoseGrid& dose, int bits = 32) {
    dicom::CtSeries ct;  // no image: contours of any spacing
    ct.patient_study = study_;
    ct.frame_of_reference_uid = dicom::uid_from("validation frame");
    ct.series_instance_uid = dicom::uid_from("validation series");
    const auto reference =
        dicom::write_structures(StructureSet(std::move(structures), ct.frame_of_reference_uid), "validation", ct,
                                "validation", {"test", "test"}, folder_ / "rs.dcm");
    dicom::DoseExport info;
    info.patient_study = study_;
    info.frame_of_reference_uid = ct.frame_of_reference_uid;
    info.structures = reference;
    info.bits = bits;
    info.uid_seed = "validation";
    dicom::write_dose(dose, info, {"test", "test"}, folder_ / "rd.dcm");
  }

  Evaluation evaluate(EvaluateRequest request) const {
    request.inputs = {folder_};
    return evaluate_case(request).evaluation;
  }

 private:
  std::filesystem::path folder_;
  dicom::PatientStudy study_;
};

}  // namespace sbrt::validation
