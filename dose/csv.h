/// Comma-separated numbers with a header line and '#' comments; every error names file and line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sbrt {

struct CsvRow {
  int line = 0;  //!< 1-based
  std::vector<double> values;
};

/// @param where name of the file in messages
/// @param header the exact column names
/// @throws InputError: other header, wrong number of columns, not a finite number, no rows
std::vector<CsvRow> parse_number_csv(std::string_view text, const std::string& where,
                                     const std::vector<std::string>& header);

/// Whole file as bytes. @throws InputError when it cannot be read
std::string read_text_file(const std::filesystem::path& path);

}  // namespace sbrt
