#pragma once

#include "dicom/objects.h"

#include <filesystem>
#include <vector>

namespace sbrt::dicom::detail {

/// Every regular file under `paths`, each once, sorted; links are followed but no folder is entered twice.
/// What cannot be entered or is no file goes to `refused`. @throws InputError when a path does not exist
std::vector<std::filesystem::path> find_files(const std::vector<std::filesystem::path>& paths,
                                              std::vector<RefusedFile>& refused);

}  // namespace sbrt::dicom::detail
