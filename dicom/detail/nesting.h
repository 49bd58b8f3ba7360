#pragma once

#include <filesystem>
#include <string>

namespace sbrt::dicom::detail {

/// DCMTK parses nested sequences by recursion without a limit, so a small file can exhaust the stack. This reads the
/// bytes first, counting item delimiters (PS3.5 section 7.5) in either byte order and stepping over pixel data.
/// @return why the file must not be parsed, empty when it may
std::string nesting_refusal(const std::filesystem::path& path);

}  // namespace sbrt::dicom::detail
