#include "engine/archive/source.h"

#include "engine/archive/dimse_source.h"
#include "engine/archive/folder_source.h"
#include "engine/archive/name_pattern.h"

#include <algorithm>
#include <tuple>

namespace sbrt {
namespace {

bool wanted(const std::string& value, const std::string& pattern) {
  return pattern.empty() || matches_pattern(value, pattern);
}

bool selected(const ArchiveEntry& entry, const ArchiveSelection& selection) {
  if (!wanted(entry.patient_id, selection.patient_id) || !wanted(entry.patient_name, selection.patient_name))
    return false;
  if (!selection.date_from.empty() && (entry.study_date.empty() || entry.study_date < selection.date_from))
    return false;
  if (!selection.date_to.empty() && (entry.study_date.empty() || entry.study_date > selection.date_to)) return false;
  if (!selection.modalities.empty() &&
      std::find(selection.modalities.begin(), selection.modalities.end(), entry.modality) == selection.modalities.end())
    return false;
  if (!selection.structure_name.empty() && entry.modality == "RTSTRUCT")
    return std::any_of(entry.structure_names.begin(), entry.structure_names.end(),
                       [&](const std::string& name) { return matches_pattern(name, selection.structure_name); });
  return true;
}

}  // namespace

void select_and_sort(std::vector<ArchiveEntry>& entries, const ArchiveSelection& selection) {
  std::erase_if(entries, [&](const ArchiveEntry& entry) { return !selected(entry, selection); });
  const auto key = [](const ArchiveEntry& e) {
    return std::tie(e.patient_id, e.study_uid, e.modality, e.series_uid, e.sop_uid);
  };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const ArchiveEntry& a, const ArchiveEntry& b) { return key(a) < key(b); });
  if (!selection.with_structure_names)
    for (ArchiveEntry& entry : entries) entry.structure_names.clear();
}

std::unique_ptr<ArchiveSource> open_source(const std::string& text, const SourceOptions& options) {
  if (dicom::is_dimse_address(text)) return std::make_unique<DimseSource>(text, options.network);
  if (text.find("://") != std::string::npos)
    throw InputError("the archive '" + text + "' cannot be opened", text, "only folders and dimse:// are known",
                     "name a folder or dimse://AET@host:port");
  return std::make_unique<FolderSource>(text, options.store_into);
}

}  // namespace sbrt
