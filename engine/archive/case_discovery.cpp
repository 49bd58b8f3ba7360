#include "engine/archive/case_discovery.h"

#include "engine/archive/safe_name.h"

#include <algorithm>
#include <map>

namespace sbrt {
namespace {

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool same_patient(const ArchiveEntry& a, const ArchiveEntry& b) {
  return a.patient_id.empty() || b.patient_id.empty() || a.patient_id == b.patient_id;
}

/// The objects of an archive by what a structure set finds them with.
class Objects {
 public:
  Objects(const ArchiveListing& listing, const std::set<std::string>& own) {
    for (const ArchiveEntry& entry : listing.entries) {
      if (!entry.sop_uid.empty() && own.contains(entry.sop_uid)) continue;
      if (entry.modality == "RTSTRUCT") structures_.push_back(&entry);
      if (entry.modality == "CT") ct_by_study_.emplace(entry.study_uid, &entry);
      if (entry.modality == "CT") ct_by_uid_.emplace(entry.series_uid, &entry);
      if (entry.modality == "CT") ct_by_frame_.emplace(entry.frame_of_reference_uid, &entry);
      if (entry.modality == "RTPLAN" || entry.modality == "RTDOSE") rt_by_patient_.emplace(entry.patient_id, &entry);
    }
  }

  const std::vector<const ArchiveEntry*>& structures() const { return structures_; }

  // As dicom::choose_ct looks for it: series, images, frame of reference; the file decides among what is fetched.
  std::vector<const ArchiveEntry*> ct_of(const ArchiveEntry& set) const {
    std::vector<const ArchiveEntry*> found;
    for (const std::string& uid : set.referenced_series_uids) add(ct_by_uid_, uid, set, found);
    if (found.empty() && !set.referenced_image_uids.empty())
      for (const auto& [study, ct] : ct_by_study_)
        if (same_patient(*ct, set) && names_image_of(set, *ct)) found.push_back(ct);
    if (found.empty() && !set.frame_of_reference_uid.empty()) add(ct_by_frame_, set.frame_of_reference_uid, set, found);
    if (found.empty() && set.frame_of_reference_uid.empty()) add(ct_by_study_, set.study_uid, set, found);
    return found;
  }

  std::vector<const ArchiveEntry*> plans_and_doses_of(const ArchiveEntry& set) const {
    std::vector<const ArchiveEntry*> found;
    std::set<std::string> plans;
    const auto [begin, end] = rt_by_patient_.equal_range(set.patient_id);
    const auto belongs = [&](const ArchiveEntry& entry) {
      return entry.referenced_structure_uid == set.sop_uid ||
             (entry.referenced_structure_uid.empty() && entry.study_uid == set.study_uid);
    };
    for (auto it = begin; it != end; ++it)
      if (it->second->modality == "RTPLAN" && belongs(*it->second)) {
        found.push_back(it->second);
        plans.insert(it->second->sop_uid);
      }
    for (auto it = begin; it != end; ++it)
      if (it->second->modality == "RTDOSE" && (plans.contains(it->second->referenced_plan_uid) || belongs(*it->second)))
        found.push_back(it->second);
    return found;
  }

 private:
  using Index = std::multimap<std::string, const ArchiveEntry*>;

  static void add(const Index& index, const std::string& key, const ArchiveEntry& set,
                  std::vector<const ArchiveEntry*>& found) {
    const auto [begin, end] = index.equal_range(key);
    for (auto it = begin; it != end; ++it)
      if (same_patient(*it->second, set) && std::find(found.begin(), found.end(), it->second) == found.end())
        found.push_back(it->second);
  }
  static bool names_image_of(const ArchiveEntry& set, const ArchiveEntry& ct) {
    return std::any_of(ct.image_uids.begin(), ct.image_uids.end(), [&](const std::string& uid) {
      return std::binary_search(set.referenced_image_uids.begin(), set.referenced_image_uids.end(), uid);
    });
  }

  std::vector<const ArchiveEntry*> structures_;
  Index ct_by_uid_, ct_by_study_, ct_by_frame_, rt_by_patient_;
};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return text;
}

std::string site_of(const ReplanProtocol& protocol, const std::string& body_part,
                    const std::vector<std::string>& structures, const std::string& target) {
  const auto any_structure = [&](const std::vector<std::string>& patterns) {
    return std::any_of(structures.begin(), structures.end(),
                       [&](const std::string& name) { return matches_any(name, patterns); });
  };
  for (const SiteRule& rule : protocol.sites)
    if ((rule.body_part.empty() || matches_any(body_part, rule.body_part)) &&
        (rule.structures.empty() || any_structure(rule.structures)) &&
        (rule.targets.empty() || matches_any(target, rule.targets)))
      return rule.site;
  return body_part.empty() ? "unknown" : lower(body_part);
}

struct Lesion {
  std::string target, gtv;
  bool expand = true;
};

std::vector<Lesion> lesions_of(const ReplanProtocol& protocol, const std::vector<std::string>& names) {
  const auto fitting = [&](const std::vector<std::string>& patterns) {
    std::vector<std::string> found;
    for (const std::string& name : names)
      if (matches_any(name, patterns) && !matches_any(name, protocol.exclude) && !contains(found, name))
        found.push_back(name);
    return found;
  };
  for (const TargetRule& rule : protocol.targets) {
    std::vector<Lesion> lesions;
    const std::vector<std::string> gtvs = fitting(rule.gtv);
    if (rule.target.empty())
      for (const std::string& name : gtvs) lesions.push_back({name, name, true});
    else
      // Which GTV belongs to which target is only clear where there is one of each.
      for (const std::vector<std::string> targets = fitting(rule.target); const std::string& name : targets)
        lesions.push_back({name, targets.size() == 1 && gtvs.size() == 1 ? gtvs.front() : "", false});
    if (!lesions.empty()) return lesions;
  }
  return {};
}

}  // namespace

std::vector<ReplanCase> discover_cases(const ArchiveListing& listing, const ReplanProtocol& protocol,
                                       const std::set<std::string>& own) {
  const Objects objects(listing, own);
  std::map<std::string, ReplanCase> cases;
  for (const ArchiveEntry* set : objects.structures()) {
    ReplanCase base;
    base.patient_id = set->patient_id;
    base.study_date = set->study_date;
    base.structure_uid = set->sop_uid;
    base.objects.push_back(*set);
    const auto ct = objects.ct_of(*set);
    std::string body_part = set->body_part;
    for (const ArchiveEntry* series : ct) {
      base.objects.push_back(*series);
      if (body_part.empty()) body_part = series->body_part;
    }
    if (ct.size() == 1) base.ct_series_uid = ct.front()->series_uid;
    for (const ArchiveEntry* entry : objects.plans_and_doses_of(*set)) base.objects.push_back(*entry);
    if (ct.empty()) base.problem = "no CT of this patient belongs to the structure set";

    std::vector<Lesion> lesions = lesions_of(protocol, set->structure_names);
    const bool without_target = lesions.empty();
    if (without_target) lesions.push_back({});
    for (const Lesion& lesion : lesions) {
      ReplanCase one = base;
      one.target = lesion.target;
      for (const auto& other : lesions)
        if (other.target != lesion.target) one.neighbours.push_back(other.target);
      one.gtv = lesion.gtv;
      one.expand = lesion.expand;
      one.site = site_of(protocol, body_part, set->structure_names, lesion.target);
      one.id = case_id_of(one.patient_id, one.structure_uid, one.target);
      if (without_target) {
        one.problem = "no structure fits the protocol's targets; it has: ";
        for (std::size_t n = 0; n < set->structure_names.size() && n < 20; ++n)
          one.problem += (n ? ", " : "") + set->structure_names[n];
      }
      cases.emplace(one.id, std::move(one));
    }
  }
  std::vector<ReplanCase> all;
  for (auto& [id, one] : cases) all.push_back(std::move(one));
  return all;
}

}  // namespace sbrt
