/// The JSON block that says which build wrote a file.
#pragma once

#include "engine/json.h"

#include <string>

namespace sbrt {

inline void write_program(JsonWriter& json, const std::string& version, const std::string& revision) {
  json.key("program").begin_row_object();
  json.member("name", "sbrtplan").member("version", version).member("revision", revision).end_object();
}

}  // namespace sbrt
