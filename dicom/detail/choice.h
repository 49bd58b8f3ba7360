/// What the choosers of CT, structure set and dose share.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace sbrt::dicom::detail {

template <class T>
std::vector<const T*> pointers(const std::vector<T>& all) {
  std::vector<const T*> result;
  for (const auto& one : all) result.push_back(&one);
  return result;
}

/// True when the user's text is the file's SOP instance UID, path or name.
template <class File>
bool is_chosen(const File& file, const std::string& choice) {
  const std::filesystem::path wanted(choice);
  std::error_code error;
  return file.reference.sop_instance_uid == choice || file.path == wanted || file.path.filename() == wanted ||
         std::filesystem::equivalent(file.path, wanted, error);
}

}  // namespace sbrt::dicom::detail
