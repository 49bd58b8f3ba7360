/// A named set of goals with its source (schema sbrtplan-protocol/1, docs/formats.md).
#pragma once

#include "engine/evaluation/query.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sbrt {

/// Limits that depend on the target's volume: linear between the rows, nothing outside them.
struct LimitTable {
  std::vector<double> tv_cc;  //!< ascending, at least two
  std::vector<double> limit;
  std::vector<double> minor;  //!< empty, or one for each row

  struct Row {
    double limit;
    std::optional<double> minor;
  };
  std::optional<Row> at(double target_cc) const;
};

/// What is asked of a quantity. A quantity is a DVH metric, or the id of a plan index of a target (`r50`, `ci`, ...),
/// or `near_max`, `near_min` of ICRU 91 on any structure.
struct ProtocolLimit {
  std::string quantity;          //!< as written
  std::optional<Metric> metric;  //!< nothing for an index and for near_max, near_min
  std::string unit;              //!< "Gy", "%", "cc", "mm" or "" for a pure number
  Goal::Relation relation = Goal::Relation::at_most;
  double limit = 0;
  std::optional<double> minor;      //!< beyond the limit, up to here: a minor deviation
  std::optional<LimitTable> table;  //!< replaces limit and minor
  std::string limit_text;           //!< "<= 30 Gy"
};

/// One line of a protocol.
struct ProtocolGoal {
  /// Organs in order of preference, or one of the words "target" (every target), "gtvs" (every GTV, CTV and ITV) and
  /// "organs" (every structure whose name is that of an organ).
  std::vector<std::string> structures;
  std::map<int, ProtocolLimit> limits;  //!< by number of fractions; 0: any number
  bool report_only = false;             //!< a quantity to report, without a limit
  int priority = 0;                     //!< 1 first; 0: not stated
  std::string endpoint, note;
};

struct Protocol {
  std::string name, title, source, verified;
  std::vector<int> fractions;  //!< that it has limits for; empty: any
  std::vector<ProtocolGoal> goals;
  std::filesystem::path file;
  std::string sha256;

  bool applies_to(int number_of_fractions) const;
};

/// Reads sbrtplan-protocol/1, or the older sbrtplan-goals/1. @throws InputError naming file and JSON path
Protocol read_protocol(const std::filesystem::path& path);

/// The sets that come with the program, in order of name.
std::vector<Protocol> shipped_protocols();

/// A shipped set by its name, else a file. @throws InputError offering the names
Protocol protocol_named_or_file(const std::string& name_or_file);

/// @throws InputError when the set has no limits for that number; offers the shipped sets that have
void check_fractions(const Protocol& protocol, int fractions);

}  // namespace sbrt
