#include "engine/planning/csv.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>

namespace sbrt {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = line.find(',', begin);
    cells.push_back(trimmed(line.substr(begin, comma == std::string::npos ? comma : comma - begin)));
    if (comma == std::string::npos) return cells;
    begin = comma + 1;
  }
}

}  // namespace

std::vector<CsvTextRow> read_text_csv(const std::filesystem::path& path, const std::vector<std::string>& header) {
  std::error_code code;
  const bool regular = std::filesystem::is_regular_file(path, code);
  std::ifstream in(path);
  if (!regular || !in)
    throw InputError("CSV file cannot be read", path.string(), "it is missing, no file or not readable",
                     "check the path");
  const std::string wanted = fmt::format("{}", fmt::join(header, ","));
  std::vector<CsvTextRow> rows;
  bool header_seen = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
    const std::string text = trimmed(line);
    if (text.empty() || text[0] == '#') continue;
    const std::vector<std::string> cells = split(text);
    const std::string where = fmt::format("{}: line {}", path.string(), number);
    if (!header_seen) {
      if (cells != header)
        throw InputError("CSV header is not the expected one", where, "", "the first line must read " + wanted);
      header_seen = true;
      continue;
    }
    if (cells.size() != header.size())
      throw InputError(fmt::format("{} cells instead of {}", cells.size(), header.size()), where, "",
                       "write the columns " + wanted);
    rows.push_back({number, cells});
  }
  if (in.bad()) throw InputError("CSV file cannot be read", path.string(), "read error", "check the disk");
  if (!header_seen) throw InputError("CSV file is empty", path.string(), "", "the first line must read " + wanted);
  return rows;
}

double csv_number(const std::string& cell, const std::filesystem::path& path, int line, const std::string& column) {
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc{} || end != cell.data() + cell.size() || !std::isfinite(value))
    throw InputError(fmt::format("'{}' is no finite number", cell.substr(0, 40)),
                     fmt::format("{}: line {}, {}", path.string(), line, column), "", "write a number like -12.5");
  return value;
}

}  // namespace sbrt
