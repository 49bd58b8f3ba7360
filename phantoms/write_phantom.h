#pragma once

#include "dicom/export.h"
#include "phantoms/catalogue.h"

#include <filesystem>

namespace sbrt::phantoms {

struct WrittenPhantom {
  dicom::CtSeries ct;  //!< slice paths are those in the finished folder
  std::filesystem::path structures, case_file;
};

/// Writes ct/CT0001.dcm ..., structures.dcm and case.json (schema sbrtplan-case/1, docs/formats.md) into `folder`,
/// whole or not at all. @param overwrite replaces the folder as a whole; otherwise one that is not empty is refused
/// @throws InputError on a write error
WrittenPhantom write_phantom(const Phantom& phantom, const dicom::ProgramInfo& program,
                             const std::filesystem::path& folder, bool overwrite = false);

}  // namespace sbrt::phantoms
