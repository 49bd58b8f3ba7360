#include "dicom/export.h"

#include <gtest/gtest.h>

namespace sbrt::dicom {
namespace {

TEST(Uid, IsValidStableAndDependsOnTheSeed) {
  const std::string uid = uid_from("a");
  EXPECT_EQ(uid, uid_from("a"));
  EXPECT_NE(uid, uid_from("b"));
  EXPECT_LE(uid.size(), 64u);
  EXPECT_EQ(uid.rfind("2.25.", 0), 0u);
  EXPECT_NE(uid[5], '0');
  EXPECT_EQ(uid.find_first_not_of("0123456789."), std::string::npos);
}

TEST(Uid, IsTheDecimalFormOfAVersion8Uuid) {
  // SHA-256 of "a" begins ca978112ca1bbdcafac231b39a23dc4d; the decimal form was computed with Python's integers.
  EXPECT_EQ(uid_from("a"), "2.25.269290709893686844195134956664967650381");
}

}  // namespace
}  // namespace sbrt::dicom
