#include "dose/beam_data_import.h"
#include "dose/text_lines.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sbrt {
namespace {

constexpr std::size_t most_nodes = 10000;  // per axis; a larger count is a damaged file
constexpr double unity_tolerance = 1e-3;

struct Line {
  int number = 0;
  std::string_view text;
};

/// The lines that count: not blank, not '#', not of version or sample.
class TableLines {
 public:
  TableLines(std::string_view text, std::string where) : where_(std::move(where)) {
    for (const auto& [number, line] : numbered_lines(text)) {
      const std::string lower = lower_case(line);
      if (line.empty() || line.front() == '#' || lower.find("version") != std::string::npos ||
          lower.find("sample") != std::string::npos)
        continue;
      lines_.push_back({number, line});
    }
    if (lines_.empty())
      throw InputError("no table", where_, "the file holds no line but comments, version and sample",
                       "give the complete file");
  }
  bool at_end() const { return next_ == lines_.size(); }
  const Line& peek(const std::string& wanted) const {
    if (at_end())
      throw InputError("the file ends too early", fmt::format("{}, after line {}", where_, lines_.back().number),
                       wanted + " must follow", "give the complete file or correct the counts");
    return lines_[next_];
  }
  const Line& take(const std::string& wanted) {
    const Line& line = peek(wanted);
    ++next_;
    return line;
  }
  std::string place(const Line& line) const { return fmt::format("{}, line {}", where_, line.number); }
  std::vector<double> numbers(const Line& line) const { return numbers_of(line.text, place(line)); }
  std::vector<double> row(std::size_t count, const std::string& wanted) {
    const Line& line = take(wanted);
    std::vector<double> values = numbers(line);
    if (values.size() != count)
      throw InputError(fmt::format("{} numbers instead of {}", values.size(), count), place(line),
                       wanted + " are expected", "correct the line or the counts");
    for (const double v : values)
      if (v < 0)
        throw InputError(fmt::format("{} is negative", v), place(line), "neither an axis nor a ratio can be negative",
                         "correct the line");
    return values;
  }
  std::vector<double> axis(std::size_t count, const std::string& wanted) {
    std::vector<double> values = row(count, wanted);
    for (std::size_t i = 1; i < values.size(); ++i)
      if (!(values[i] > values[i - 1])) not_ascending(values[i], values[i - 1]);
    return values;
  }
  [[noreturn]] void not_ascending(double value, double before) const {
    throw InputError(fmt::format("{} after {}", value, before), place(lines_[next_ - 1]), "an axis must ascend",
                     "sort the table");
  }
  void require_end() const {
    if (!at_end())
      throw InputError("more lines than the counts say", place(lines_[next_]), "they would be ignored",
                       "correct the counts or remove the lines");
  }
  const std::string& where() const { return where_; }

 private:
  std::string where_;
  std::vector<Line> lines_;
  std::size_t next_ = 0;
};

bool has_word(const Line& line, const std::vector<std::string>& words) {
  const std::string lower = lower_case(line.text);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& w) { return lower.find(w) != std::string::npos; });
}

/// The one number of a header line that also has one of the words.
double header_number(TableLines& lines, const std::vector<std::string>& words, const std::string& wanted) {
  const Line& line = lines.take("the line with " + wanted);
  std::vector<double> found;
  for (const std::string_view token : tokens_of(line.text, " \t:=,;()"))
    if (double value = 0; is_number(token, value)) found.push_back(value);
  if (!has_word(line, words) || found.size() != 1)
    throw InputError(fmt::format("'{}'", line.text), lines.place(line),
                     fmt::format("one number with the word '{}' is expected here: {}", words.front(), wanted),
                     "bring the file to the layout of docs/formats.md, \"beam-data import\"");
  return found.front();
}

std::size_t checked_count(double value, const std::string& place, const std::string& wanted) {
  if (!(value >= 1 && value <= double(most_nodes) && value == std::floor(value)))
    throw InputError(fmt::format("{} is {}", wanted, value), place,
                     fmt::format("a whole number from 1 to {} is expected", most_nodes), "correct the count");
  return std::size_t(value);
}

std::size_t header_count(TableLines& lines, const std::vector<std::string>& words, const std::string& wanted) {
  const std::string place = lines.place(lines.peek("the line with " + wanted));
  return checked_count(header_number(lines, words, wanted), place, wanted);
}

/// Rows of (axis value, one number per column), the axis ascending; values[column][row].
std::vector<std::vector<double>> columns(TableLines& lines, std::size_t rows, std::size_t count,
                                         const std::string& axis_name, std::vector<double>& axis) {
  std::vector<std::vector<double>> values(count);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::vector<double> row =
        lines.row(count + 1, fmt::format("{} and {} values (row {} of {})", axis_name, count, i + 1, rows));
    if (!axis.empty() && !(row[0] > axis.back())) lines.not_ascending(row[0], axis.back());
    axis.push_back(row[0]);
    for (std::size_t c = 0; c < count; ++c) values[c].push_back(row[c + 1]);
  }
  return values;
}

void require_one(double value, const std::string& what, const std::string& where) {
  if (!(std::abs(value - 1) <= unity_tolerance))
    throw InputError(fmt::format("{} is {}", what, value), where, "it is 1 by definition",
                     "renormalise the table (percent must be divided by 100)");
}

}  // namespace

std::map<double, std::vector<std::pair<double, double>>> parse_dm_table(std::string_view text,
                                                                        const std::string& where) {
  TableLines lines(text, where);
  const std::size_t collimators = header_count(lines, {"collimator", "field"}, "the number of collimators");
  const std::size_t distances = header_count(lines, {"distance", "sad", "depth"}, "the number of distances");
  const std::vector<double> sizes = lines.axis(collimators, fmt::format("{} collimators [mm]", collimators));
  std::vector<double> axis;
  const auto values = columns(lines, distances, collimators, "distance [mm]", axis);
  lines.require_end();
  std::map<double, std::vector<std::pair<double, double>>> all;
  for (std::size_t c = 0; c < collimators; ++c)
    for (std::size_t i = 0; i < distances; ++i) all[sizes[c]].emplace_back(axis[i], values[c][i]);
  return all;
}

BeamTable parse_tmr_table(std::string_view text, const std::string& where) {
  TableLines lines(text, where);
  BeamTable table;
  const std::size_t fields = header_count(lines, {"field", "size"}, "the number of field sizes");
  const std::size_t depths = header_count(lines, {"depth"}, "the number of depths");
  table.first = lines.axis(fields, fmt::format("{} field sizes [mm]", fields));
  table.values = columns(lines, depths, fields, "depth [mm]", table.second);
  lines.require_end();
  const auto at = std::find(table.second.begin(), table.second.end(), 15.0);
  if (at == table.second.end())
    throw InputError("no row at 15 mm depth", where, "TPR is 1 there, and this cannot be checked otherwise",
                     "add the row at 15 mm");
  for (std::size_t f = 0; f < fields; ++f)
    require_one(table.values[f][std::size_t(at - table.second.begin())],
                fmt::format("the TPR of the {} mm field at 15 mm", table.first[f]), where);
  return table;
}

ConeProfiles parse_ocr_table(std::string_view text, const std::string& where) {
  TableLines lines(text, where);
  ConeProfiles cone;
  std::size_t depths = 0, radii = 0;
  const Line& first = lines.peek("the collimator");
  if (has_word(first, {"collimator"})) {
    cone.collimator_mm = header_number(lines, {"collimator"}, "the collimator diameter [mm]");
    depths = header_count(lines, {"depth"}, "the number of depths");
    radii = header_count(lines, {"radi"}, "the number of radii");
  } else {
    const std::vector<double> header = lines.row(3, "collimator [mm], number of depths, number of radii");
    cone.collimator_mm = header[0];
    depths = checked_count(header[1], lines.place(first), "the number of depths");
    radii = checked_count(header[2], lines.place(first), "the number of radii");
  }
  if (!(cone.collimator_mm > 0))
    throw InputError(fmt::format("the collimator is {} mm", cone.collimator_mm), lines.place(first),
                     "it must be positive", "correct the line");
  cone.table.first = lines.axis(depths, fmt::format("{} depths [mm]", depths));
  const std::string radius_rows = fmt::format("either {} radii, or a radius and {} values,", radii, depths);
  const Line& next = lines.peek(radius_rows);
  const std::vector<double> begin = lines.numbers(next);
  // Rows by radius start with radius 0 and OCR 1, 1, ...; a line of radii ascends.
  const bool ascends = std::adjacent_find(begin.begin(), begin.end(), std::greater_equal<>()) == begin.end();
  if (radii == depths + 1 && depths == 1)
    throw InputError("one depth and two radii", lines.place(next), "rows by radius and by depth cannot be told apart",
                     "give more radii");
  if (begin.size() == radii && (radii != depths + 1 || ascends)) {
    cone.table.second = lines.axis(radii, radius_rows);
    for (std::size_t d = 0; d < depths; ++d)
      cone.table.values.push_back(
          lines.row(radii, fmt::format("{} values of depth {} mm", radii, cone.table.first[d])));
  } else {
    cone.table.values = columns(lines, radii, depths, "radius [mm]", cone.table.second);
  }
  lines.require_end();
  if (cone.table.second.front() != 0)
    throw InputError("the first radius is not 0", where, "the axis must be in the table", "add radius 0");
  for (std::size_t d = 0; d < depths; ++d)
    require_one(cone.table.values[d].front(), fmt::format("OCR(0) at depth {} mm", cone.table.first[d]), where);
  return cone;
}

}  // namespace sbrt
