#include "engine/cli/archive_options.h"

#include "engine/cli/option_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace sbrt::cli {
namespace {

std::string parse_day(const std::string& text, const std::string& whole) {
  const auto wrong = [&] {
    return InputError(fmt::format("'{}' is no date", whole), "--date", "",
                      "write YYYYMMDD or YYYYMMDD-YYYYMMDD; either end may be left out");
  };
  if (text.size() != 8 || text.find_first_not_of("0123456789") != std::string::npos) throw wrong();
  const std::chrono::year_month_day day{std::chrono::year(std::stoi(text.substr(0, 4))),
                                        std::chrono::month(unsigned(std::stoi(text.substr(4, 2)))),
                                        std::chrono::day(unsigned(std::stoi(text.substr(6))))};
  if (!day.ok()) throw wrong();
  return text;
}

}  // namespace

std::pair<std::string, std::string> parse_date_range(const std::string& text) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) {
    const std::string day = parse_day(text, text);
    return {day, day};
  }
  const std::string first = text.substr(0, dash), last = text.substr(dash + 1);
  std::pair<std::string, std::string> range;
  if (!first.empty() || last.empty()) range.first = parse_day(first, text);
  if (!last.empty()) range.second = parse_day(last, text);
  if (!range.first.empty() && !range.second.empty() && range.first > range.second)
    throw InputError(fmt::format("'{}' ends before it begins", text), "--date", "", "write the earlier date first");
  return range;
}

void ArchiveOptions::add_source_to(CLI::App& verb) {
  verb.add_option("--aet", source.network.calling_ae_title, "own AE title, which the archive may have to know")
      ->capture_default_str();
  verb.add_option("--timeout", source.network.timeout_s, "seconds to wait for the archive")->capture_default_str();
  verb.add_option("--store-port", source.network.store_port,
                  "fetch by C-MOVE to this own port, which the archive knows for --aet (default: C-GET)");
}

void ArchiveOptions::add_selection_to(CLI::App& verb) {
  add_case_selection_to(verb);
  verb.add_option("--modality", modalities, "CT, RTSTRUCT, RTDOSE, RTPLAN")->delimiter(',');
}

void ArchiveOptions::add_case_selection_to(CLI::App& verb) {
  verb.add_option("--patient", patient_id, "patient ID; * and ? stand for other text");
  verb.add_option("--patient-name", patient_name, "patient name; * and ?");
  verb.add_option("--date", date, "study date: YYYYMMDD or YYYYMMDD-YYYYMMDD, either end may be left out");
  verb.add_option("--structure", structure_name, "RTSTRUCTs with such a structure; * and ?");
}

bool ArchiveOptions::selects() const {
  return !patient_id.empty() || !patient_name.empty() || !date.empty() || !structure_name.empty() ||
         !modalities.empty();
}

ArchiveSelection ArchiveOptions::selection() const {
  ArchiveSelection selection;
  selection.patient_id = patient_id;
  selection.patient_name = patient_name;
  if (!date.empty()) std::tie(selection.date_from, selection.date_to) = parse_date_range(date);
  selection.modalities = modalities;
  for (std::string& modality : selection.modalities)
    std::transform(modality.begin(), modality.end(), modality.begin(),
                   [](unsigned char c) { return char(std::toupper(c)); });
  selection.structure_name = structure_name;
  return selection;
}

}  // namespace sbrt::cli
