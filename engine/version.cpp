#include "engine/version.h"

#include "dicom/import.h"
#include "sbrt_revision.h"

#include <fmt/format.h>

namespace sbrt {

std::string program_version() { return SBRT_VERSION; }
std::string program_revision() { return SBRT_REVISION; }

std::string version_text() {
  return fmt::format(
      "sbrtplan {} (revision {})\ncompiler: {} {}\nlibraries: {}\nresearch software, not a medical device",
      SBRT_VERSION, SBRT_REVISION,
#ifdef __clang__
      "clang", __clang_version__,
#else
      "g++", __VERSION__,
#endif
      dicom::library_versions());
}

}  // namespace sbrt
