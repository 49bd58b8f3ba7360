#include "dose/beam_data_import.h"

#include "dose/csv.h"
#include "dose/text_lines.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

enum class SourceKind { dm, tmr, ocr, w2cad, of_csv, tpr_csv, ocr_csv, unknown };

SourceKind kind_of(const fs::path& path) {
  const std::string name = lower_case(path.filename().string());
  const auto table = [&](const char* begin) { return name.starts_with(begin) && name.ends_with(".dat"); };
  if (table("dmtable")) return SourceKind::dm;
  if (table("tmrtable")) return SourceKind::tmr;
  if (table("ocrtable")) return SourceKind::ocr;
  if (name.ends_with(".asc")) return SourceKind::w2cad;
  if (name == "of.csv") return SourceKind::of_csv;
  if (name == "tpr.csv") return SourceKind::tpr_csv;
  if (name == "ocr.csv") return SourceKind::ocr_csv;
  return SourceKind::unknown;
}

std::vector<fs::path> files_of(const std::vector<std::string>& sources, Warnings& warnings) {
  std::vector<fs::path> files;
  for (const std::string& source : sources) {
    if (!fs::is_directory(source)) {
      if (kind_of(source) == SourceKind::unknown)
        throw InputError("the kind of file cannot be told from its name", source,
                         "known are DMTable*.dat, TMRtable*.dat, OCRtable*.dat, *.asc, of.csv, tpr.csv and ocr.csv",
                         "rename or convert the file");
      files.emplace_back(source);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(source))
      if (entry.is_regular_file()) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    for (const fs::path& f : found) {
      if (kind_of(f) == SourceKind::unknown)
        warnings.push_back({"import-not-read", f.string() + " was not read: its name is of no known kind"});
      else
        files.push_back(f);
    }
  }
  return files;
}

[[noreturn]] void twice(const std::string& what, const std::string& where) {
  throw InputError(what + " from two sources", where, "only one of them could count", "leave one out");
}

/// Rows (..., first, second, value); every block of one first has the same seconds.
BeamTable rectangle(const std::vector<CsvRow>& rows, std::size_t begin, std::size_t end, std::size_t column,
                    const std::string& where) {
  BeamTable table;
  std::size_t place = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const double first = rows[i].values[column], second = rows[i].values[column + 1];
    const bool new_block = table.first.empty() || table.first.back() != first;
    const auto hole = [&] {
      throw InputError("the table has a hole", fmt::format("{}, line {}", where, rows[i].line),
                       "every block must have the same values in its second axis", "add the missing rows");
    };
    if (new_block) {
      if (!table.first.empty() && place != table.second.size()) hole();
      table.first.push_back(first);
      table.values.emplace_back();
      place = 0;
    }
    if (table.first.size() == 1)
      table.second.push_back(second);
    else if (place >= table.second.size() || table.second[place] != second)
      hole();
    ++place;
    table.values.back().push_back(rows[i].values[column + 2]);
  }
  if (place != table.second.size())
    throw InputError("the table has a hole", fmt::format("{}, line {}", where, rows[end - 1].line),
                     "the last block is shorter than the first", "add the missing rows");
  return table;
}

void add_of_csv(BeamDataParts& parts, const std::string& text, const std::string& where) {
  for (const CsvRow& row : parse_number_csv(text, where, {"collimator_mm", "distance_mm", "output_factor"}))
    parts.output_factors[row.values[0]].emplace_back(row.values[1], row.values[2]);
}

void add_ocr_csv(BeamDataParts& parts, const std::string& text, const std::string& where) {
  const auto rows = parse_number_csv(text, where, {"collimator_mm", "depth_mm", "radius_mm", "ocr"});
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && rows[end].values[0] == rows[begin].values[0]) ++end;
    if (!parts.ocr.emplace(rows[begin].values[0], rectangle(rows, begin, end, 1, where)).second)
      twice(fmt::format("OCR of the {} mm collimator", rows[begin].values[0]), where);
    begin = end;
  }
}

void require_whole(const BeamDataParts& parts) {
  const auto missing = [](const std::string& what, const std::string& remedy) {
    throw InputError(what + " missing", "", "a data set needs output factors, TPR and OCR, and none is made up",
                     remedy);
  };
  if (parts.output_factors.empty()) missing("output factors are", "add DMTable.dat or of.csv to the sources");
  if (parts.tpr.first.empty()) missing("tissue-phantom ratios are", "add TMRtable.dat, depth scans (*.asc) or tpr.csv");
  for (const auto& [c, of] : parts.output_factors)
    if (!parts.ocr.contains(c))
      missing(fmt::format("off-axis ratios of the {} mm collimator are", c),
              "add its OCRtable*.dat, profiles (*.asc) or rows in ocr.csv");
  for (const auto& [c, table] : parts.ocr)
    if (!parts.output_factors.contains(c))
      missing(fmt::format("output factors of the {} mm collimator are", c), "add them to DMTable.dat or of.csv");
  if (!parts.output_factors.contains(60))
    missing("output factors of the 60 mm collimator are", "output factors are relative to it: add it");
}

}  // namespace

BeamDataImport import_beam_data(const std::vector<std::string>& sources, DepthScanKind depth_scans) {
  BeamDataImport import;
  BeamDataParts& parts = import.parts;
  std::vector<WaterScan> scans;
  for (const fs::path& path : files_of(sources, import.warnings)) {
    const std::string where = path.string(), text = read_text_file(path);
    const SourceKind kind = kind_of(path);
    const bool factors = kind == SourceKind::dm || kind == SourceKind::of_csv;
    if (factors && !parts.output_factors.empty()) twice("output factors", where);
    if ((kind == SourceKind::tmr || kind == SourceKind::tpr_csv) && !parts.tpr.first.empty()) twice("TPR", where);
    if (kind == SourceKind::dm) parts.output_factors = parse_dm_table(text, where);
    if (kind == SourceKind::of_csv) add_of_csv(parts, text, where);
    if (kind == SourceKind::tmr) parts.tpr = parse_tmr_table(text, where);
    if (kind == SourceKind::tpr_csv) {
      const auto rows = parse_number_csv(text, where, {"field_mm", "depth_mm", "tpr"});
      parts.tpr = rectangle(rows, 0, rows.size(), 0, where);
    }
    if (kind == SourceKind::ocr) {
      ConeProfiles cone = parse_ocr_table(text, where);
      if (!parts.ocr.emplace(cone.collimator_mm, std::move(cone.table)).second)
        twice(fmt::format("OCR of the {} mm collimator", cone.collimator_mm), where);
    }
    if (kind == SourceKind::ocr_csv) add_ocr_csv(parts, text, where);
    if (kind == SourceKind::w2cad) {
      const std::vector<WaterScan> more = parse_w2cad(text, where, import.warnings);
      scans.insert(scans.end(), more.begin(), more.end());
      import.notes.push_back(fmt::format("{}: {} scans", where, more.size()));
    } else {
      import.notes.push_back(where + ": read");
    }
  }
  convert_scans(scans, depth_scans, import);
  require_whole(parts);
  return import;
}

}  // namespace sbrt
