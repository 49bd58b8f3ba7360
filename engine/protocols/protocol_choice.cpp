#include "engine/protocols/protocol.h"
#include "engine/protocols/shipped.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace sbrt {

std::vector<Protocol> shipped_protocols() {
  std::vector<Protocol> all;
  for (const auto& file : shipped_files("protocols")) all.push_back(read_protocol(file));
  std::sort(all.begin(), all.end(), [](const Protocol& a, const Protocol& b) { return a.name < b.name; });
  return all;
}

Protocol protocol_named_or_file(const std::string& name_or_file) {
  const bool is_name = name_or_file.find('/') == std::string::npos && !name_or_file.ends_with(".json");
  std::string names;
  if (is_name)
    for (Protocol& protocol : shipped_protocols()) {
      if (protocol.name == name_or_file) return std::move(protocol);
      names += (names.empty() ? "" : ", ") + protocol.name;
    }
  std::error_code error;
  if (!is_name || std::filesystem::is_regular_file(name_or_file, error)) return read_protocol(name_or_file);
  throw InputError("unknown protocol '" + name_or_file + "'", "--protocol", "the shipped sets are " + names,
                   "give one of these names or a JSON file (docs/formats.md)");
}

void check_fractions(const Protocol& protocol, int fractions) {
  if (protocol.applies_to(fractions)) return;
  std::string others;
  for (const Protocol& other : shipped_protocols())
    if (!other.fractions.empty() && other.applies_to(fractions)) others += (others.empty() ? "" : ", ") + other.name;
  throw InputError(
      fmt::format("protocol '{}' has no limits for {} fractions", protocol.name, fractions), protocol.file.string(),
      fmt::format("it has limits for {} fractions, and limits are not interpolated between numbers of fractions",
                  fmt::join(protocol.fractions, ", ")),
      others.empty() ? fmt::format("no shipped set is for {} fractions; write your own (docs/formats.md)", fractions)
                     : fmt::format("shipped sets for {} fractions: {}", fractions, others));
}

}  // namespace sbrt
