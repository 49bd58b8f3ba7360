#include "engine/report/report_page.h"

#include <gtest/gtest.h>

namespace sbrt {
namespace {

TEST(ReportPage, Base64OfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string_view("\xff\xfe\x00", 3)), "//4A");
}

TEST(ReportPage, NoNameEndsItsBlock) {
  const std::string page = filled_page("<html><!-- report data --></html>",
                                       {{"report", "application/json", R"({"a": "</script><!--<script>&"})"}});
  EXPECT_EQ(page,
            "<html><script type=\"application/json\" id=\"report\">{\"a\": "
            "\"\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e\\u0026\"}</script>\n</html>");
}

TEST(ReportPage, TheShippedPageHasThePlaceForItsData) {
  EXPECT_NE(page_template().find("<!-- report data -->"), std::string::npos);
}

}  // namespace
}  // namespace sbrt
