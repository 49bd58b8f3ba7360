/// What the headers of RT objects say. Each returns why the file cannot be used, empty when it can.
#pragma once

#include "dicom/objects.h"

#include <filesystem>
#include <string>

class DcmDataset;

namespace sbrt::dicom::detail {

std::string read_structure_facts(DcmDataset& dataset, const std::filesystem::path& path, StructureFile& out,
                                 Warnings& warnings);
std::string read_dose_facts(DcmDataset& dataset, const std::filesystem::path& path, DoseFile& out);
std::string read_plan_facts(DcmDataset& dataset, const std::filesystem::path& path, PlanFile& out);

}  // namespace sbrt::dicom::detail
