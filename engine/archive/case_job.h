/// A case on its way to the process that plans it: a file in the store (schema sbrtplan-case-job/1), because that
/// process may run on another machine.
#pragma once

#include "engine/archive/case_discovery.h"

#include <filesystem>
#include <string>

namespace sbrt {

enum class JobKind { plan, redo, verify };

struct CaseJob {
  JobKind kind = JobKind::plan;
  ReplanCase one;
  std::string source;              //!< as open_source() takes it; a folder is absolute
  std::filesystem::path store;     //!< absolute
  std::filesystem::path protocol;  //!< absolute
  std::string protocol_sha256;     //!< the job is for this protocol only
  bool store_back = false;         //!< new objects go to the archive
  SourceOptions source_options;
  std::string replaces_sha256;  //!< redo: of the result that is replaced
};

std::string to_json(const CaseJob& job);
/// @throws InputError
CaseJob read_case_job(const std::filesystem::path& path);

}  // namespace sbrt
