#include "engine/verify/verify.h"

#include "engine/json.h"
#include "engine/report/program_block.h"
#include "engine/verify/suites.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sbrt {
namespace {

using Suite = verify::Rows (*)();
constexpr Suite suites[] = {
    verify::check_volumes, verify::check_margins,      verify::check_dose_statistics, verify::check_indices,
    verify::check_gamma,   verify::check_radiobiology, verify::check_dose_engine,
};

}  // namespace

bool CheckRow::ok() const { return std::abs(result - reference) <= tolerance; }

bool all_ok(const std::vector<CheckRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const CheckRow& row) { return row.ok(); });
}

std::vector<CheckRow> verify_installation(Progress& progress) {
  std::vector<CheckRow> rows;
  progress.begin("verify", std::int64_t(std::size(suites)));
  for (const Suite suite : suites) {
    for (CheckRow& row : suite()) rows.push_back(std::move(row));
    progress.advance();
  }
  progress.end();
  return rows;
}

std::string verify_json(const std::vector<CheckRow>& rows, const std::string& version, const std::string& revision) {
  JsonWriter json;
  json.begin_object().member("schema", "sbrtplan-verify/1");
  write_program(json, version, revision);
  json.member("ok", all_ok(rows));
  json.key("checks").begin_array();
  for (const CheckRow& row : rows) {
    json.begin_row_object().member("group", row.group).member("test", row.test).member("unit", row.unit);
    json.member("reference", row.reference).member("tolerance", row.tolerance);
    // JSON has no way to say "not a number": without a result the row stands as failed.
    if (std::isfinite(row.result)) json.member("result", row.result);
    json.member("ok", row.ok()).end_object();
  }
  json.end_array().end_object();
  return json.finish();
}

}  // namespace sbrt
