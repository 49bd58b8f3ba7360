#include "engine/cohort/outcomes_file.h"

#include "geometry/error.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

namespace sbrt {
namespace {

struct Cell {
  std::string text;
  int line = 0;
  bool quoted = false;
};

std::string place(const std::filesystem::path& path, int line, const std::string& column) {
  return fmt::format("{}: line {}{}", path.string(), line, column.empty() ? "" : ", column " + column);
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Refuses overlong forms and surrogates too.
bool is_utf8(const std::string& text) {
  for (std::size_t n = 0; n < text.size();) {
    const unsigned char lead = static_cast<unsigned char>(text[n]);
    const int more = lead < 0x80                   ? 0
                     : lead >= 0xc2 && lead < 0xe0 ? 1
                     : lead >= 0xe0 && lead < 0xf0 ? 2
                     : lead >= 0xf0 && lead < 0xf5 ? 3
                                                   : -1;
    if (more < 0 || n + std::size_t(more) >= text.size()) return false;
    for (int k = 1; k <= more; ++k) {
      const unsigned char next = static_cast<unsigned char>(text[n + std::size_t(k)]);
      const unsigned char low = k > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
      const unsigned char high = k > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
      if (next < low || next > high) return false;
    }
    n += std::size_t(more) + 1;
  }
  return true;
}

/// Rows of cells; lines without any character are skipped.
std::vector<std::vector<Cell>> parse(const std::string& bytes, const std::filesystem::path& path) {
  std::vector<std::vector<Cell>> rows;
  std::vector<Cell> row;
  int line = 1;
  Cell cell{"", line, false};
  enum class At { plain, inside_quotes, after_quotes } at = At::plain;
  const auto end_cell = [&] {
    if (!cell.quoted) cell.text = trimmed(cell.text);
    row.push_back(cell);
    cell = {"", line, false};
    at = At::plain;
  };
  const auto end_row = [&] {
    const bool blank = row.empty() && !cell.quoted && trimmed(cell.text).empty();
    if (blank) {
      cell = {"", line, false};
      return;
    }
    end_cell();
    rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const char c = bytes[n];
    if (at == At::inside_quotes) {
      if (c == '"' && n + 1 < bytes.size() && bytes[n + 1] == '"') {
        cell.text += '"';
        ++n;
      } else if (c == '"') {
        at = At::after_quotes;
      } else {
        if (c == '\n') ++line;
        cell.text += c;
      }
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n') {
      end_row();
      cell.line = ++line;
    } else if (c == '\r' && (n + 1 == bytes.size() || bytes[n + 1] == '\n')) {
      continue;
    } else if (at == At::after_quotes) {
      if (c != ' ' && c != '\t')
        throw InputError("text after a closing quote", place(path, line, fmt::format("{}", row.size() + 1)), "",
                         "write \"\" for a quote inside quotes");
    } else if (c == '"' && trimmed(cell.text).empty()) {
      cell = {"", line, true};
      at = At::inside_quotes;
    } else if (c == '"' || static_cast<unsigned char>(c) < 0x20) {
      if (c == '\t') {
        cell.text += c;
        continue;
      }
      throw InputError(c == '"' ? "a quote inside a cell" : "a control character",
                       place(path, line, fmt::format("{}", row.size() + 1)), "",
                       "write the cell in quotes, quotes doubled");
    } else {
      cell.text += c;
    }
  }
  if (at == At::inside_quotes)
    throw InputError("a quote that never ends", place(path, cell.line, fmt::format("{}", row.size() + 1)), "",
                     "close it with \"");
  end_row();
  return rows;
}

bool is_missing(const Cell& cell) { return cell.text.empty() || (!cell.quoted && cell.text == "NA"); }

}  // namespace

std::optional<double> number_of(const std::string& cell) {
  double value = 0;
  const char* begin = cell.data();
  const char* const end = begin + cell.size();
  if (begin != end && *begin == '+') ++begin;
  const auto [stop, code] = std::from_chars(begin, end, value);
  if (code != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

OutcomesFile read_outcomes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored) || !in)
    throw InputError("the outcomes file cannot be read", path.string(), "it is missing, no file or not readable",
                     "check the path");
  std::stringstream buffer;
  buffer << in.rdbuf();
  std::string bytes = buffer.str();
  OutcomesFile file;
  file.path = path;
  file.sha256 = sha256_of(bytes);
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.erase(0, 3);
  if (!is_utf8(bytes))
    throw InputError("text that is not UTF-8", path.string(), "names could not be matched", "save the file as UTF-8");
  const std::vector<std::vector<Cell>> rows = parse(bytes, path);
  if (rows.size() < 2)
    throw InputError("no outcome", path.string(), "it has no row below the header",
                     "write case_id,months,event and a row per lesion");

  constexpr std::size_t absent = std::size_t(-1);
  std::size_t id = absent, months = absent, event = absent;
  std::vector<std::size_t> others;
  std::map<std::string, int> titles;
  bool both = false;
  for (std::size_t c = 0; c < rows[0].size(); ++c) {
    const std::string& title = rows[0][c].text;
    const std::string at = place(path, rows[0][c].line, fmt::format("{}", c + 1));
    if (title.empty()) throw InputError("a column without title", at, "", "name it");
    if (!titles.emplace(title, int(c)).second)
      throw InputError("column '" + title + "' occurs twice", at, "", "rename one");
    if (title == "case_id" || title == "patient_id") {
      both = both || id != absent;
      file.level = title == "case_id" ? OutcomeLevel::lesion : OutcomeLevel::patient;
      id = c;
    } else if (title == "months") {
      months = c;
    } else if (title == "event") {
      event = c;
    } else {
      others.push_back(c);
      file.covariates.push_back(title);
    }
  }
  const std::string header = place(path, rows[0][0].line, "");
  if (both)
    throw InputError("case_id and patient_id", header, "a row is about a lesion or about a patient",
                     "remove one column");
  if (id == absent) throw InputError("no column case_id or patient_id", header, "rows could not be matched", "add one");
  if (months == absent) throw InputError("no column months", header, "the time is missing", "add it");
  if (event == absent) throw InputError("no column event", header, "what happened is missing", "add it: 0, 1, ...");

  std::map<std::string, int> seen;
  for (std::size_t n = 1; n < rows.size(); ++n) {
    const std::vector<Cell>& cells = rows[n];
    const int line = cells[0].line;
    if (cells.size() != rows[0].size())
      throw InputError(fmt::format("{} cells instead of {}", cells.size(), rows[0].size()), place(path, line, ""), "",
                       "write one per column; texts with commas in quotes");
    OutcomeRow row;
    row.line = line;
    row.id = cells[id].text;
    if (row.id.empty())
      throw InputError("no id", place(path, line, rows[0][id].text), "", "name the lesion or patient");
    if (const auto [first, is_new] = seen.emplace(row.id, line); !is_new)
      throw InputError("'" + row.id + "' occurs twice", place(path, line, rows[0][id].text),
                       fmt::format("line {} has it too", first->second), "keep one row");
    const auto time = number_of(cells[months].text);
    if (!time || *time < 0)
      throw InputError("'" + cells[months].text.substr(0, 40) + "' is no time", place(path, line, "months"),
                       "months from 0 on are wanted", "write a number like 12.5");
    row.months = *time;
    const auto cause = number_of(cells[event].text);
    constexpr double most_causes = 99;
    if (!cause || *cause < 0 || *cause > most_causes || *cause != std::floor(*cause))
      throw InputError("'" + cells[event].text.substr(0, 40) + "' is no event", place(path, line, "event"),
                       "0 is censored, 1 the event, 2 to 99 competing events", "write such a number");
    row.cause = int(*cause);
    for (const std::size_t c : others)
      row.cells.push_back(is_missing(cells[c]) ? std::optional<std::string>() : std::optional(cells[c].text));
    file.rows.push_back(std::move(row));
  }
  return file;
}

}  // namespace sbrt
