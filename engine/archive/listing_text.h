/// What an archive holds, for people and programs.
#pragma once

#include "engine/archive/source.h"

#include <string>

namespace sbrt {

/// Whether a case can be made of it: CT, RTSTRUCT, RTDOSE, RTPLAN.
bool is_of_a_case(const ArchiveEntry& entry);

/// A table by patient and study, the refused behind it, and a line of totals.
std::string to_text(const ArchiveListing& listing);

/// Schema "archive listing" of docs/formats.md.
std::string to_json(const ArchiveListing& listing, const std::string& source);

}  // namespace sbrt
