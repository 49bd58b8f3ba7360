#include "engine/archive/dimse_source.h"

#include "engine/archive/folder_source.h"
#include "engine/archive/name_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

// What the rest of a run has to know of a network that fails.
template <class Call>
auto reaching_the_archive(Call&& call) {
  try {
    return call();
  } catch (const dicom::DimseUnavailable& error) {
    throw ArchiveUnavailable(error.problem(), error.where(), error.why(), error.remedy());
  }
}

constexpr const char* passing_name = "sbrtplan-archive-";

// A locked folder of this process that goes with it. It holds structure sets of patients, so what a killed process left
// behind, which the kernel has unlocked, is removed by the next one.
class PassingFolder {
 public:
  PassingFolder() {
    const fs::path parent = fs::temp_directory_path();
    remove_abandoned(parent);
    std::string name = (parent / (std::string(passing_name) + "XXXXXX")).string();
    if (!::mkdtemp(name.data()) || (lock_ = locked(name)) < 0)
      throw InputError("no temporary folder can be made", name, "structure sets are read from it",
                       "set TMPDIR to a folder that can be written");
    path_ = name;
  }
  ~PassingFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    ::close(lock_);
  }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  // A descriptor that holds the lock; negative where another process has it, or it is another user's.
  static int locked(const fs::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat owner {};
    if (descriptor >= 0 && ::fstat(descriptor, &owner) == 0 && owner.st_uid == ::geteuid() &&
        ::flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      return descriptor;
    if (descriptor >= 0) ::close(descriptor);
    return -1;
  }
  static void remove_abandoned(const fs::path& parent) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(parent, ignored)) {
      if (!entry.path().filename().string().starts_with(passing_name)) continue;
      const int descriptor = locked(entry.path());
      if (descriptor < 0) continue;
      fs::remove_all(entry.path(), ignored);
      ::close(descriptor);
    }
  }

  fs::path path_;
  int lock_ = -1;
};

const std::vector<std::string>& object_modalities() {
  static const std::vector<std::string> modalities{"RTSTRUCT", "RTDOSE", "RTPLAN"};
  return modalities;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

ArchiveEntry entry_of(const dicom::FoundSeries& series) {
  ArchiveEntry entry;
  entry.modality = series.modality;
  entry.patient_id = series.patient_study.patient_id;
  entry.patient_name = series.patient_study.patient_name;
  entry.study_date = series.patient_study.study_date;
  entry.study_uid = series.patient_study.study_instance_uid;
  entry.series_uid = series.series_instance_uid;
  entry.body_part = series.body_part;
  entry.label = series.series_description;
  entry.instances = std::max(series.instances, 0);
  return entry;
}

// Names and references from the fetched object, which the folder source reads.
void complete(ArchiveEntry& entry, const std::vector<ArchiveEntry>& read) {
  for (const ArchiveEntry& known : read) {
    if (known.modality != entry.modality || known.sop_uid != entry.sop_uid) continue;
    entry.label = known.label;
    entry.structure_names = known.structure_names;
    entry.frame_of_reference_uid = known.frame_of_reference_uid;
    entry.referenced_series_uids = known.referenced_series_uids;
    entry.referenced_image_uids = known.referenced_image_uids;
    entry.referenced_structure_uid = known.referenced_structure_uid;
    entry.referenced_plan_uid = known.referenced_plan_uid;
  }
}

}  // namespace

DimseSource::DimseSource(const std::string& address, const dicom::DimseOptions& options)
    : archive_(dicom::parse_dimse_address(address), options) {
  reaching_the_archive([&] { archive_.echo(); });
}

std::string DimseSource::name() const { return dicom::to_text(archive_.address()); }

ArchiveListing DimseSource::list(const ArchiveSelection& selection, Progress& progress) {
  dicom::DimseQuery query;
  query.first_date = selection.date_from;
  query.last_date = selection.date_to;
  query.with_objects_of = object_modalities();
  query.wanted = [&](const dicom::PatientStudy& study) {
    return (selection.patient_id.empty() || matches_pattern(study.patient_id, selection.patient_id)) &&
           (selection.patient_name.empty() || matches_pattern(study.patient_name, selection.patient_name));
  };
  ArchiveListing listing;
  for (const dicom::FoundSeries& series : reaching_the_archive([&] { return archive_.find_series(query, progress); })) {
    const ArchiveEntry entry = entry_of(series);
    if (!contains(object_modalities(), series.modality)) {
      listing.entries.push_back(entry);
      continue;
    }
    for (const dicom::InstanceReference& object : series.objects) {
      listing.entries.push_back(entry);
      listing.entries.back().sop_uid = object.sop_instance_uid;
      listing.entries.back().instances = 1;
    }
  }
  if (selection.with_structure_names || !selection.structure_name.empty()) {
    const PassingFolder folder;
    std::vector<ArchiveEntry> wanted;
    for (const ArchiveEntry& entry : listing.entries) {
      const bool of_use = selection.modalities.empty() || contains(selection.modalities, entry.modality);
      if (of_use && (entry.modality == "RTSTRUCT" || entry.modality == "RTPLAN")) wanted.push_back(entry);
    }
    fetch(wanted, folder.path(), progress);
    FolderSource fetched(folder.path());
    ArchiveSelection everything;
    everything.with_structure_names = true;
    const ArchiveListing read = fetched.list(everything, no_progress);
    for (ArchiveEntry& entry : listing.entries) complete(entry, read.entries);
    for (const ArchiveRefusal& refusal : read.refused)
      listing.refused.push_back({"object " + fs::path(refusal.what).stem().string(), refusal.why});
  }
  select_and_sort(listing.entries, selection);
  return listing;
}

FetchedFiles DimseSource::fetch(const std::vector<ArchiveEntry>& entries, const fs::path& folder, Progress& progress) {
  FetchedFiles fetched{folder, {}};
  std::int64_t objects = 0;
  for (const ArchiveEntry& entry : entries) objects += entry.instances;
  progress.begin("fetching", objects);
  for (const ArchiveEntry& entry : entries) {
    // Codes of the standard only: a stranger's could lead out of the folder.
    if (entry.modality != "CT" && !contains(object_modalities(), entry.modality))
      throw InputError(fmt::format("series of modality '{}' are not fetched", entry.modality), entry.series_uid,
                       "a case is made of CT, RTSTRUCT, RTDOSE and RTPLAN", "leave it out");
    const fs::path place = folder / entry.modality;
    fs::create_directories(place);
    const dicom::Retrieved retrieved = reaching_the_archive(
        [&] { return archive_.retrieve(entry.study_uid, entry.series_uid, entry.sop_uid, place, progress); });
    if (!retrieved.refused.empty())
      throw InputError("an object of the archive cannot be taken", name() + ", series " + entry.series_uid,
                       retrieved.refused.front(), "correct it in the archive");
    if (entry.instances > 0 && std::int64_t(retrieved.files.size()) != entry.instances)
      throw InputError("the archive did not send the whole series", name() + ", series " + entry.series_uid,
                       fmt::format("{} of {} objects came", retrieved.files.size(), entry.instances),
                       "look into the archive's log, then start again");
    for (const fs::path& file : retrieved.files) fetched.files.push_back(file.lexically_relative(folder));
  }
  progress.end();
  std::sort(fetched.files.begin(), fetched.files.end());
  return fetched;
}

void DimseSource::store(const std::vector<fs::path>& files, Progress& progress) {
  const dicom::Stored stored = reaching_the_archive([&] { return archive_.store(files, progress); });
  if (!stored.failed.empty())
    throw InputError("the archive did not take an object", stored.failed.front().first.string(),
                     stored.failed.front().second, "look into the archive's log");
}

}  // namespace sbrt
