#include "engine/verify/verify.h"

#include "engine/cli/outputs.h"
#include "engine/cli/session.h"
#include "engine/report/text_table.h"
#include "engine/version.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

#include <algorithm>

namespace sbrt::cli {
namespace {

void run(const std::string& json, bool overwrite, Session& session) {
  claim_outputs({json}, overwrite);
  const std::vector<CheckRow> rows = verify_installation(session.progress());
  if (!json.empty()) write_file_atomically(json, verify_json(rows, program_version(), program_revision()));
  using Align = TextTable::Align;
  TextTable table(
      {{"test"}, {"unit"}, {"reference", Align::right}, {"tolerance", Align::right}, {"result", Align::right}, {""}});
  for (const CheckRow& row : rows)
    table.add_row({row.test, row.unit, fmt::format("{:.6g}", row.reference), fmt::format("{:.2g}", row.tolerance),
                   fmt::format("{:.6g}", row.result), row.ok() ? "ok" : "FAILED"},
                  !colour_allowed() || row.ok() ? "" : "31");
  const auto failed = std::count_if(rows.begin(), rows.end(), [](const CheckRow& row) { return !row.ok(); });
  fmt::print("{}\nsbrtplan {} ({}): {} of {} checks ok\n{}\n", table.text(), program_version(), program_revision(),
             rows.size() - std::size_t(failed), rows.size(), disclaimer);
  if (failed > 0) session.exit_code = exit_goal_missed;
}

}  // namespace

void add_verify_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "verify", "runs the analytic and published checks on this installation",
                            "sbrtplan verify --json verify.json");
  auto json = std::make_shared<std::string>();
  verb->add_option("--json", *json, "write the checks as JSON");
  auto overwrite = std::make_shared<bool>(false);
  verb->add_flag("--overwrite", *overwrite, "replace an existing file");
  verb->callback([json, overwrite, &session] { run(*json, *overwrite, session); });
}

}  // namespace sbrt::cli
