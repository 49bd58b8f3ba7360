// Names that strangers wrote must stay names: one path component, printable, of bounded length, and told apart.
#include "engine/archive/safe_name.h"

#include "engine/archive/name_pattern.h"

#include <gtest/gtest.h>

#include <set>

namespace sbrt {
namespace {

const std::string hostile[] = {"",
                               ".",
                               "..",
                               "../../etc/passwd",
                               "/abs",
                               "a/b",
                               "a\\b",
                               "-rf",
                               "--out",
                               "~root",
                               "a b\tc\nd",
                               "\x1b[31mred",
                               "é漢字",
                               "con:aux",
                               ".work-x",
                               "$(true)",
                               "a;b|c",
                               "'quoted'",
                               "\"double\"",
                               "*?[x]",
                               std::string("nul\0byte", 8),
                               std::string(300, 'x'),
                               std::string(300, '/')};

TEST(SafeName, IsOnePlainComponentOfBoundedLength) {
  for (const std::string& text : hostile) {
    const std::string name = safe_name(text);
    EXPECT_FALSE(name.empty()) << text;
    EXPECT_LE(name.size(), 40u) << text;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
              std::string::npos)
        << name;
    EXPECT_NE(name.front(), '-') << name;
    EXPECT_NE(name.front(), '.') << name;
  }
  EXPECT_EQ(safe_name("Lung-07_a"), "Lung-07_a");
  EXPECT_EQ(safe_name("a//b  c"), "a_b_c");
}

TEST(CaseId, DiffersForEveryPartHoweverTheTextsAreSplit) {
  std::set<std::string> ids;
  std::size_t made = 0;
  for (const std::string& patient : hostile)
    for (const std::string& uid : hostile)
      for (const std::string& target : hostile) {
        ids.insert(case_id_of(patient, uid, target));
        ++made;
      }
  EXPECT_EQ(ids.size(), made);
  EXPECT_NE(case_id_of("p", "ab", "c"), case_id_of("p", "a", "bc"));
  EXPECT_EQ(case_id_of("p", "1.2", "GTV"), case_id_of("p", "1.2", "GTV"));
}

TEST(EncodedPath, ReadsBackToTheSameBytesAndIsPrintable) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += char(c);
  const std::string text = encoded_path(all);
  EXPECT_EQ(decoded_path(text), all);
  for (const char c : text) EXPECT_TRUE(c >= ' ' && c < 127);
  EXPECT_EQ(encoded_path("a/b c.dcm"), "a/b c.dcm");
  EXPECT_EQ(decoded_path("100%"), "100%");
}

TEST(NamePattern, StarsAndMarks) {
  EXPECT_TRUE(matches_pattern("GTV", "gtv"));
  EXPECT_TRUE(matches_pattern("GTV_1 left", "GTV*"));
  EXPECT_TRUE(matches_pattern("abcabc", "*abc"));
  EXPECT_TRUE(matches_pattern("", "*"));
  EXPECT_TRUE(matches_pattern("PTV1", "PTV?"));
  EXPECT_FALSE(matches_pattern("PTV", "PTV?"));
  EXPECT_FALSE(matches_pattern("xGTV", "GTV*"));
  EXPECT_FALSE(matches_pattern("GTV", ""));
  EXPECT_TRUE(matches_pattern("a.b", "a.b"));
  EXPECT_FALSE(matches_pattern("axb", "a.b"));
}

TEST(NamePattern, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int n = 0; n < 200; ++n) pattern += "*a";
  // 2^200 ways for a matcher that tries them all; this one is done at once.
  EXPECT_FALSE(matches_pattern(std::string(5000, 'a') + "b", pattern));
}

}  // namespace
}  // namespace sbrt
