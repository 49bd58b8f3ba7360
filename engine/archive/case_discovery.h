/// From what an archive holds to the cases that are planned again.
#pragma once

#include "engine/archive/replan_protocol.h"
#include "engine/archive/source.h"

#include <set>
#include <string>
#include <vector>

namespace sbrt {

/// One lesion of one structure set, with the CT that it may lie on and what was archived for it.
struct ReplanCase {
  std::string id;  //!< safe as a file name (safe_name.h)
  std::string patient_id, study_date, structure_uid, ct_series_uid, site;
  std::string target;                   //!< structure that the protocol found: a GTV to expand, or a target as it is
  bool expand = true;                   //!< `target` is a GTV
  std::string gtv;                      //!< whose size counts; empty: `target`
  std::vector<std::string> neighbours;  //!< the other lesions of its structure set
  std::vector<ArchiveEntry> objects;    //!< RTSTRUCT, CT series, RTPLANs, RTDOSEs
  std::string problem;                  //!< why it cannot be planned; empty when it can be tried
};

/// Ordered by id. A structure set without a target becomes one case with a problem, so that nothing is passed over in
/// silence. The listing must have structure names.
/// @param own SOP instance UIDs of objects that earlier replans made: they are no archived cases or doses
std::vector<ReplanCase> discover_cases(const ArchiveListing& listing, const ReplanProtocol& protocol,
                                       const std::set<std::string>& own = {});

}  // namespace sbrt
