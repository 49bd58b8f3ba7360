#include "engine/archive/folder_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) files.insert(entry.path().lexically_relative(folder).string());
  return files;
}

std::string difference(const fs::path& first, const fs::path& second) {
  std::ifstream a(first, std::ios::binary), b(second, std::ios::binary);
  if (!a || !b) return "cannot be read";
  std::array<char, 1 << 16> block_a{}, block_b{};
  for (std::uintmax_t offset = 0;; offset += block_a.size()) {
    a.read(block_a.data(), block_a.size());
    b.read(block_b.data(), block_b.size());
    const auto end_a = block_a.begin() + a.gcount(), end_b = block_b.begin() + b.gcount();
    const auto [at_a, at_b] = std::mismatch(block_a.begin(), end_a, block_b.begin(), end_b);
    if (at_a != end_a || at_b != end_b)
      return fmt::format("differs from byte {} on ({} and {} bytes)", offset + std::uintmax_t(at_a - block_a.begin()),
                         fs::file_size(first), fs::file_size(second));
    if (a.gcount() < std::streamsize(block_a.size())) return {};
  }
}

}  // namespace

std::vector<std::string> folder_differences(const fs::path& first, const fs::path& second) {
  const std::set<std::string> a = files_below(first), b = files_below(second);
  std::set<std::string> all = a;
  all.insert(b.begin(), b.end());
  std::vector<std::string> differences;
  for (const std::string& name : all) {
    std::string found;
    if (!b.contains(name))
      found = "only in the first";
    else if (!a.contains(name))
      found = "only in the second";
    else
      found = difference(first / name, second / name);
    if (!found.empty()) differences.push_back(name + ": " + found);
  }
  return differences;
}

}  // namespace sbrt
