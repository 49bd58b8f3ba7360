#include "dicom/detail/ct_series.h"
#include "dicom/detail/dataset.h"
#include "dicom/detail/file_search.h"
#include "dicom/detail/rt_facts.h"
#include "dicom/import.h"
#include "geometry/parallel.h"
#include "geometry/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <variant>

namespace sbrt::dicom {
namespace fs = std::filesystem;
namespace {

struct Ignored {};
using Object = std::variant<Ignored, RefusedFile, detail::CtFacts, StructureFile, DoseFile, PlanFile>;
struct Finding {
  Object object;
  Warnings warnings;
};

std::string class_name(const std::string& uid) {
  const char* name = dcmFindNameOfUID(uid.c_str());
  return name ? name : "SOP class " + uid;
}

bool is_enhanced_ct(const std::string& uid) {
  return uid == UID_EnhancedCTImageStorage || uid == UID_LegacyConvertedEnhancedCTImageStorage;
}

Finding examine(const fs::path& path) {
  Finding finding;
  const auto refuse = [&](std::string why) {
    finding.object = RefusedFile{path, std::move(why)};
    return std::move(finding);
  };
  const detail::ParsedFile parsed = detail::parse_file(path, detail::ValueLoading::deferred);
  if (!parsed.file) return refuse(parsed.refusal);
  DcmDataset& dataset = parsed.dataset();
  std::string sop_class = detail::text(dataset, DCM_SOPClassUID);
  if (sop_class.empty()) {
    const bool directory =
        detail::text(*parsed.file->getMetaInfo(), DCM_MediaStorageSOPClassUID) == UID_MediaStorageDirectoryStorage;
    if (directory) return finding;
    return refuse("it does not say what it is (no SOPClassUID)");
  }
  std::string refusal;
  if (sop_class == UID_CTImageStorage) {
    detail::CtFacts facts;
    refusal = detail::read_ct_facts(dataset, path, facts);
    finding.object = std::move(facts);
  } else if (is_enhanced_ct(sop_class)) {
    refusal = "enhanced multi-frame CT is not supported; convert it to one file per slice";
  } else if (sop_class == UID_RTStructureSetStorage) {
    StructureFile structures;
    refusal = detail::read_structure_facts(dataset, path, structures, finding.warnings);
    finding.object = std::move(structures);
  } else if (sop_class == UID_RTDoseStorage) {
    DoseFile dose;
    refusal = detail::read_dose_facts(dataset, path, dose);
    finding.object = std::move(dose);
  } else if (sop_class == UID_RTPlanStorage || sop_class == UID_RTIonPlanStorage) {
    PlanFile plan;
    refusal = detail::read_plan_facts(dataset, path, plan);
    finding.object = std::move(plan);
  } else {
    refusal = class_name(sop_class) + " is not used by this program";
  }
  if (!refusal.empty()) return refuse(refusal);
  return finding;
}

struct Identity {
  fs::path path;
  std::string sop_instance_uid;
};
Identity identity_of(const Object& object) {
  return std::visit(
      [](const auto& o) -> Identity {
        using T = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<T, Ignored> || std::is_same_v<T, RefusedFile>)
          return {};
        else if constexpr (std::is_same_v<T, detail::CtFacts>)
          return {o.slice.path, o.slice.reference.sop_instance_uid};
        else
          return {o.path, o.reference.sop_instance_uid};
      },
      object);
}

bool same_content(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::file_size(a, error) == fs::file_size(b, error) && sha256_of_file(a) == sha256_of_file(b);
}

// A SOP instance counts once: identical copies are dropped, others under the same UID refused.
void drop_duplicates(std::vector<Finding>& findings, Warnings& warnings) {
  std::map<std::string, fs::path> first;
  std::vector<fs::path> copies, impostors;
  for (auto& finding : findings) {
    const Identity identity = identity_of(finding.object);
    if (identity.sop_instance_uid.empty()) continue;
    const auto [entry, is_new] = first.emplace(identity.sop_instance_uid, identity.path);
    if (is_new) continue;
    if (same_content(entry->second, identity.path)) {
      copies.push_back(identity.path);
      finding.object = Ignored{};
    } else {
      impostors.push_back(identity.path);
      finding.object =
          RefusedFile{identity.path, "it has the SOP instance UID of " + entry->second.string() + " but other content"};
    }
  }
  if (!copies.empty())
    warnings.push_back(
        {"duplicate-files", fmt::format("{} file(s) are identical copies of others and count once (first: {})",
                                        copies.size(), copies.front().string())});
  if (!impostors.empty())
    warnings.push_back(
        {"duplicate-uid", fmt::format("{} file(s) carry the SOP instance UID of another file with other content and "
                                      "were refused (first: {})",
                                      impostors.size(), impostors.front().string())});
}

template <class File>
void sort_by_uid(std::vector<File>& files) {
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.reference.sop_instance_uid < b.reference.sop_instance_uid; });
}

}  // namespace

Catalogue scan(const std::vector<fs::path>& paths, Progress& progress) {
  detail::prepare_dcmtk();
  Catalogue catalogue;
  const auto files = detail::find_files(paths, catalogue.refused);
  std::vector<Finding> findings(files.size());
  progress.begin("reading headers", std::int64_t(files.size()));
  parallel_for(std::int64_t(files.size()), [&](std::int64_t n) {
    findings[std::size_t(n)] = examine(files[std::size_t(n)]);
    progress.advance();
  });
  progress.end();

  drop_duplicates(findings, catalogue.warnings);
  std::vector<detail::CtFacts> slices;
  for (auto& finding : findings) {
    append(catalogue.warnings, finding.warnings);
    if (auto* refused = std::get_if<RefusedFile>(&finding.object)) catalogue.refused.push_back(std::move(*refused));
    if (auto* facts = std::get_if<detail::CtFacts>(&finding.object)) slices.push_back(std::move(*facts));
    if (auto* structures = std::get_if<StructureFile>(&finding.object))
      catalogue.structures.push_back(std::move(*structures));
    if (auto* dose = std::get_if<DoseFile>(&finding.object)) catalogue.doses.push_back(std::move(*dose));
    if (auto* plan = std::get_if<PlanFile>(&finding.object)) catalogue.plans.push_back(std::move(*plan));
  }
  catalogue.ct_series = detail::build_ct_series(std::move(slices), catalogue.refused);
  sort_by_uid(catalogue.structures);
  sort_by_uid(catalogue.doses);
  sort_by_uid(catalogue.plans);
  std::sort(catalogue.refused.begin(), catalogue.refused.end(),
            [](const RefusedFile& a, const RefusedFile& b) { return a.path < b.path; });
  return catalogue;
}

}  // namespace sbrt::dicom
