/// Judged protocols as tables for a terminal and as parts of report.json.
#pragma once

#include "engine/protocols/protocol_judgement.h"

#include <string>

namespace sbrt {

class JsonWriter;

/// Per set: its goals with value, interval, limits and result; how names were matched; what found no partner.
std::string protocol_tables(const ProtocolJudgement& judgement, bool colour);

/// The goals as further elements of an array that is open.
void write_protocol_goals(JsonWriter& json, const ProtocolJudgement& judgement);

/// Members "protocols" and "structures_without_goal" of an object that is open; nothing without a protocol.
void write_protocols(JsonWriter& json, const ProtocolJudgement& judgement);

}  // namespace sbrt
