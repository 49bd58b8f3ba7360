#include <gtest/gtest.h>

#include "dicom/export.h"

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

}  // namespace
}  // namespace sbrt::dicom
