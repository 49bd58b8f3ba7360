#include "dose/beam_data_import.h"

#include "dose/beam_tables.h"
#include "fixtures.h"
#include "geometry/error.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>

namespace sbrt {
namespace {

namespace fs = std::filesystem;

const BeamData::Tables& generic() { return testing::generic_data().tables(); }

fs::path empty_folder() {
  const fs::path folder = fs::path(::testing::TempDir()) /
                          (std::string("import_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

// generic-6mv-fff as the vendor-style tables.
std::string dm_table() {
  std::string text = "# output factors\nversion 1\nsample data\n";
  text += fmt::format("{} collimators\n{} distances\n", generic().collimators_mm.size(),
                      generic().output_factor[0].axis.size());
  for (const double c : generic().collimators_mm) text += fmt::format("{} ", c);
  for (std::size_t i = 0; i < generic().output_factor[0].axis.size(); ++i) {
    text += fmt::format("\n{}", generic().output_factor[0].axis[i]);
    for (const Table1d& of : generic().output_factor) text += fmt::format(" {:.5f}", of.values[i]);
  }
  return text + "\n";
}

std::string tmr_table() {
  const Table2d& t = generic().tpr;
  std::string text = fmt::format("Version: 2\nField sizes: {}\nDepths: {}\n", t.rows.size(), t.columns.size());
  for (const double f : t.rows) text += fmt::format("{}\t", f);
  for (std::size_t d = 0; d < t.columns.size(); ++d) {
    text += fmt::format("\r\n{}", t.columns[d]);
    for (std::size_t f = 0; f < t.rows.size(); ++f) text += fmt::format("\t{:.5f}", t.values[f * t.columns.size() + d]);
  }
  return text + "\r\n";
}

/// The three accepted layouts by turns.
std::string ocr_table(std::size_t i) {
  const Table2d& t = generic().ocr[i];
  const std::size_t depths = t.rows.size(), radii = t.columns.size();
  std::string text = "# profile\n";
  if (i % 3 == 0)
    text += fmt::format("{} {} {}\n", generic().collimators_mm[i], depths, radii);
  else
    text += fmt::format("collimator {}\ndepths {}\nradii {}\n", generic().collimators_mm[i], depths, radii);
  for (const double d : t.rows) text += fmt::format("{} ", d);
  text += "\n";
  if (i % 3 == 1) {
    for (const double r : t.columns) text += fmt::format("{} ", r);
    for (std::size_t d = 0; d < depths; ++d) {
      text += "\n";
      for (std::size_t r = 0; r < radii; ++r) text += fmt::format("{:.5f} ", t.values[d * radii + r]);
    }
  } else {
    for (std::size_t r = 0; r < radii; ++r) {
      text += fmt::format("{}", t.columns[r]);
      for (std::size_t d = 0; d < depths; ++d) text += fmt::format(" {:.5f}", t.values[d * radii + r]);
      text += "\n";
    }
  }
  return text + "\n";
}

TEST(BeamDataImport, VendorStyleTablesOfTheGenericSetComeBackUnchanged) {
  const fs::path folder = empty_folder();
  fs::create_directories(folder / "in");
  std::ofstream(folder / "in" / "DMTable.dat") << dm_table();
  std::ofstream(folder / "in" / "TMRtable.dat") << tmr_table();
  for (std::size_t i = 0; i < generic().collimators_mm.size(); ++i)
    std::ofstream(folder / "in" / fmt::format("OCRtable{}.dat", i)) << ocr_table(i);
  std::ofstream(folder / "in" / "readme.txt") << "x";
  const BeamDataImport import = import_beam_data({(folder / "in").string()}, DepthScanKind::not_stated);
  ASSERT_EQ(import.warnings.size(), 1u);
  EXPECT_EQ(import.warnings[0].code, "import-not-read");
  write_beam_data((folder / "set").string(),
                  beam_data_files({"mine \"quoted\"", "3", "fixed", "tests", "CC0-1.0"}, import.parts), false);
  const BeamData set = BeamData::from_folder(folder / "set");
  EXPECT_EQ(set.name(), "mine \"quoted\"");
  EXPECT_FALSE(set.clinical());
  EXPECT_EQ(set.collimators_mm(), generic().collimators_mm);
  EXPECT_EQ(set.tables().tpr.rows, generic().tpr.rows);
  EXPECT_EQ(set.tables().tpr.columns, generic().tpr.columns);
  EXPECT_EQ(set.tables().tpr.values, generic().tpr.values);
  for (std::size_t i = 0; i < generic().collimators_mm.size(); ++i) {
    EXPECT_EQ(set.tables().output_factor[i].values, generic().output_factor[i].values);
    EXPECT_EQ(set.tables().ocr[i].rows, generic().ocr[i].rows);
    EXPECT_EQ(set.tables().ocr[i].columns, generic().ocr[i].columns);
    EXPECT_EQ(set.tables().ocr[i].values, generic().ocr[i].values);
  }
}

void expect_refused(const std::function<void()>& read, const std::string& words, const std::string& place = "") {
  try {
    read();
    ADD_FAILURE() << "accepted; expected: " << words;
  } catch (const InputError& e) {
    const std::string message = e.what();
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_NE(message.find(place), std::string::npos) << message;
    EXPECT_FALSE(e.remedy().empty()) << message;
  }
}

void expect_dm(const std::string& text, const std::string& words, const std::string& place = "f.dat") {
  expect_refused([&] { parse_dm_table(text, "f.dat"); }, words, place);
}

TEST(BeamDataImport, HostileTablesAreRefusedByLine) {
  const std::string head = "2 collimators\n2 distances\n10 60\n";
  EXPECT_EQ(parse_dm_table(head + "700 0.8 1\n800 .9 1\n", "f").at(10)[1].second, 0.9);
  expect_dm("", "no table");
  expect_dm("# only\nversion 2\n", "no table");
  expect_dm(head + "700 0.8 1\n", "ends too early", "after line 4");
  expect_dm(head + "700 0.8 1\n800 0.9\n", "2 numbers instead of 3", "line 5");
  expect_dm(head + "700 0.8 1\n800 0.9 1 1\n", "4 numbers instead of 3", "line 5");
  expect_dm(head + "700 0.8 1\n800 0.9 1\n900 0.9 1\n", "more lines", "line 6");
  expect_dm(head + "700 0.8 1\n800 0.9x 1\n", "'0.9x' is not a finite number", "line 5");
  expect_dm(head + "700 nan 1\n800 0.9 1\n", "'nan'", "line 4");
  expect_dm(head + "700 inf 1\n800 0.9 1\n", "'inf'", "line 4");
  expect_dm(head + "700 1e999 1\n800 0.9 1\n", "'1e999'", "line 4");
  expect_dm(head + "800 0.8 1\n700 0.9 1\n", "700 after 800", "line 5");
  expect_dm(head + "700 -0.8 1\n800 0.9 1\n", "negative", "line 4");
  expect_dm("2 collimators\n2 distances\n60 10\n700 1 1\n800 1 1\n", "10 after 60", "line 3");
  expect_dm("99999999999 collimators\n2 distances\n", "whole number from 1 to", "line 1");
  expect_dm("-2 collimators\n2 distances\n", "whole number from 1 to", "line 1");
  expect_dm("2.5 collimators\n2 distances\n", "whole number from 1 to", "line 1");
  expect_dm("2\n2 distances\n", "one number with the word 'collimator'", "line 1");
  expect_dm("2 3 collimators\n2 distances\n", "one number with the word 'collimator'", "line 1");
  const auto tmr = [](const std::string& rows) { parse_tmr_table("1 field size\n2 depths\n60\n" + rows, "t.dat"); };
  expect_refused([&] { tmr("0 0.5\n14 1\n"); }, "no row at 15 mm", "t.dat");
  expect_refused([&] { tmr("0 50\n15 100\n"); }, "is 1 by definition", "t.dat");
  const auto ocr = [](const std::string& text) { parse_ocr_table(text, "o.dat"); };
  expect_refused([&] { ocr("10 1 3\n15\n1 1\n2 0.5\n3 0.1\n"); }, "first radius", "o.dat");
  expect_refused([&] { ocr("10 1 3\n15\n0 0.9\n2 0.5\n3 0.1\n"); }, "OCR(0)", "o.dat");
  expect_refused([&] { ocr("10 1 2\n15\n0 1\n2 0.5\n"); }, "cannot be told apart", "line 3");
  expect_refused([&] { ocr("0 1 3\n15\n0 1\n2 0.5\n3 0.1\n"); }, "collimator", "line 1");
  expect_refused([&] { ocr("10 1 1e9\n15\n"); }, "number of radii", "line 1");
}

TEST(BeamDataImport, OneMoreRadiusThanDepthsIsReadBothWays) {
  const BeamTable by_radius = parse_ocr_table("10 2 3\n15 100\n0 1 1\n5 0.5 0.6\n9 0.1 0.2\n", "o").table;
  const BeamTable by_depth = parse_ocr_table("10 2 3\n15 100\n0 5 9\n1 0.5 0.1\n1 0.6 0.2\n", "o").table;
  EXPECT_EQ(by_radius.values, by_depth.values);
  EXPECT_EQ(by_radius.second, by_depth.second);
  EXPECT_EQ(by_depth.values[1][2], 0.2);
}

// ---------------------------------------------------------------------------------------------------------------------
// Scans

struct ScanText {
  std::string field = "020*020", type = "OPD", axis = "Z", ssd = "785", depth, points, more;
  std::vector<std::pair<double, double>> rows;
  double row_depth = 0;
  std::string str() const {
    std::string text = "$STOM\n%VERSION 02\n%DATE 01-01-2026\n%DETY DIO\n%BMTY PHO\n%FLSZ " + field + "\n%TYPE " +
                       type + "\n%AXIS " + axis + "\n%PNTS " + (points.empty() ? std::to_string(rows.size()) : points) +
                       "\n" + more;
    if (!ssd.empty()) text += "%SSD " + ssd + "\n";
    if (!depth.empty()) text += "%DPTH " + depth + "\n";
    for (const auto& [x, d] : rows)
      text += type == "OPD" ? fmt::format("<+000.0 +000.0 {:+06.1f} {:+.6f}>\n", x, d)
              : axis == "X" ? fmt::format("<{:+06.2f} +000.0 {:+06.1f} {:+.6f}>\n", x, row_depth, d)
                            : fmt::format("<+000.0 {:+06.2f} {:+06.1f} {:+.6f}>\n", x, row_depth, d);
    return text + "$ENOM\n";
  }
};

/// Dose of eq. (6) at unit MU, in the generic set.
double dose(double c, double z, double depth, double r) {
  const BeamData& data = testing::generic_data();
  return data.output_factor(c, z) * data.tissue_phantom_ratio(c * z / 800, depth) *
         data.off_axis_ratio(c, r * 800 / z, depth) * (800 / z) * (800 / z);
}

ScanText depth_scan(double c, double ssd) {
  ScanText scan;
  scan.field = fmt::format("{0}*{0}", c);
  scan.ssd = fmt::format("{}", ssd);
  for (double d = 0; d <= 300; d += d < 40 ? 1 : 5) scan.rows.emplace_back(d, 50 * dose(c, ssd + d, d, 0));
  return scan;
}

ScanText profile(double c, double ssd, double depth, double shift, const std::string& axis = "X") {
  ScanText scan;
  scan.field = fmt::format("{0}*{0}", c);
  scan.type = "OPP";
  scan.axis = axis;
  scan.ssd = fmt::format("{}", ssd);
  scan.depth = fmt::format("{}", depth);
  scan.row_depth = depth;
  const double reach = (c / 2 + 18) * (ssd + depth) / 800;
  for (double x = -reach; x <= reach; x += 0.5)
    scan.rows.emplace_back(std::round(x * 100) / 100,
                           70 * dose(c, ssd + depth, depth, std::abs(std::round(x * 100) / 100 - shift)));
  return scan;
}

BeamDataImport convert(const std::vector<ScanText>& scans,
                       DepthScanKind kind = DepthScanKind::depth_dose_at_fixed_ssd) {
  std::string text = fmt::format("$NUMS {}\n", scans.size());
  for (const ScanText& s : scans) text += s.str();
  BeamDataImport import;
  for (std::size_t i = 0; i < generic().collimators_mm.size(); ++i)
    for (std::size_t z = 0; z < generic().output_factor[i].axis.size(); ++z)
      import.parts.output_factors[generic().collimators_mm[i]].emplace_back(generic().output_factor[i].axis[z],
                                                                            generic().output_factor[i].values[z]);
  convert_scans(parse_w2cad(text + "$ENOF\n", "scans.asc", import.warnings), kind, import);
  return import;
}

// Readings are written with six decimals; TPR is compared where the field of a node was scanned, and between scanned
// fields it is linear over steps of 10-20 mm: the generic TPR bends by less than 0.001 between them.
constexpr double between_fields = 0.002;

TEST(BeamDataImport, DepthDosesBecomeTheTprTheyWereMadeOf) {
  std::vector<ScanText> scans;
  for (const double c : {5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0}) scans.push_back(depth_scan(c, 785));
  const BeamDataImport import = convert(scans);
  const BeamTable& tpr = import.parts.tpr;
  ASSERT_EQ(tpr.first.size(), 10u);
  EXPECT_NEAR(tpr.first.back(), 60 * 1085.0 / 800, 1e-3);
  double worst = 0;
  for (std::size_t f = 0; f < tpr.first.size(); ++f)
    for (std::size_t d = 0; d < tpr.second.size(); ++d) {
      const double low = 5 * (785 + tpr.second[d]) / 800, high = 12 * low;
      if (tpr.first[f] < low || tpr.first[f] > high || tpr.second[d] < 15) continue;
      worst = std::max(worst, std::abs(tpr.values[f][d] -
                                       testing::generic_data().tissue_phantom_ratio(tpr.first[f], tpr.second[d])));
    }
  EXPECT_LT(worst, between_fields);
  ASSERT_EQ(import.warnings.size(), 1u);  // fields outside what was scanned at a depth
  EXPECT_EQ(import.warnings[0].code, "import-field-held");
  // Exactly the scanned field, at each depth: only the rounding of the readings (1e-6 of 10 or more).
  const double z = 785 + 15;
  EXPECT_NEAR(tpr.values[4][15], testing::generic_data().tissue_phantom_ratio(20 * z / 800, 15), 1e-6);
}

TEST(BeamDataImport, WithoutOutputFactorsOverDistanceThePhantomScatterIsNeglectedAndSaid) {
  BeamDataImport import;
  import.parts.output_factors[20] = {{ 800, 1.0 }};
  convert_scans(parse_w2cad(depth_scan(20, 785).str() + "$ENOF\n", "s", import.warnings),
                DepthScanKind::depth_dose_at_fixed_ssd, import);
  ASSERT_FALSE(import.warnings.empty());
  EXPECT_EQ(import.warnings[0].code, "import-phantom-scatter");
}

TEST(BeamDataImport, TprScansAreTakenAsTheyAre) {
  ScanText scan = depth_scan(20, 785);
  scan.ssd = "";
  for (auto& [d, reading] : scan.rows) reading = 3 * testing::generic_data().tissue_phantom_ratio(20, d);
  const BeamDataImport import = convert({scan}, DepthScanKind::tissue_phantom_ratio);
  ASSERT_EQ(import.parts.tpr.first, std::vector<double>{20});
  for (std::size_t d = 0; d < import.parts.tpr.second.size(); ++d)
    EXPECT_NEAR(import.parts.tpr.values[0][d],
                testing::generic_data().tissue_phantom_ratio(20, import.parts.tpr.second[d]), 1e-6);
  EXPECT_TRUE(import.warnings.empty());
}

// Linear between points 0.5 mm apart: h^2/8 times the curvature of the edge, at most 0.3 per mm^2 for a 3 mm penumbra.
constexpr double edge_interpolation = 0.01;

TEST(BeamDataImport, ProfilesBecomeTheOcrTheyWereMadeOfWhateverTheirCentre) {
  const BeamDataImport import =
      convert({profile(20, 785, 15, 0.37), profile(20, 785, 15, -0.2, "Y"), profile(20, 785, 200, 0)});
  const BeamTable& ocr = import.parts.ocr.at(20);
  EXPECT_EQ(ocr.first, (std::vector<double>{15, 200}));
  EXPECT_NEAR(ocr.second[1], 0.2, 1e-9);  // half of 0.5 mm at 985 mm, seen at 800 mm, to 0.05 mm
  for (std::size_t d = 0; d < 2; ++d)
    for (std::size_t r = 0; r < ocr.second.size(); ++r)
      EXPECT_NEAR(ocr.values[d][r], testing::generic_data().off_axis_ratio(20, ocr.second[r], ocr.first[d]),
                  edge_interpolation)
          << ocr.first[d] << " mm deep, radius " << ocr.second[r];
  EXPECT_NE(import.notes[0].find("centre shift +0.37 mm"), std::string::npos) << import.notes[0];
  EXPECT_NE(import.notes[1].find("centre shift -0.20 mm"), std::string::npos) << import.notes[1];
  EXPECT_TRUE(import.warnings.empty());
}

TEST(BeamDataImport, ATiltedProfileIsReportedAsAsymmetric) {
  ScanText scan = profile(60, 785, 15, 0);
  for (auto& [x, reading] : scan.rows) reading *= 1 + 0.001 * x;
  const BeamDataImport import = convert({scan});
  ASSERT_EQ(import.warnings.size(), 1u);
  EXPECT_EQ(import.warnings[0].code, "import-asymmetry");
  ScanText moved = profile(60, 785, 15, 1.5);
  const BeamDataImport shifted = convert({moved});
  ASSERT_EQ(shifted.warnings.size(), 1u);
  EXPECT_EQ(shifted.warnings[0].code, "import-centre-shift");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(BeamDataImport, HostileScansAreRefusedByLine) {
  const std::string good = depth_scan(20, 785).str() + "$ENOF\n";
  const auto refuse = [&](const std::string& text, const std::string& words, const std::string& place) {
    Warnings warnings;
    expect_refused([&] { parse_w2cad(text, "s.asc", warnings); }, words, place);
  };
  refuse("", "no scan", "s.asc");
  refuse("text\n", "outside a scan", "line 1");
  refuse(good.substr(0, good.size() / 2), "", "s.asc");
  refuse(replaced(good, "$ENOM\n", ""), "inside a scan", "s.asc");
  refuse(replaced(good, "$ENOM\n$ENOF\n", ""), "does not end", "line 1");
  refuse(replaced(good, "$ENOF\n", ""), "neither $NUMS nor $ENOF", "s.asc");
  refuse("$NUMS 2\n" + good, "$NUMS says 2", "s.asc");
  refuse(good + "$STOM\n", "after $ENOF", "s.asc");
  refuse(replaced(good, "%PNTS ", "%PNTS 9"), "%PNTS says", "line 9");
  refuse(replaced(good, "%PNTS ", "%PNTS 1e300"), "%PNTS", "line 9");
  refuse(replaced(good, "%TYPE OPD", "%TYPE WDD"), "WDD", "line 7");
  refuse(replaced(good, "%BMTY PHO", "%BMTY ELE"), "ELE", "line 5");
  refuse(replaced(good, "%AXIS Z", "%AXIS X"), "depth scans run along Z", "line 8");
  refuse(replaced(good, "%FLSZ 20*20", "%FLSZ 20*30"), "circular", "line 6");
  refuse(replaced(good, "%FLSZ 20*20", "%FLSZ 20"), "twice", "line 6");
  refuse(replaced(good, "%FLSZ 20*20\n", ""), "no %FLSZ", "line 1");
  refuse(replaced(good, "%DETY DIO", "%WDGL 1"), "unknown key '%WDGL'", "line 4");
  refuse(replaced(good, "%DETY DIO", "%BMTY PHO"), "twice", "line 5");
  refuse(replaced(good, "%SSD 785", "%SSD -785"), "not positive", "line 10");
  refuse(replaced(good, "+002.0", "+001.0"), "after", "line 13");
  refuse(replaced(good, "<+000.0 +000.0 +002.0", "<+003.0 +000.0 +002.0"), "x is 3", "line 13");
  refuse(replaced(good, "<+000.0 +000.0 +002.0 +", "<+000.0 +000.0 +002.0 -"), "negative", "line 13");
  refuse(replaced(good, "<+000.0 +000.0 +002.0 +", "<+000.0 +000.0 +002.0 nan"), "not a finite number", "line 13");
  refuse(replaced(good, "<+000.0 +000.0 +002.0", "<+000.0 +002.0"), "3 numbers", "line 13");
}

TEST(BeamDataImport, WhatScansDoNotTellIsAskedFor) {
  const auto refuse = [](const std::vector<ScanText>& scans, DepthScanKind kind, const std::string& words) {
    expect_refused([&] { convert(scans, kind); }, words);
  };
  constexpr auto pdd = DepthScanKind::depth_dose_at_fixed_ssd;
  refuse({depth_scan(20, 785)}, DepthScanKind::not_stated, "--depth-scans");
  ScanText no_ssd = depth_scan(20, 785);
  no_ssd.ssd = "";
  refuse({no_ssd}, pdd, "no %SSD");
  refuse({depth_scan(20, 785), depth_scan(20, 785)}, pdd, "twice");
  refuse({depth_scan(20, 785), depth_scan(30, 700)}, pdd, "SSD");
  ScanText unknown = depth_scan(20, 785);
  unknown.field = "21*21";
  refuse({unknown}, pdd, "no output factors of the 21 mm collimator");
  ScanText shallow = depth_scan(20, 785);
  shallow.rows.resize(10);
  refuse({shallow}, pdd, "reference depth");
  refuse({profile(20, 785, 15, 0), profile(20, 785, 15, 0.1)}, pdd, "along X twice");
  ScanText half = profile(20, 785, 15, 0);
  half.rows.erase(half.rows.begin(), half.rows.begin() + std::ptrdiff_t(half.rows.size() / 2));
  refuse({half}, pdd, "does not fall to half");
}

TEST(BeamDataImport, MissingPartsAreAskedForByName) {
  const fs::path folder = empty_folder();
  const auto file = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  };
  const std::string tmr = file("TMRtable.dat", tmr_table()), dm = file("DMTable.dat", dm_table()),
                    ocr = file("OCRtable0.dat", ocr_table(0));
  const auto refuse = [](const std::vector<std::string>& sources, const std::string& words) {
    expect_refused([&] { import_beam_data(sources, DepthScanKind::not_stated); }, words);
  };
  refuse({tmr, ocr}, "DMTable.dat or of.csv");
  refuse({dm, ocr}, "TMRtable.dat");
  refuse({dm, tmr, ocr}, "off-axis ratios of the 7.5 mm collimator are missing");
  refuse({dm, dm, tmr, ocr}, "output factors from two sources");
  refuse({dm, tmr, ocr, ocr}, "OCR of the 5 mm collimator from two sources");
  refuse({file("notes.txt", "x")}, "cannot be told from its name");
  refuse({(folder / "DMTable-missing.dat").string()}, "cannot be opened");
  refuse({file("tpr.csv", "field_mm,depth_mm,tpr\n10,0,0.5\n10,15,1\n20,0,0.5\n"), dm, ocr}, "hole");
}

}  // namespace
}  // namespace sbrt
