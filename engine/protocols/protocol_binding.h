/// Protocols on the structures of one case: which goal is judged where, and what found no partner.
#pragma once

#include "engine/evaluation/evaluate.h"
#include "engine/protocols/name_matching.h"
#include "engine/protocols/protocol.h"
#include "engine/report/input_record.h"
#include "geometry/warning.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// What the user asks for.
struct ProtocolRequest {
  std::vector<Protocol> protocols;
  std::vector<std::filesystem::path> names;  //!< the user's files of synonyms
  std::vector<ToldMatch> told;
};

/// A goal on one structure, one union or one target.
struct BoundGoal {
  std::size_t protocol = 0;  //!< index into BoundProtocols::protocols
  ProtocolGoal goal;
  ProtocolLimit limit;                  //!< for the prescription's number of fractions
  std::string organ;                    //!< what the protocol calls it: "SpinalCord", "target"
  std::string structure;                //!< "SPINALCORD", "Lung_L + Lung_R"
  std::vector<std::string> structures;  //!< one name, or those of a union
  std::vector<std::string> missing;     //!< organs of the union that the case lacks: the value is of a part
  std::string rule;                     //!< how the structure was found
  bool on_target = false;
  std::string text() const;  ///< "SPINALCORD:D0.035cc <= 30 Gy"
};

/// A goal without a structure.
struct UnboundGoal {
  std::size_t protocol = 0;
  ProtocolGoal goal;
  ProtocolLimit limit;
  std::string why;
  bool ambiguous = false;
  std::string text() const;
};

struct UnusedStructure {
  std::string structure, what;
};

/// The files that a judgement rests on, for provenance. The shipped names count too.
std::vector<InputRecord> protocol_records(const ProtocolRequest& request);

struct BoundProtocols {
  std::vector<Protocol> protocols;
  int fractions = 0;
  std::vector<BoundGoal> goals;
  std::vector<UnboundGoal> unbound;
  std::vector<UnusedStructure> unused;
  bool empty() const { return protocols.empty(); }
};

/// @param body name of the structure that bounds the isodose volumes; empty: none
/// @throws InputError: a set that does not fit the number of fractions, targets of different numbers of fractions, no
///         prescription, a bad file of names, --match that names nothing
BoundProtocols bind_protocols(const ProtocolRequest& request, const std::vector<NamedShape>& shapes,
                              const std::vector<EvaluatedTarget>& targets, const std::string& body);

/// Unions that the evaluation must sample for these goals, without duplicates.
std::vector<StructureUnion> unions_of(const BoundProtocols& bound);

/// Metrics of these goals on single structures, for the evaluation's sampling step.
std::vector<StructureQuery> queries_of(const BoundProtocols& bound);

/// The goals that planning can take: DVH metrics with a fixed limit on one whole structure. The others are named in one
/// warning per set ("protocol-not-planned").
std::vector<Goal> goals_to_plan(const BoundProtocols& bound, Warnings& warnings);

}  // namespace sbrt
