#include "engine/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

namespace sbrt {

using Json = nlohmann::ordered_json;

namespace {

constexpr int deepest_nesting = 64;  // far beyond any of our formats; keeps hostile input off the call stack

std::string line_and_column(std::string_view text, std::size_t byte) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return fmt::format("line {}, column {}", line, column);
}

std::string kind_of(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  if (value.is_string()) return "a text";
  if (value.is_boolean()) return "true or false";
  if (value.is_null()) return "null";
  return "a number";
}

const Json& json(const void* value) { return *static_cast<const Json*>(value); }

std::string shortened(const std::string& text) { return text.size() <= 40 ? text : text.substr(0, 40) + "..."; }

}  // namespace

struct JsonReader::Document {
  std::string source;
  Json root;
  std::set<const void*> used;
};

JsonReader::JsonReader(std::shared_ptr<Document> document, const void* value, std::string path)
    : document_(std::move(document)), value_(value), path_(std::move(path)) {}

JsonReader JsonReader::from_file(const std::filesystem::path& path) {
  std::error_code code;
  const bool regular = std::filesystem::is_regular_file(path, code);
  std::ifstream in(path, std::ios::binary);
  if (!regular || !in)
    throw InputError("JSON file cannot be read", path.string(), "it is missing, no file or not readable",
                     "check the path");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) throw InputError("JSON file cannot be read", path.string(), "read error", "check the disk");
  return from_text(text.str(), path.string());
}

JsonReader JsonReader::from_text(std::string_view text, const std::string& source) {
  auto document = std::make_shared<Document>();
  document->source = source;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto refuse = [&](const std::string& problem, const std::string& place, const std::string& remedy) {
    throw InputError(problem, source + ": " + place, "", remedy);
  };
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > deepest_nesting)
      refuse("JSON is nested too deeply", fmt::format("more than {} levels", deepest_nesting), "check the file");
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      refuse(fmt::format("key \"{}\" occurs twice in one object", shortened(parsed.get<std::string>())),
             fmt::format("nesting level {}", depth), "remove one of the two");
    return true;
  };
  try {
    document->root = Json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::parse_error& e) {
    const std::string what = e.what();
    const auto colon = what.find(": ");
    throw InputError("JSON syntax error", source + ": " + line_and_column(text, e.byte),
                     colon == std::string::npos ? what : what.substr(colon + 2), "correct the file at this place");
  } catch (const nlohmann::json::exception& e) {
    throw InputError("JSON value cannot be read", source, e.what(), "correct the file");
  }
  const void* root = &document->root;
  return JsonReader(std::move(document), root, "$");
}

std::string JsonReader::where() const { return document_->source + ": " + path_; }

InputError JsonReader::error(const std::string& problem, const std::string& why, const std::string& remedy) const {
  return InputError(problem, where(), why, remedy);
}

void JsonReader::expect_schema(std::string_view schema) const {
  if (!is_object() || !has("schema"))
    throw error("no \"schema\"", "the kind of file is not stated",
                fmt::format("give a file with \"schema\": \"{}\"", schema));
  const std::string found = at("schema").text();
  if (found != schema)
    throw error(fmt::format("schema is \"{}\"", shortened(found)), fmt::format("\"{}\" is needed here", schema),
                "give the right kind of file, or one made for this version");
}

void JsonReader::expect_all_used() const {
  const auto walk = [this](const auto& self, const Json& value, const std::string& path) -> void {
    if (!document_->used.contains(&value))
      throw InputError("unknown key", document_->source + ": " + path, "nothing reads it",
                       "check the spelling, or remove it");
    if (value.is_object())
      for (const auto& [key, child] : value.items()) self(self, child, path + "." + key);
    if (value.is_array())
      for (std::size_t i = 0; i < value.size(); ++i) self(self, value[i], fmt::format("{}[{}]", path, i));
  };
  document_->used.insert(&document_->root);
  walk(walk, document_->root, "$");
}

bool JsonReader::is_object() const { return json(value_).is_object(); }
bool JsonReader::is_array() const { return json(value_).is_array(); }
bool JsonReader::is_number() const { return json(value_).is_number(); }
bool JsonReader::is_text() const { return json(value_).is_string(); }

bool JsonReader::has(std::string_view key) const {
  if (!is_object()) throw error("an object is needed", "found " + kind_of(json(value_)), "write {...}");
  return json(value_).find(std::string(key)) != json(value_).end();
}

std::optional<JsonReader> JsonReader::find(std::string_view key) const {
  if (!has(key)) return std::nullopt;
  const Json& child = *json(value_).find(std::string(key));
  document_->used.insert(&child);
  return JsonReader(document_, &child, path_ + "." + std::string(key));
}

JsonReader JsonReader::at(std::string_view key) const {
  if (auto member = find(key)) return *member;
  throw error(fmt::format("key \"{}\" is missing", key), "", "add it");
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::members() const {
  if (!is_object()) throw error("an object is needed", "found " + kind_of(json(value_)), "write {...}");
  std::vector<std::pair<std::string, JsonReader>> all;
  for (const auto& [key, child] : json(value_).items()) all.emplace_back(key, at(key));
  return all;
}

std::vector<JsonReader> JsonReader::items() const {
  if (!is_array()) throw error("an array is needed", "found " + kind_of(json(value_)), "write [...]");
  std::vector<JsonReader> all;
  all.reserve(json(value_).size());
  for (std::size_t i = 0; i < json(value_).size(); ++i) {
    document_->used.insert(&json(value_)[i]);
    all.push_back(JsonReader(document_, &json(value_)[i], fmt::format("{}[{}]", path_, i)));
  }
  return all;
}

std::vector<JsonReader> JsonReader::items(std::size_t size) const {
  std::vector<JsonReader> all = items();
  if (all.size() != size)
    throw error(fmt::format("an array of {} is needed", size), fmt::format("found {}", all.size()),
                "correct the array");
  return all;
}

double JsonReader::number(double low, double high) const {
  if (!is_number()) throw error("a number is needed", "found " + kind_of(json(value_)), "write a number");
  const double value = json(value_).get<double>();
  if (!std::isfinite(value)) throw error("number is not finite", "", "write a finite number");
  if (value < low || value > high)
    throw error(fmt::format("{} is out of range", value),
                high == infinity   ? fmt::format("it must be at least {}", low)
                : low == -infinity ? fmt::format("it must be at most {}", high)
                                   : fmt::format("it must lie between {} and {}", low, high),
                "correct the value");
  return value;
}

double JsonReader::positive_number(double high) const {
  const double value = number(-infinity, high);
  if (!(value > 0)) throw error(fmt::format("{} is out of range", value), "it must be above 0", "correct the value");
  return value;
}

std::int64_t JsonReader::integer(std::int64_t low, std::int64_t high) const {
  const Json& v = json(value_);
  const bool too_large =
      v.is_number_unsigned() && v.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int64_t>::max());
  if (!v.is_number_integer() || too_large)
    throw error("a whole number is needed", v.is_number() ? "found " + v.dump() : "found " + kind_of(v),
                "write a whole number");
  const std::int64_t value = v.get<std::int64_t>();
  if (value < low || value > high)
    throw error(fmt::format("{} is out of range", value), fmt::format("it must lie between {} and {}", low, high),
                "correct the value");
  return value;
}

bool JsonReader::boolean() const {
  if (!json(value_).is_boolean())
    throw error("true or false is needed", "found " + kind_of(json(value_)), "write true or false");
  return json(value_).get<bool>();
}

std::string JsonReader::text() const {
  if (!is_text()) throw error("a text is needed", "found " + kind_of(json(value_)), "write it in quotes");
  return json(value_).get<std::string>();
}

std::string JsonReader::choice(std::initializer_list<std::string_view> allowed) const {
  const std::string value = text();
  std::string list;
  for (const std::string_view a : allowed) {
    if (a == value) return value;
    list += list.empty() ? "" : ", ";
    list += a;
  }
  throw error(fmt::format("\"{}\" is not known here", shortened(value)), "", "write one of: " + list);
}

std::vector<double> JsonReader::numbers(double low, double high) const {
  std::vector<double> all;
  for (const JsonReader& item : items()) all.push_back(item.number(low, high));
  return all;
}

PatientPoint JsonReader::point() const {
  const std::vector<JsonReader> c = items(3);
  return {c[0].number(), c[1].number(), c[2].number()};
}

PatientVec JsonReader::vector() const {
  const PatientPoint p = point();
  return {p.x, p.y, p.z};
}

std::string exact_text(double value) {
  SBRT_EXPECT(std::isfinite(value));
  if (value == 0) return std::signbit(value) ? "-0.0" : "0";
  char buffer[64];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, value);
  SBRT_EXPECT(code == std::errc{});
  return std::string(buffer, end);
}

}  // namespace sbrt
