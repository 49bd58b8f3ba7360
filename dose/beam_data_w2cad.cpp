#include "dose/beam_data_import.h"
#include "dose/text_lines.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

namespace sbrt {
namespace {

constexpr double off_line_mm = 0.5;  // a scan may lie this far beside its line
constexpr double depth_tolerance_mm = 0.05;
constexpr double most_points = 100000;

[[noreturn]] void refuse(const std::string& problem, const std::string& where, const std::string& why,
                         const std::string& remedy) {
  throw InputError(problem, where, why, remedy);
}

/// One block while it is read: keys with the place where they stand, and rows x, y, z, reading.
struct Block {
  std::string where;
  std::map<std::string, std::pair<std::string, std::string>> keys;
  std::vector<std::array<double, 4>> rows;
  std::vector<std::string> row_places;

  std::optional<std::string> find(const std::string& key) const {
    const auto it = keys.find(key);
    return it == keys.end() ? std::nullopt : std::optional(it->second.first);
  }
  std::string required(const std::string& key) const {
    const auto value = find(key);
    if (!value) refuse("the scan has no %" + key, where, "it decides how the scan is used", "add the line");
    return *value;
  }
  std::string place(const std::string& key) const { return keys.at(key).second; }
  double number(const std::string& key) const {
    double value = 0;
    if (!is_number(required(key), value))
      refuse(fmt::format("%{} is '{}'", key, required(key)), place(key), "a number is expected", "correct the line");
    return value;
  }
};

void add_key(Block& block, std::string_view line, const std::string& place) {
  // Known keys that do not enter: VERSION, DATE, DETY. STEP is compared with the rows.
  static const std::vector<std::string> known{"VERSION", "DATE", "DETY", "BMTY", "FLSZ", "TYPE",
                                              "AXIS",    "PNTS", "STEP", "SSD",  "DPTH"};
  const auto tokens = tokens_of(line.substr(1), " \t");
  const std::string key = tokens.empty() ? "" : std::string(tokens.front());
  if (std::find(known.begin(), known.end(), key) == known.end())
    refuse(fmt::format("unknown key '%{}'", key), place, "it would be ignored",
           "remove the line if the scan does not depend on it");
  std::string value;
  for (std::size_t i = 1; i < tokens.size(); ++i) value += tokens[i];
  if (!block.keys.emplace(key, std::pair(value, place)).second)
    refuse("%" + key + " appears twice in one scan", place, "only one of them could count", "remove one");
}

void add_row(Block& block, std::string_view line, const std::string& place) {
  if (line.size() < 2 || line.back() != '>')
    refuse(fmt::format("'{}'", line), place, "a row reads <x y z reading>", "correct the line");
  const std::vector<double> values = numbers_of(line.substr(1, line.size() - 2), place);
  if (values.size() != 4)
    refuse(fmt::format("{} numbers instead of 4", values.size()), place, "a row reads <x y z reading>",
           "correct the line");
  if (values[3] < 0)
    refuse(fmt::format("the reading is {}", values[3]), place, "a dose cannot be negative",
           "correct the background of the scan or cut it off there");
  block.rows.push_back({values[0], values[1], values[2], values[3]});
  block.row_places.push_back(place);
}

double field_of(const Block& block) {
  const std::string text = block.required("FLSZ");
  const auto sides = tokens_of(text, "*xX");
  double a = 0, b = 0;
  if (sides.size() != 2 || !is_number(sides[0], a) || !is_number(sides[1], b) || !(a > 0))
    refuse("%FLSZ is '" + text + "'", block.place("FLSZ"), "the diameter in mm twice, as 060*060, is expected",
           "correct the line");
  if (a != b)
    refuse("%FLSZ is '" + text + "'", block.place("FLSZ"), "fields must be circular: both numbers are the diameter",
           "leave the scan out");
  return a;
}

void compare_step(const Block& block, const WaterScan& scan, Warnings& warnings) {
  if (!block.find("STEP") || scan.points.size() < 3) return;
  const double step_mm = block.number("STEP") / 10;  // in tenths of a millimetre
  const double mean = (scan.points.back().first - scan.points.front().first) / double(scan.points.size() - 1);
  if (step_mm > 0 && std::abs(mean / step_mm - 1) > 0.2)
    warnings.push_back({"import-step", fmt::format("{}: %STEP says {} mm, the rows are {:.3g} mm apart on average; the "
                                                   "rows were used as mm",
                                                   scan.where, step_mm, mean)});
}

WaterScan to_scan(const Block& block, Warnings& warnings) {
  WaterScan scan;
  scan.where = block.where;
  if (const std::string type = block.required("BMTY"); type != "PHO")
    refuse("%BMTY is '" + type + "'", block.place("BMTY"), "only photon beams (PHO) are read", "leave the scan out");
  const std::string type = block.required("TYPE"), axis = block.required("AXIS");
  if (type != "OPD" && type != "OPP")
    refuse("%TYPE is '" + type + "'", block.place("TYPE"), "OPD (depth scan) and OPP (profile) of open fields are read",
           "leave the scan out");
  scan.is_depth_scan = type == "OPD";
  if (scan.is_depth_scan ? axis != "Z" : axis != "X" && axis != "Y")
    refuse("%AXIS is '" + axis + "' for %TYPE " + type, block.place("AXIS"),
           "depth scans run along Z, profiles along X or Y", "correct the line");
  scan.axis = axis[0];
  scan.field_mm = field_of(block);
  scan.has_ssd = block.find("SSD").has_value();
  if (scan.has_ssd && !((scan.ssd_mm = block.number("SSD")) > 0))
    refuse("%SSD is not positive", block.place("SSD"), "it is the distance from source to surface in mm",
           "correct the line");
  if (!scan.is_depth_scan && !((scan.depth_mm = block.number("DPTH")) >= 0))
    refuse("%DPTH is negative", block.place("DPTH"), "it is the depth of the profile in mm", "correct the line");
  const double points = block.number("PNTS");
  if (points != double(block.rows.size()) || points > most_points)
    refuse(fmt::format("%PNTS says {} points, the scan has {}", points, block.rows.size()), block.place("PNTS"),
           "a scan that was cut off cannot be told from a whole one", "give the complete scan or correct %PNTS");
  if (points < 3) refuse("fewer than 3 points", block.where, "that is no scan", "leave the scan out");

  const std::size_t along = scan.axis == 'X' ? 0 : scan.axis == 'Y' ? 1 : 2;
  for (std::size_t i = 0; i < block.rows.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      if (k == along) continue;
      const bool depth = k == 2;
      const double wanted = depth ? scan.depth_mm : 0, tolerance = depth ? depth_tolerance_mm : off_line_mm;
      if (std::abs(block.rows[i][k] - wanted) > tolerance)
        refuse(fmt::format("{} is {} mm", "xyz"[k], block.rows[i][k]), block.row_places[i],
               fmt::format("along {} it must stay within {} mm of {} mm", scan.axis, tolerance, wanted),
               "correct %AXIS, %DPTH or the row");
    }
    if (scan.is_depth_scan && block.rows[i][2] < 0)
      refuse(fmt::format("the depth is {} mm", block.rows[i][2]), block.row_places[i],
             "depth counts from the surface, positive downwards", "cut the scan off at the surface");
    scan.points.emplace_back(block.rows[i][along], block.rows[i][3]);
  }
  const bool descends = scan.points.front().first > scan.points.back().first;
  for (std::size_t i = 1; i < scan.points.size(); ++i)
    if (const double step = scan.points[i].first - scan.points[i - 1].first; descends ? !(step < 0) : !(step > 0))
      refuse(fmt::format("{} mm after {} mm", scan.points[i].first, scan.points[i - 1].first), block.row_places[i],
             "positions must go one way without repetition", "sort the scan and remove repeated points");
  if (descends) std::reverse(scan.points.begin(), scan.points.end());
  compare_step(block, scan, warnings);
  return scan;
}

}  // namespace

std::vector<WaterScan> parse_w2cad(std::string_view text, const std::string& where, Warnings& warnings) {
  std::vector<WaterScan> scans;
  std::optional<Block> block;
  std::optional<double> announced;
  bool ended = false;
  for (const auto& [number, line] : numbered_lines(text)) {
    const std::string place = fmt::format("{}, line {}", where, number);
    if (line.empty() || line.front() == '#' || line.front() == '!') continue;
    if (ended) refuse("a line after $ENOF", place, "the file ended there", "remove it");
    const auto tokens = tokens_of(line, " \t");
    if (tokens[0] == "$NUMS" && !block && scans.empty() && !announced && tokens.size() == 2) {
      double count = 0;
      if (!is_number(tokens[1], count))
        refuse("'" + std::string(line) + "'", place, "$NUMS gives the number of scans", "correct it");
      announced = count;
    } else if (line == "$STOM" && !block) {
      block = Block{place, {}, {}, {}};
    } else if (line == "$ENOM" && block) {
      scans.push_back(to_scan(*block, warnings));
      block.reset();
    } else if (line == "$ENOF" && !block) {
      ended = true;
    } else if (block && line.front() == '%') {
      add_key(*block, line, place);
    } else if (block && line.front() == '<') {
      add_row(*block, line, place);
    } else {
      refuse(fmt::format("'{}'", line), place,
             block ? "inside a scan only % keys, <x y z reading> rows and $ENOM are read"
                   : "outside a scan only $NUMS, $STOM, $ENOF and comments (#, !) are read",
             "correct or remove the line");
    }
  }
  if (block) refuse("the scan does not end", block->where, "$ENOM is missing", "give the complete file");
  if (scans.empty()) refuse("no scan", where, "the file holds no $STOM block", "give a W2CAD file");
  if (!announced && !ended)
    refuse("neither $NUMS nor $ENOF", where, "a file that was cut off could not be told from a whole one",
           "give the complete file");
  if (announced && *announced != double(scans.size()))
    refuse(fmt::format("$NUMS says {} scans, the file has {}", *announced, scans.size()), where,
           "scans are missing or were added", "give the complete file or correct $NUMS");
  return scans;
}

}  // namespace sbrt
