#include "engine/json.h"

#include <nlohmann/json.hpp>

namespace sbrt {

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) {
    SBRT_EXPECT(out_.empty());
    return;
  }
  Level& level = levels_.back();
  if (!level.empty) out_ += ',';
  if (level.row)
    out_ += level.empty ? "" : " ";
  else
    out_ += '\n' + std::string(2 * levels_.size(), ' ');
  level.empty = false;
}

void JsonWriter::open(char bracket, bool array, bool row) {
  SBRT_EXPECT(levels_.empty() || !levels_.back().array || !after_key_);
  const bool inside_row = !levels_.empty() && levels_.back().row;
  separate();
  out_ += bracket;
  levels_.push_back({array, row || inside_row, true});
}

void JsonWriter::close(char bracket) {
  SBRT_EXPECT(!levels_.empty() && !after_key_ && levels_.back().array == (bracket == ']'));
  const Level level = levels_.back();
  levels_.pop_back();
  if (!level.empty && !level.row) out_ += '\n' + std::string(2 * levels_.size(), ' ');
  out_ += bracket;
}

JsonWriter& JsonWriter::begin_object() { return open('{', false, false), *this; }
JsonWriter& JsonWriter::begin_row_object() { return open('{', false, true), *this; }
JsonWriter& JsonWriter::end_object() { return close('}'), *this; }
JsonWriter& JsonWriter::begin_array() { return open('[', true, false), *this; }
JsonWriter& JsonWriter::end_array() { return close(']'), *this; }

JsonWriter& JsonWriter::key(std::string_view name) {
  SBRT_EXPECT(!levels_.empty() && !levels_.back().array && !after_key_);
  separate();
  out_ += nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  const std::string text = exact_text(number);
  separate();
  out_ += text;
  return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
  separate();
  out_ += std::to_string(number);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  separate();
  out_ += flag ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  out_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return *this;
}

JsonWriter& JsonWriter::value(PatientPoint p) { return value(std::vector<double>{p.x, p.y, p.z}); }
JsonWriter& JsonWriter::value(PatientVec v) { return value(std::vector<double>{v.x, v.y, v.z}); }

JsonWriter& JsonWriter::value(const std::vector<double>& numbers) {
  open('[', true, true);
  for (const double n : numbers) value(n);
  close(']');
  return *this;
}

std::string JsonWriter::finish() {
  SBRT_EXPECT(levels_.empty() && !after_key_ && !out_.empty());
  return std::move(out_) + "\n";
}

}  // namespace sbrt
