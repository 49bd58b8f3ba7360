/// The JSON blocks that say which build wrote a file, and from what.
#pragma once

#include "engine/json.h"
#include "engine/report/input_record.h"

#include <string>
#include <vector>

namespace sbrt {

inline void write_program(JsonWriter& json, const std::string& version, const std::string& revision) {
  json.key("program").begin_row_object();
  json.member("name", "sbrtplan").member("version", version).member("revision", revision).end_object();
}

/// Empty paths, UIDs and hashes are left out.
inline void write_inputs(JsonWriter& json, const std::vector<InputRecord>& inputs) {
  json.key("inputs").begin_array();
  for (const InputRecord& input : inputs) {
    json.begin_row_object();
    if (!input.path.empty()) json.member("path", input.path);
    json.member("kind", input.kind);
    if (!input.uid.empty()) json.member("uid", input.uid);
    if (!input.sha256.empty()) json.member("sha256", input.sha256);
    json.end_object();
  }
  json.end_array();
}

}  // namespace sbrt
