/// Strict JSON: reading with file and JSON path in every complaint, and writing that reads back to the same doubles.
#pragma once

#include "geometry/error.h"
#include "geometry/space.h"

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sbrt {

/// One value of a JSON document. Cheap to copy; copies share the document.
///
/// Every getter marks what it read. expect_all_used() then refuses whatever nobody asked for, so a misspelt or
/// misplaced key is never ignored. A key that occurs twice in one object is refused while parsing.
class JsonReader {
 public:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// @throws InputError when the file cannot be read; syntax errors name file, line and column
  static JsonReader from_file(const std::filesystem::path& path);
  /// @param source name of the text in messages
  static JsonReader from_text(std::string_view text, const std::string& source);

  /// The document must be an object whose "schema" is `schema`. @throws InputError
  void expect_schema(std::string_view schema) const;
  /// @throws InputError naming the first key of the whole document that nobody read
  void expect_all_used() const;

  bool is_object() const;
  bool is_array() const;
  bool is_number() const;
  bool is_text() const;

  // Members of an object. @throws InputError when this is no object
  bool has(std::string_view key) const;
  JsonReader at(std::string_view key) const;  ///< @throws InputError when missing
  std::optional<JsonReader> find(
      std::string_view key) const;  ///< none when missing; null is a value and no getter takes it
  std::vector<std::pair<std::string, JsonReader>> members() const;  ///< in document order

  // Elements of an array. @throws InputError when this is no array or has another size
  std::vector<JsonReader> items() const;
  std::vector<JsonReader> items(std::size_t size) const;

  // This value. @throws InputError for another type or a value out of low...high (inclusive)
  double number(double low = -infinity, double high = infinity) const;
  double positive_number(double high = infinity) const;  ///< > 0
  std::int64_t integer(std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
  bool boolean() const;
  std::string text() const;
  std::string choice(std::initializer_list<std::string_view> allowed) const;
  std::vector<double> numbers(double low = -infinity, double high = infinity) const;
  PatientPoint point() const;  ///< [x, y, z]
  PatientVec vector() const;   ///< [x, y, z]

  std::string where() const;  ///< "beams.json: $.beams[3].aim_mm"
  /// For complaints that only the caller can make; throw it.
  InputError error(const std::string& problem, const std::string& why, const std::string& remedy) const;

 private:
  struct Document;
  JsonReader(std::shared_ptr<Document> document, const void* value, std::string path);
  std::shared_ptr<Document> document_;
  const void* value_;  //!< a value owned by document_
  std::string path_;
};

/// Shortest decimal text that reads back to the same double; "-0.0" keeps its sign. @pre finite
std::string exact_text(double value);

/// Writes indented JSON; row objects and number lists stay on one line. Numbers read back to the same doubles.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& begin_row_object();  ///< an object on one line, ended by end_object()
  JsonWriter& key(std::string_view name);
  JsonWriter& value(double number);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(int number) { return value(std::int64_t(number)); }
  JsonWriter& value(bool flag);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(PatientPoint p);  ///< [x, y, z]
  JsonWriter& value(PatientVec v);    ///< [x, y, z]
  JsonWriter& value(const std::vector<double>& numbers);
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }
  /// The text, ended by a newline. @pre all objects and arrays are closed
  std::string finish();

 private:
  struct Level {
    bool array = false, row = false, empty = true;
  };
  void separate();
  void open(char bracket, bool array, bool row);
  void close(char bracket);
  std::string out_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

}  // namespace sbrt
