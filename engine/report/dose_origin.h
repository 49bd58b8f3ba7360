/// Where the judged dose comes from, and what its files say about themselves: in report.json and on the terminal.
#pragma once

#include "engine/dose_total.h"
#include "engine/evaluation/embedded_dvh.h"
#include "engine/json.h"

#include <string>
#include <vector>

namespace sbrt {

struct DoseOrigin {
  std::string how;  //!< the total, in one sentence
  std::vector<DosePart> parts;
  std::vector<EmbeddedComparison> embedded;
};

/// Keys "dose" and, where the RTDOSE holds DVHs, "embedded_dvhs".
void write_dose_origin(JsonWriter& json, const DoseOrigin& origin);

/// One line on the dose, a table of the embedded DVHs beside ours, their bounds.
std::string dose_origin_text(const DoseOrigin& origin);

}  // namespace sbrt
