/// Options of every verb that reads an archive: how it is reached, and what of it is meant.
#pragma once

#include "engine/archive/source.h"

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sbrt::cli {

struct ArchiveOptions {
  SourceOptions source;
  std::string patient_id, patient_name, date, structure_name;
  std::vector<std::string> modalities;

  void add_source_to(CLI::App& verb);
  void add_selection_to(CLI::App& verb);
  /// All of them but the modality: a case is made of several.
  void add_case_selection_to(CLI::App& verb);
  bool selects() const;
  /// @throws InputError for a --date that is none
  ArchiveSelection selection() const;
};

/// "20200101", "20200101-20201231", "20200101-" or "-20201231": first and last day, empty where open.
/// @throws InputError
std::pair<std::string, std::string> parse_date_range(const std::string& text);

}  // namespace sbrt::cli
