/// --protocol, --names, --match, --strict-minor.
#pragma once

#include "engine/protocols/protocol_binding.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace sbrt::cli {

struct ProtocolOptionTexts {
  std::vector<std::string> protocols, names, matches;
  bool strict_minor = false;
};

void add_protocol_options(CLI::App& verb, ProtocolOptionTexts& texts);

/// Adds what the options name to `request`. @throws InputError for a set that is unknown or cannot be read, or named
/// twice
ProtocolRequest read_protocols(const ProtocolOptionTexts& texts, ProtocolRequest request);

}  // namespace sbrt::cli
