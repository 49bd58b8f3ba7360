#include "engine/archive/safe_name.h"

#include "geometry/sha256.h"

#include <fmt/format.h>

namespace sbrt {
namespace {

bool plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string safe_name(std::string_view text, std::size_t longest) {
  std::string name;
  for (const char c : text) {
    if (name.size() >= longest) break;
    if (plain(c) || (c == '-' && !name.empty()))
      name += c;
    else if (name.empty() || name.back() != '_')
      name += '_';
  }
  const bool empty = name.find_first_not_of('_') == std::string::npos;
  return empty ? "unnamed" : name;
}

std::string case_id_of(std::string_view patient_id, std::string_view structure_uid, std::string_view target) {
  Sha256 hash;
  // Lengths keep ("a", "bc") and ("ab", "c") apart.
  hash.add(fmt::format("{}:{}:{}:", patient_id.size(), structure_uid.size(), target.size()));
  hash.add(patient_id);
  hash.add(structure_uid);
  hash.add(target);
  return safe_name(patient_id) + "-" + hash.finish().substr(0, 16);
}

std::string encoded_path(std::string_view path) {
  std::string text;
  for (const char c : path)
    if (c > ' ' - 1 && c < 127 && c != '%')
      text += c;
    else
      text += fmt::format("%{:02X}", unsigned(static_cast<unsigned char>(c)));
  return text;
}

std::string decoded_path(std::string_view text) {
  std::string path;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const bool escaped =
        text[n] == '%' && n + 2 < text.size() && hex_value(text[n + 1]) >= 0 && hex_value(text[n + 2]) >= 0;
    path += escaped ? char(16 * hex_value(text[n + 1]) + hex_value(text[n + 2])) : text[n];
    if (escaped) n += 2;
  }
  return path;
}

}  // namespace sbrt
