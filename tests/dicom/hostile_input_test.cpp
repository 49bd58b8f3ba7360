// Damaged and malicious files: each is refused or loads, and nothing else happens. Run with the sanitizers to see the
// rest.
#include "dicom/import.h"
#include "geometry/error.h"
#include "tests/dicom/dicom_builder.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sbrt::dicom {
namespace {

using test::TempFolder;
using ::testing::HasSubstr;

// Reads whatever is in the folder as far as it goes. @return true when something loaded
bool read_everything(const std::filesystem::path& folder) {
  const Catalogue catalogue = scan({folder});
  bool loaded = false;
  const auto attempt = [&](auto read) {
    try {
      read();
      loaded = true;
    } catch (const InputError& error) {
      EXPECT_STRNE(error.what(), "");
    }
  };
  for (const auto& s : catalogue.ct_series) attempt([&] { load_ct(s); });
  for (const auto& s : catalogue.structures) attempt([&] { load_structures(s); });
  for (const auto& s : catalogue.structures) attempt([&] { choose_ct(catalogue, s); });
  for (const auto& d : catalogue.doses) attempt([&] { load_dose(d); });
  return loaded;
}

struct Victim {
  std::string name, bytes;
};

std::vector<Victim> victims() {
  DcmRLEEncoderRegistration::registerCodecs();
  TempFolder folder;
  std::vector<Victim> all;
  const auto add = [&](const std::string& name, DcmDataset d, E_TransferSyntax syntax) {
    if (syntax == EXS_RLELossless) d.chooseRepresentation(syntax, nullptr);
    test::save(d, folder / "file", syntax);
    all.push_back({name, test::bytes_of(folder / "file")});
  };
  add("structures",
      test::structure_set({{1, "GTV", "GTV", {test::square(1), test::square(2)}}, {2, "B", "", {test::square(1)}}}),
      EXS_LittleEndianExplicit);
  add("structures implicit", test::structure_set({{1, "GTV", "GTV", {test::square(1)}}}), EXS_LittleEndianImplicit);
  add("dose", test::dose({}), EXS_LittleEndianExplicit);
  add("dose big endian", test::dose({}), EXS_BigEndianExplicit);
  add("dose rle", test::dose({}), EXS_RLELossless);
  add("dose deflated", test::dose({}), EXS_DeflatedLittleEndianExplicit);
  add("ct", test::ct_slice({}, 1), EXS_LittleEndianExplicit);
  add("ct rle", test::ct_slice({}, 1), EXS_RLELossless);
  return all;
}

// A second, sound slice makes a series of the damaged one, so that its pixels are decoded too.
void add_neighbour(const TempFolder& folder) {
  DcmDataset d = test::ct_slice({}, 2);
  test::save(d, folder / "neighbour");
}

TEST(HostileInput, TruncatedFilesAreRefusedWhereverTheyEnd) {
  for (const auto& victim : victims()) {
    TempFolder folder;
    const std::size_t step = std::max<std::size_t>(1, victim.bytes.size() / 60);
    for (std::size_t length = 0; length < victim.bytes.size(); length += step) {
      test::write_bytes(folder / "file", victim.bytes.substr(0, length));
      const Catalogue catalogue = scan({folder.path()});
      if (catalogue.refused.empty()) {
        // Cut between two attributes: no parser can tell, but what is left must still be judged without a crash.
        read_everything(folder.path());
        EXPECT_EQ(catalogue.doses.size() + catalogue.ct_series.size(), 0u) << victim.name << " cut at " << length;
      } else {
        EXPECT_NE(catalogue.refused[0].reason, "");
      }
    }
  }
}

TEST(HostileInput, ATruncatedFileIsCalledTruncated) {
  for (const auto& victim : victims()) {
    if (victim.name.find("deflated") != std::string::npos) continue;  // there the decompressor fails first
    TempFolder folder;
    test::write_bytes(folder / "file", victim.bytes.substr(0, victim.bytes.size() - 9));
    const Catalogue catalogue = scan({folder.path()});
    ASSERT_EQ(catalogue.refused.size(), 1u) << victim.name;
    EXPECT_THAT(catalogue.refused[0].reason, HasSubstr("truncated")) << victim.name;
  }
}

TEST(HostileInput, FlippedBytesNeverCrash) {
  constexpr int trials = 120;
  int loaded = 0, all = 0;
  for (const auto& victim : victims()) {
    for (int trial = 0; trial < trials; ++trial) {
      std::mt19937 random(static_cast<unsigned>(trial));
      std::string bytes = victim.bytes;
      const int flips = 1 + trial % 8;
      for (int n = 0; n < flips; ++n) bytes[random() % bytes.size()] = char(random() % 256);
      TempFolder folder;
      test::write_bytes(folder / "file", bytes);
      if (victim.name.rfind("ct", 0) == 0) add_neighbour(folder);
      loaded += read_everything(folder.path());
      ++all;
    }
  }
  // Most flips hit values that do not matter or pixels; a reader that refuses everything would pass without this.
  EXPECT_GT(loaded, all / 10);
}

TEST(HostileInput, RandomBytesBehindAValidStartNeverCrash) {
  const std::string start = victims().front().bytes.substr(0, 400);
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    std::string bytes = start;
    for (int n = 0; n < 2000; ++n) bytes += char(random() % 256);
    TempFolder folder;
    test::write_bytes(folder / "file", bytes);
    EXPECT_FALSE(read_everything(folder.path()));
  }
}

std::string little(std::uint32_t value, int bytes) {
  std::string s;
  for (int n = 0; n < bytes; ++n) s += char(value >> (8 * n) & 0xFF);
  return s;
}

std::string implicit_header() {
  std::string bytes(128, '\0');
  std::string syntax = UID_LittleEndianImplicitTransferSyntax;
  syntax += '\0';
  const std::string meta = little(0x00100002, 4) + "UI" + little(std::uint32_t(syntax.size()), 2) + syntax;
  return bytes + "DICM" + little(0x00000002, 4) + "UL" + little(4, 2) + little(std::uint32_t(meta.size()), 4) + meta;
}

TEST(HostileInput, DeeplyNestedSequencesAreRefused) {
  std::string nest;
  for (int level = 0; level < 50000; ++level)
    nest += little(0x11400008, 4) + little(0xFFFFFFFF, 4) + little(0xE000FFFE, 4) + little(0xFFFFFFFF, 4);
  TempFolder folder;
  test::write_bytes(folder / "undefined", implicit_header() + nest);
  nest.clear();
  for (std::uint32_t level = 1; level <= 20000; ++level)
    nest =
        little(0x11400008, 4) + little(16 * level - 8, 4) + little(0xE000FFFE, 4) + little(16 * level - 16, 4) + nest;
  test::write_bytes(folder / "defined", implicit_header() + nest);
  const Catalogue catalogue = scan({folder.path()});
  ASSERT_EQ(catalogue.refused.size(), 2u);
  for (const auto& refused : catalogue.refused) EXPECT_THAT(refused.reason, HasSubstr("nested more than"));
}

TEST(HostileInput, DeflatedNestingIsRefused) {
  TempFolder folder;
  DcmDataset d = test::structure_set({{1, "GTV", "GTV", {test::square(1)}}});
  DcmItem* at = &d;
  for (int level = 0; level < 400; ++level) at = &test::append_item(*at, DCM_ReferencedImageSequence);
  test::save(d, folder / "deflated", EXS_DeflatedLittleEndianExplicit);
  EXPECT_THAT(scan({folder.path()}).refused.at(0).reason, HasSubstr("nested more than"));
}

TEST(HostileInput, AHugeLengthAsksForNoMemory) {
  TempFolder folder;
  test::write_bytes(folder / "huge", implicit_header() + little(0x00160008, 4) + little(0xFFFFFFF0, 4) + "1.2");
  const Catalogue catalogue = scan({folder.path()});
  ASSERT_EQ(catalogue.refused.size(), 1u);
  EXPECT_THAT(catalogue.refused[0].reason, HasSubstr("truncated"));
}

TEST(HostileInput, HugeImagesAreRefusedBeforeTheyAreDecoded) {
  DcmRLEEncoderRegistration::registerCodecs();
  TempFolder folder;
  DcmDataset d = test::dose({});
  d.chooseRepresentation(EXS_RLELossless, nullptr);
  d.putAndInsertUint16(DCM_Rows, 16000);
  d.putAndInsertUint16(DCM_Columns, 16000);
  test::save(d, folder / "rd.dcm", EXS_RLELossless);
  EXPECT_THAT(scan({folder.path()}).refused.at(0).reason, HasSubstr("more than 2 GiB"));
}

}  // namespace
}  // namespace sbrt::dicom
