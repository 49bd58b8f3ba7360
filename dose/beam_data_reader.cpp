#include "dose/beam_tables.h"
#include "dose/csv.h"
#include "geometry/error.h"
#include "geometry/sha256.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>

namespace sbrt {
namespace {

using nlohmann::json;

constexpr double unity_tolerance = 1e-3;  // OCR(0), TPR and OF at the reference, as tables with four digits are written

[[noreturn]] void refuse(const std::string& problem, const std::string& where, const std::string& why,
                         const std::string& remedy) {
  throw InputError(problem, where, why, remedy);
}

json parse_strict(const std::string& text, const std::string& file) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      refuse("key '" + parsed.get<std::string>() + "' appears twice", file, "only one of them could count",
             "remove one");
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::parse_error& e) {
    refuse("not valid JSON", fmt::format("{}, byte {}", file, e.byte), e.what(), "correct the file");
  }
}

/// Reads the keys of one object and refuses those that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const json& object, std::string file, std::string path)
      : object_(object), file_(std::move(file)), path_(std::move(path)) {
    if (!object.is_object()) refuse("not an object", place(""), "an object in braces is expected", "correct the file");
  }
  std::string text(const std::string& key) {
    const json& v = at(key);
    if (!v.is_string()) refuse("not a text", place(key), "a text in quotes is expected", "correct the value");
    return v.get<std::string>();
  }
  bool flag(const std::string& key) {
    const json& v = at(key);
    if (!v.is_boolean()) refuse("not true or false", place(key), "true or false is expected", "correct the value");
    return v.get<bool>();
  }
  double positive(const std::string& key) {
    const json& v = at(key);
    if (!v.is_number()) refuse("not a number", place(key), "a number is expected", "correct the value");
    const double x = v.get<double>();
    if (!(std::isfinite(x) && x > 0))
      refuse(fmt::format("{} is not positive", x), place(key), "a positive number is expected", "correct the value");
    return x;
  }
  const json& at(const std::string& key) {
    known_.insert(key);
    if (!object_.contains(key)) refuse("missing", place(key), "the key is required", "add it");
    return object_.at(key);
  }
  std::string place(const std::string& key) const { return file_ + ", " + path_ + "/" + key; }
  void refuse_unknown_keys() const {
    for (const auto& [key, value] : object_.items())
      if (!known_.contains(key))
        refuse("unknown key '" + key + "'", place(key), "it would be ignored", "remove it or correct its spelling");
  }

 private:
  const json& object_;
  std::string file_, path_;
  std::set<std::string> known_;
};

void read_description(BeamData::Tables& t, const std::string& text, const std::string& file) {
  const json document = parse_strict(text, file);
  ObjectReader root(document, file, "");
  if (root.text("schema") != "sbrtplan-beam-data/1")
    refuse("schema '" + root.text("schema") + "'", root.place("schema"), "this program reads sbrtplan-beam-data/1",
           "convert the data set");
  t.name = root.text("name");
  t.version = root.text("version");
  t.collimator_kind = root.text("collimator_kind");
  if (t.collimator_kind != "fixed" && t.collimator_kind != "iris")
    refuse("collimator kind '" + t.collimator_kind + "'", root.place("collimator_kind"), "it must be fixed or iris",
           "correct the value");
  t.clinical = root.flag("clinical");
  t.source = root.text("source");
  t.licence = root.text("licence");
  ObjectReader reference(root.at("reference"), file, "/reference");
  t.reference_distance_mm = reference.positive("distance_mm");
  t.reference_depth_mm = reference.positive("depth_mm");
  t.reference_collimator_mm = reference.positive("collimator_mm");
  t.gy_per_mu = reference.positive("gy_per_mu");
  reference.refuse_unknown_keys();
  root.refuse_unknown_keys();
  if (t.name.empty())
    refuse("the name is empty", root.place("name"), "plans record the data set by name", "give a name");
}

std::string line_of(const std::string& file, const CsvRow& row) { return fmt::format("{}, line {}", file, row.line); }

/// Rows must ascend as (first, second, ...) keys; this also excludes duplicates.
void require_ascending(const std::vector<CsvRow>& rows, std::size_t keys, const std::string& file) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto begin = rows[i].values.begin(), before = rows[i - 1].values.begin();
    if (!std::lexicographical_compare(before, before + keys, begin, begin + keys))
      refuse("the row does not ascend", line_of(file, rows[i]),
             "rows must be sorted by their columns from left to right, without repetition, or a table's axis is not "
             "monotone",
             "sort the rows and remove repeated ones");
  }
}

void require_range(const CsvRow& row, std::size_t column, bool zero_allowed, const std::string& name,
                   const std::string& file) {
  const double v = row.values[column];
  if (v < 0 || (v == 0 && !zero_allowed))
    refuse(fmt::format("{} is {}", name, v), line_of(file, row),
           zero_allowed ? "it cannot be negative" : "it must be positive", "correct the row");
}

/// Cuts ascending rows into runs that share the value of `column`.
std::vector<std::pair<std::size_t, std::size_t>> runs(const std::vector<CsvRow>& rows, std::size_t begin,
                                                      std::size_t end, std::size_t column) {
  std::vector<std::pair<std::size_t, std::size_t>> all;
  for (std::size_t i = begin; i < end; ++i) {
    if (i == begin || rows[i].values[column] != rows[i - 1].values[column]) all.emplace_back(i, i);
    all.back().second = i + 1;
  }
  return all;
}

/// Rows (first, second, value) of one rectangle; every first must have the same seconds.
Table2d read_rectangle(const std::vector<CsvRow>& rows, std::size_t begin, std::size_t end, std::size_t first,
                       const std::string& file) {
  Table2d table;
  const auto blocks = runs(rows, begin, end, first);
  for (std::size_t i = blocks[0].first; i < blocks[0].second; ++i) table.columns.push_back(rows[i].values[first + 1]);
  for (const auto& [from, to] : blocks) {
    table.rows.push_back(rows[from].values[first]);
    for (std::size_t i = 0; i < std::max(to - from, table.columns.size()); ++i) {
      const bool same =
          i < to - from && i < table.columns.size() && rows[from + i].values[first + 1] == table.columns[i];
      if (!same)
        refuse("the table has a hole", line_of(file, rows[std::min(from + i, to - 1)]),
               "every block must have the same values in its second axis as the first block, or points between them "
               "have no value",
               "add the missing rows or remove the surplus ones");
      table.values.push_back(rows[from + i].values[first + 2]);
    }
  }
  return table;
}

void require_unity(double value, const std::string& what, const std::string& where) {
  if (std::abs(value - 1) > unity_tolerance)
    refuse(fmt::format("{} is {:.5f}", what, value), where, "it is 1 by definition", "renormalise the table");
}

void read_output_factors(BeamData::Tables& t, const std::string& text, const std::string& file) {
  const auto rows = parse_number_csv(text, file, {"collimator_mm", "distance_mm", "output_factor"});
  require_ascending(rows, 2, file);
  for (const CsvRow& row : rows)
    for (std::size_t c = 0; c < 3; ++c)
      require_range(row, c, false, c == 0 ? "collimator_mm" : c == 1 ? "distance_mm" : "output_factor", file);
  for (const auto& [from, to] : runs(rows, 0, rows.size(), 0)) {
    t.collimators_mm.push_back(rows[from].values[0]);
    Table1d table;
    for (std::size_t i = from; i < to; ++i) {
      table.axis.push_back(rows[i].values[1]);
      table.values.push_back(rows[i].values[2]);
    }
    t.output_factor.push_back(std::move(table));
  }
  const std::size_t reference = t.find(t.reference_collimator_mm);
  if (reference == t.collimators_mm.size())
    refuse(fmt::format("the reference collimator of {} mm is missing", t.reference_collimator_mm), file,
           "output factors are relative to it", "add its rows or correct the reference in beam-data.json");
  const Table1d& table = t.output_factor[reference];
  require_unity(table.at(locate(table.axis, t.reference_distance_mm)),
                "the output factor of the reference collimator at the reference distance", file);
}

void read_tpr(BeamData::Tables& t, const std::string& text, const std::string& file) {
  const auto rows = parse_number_csv(text, file, {"field_mm", "depth_mm", "tpr"});
  require_ascending(rows, 2, file);
  for (const CsvRow& row : rows) {
    require_range(row, 0, false, "field_mm", file);
    require_range(row, 1, true, "depth_mm", file);
    require_range(row, 2, true, "tpr", file);
  }
  t.tpr = read_rectangle(rows, 0, rows.size(), 0, file);
  const AxisPosition depth = locate(t.tpr.columns, t.reference_depth_mm);
  for (const double field : t.tpr.rows)
    require_unity(t.tpr.at(locate(t.tpr.rows, field), depth),
                  fmt::format("the TPR of the {} mm field at {} mm", field, t.reference_depth_mm), file);
}

void read_ocr(BeamData::Tables& t, const std::string& text, const std::string& file) {
  const auto rows = parse_number_csv(text, file, {"collimator_mm", "depth_mm", "radius_mm", "ocr"});
  require_ascending(rows, 3, file);
  for (const CsvRow& row : rows) {
    require_range(row, 0, false, "collimator_mm", file);
    for (const std::size_t c : {1u, 2u, 3u})
      require_range(row, c, true, c == 1 ? "depth_mm" : c == 2 ? "radius_mm" : "ocr", file);
  }
  std::vector<double> collimators;
  for (const auto& [from, to] : runs(rows, 0, rows.size(), 0)) {
    collimators.push_back(rows[from].values[0]);
    Table2d table = read_rectangle(rows, from, to, 1, file);
    const std::string place = fmt::format("{}, collimator {} mm", file, collimators.back());
    if (table.columns.front() != 0)
      refuse("the first radius is not 0", place, "the axis must be in the table", "add rows at radius 0");
    if (table.columns.size() < 2) refuse("only one radius", place, "a profile needs two points or more", "add rows");
    for (std::size_t d = 0; d < table.rows.size(); ++d)
      require_unity(table.values[d * table.columns.size()], fmt::format("OCR(0) at depth {} mm", table.rows[d]), place);
    t.ocr.push_back(std::move(table));
  }
  if (collimators != t.collimators_mm)
    refuse("the collimators differ from those of of.csv", file,
           "every collimator needs output factors and off-axis ratios", "give both files the same collimators");
}

}  // namespace

BeamData BeamData::from_folder(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    refuse("no such folder", folder.string(),
           "a beam data set is a folder of beam-data.json, of.csv, tpr.csv and ocr.csv", "check the path");
  auto tables = std::make_shared<Tables>();
  Sha256 hash;
  const auto load = [&](const char* name, auto&& read) {
    const std::filesystem::path path = folder / name;
    const std::string text = read_text_file(path);
    hash.add(text);
    read(*tables, text, path.string());
  };
  load("beam-data.json", read_description);
  load("of.csv", read_output_factors);
  load("tpr.csv", read_tpr);
  load("ocr.csv", read_ocr);
  tables->sha256 = hash.finish();
  return BeamData(std::move(tables));
}

}  // namespace sbrt
