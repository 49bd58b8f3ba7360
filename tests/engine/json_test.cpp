#include "engine/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace sbrt {
namespace {

using testing::HasSubstr;

JsonReader read(const std::string& text) { return JsonReader::from_text(text, "case.json"); }

template <class Call>
std::string complaint(Call&& call) {
  try {
    call();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

TEST(JsonReader, ReadsValuesByTypeAndPath) {
  const JsonReader r = read(R"({"a": {"b": [1, 2.5, -3]}, "n": 7, "flag": true, "name": "PTV"})");
  EXPECT_EQ(r.at("a").at("b").point(), (PatientPoint{1, 2.5, -3}));
  EXPECT_EQ(r.at("n").integer(0, 10), 7);
  EXPECT_TRUE(r.at("flag").boolean());
  EXPECT_EQ(r.at("name").choice({"GTV", "PTV"}), "PTV");
  EXPECT_FALSE(r.find("missing"));
  EXPECT_EQ(r.at("a").at("b").items()[1].where(), "case.json: $.a.b[1]");
  EXPECT_NO_THROW(r.expect_all_used());
}

TEST(JsonReader, NamesFilePathAndReason) {
  const JsonReader r = read(R"({"beams": [{"aim_mm": [1, "x", 3], "mu": -5, "n": 1.5}], "zero": 0})");
  const JsonReader beam = r.at("beams").items()[0];
  EXPECT_THAT(complaint([&] { beam.at("aim_mm").point(); }), HasSubstr("case.json: $.beams[0].aim_mm[1]"));
  EXPECT_THAT(complaint([&] { beam.at("mu").number(0); }), HasSubstr("$.beams[0].mu"));
  EXPECT_THAT(complaint([&] { beam.at("n").integer(); }), HasSubstr("whole number"));
  EXPECT_THAT(complaint([&] { beam.at("id"); }), HasSubstr("\"id\" is missing"));
  EXPECT_THAT(complaint([&] { r.at("zero").positive_number(); }), HasSubstr("above 0"));
  EXPECT_THAT(complaint([&] { r.at("beams").items(2); }), HasSubstr("array of 2"));
  EXPECT_THAT(complaint([&] { r.at("beams").at("x"); }), HasSubstr("an object is needed"));
}

TEST(JsonReader, RefusesWhatNobodyRead) {
  const JsonReader r = read(R"({"schema": "x/1", "target": {"name": "PTV", "margin": 5}})");
  r.expect_schema("x/1");
  r.at("target").at("name").text();
  EXPECT_THAT(complaint([&] { r.expect_all_used(); }), HasSubstr("$.target.margin"));
  r.at("target").at("margin").number();
  EXPECT_NO_THROW(r.expect_all_used());
}

TEST(JsonReader, SchemaIsChecked) {
  EXPECT_THAT(complaint([] { read(R"({"schema": "y/1"})").expect_schema("x/1"); }), HasSubstr("\"x/1\" is needed"));
  EXPECT_THAT(complaint([] { read("{}").expect_schema("x/1"); }), HasSubstr("schema"));
  EXPECT_THAT(complaint([] { read("[1]").expect_schema("x/1"); }), HasSubstr("schema"));
}

TEST(JsonReader, SyntaxErrorsNameLineAndColumn) {
  EXPECT_THAT(complaint([] { read("{\n  \"a\": 1,\n  \"b\" 2\n}"); }), HasSubstr("case.json: line 3, column 7"));
  for (const char* text : {"", "{", "{\"a\": NaN}", "{\"a\": 1,}", "[1] x", "\"\\ud800\"", "{\"a\": 1e999}", "// c\n1"})
    EXPECT_THROW(read(text), InputError) << text;
}

TEST(JsonReader, RefusesRepeatedKeysAndDeepNesting) {
  EXPECT_THAT(complaint([] { read(R"({"a": {"k": 1}, "b": {"k": 1, "c": 2, "k": 3}})"); }),
              HasSubstr("\"k\" occurs twice"));
  EXPECT_NO_THROW(read(R"({"a": {"k": 1}, "b": [{"k": 1}, {"k": 2}]})"));
  EXPECT_THAT(complaint([] { read(std::string(100000, '[')); }), HasSubstr("nested too deeply"));
}

TEST(JsonReader, LargeIntegersAreNotWrapped) {
  EXPECT_THROW(read("18446744073709551615").integer(), InputError);
  EXPECT_EQ(read("9223372036854775807").integer(), std::numeric_limits<std::int64_t>::max());
}

TEST(JsonReader, MissingFileAndFolder) {
  EXPECT_THROW(JsonReader::from_file("/nonexistent/x.json"), InputError);
  EXPECT_THROW(JsonReader::from_file("/"), InputError);
}

TEST(JsonWriter, DoublesReadBackBitForBit) {
  std::vector<double> values{
      0.0, -0.0, 0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, 1e22, 123456789012345680000.0, 9007199254740993.0};
  std::uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double v = std::bit_cast<double>(state ^ (state >> 29));
    if (std::isfinite(v)) values.push_back(v);
  }
  JsonWriter w;
  const std::vector<double> back = read(w.value(values).finish()).numbers();
  ASSERT_EQ(back.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i]), std::bit_cast<std::uint64_t>(values[i])) << values[i];
}

TEST(JsonWriter, WritesWhatTheReaderReads) {
  JsonWriter w;
  w.begin_object()
      .member("schema", "x/1")
      .member("n", 3)
      .member("ok", true)
      .member("name", std::string("a\"b\n\xc3\xa9"));
  w.key("list").begin_array();
  w.begin_row_object().member("p", PatientPoint{1, -2, 0.5}).end_object();
  w.begin_row_object().member("p", PatientPoint{0, 0, 0}).end_object();
  w.end_array().key("none").begin_array().end_array().end_object();
  const std::string text = w.finish();
  EXPECT_THAT(text, HasSubstr("{\"p\": [1, -2, 0.5]},\n"));
  const JsonReader r = read(text);
  r.expect_schema("x/1");
  EXPECT_EQ(r.at("name").text(), "a\"b\n\xc3\xa9");
  EXPECT_EQ(r.at("list").items(2)[0].at("p").point(), (PatientPoint{1, -2, 0.5}));
  EXPECT_TRUE(r.at("none").items().empty());
}

TEST(JsonWriter, RefusesWhatJsonCannotHold) {
  EXPECT_THROW(JsonWriter().value(std::nan("")), ContractViolation);
  EXPECT_THROW(JsonWriter().begin_object().finish(), ContractViolation);
}

}  // namespace
}  // namespace sbrt
