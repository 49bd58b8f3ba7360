/// What the sections of cohort.html share. Private to this room.
#pragma once

#include "engine/cohort/cohort_report.h"

namespace sbrt {

std::string figures(const std::vector<CohortPicture>& pictures);
std::string outcome_section(const OutcomeAnalysis& analysis, const CohortPictures& pictures);

}  // namespace sbrt
