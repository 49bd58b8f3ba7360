/// Small strict CSV tables: comma-separated, one header line, '#' comment lines, no quoting.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sbrt {

struct CsvTextRow {
  int line = 0;  //!< in the file, from 1
  std::vector<std::string> cells;
};

/// The rows below the header, each with as many cells as the header.
/// @throws InputError naming file and line: not readable, another header, another number of cells
std::vector<CsvTextRow> read_text_csv(const std::filesystem::path& path, const std::vector<std::string>& header);

/// @throws InputError naming file, line and column: no number or not finite
double csv_number(const std::string& cell, const std::filesystem::path& path, int line, const std::string& column);

}  // namespace sbrt
