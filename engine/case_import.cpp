#include "engine/case_import.h"

#include "geometry/error.h"
#include "geometry/parallel.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

namespace sbrt {

InputRecord record_of_file(const std::filesystem::path& path, const std::string& kind, const std::string& uid) {
  return {path.string(), kind, uid, sha256_of_file(path)};
}

std::optional<double> only_slice_spacing_mm(const dicom::Catalogue& catalogue) {
  if (catalogue.ct_series.size() != 1 || !(catalogue.ct_series[0].slice_spacing_mm > 0)) return std::nullopt;
  return catalogue.ct_series[0].slice_spacing_mm;
}

InputRecord record_of(const dicom::CtSeries& series) {
  std::vector<std::string> hashes(series.slices.size());
  parallel_for(std::int64_t(hashes.size()), [&](std::int64_t i) { hashes[i] = sha256_of_file(series.slices[i].path); });
  Sha256 all;
  for (const std::string& hash : hashes) all.add(hash);
  const std::string folder = series.slices.empty() ? "" : series.slices.front().path.parent_path().string();
  return {folder, "CT", series.series_instance_uid, all.finish()};
}

namespace {

// Notes and tables beside the DICOM files are no finding; `inspect` lists them.
bool is_no_dicom(const dicom::RefusedFile& file) { return file.reason.rfind("not a DICOM file", 0) == 0; }

// A refused file may be the missing slice; the user must read of it in the same message.
std::string refused_list(const dicom::Catalogue& catalogue) {
  std::string list;
  for (const dicom::RefusedFile& file : catalogue.refused)
    if (!is_no_dicom(file)) list += "\n  refused: " + file.path.string() + ": " + file.reason;
  return list;
}

}  // namespace

ImportedCase import_case(const CaseSelection& selection, Progress& progress) {
  const dicom::Catalogue catalogue = dicom::scan(selection.inputs, progress);
  const auto choose = [&](const auto& chooser) -> decltype(auto) {
    try {
      return chooser();
    } catch (const InputError& error) {
      const std::string where = error.where().empty() ? selection.inputs.front().string() : error.where();
      throw InputError(error.problem(), where, error.why(), error.remedy() + refused_list(catalogue));
    }
  };
  const auto& structure_file =
      choose([&]() -> const auto& { return dicom::choose_structures(catalogue, selection.rtstruct); });
  const auto& series =
      choose([&]() -> const auto& { return dicom::choose_ct(catalogue, structure_file, selection.ct_uid); });
  dicom::LoadedStructures structures = dicom::load_structures(structure_file);
  dicom::LoadedCt ct = dicom::load_ct(series, progress);

  Warnings warnings = catalogue.warnings;
  for (const dicom::RefusedFile& file : catalogue.refused)
    if (!is_no_dicom(file)) warnings.push_back({"file-refused", file.path.string() + ": " + file.reason});
  append(warnings, ct.warnings);
  append(warnings, structures.warnings);
  std::vector<InputRecord> inputs{
      record_of(series), record_of_file(structure_file.path, "RTSTRUCT", structure_file.reference.sop_instance_uid)};
  dicom::CtSeries chosen = series;
  if (chosen.patient_position.empty()) {
    chosen.patient_position = selection.patient_position;
  } else if (!selection.patient_position.empty() && selection.patient_position != chosen.patient_position) {
    throw InputError("patient position " + selection.patient_position + " is asked for", "--patient-position",
                     "the CT says " + chosen.patient_position, "leave the option out");
  }
  return {std::move(chosen), structure_file,     std::move(ct.image), std::move(structures.structures),
          std::move(inputs), std::move(warnings)};
}

dicom::DoseFile only_dose_in(const std::filesystem::path& path, const std::string& why_one) {
  const dicom::Catalogue found = dicom::scan({path});
  if (found.doses.size() == 1) return found.doses.front();
  if (found.doses.size() > 1)
    throw InputError(fmt::format("{} RTDOSE files", found.doses.size()), path.string(), why_one, "name one file");
  throw InputError("no RTDOSE", path.string(),
                   found.refused.empty() ? "it holds another kind of object" : found.refused.front().reason,
                   "name an RTDOSE file");
}

}  // namespace sbrt
