#include "dicom/network.h"

#include "geometry/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sbrt::dicom {
namespace {

using ::testing::HasSubstr;

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(DimseAddress, IsReadAndWrittenAgain) {
  const DimseAddress address = parse_dimse_address("dimse://ORTHANC@archive.example:4242");
  EXPECT_EQ(address, (DimseAddress{"ORTHANC", "archive.example", 4242}));
  EXPECT_EQ(to_text(address), "dimse://ORTHANC@archive.example:4242");
  EXPECT_EQ(parse_dimse_address("dimse://A@::1:104").host, "::1");
}

TEST(DimseAddress, EveryWrongPartIsNamed) {
  const auto said = [](const char* source) { return message_of([&] { parse_dimse_address(source); }); };
  EXPECT_THAT(said("http://A@b:1"), HasSubstr("does not begin with dimse://"));
  EXPECT_THAT(said("dimse://host:104"), HasSubstr("AE title is missing"));
  EXPECT_THAT(said("dimse://@host:104"), HasSubstr("'' is no AE title"));
  EXPECT_THAT(said("dimse://SEVENTEENLETTERSX@host:104"), HasSubstr("is no AE title"));
  EXPECT_THAT(said("dimse://A B@host:104"), HasSubstr("is no AE title"));
  EXPECT_THAT(said("dimse://A@host"), HasSubstr("port is missing"));
  EXPECT_THAT(said("dimse://A@:104"), HasSubstr("no host"));
  EXPECT_THAT(said("dimse://A@../x:104"), HasSubstr("no host"));
  EXPECT_THAT(said("dimse://A@host:0"), HasSubstr("'0' is no port"));
  EXPECT_THAT(said("dimse://A@host:65536"), HasSubstr("is no port"));
  EXPECT_THAT(said("dimse://A@host:10x"), HasSubstr("'10x' is no port"));
  EXPECT_THAT(said("dimse://A@host:"), HasSubstr("'' is no port"));
}

TEST(Uid, OnlyDigitsAndDotsMayNameAFile) {
  EXPECT_TRUE(is_uid("1.2.840.10008.1.1"));
  EXPECT_TRUE(is_uid(std::string(64, '1')));
  for (const std::string& bad :
       {std::string(), std::string(65, '1'), std::string("../1"), std::string("1/2"), std::string("1..2"),
        std::string(".1"), std::string("1."), std::string("1.a"), std::string("1.2\n"), std::string("1\0", 2)})
    EXPECT_FALSE(is_uid(bad)) << bad;
}

TEST(DimseArchive, ThatIsNotThereIsSaidWithItsAddress) {
  // Port 1 of the loopback: nobody listens.
  const DimseArchive archive({"NOBODY", "127.0.0.1", 1}, {.timeout_s = 2});
  const auto message = message_of([&] { archive.echo(); });
  EXPECT_THAT(message, HasSubstr("the archive does not answer (dimse://NOBODY@127.0.0.1:1)"));
}

TEST(DimseArchive, UidsAreCheckedBeforeAnythingIsAsked) {
  const DimseArchive archive({"NOBODY", "127.0.0.1", 1}, {.timeout_s = 2});
  const auto folder = std::filesystem::temp_directory_path();
  EXPECT_THAT(message_of([&] { archive.retrieve("1.2", "../../etc", "", folder); }), HasSubstr("is no UID"));
  EXPECT_THAT(message_of([&] { archive.retrieve("1.2", "1.3", "", folder / "absent-sbrtplan-folder"); }),
              HasSubstr("no such folder"));
}

TEST(DimseArchive, OptionsOutOfRangeAreRefused) {
  const auto said = [](DimseOptions options) { return message_of([&] { DimseArchive({"A", "host", 104}, options); }); };
  EXPECT_THAT(said({.calling_ae_title = "FAR TOO LONG A TITLE"}), HasSubstr("--aet"));
  EXPECT_THAT(said({.timeout_s = 0}), HasSubstr("--timeout"));
  EXPECT_THAT(said({.store_port = 70000}), HasSubstr("--store-port"));
}

}  // namespace
}  // namespace sbrt::dicom
