#include "dose/csv.h"

#include "geometry/error.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>

namespace sbrt {
namespace {

std::string_view trimmed(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& n : names) all += (all.empty() ? "" : ",") + n;
  return all;
}

double number(std::string_view cell, const std::string& place, const std::string& column) {
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc{} || end != cell.data() + cell.size() || cell.empty())
    throw InputError(fmt::format("'{}' is not a number", cell), place, "column " + column + " needs a number",
                     "correct the line");
  if (!std::isfinite(value))
    throw InputError(fmt::format("'{}' is not finite", cell), place, "column " + column + " needs a finite number",
                     "correct the line");
  return value;
}

}  // namespace

std::vector<CsvRow> parse_number_csv(std::string_view text, const std::string& where,
                                     const std::vector<std::string>& header) {
  std::vector<CsvRow> rows;
  bool header_seen = false;
  int line_number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    const std::string place = fmt::format("{}, line {}", where, line_number);
    const auto cells = split(line);
    if (!header_seen) {
      if (!std::equal(cells.begin(), cells.end(), header.begin(), header.end()))
        throw InputError(fmt::format("the header is '{}'", line), place, "the columns must be " + joined(header),
                         "correct the header line");
      header_seen = true;
      continue;
    }
    if (cells.size() != header.size())
      throw InputError(fmt::format("{} columns instead of {}", cells.size(), header.size()), place,
                       "the columns are " + joined(header), "correct the line");
    CsvRow row{line_number, {}};
    for (std::size_t c = 0; c < cells.size(); ++c) row.values.push_back(number(cells[c], place, header[c]));
    rows.push_back(std::move(row));
  }
  if (!header_seen)
    throw InputError("no header line", where, "the columns must be " + joined(header), "add the header line");
  if (rows.empty())
    throw InputError("no rows below the header", where, "an empty table defines nothing", "add the table's rows");
  return rows;
}

std::string read_text_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw InputError("cannot be opened", path.string(), "the file is missing or may not be read",
                     "check the path and its permissions");
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) throw InputError("cannot be read", path.string(), "the disk reported an error", "check the file");
  return text;
}

}  // namespace sbrt
