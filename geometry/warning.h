#pragma once

#include <string>
#include <vector>

namespace sbrt {

/// Something the user must know although the run goes on. `code` is stable (for scripts), `text` is for people.
struct Warning {
  std::string code;
  std::string text;
  bool operator==(const Warning&) const = default;
};
using Warnings = std::vector<Warning>;

inline void append(Warnings& all, const Warnings& more) { all.insert(all.end(), more.begin(), more.end()); }

}  // namespace sbrt
