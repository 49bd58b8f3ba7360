#include "engine/archive/folder_source.h"

#include "dicom/import.h"
#include "engine/archive/safe_name.h"
#include "geometry/atomic_output.h"
#include "geometry/sha256.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

ArchiveEntry entry_of(const dicom::PatientStudy& study, const char* modality) {
  ArchiveEntry entry;
  entry.modality = modality;
  entry.patient_id = study.patient_id;
  entry.patient_name = study.patient_name;
  entry.study_date = study.study_date;
  entry.study_uid = study.study_instance_uid;
  return entry;
}

template <class File>
ArchiveEntry rt_entry(const File& file, const char* modality, const fs::path& root) {
  ArchiveEntry entry = entry_of(file.patient_study, modality);
  entry.series_uid = file.series_instance_uid;
  entry.sop_uid = file.reference.sop_instance_uid;
  entry.instances = 1;
  entry.files = {file.path.lexically_relative(root)};
  return entry;
}

// The catalogue splits a series whose slices differ in orientation or matrix; the archive's series is all of them.
void add_series(const dicom::CtSeries& series, const fs::path& root,
                std::map<std::pair<std::string, std::string>, ArchiveEntry>& all) {
  ArchiveEntry entry = entry_of(series.patient_study, "CT");
  entry.series_uid = series.series_instance_uid;
  entry.frame_of_reference_uid = series.frame_of_reference_uid;
  entry.body_part = series.body_part_examined;
  entry.label = series.series_description;
  ArchiveEntry& whole = all.emplace(std::pair{entry.patient_id, entry.series_uid}, entry).first->second;
  whole.instances += std::int64_t(series.slices.size());
  for (const dicom::CtSlice& slice : series.slices) {
    whole.files.push_back(slice.path.lexically_relative(root));
    whole.image_uids.push_back(slice.reference.sop_instance_uid);
  }
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (!in && !in.eof()) throw InputError("cannot read", path.string(), "", "check the file");
  return bytes;
}

}  // namespace

FolderSource::FolderSource(const fs::path& folder, fs::path store_into)
    : name_(folder.string()), store_into_(std::move(store_into)) {
  std::error_code error;
  root_ = fs::canonical(folder, error);
  if (error || !fs::is_directory(root_))
    throw InputError("no such folder", folder.string(), error ? error.message() : "it is a file",
                     "name the folder of the archive");
}

ArchiveListing FolderSource::list(const ArchiveSelection& selection, Progress& progress) {
  std::error_code error;
  if (!fs::is_directory(root_, error))
    throw ArchiveUnavailable("the archive is gone", root_.string(), error.message(), "mount it and start again");
  const dicom::Catalogue catalogue = dicom::scan({root_}, progress);
  ArchiveListing listing;
  listing.warnings = catalogue.warnings;
  for (const dicom::RefusedFile& file : catalogue.refused)
    listing.refused.push_back({file.path.lexically_relative(root_).string(), file.reason});

  std::map<std::pair<std::string, std::string>, ArchiveEntry> series;
  for (const dicom::CtSeries& one : catalogue.ct_series) add_series(one, root_, series);
  for (auto& [key, entry] : series) listing.entries.push_back(std::move(entry));
  for (const dicom::StructureFile& file : catalogue.structures) {
    ArchiveEntry entry = rt_entry(file, "RTSTRUCT", root_);
    entry.label = file.label;
    entry.structure_names = file.roi_names;
    entry.frame_of_reference_uid = file.frame_of_reference_uid;
    entry.referenced_series_uids = file.referenced_series_uids;
    entry.referenced_image_uids = file.referenced_image_uids;
    listing.entries.push_back(std::move(entry));
  }
  for (const dicom::DoseFile& file : catalogue.doses) {
    ArchiveEntry entry = rt_entry(file, "RTDOSE", root_);
    entry.frame_of_reference_uid = file.frame_of_reference_uid;
    entry.referenced_structure_uid = file.referenced_structure_uid;
    entry.referenced_plan_uid = file.referenced_plan_uid;
    listing.entries.push_back(std::move(entry));
  }
  for (const dicom::PlanFile& file : catalogue.plans) {
    ArchiveEntry entry = rt_entry(file, "RTPLAN", root_);
    entry.label = file.label;
    entry.referenced_structure_uid = file.referenced_structure_uid;
    listing.entries.push_back(std::move(entry));
  }
  select_and_sort(listing.entries, selection);
  return listing;
}

FetchedFiles FolderSource::fetch(const std::vector<ArchiveEntry>& entries, const fs::path&, Progress&) {
  std::error_code error;
  if (!fs::is_directory(root_, error))
    throw ArchiveUnavailable("the archive is gone", root_.string(), error.message(), "mount it and start again");
  FetchedFiles fetched{root_, {}};
  for (const ArchiveEntry& entry : entries)
    for (const fs::path& file : entry.files) {
      if (!fs::is_regular_file(root_ / file, error))
        throw InputError("a file of the case is gone", (root_ / file).string(), error.message(),
                         "start again, so that the archive is listed anew");
      fetched.files.push_back(file);
    }
  std::sort(fetched.files.begin(), fetched.files.end());
  return fetched;
}

void FolderSource::store(const std::vector<fs::path>& files, Progress& progress) {
  if (store_into_.empty())
    throw InputError("a folder takes no objects", name_, "the tree is only read", "say where they go by --store-into");
  progress.begin("storing", std::int64_t(files.size()));
  const dicom::Catalogue catalogue = dicom::scan(files);
  if (!catalogue.refused.empty())
    throw InputError("an object cannot be stored", catalogue.refused.front().path.string(),
                     catalogue.refused.front().reason, "");
  const auto put = [&](const auto& file, const char* modality) {
    const fs::path folder = store_into_ / safe_name(file.patient_study.patient_id);
    fs::create_directories(folder);
    const fs::path goal =
        folder / (std::string(modality) + "." + safe_name(file.reference.sop_instance_uid, 80) + ".dcm");
    std::error_code error;
    if (!fs::exists(goal, error))
      write_file_atomically(goal, bytes_of(file.path));
    else if (sha256_of_file(goal) != sha256_of_file(file.path))
      throw InputError("another object of this UID is there already", goal.string(), "nothing is written over silently",
                       "move it away");
    progress.advance();
  };
  for (const auto& file : catalogue.structures) put(file, "RTSTRUCT");
  for (const auto& file : catalogue.plans) put(file, "RTPLAN");
  for (const auto& file : catalogue.doses) put(file, "RTDOSE");
  progress.end();
}

}  // namespace sbrt
