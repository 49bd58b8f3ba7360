#include "phantoms/write_phantom.h"

#include "dicom/import.h"
#include "tests/dicom/export_fixture.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace sbrt::phantoms {
namespace {

using namespace dicom::test;
using WritePhantom = WriteTest;

Phantom small(const std::string& name) {
  PhantomOptions options;
  options.spacing_mm = {3, 3, 4};
  return build(name, options);
}

TEST_F(WritePhantom, IsValidForDciodvfy) {
  for (const CatalogueEntry& entry : catalogue()) {
    const WrittenPhantom written = write_phantom(small(entry.name), this_program(), folder / entry.name);
    EXPECT_EQ(dciodvfy_errors(written.ct.slices[3].path, "CTImage"), "") << entry.name;
    EXPECT_EQ(dciodvfy_errors(written.structures, "RTStructureSet"), "") << entry.name;
  }
}

TEST_F(WritePhantom, EveryFileIsThereAndReferenced) {
  const WrittenPhantom written = write_phantom(small("lung-lesion"), this_program(), folder / "p");
  EXPECT_EQ(python(folder, R"(
import glob
rs = pydicom.dcmread(sys.argv[1] + '/p/structures.dcm')
ct = [pydicom.dcmread(f, stop_before_pixels=True) for f in sorted(glob.glob(sys.argv[1] + '/p/ct/*.dcm'))]
se = rs.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
assert {i.ReferencedSOPInstanceUID for i in se.ContourImageSequence} == {c.SOPInstanceUID for c in ct}
assert {(c.PatientID, c.StudyInstanceUID, c.FrameOfReferenceUID) for c in ct} == {(rs.PatientID, rs.StudyInstanceUID, rs.FrameOfReferenceUID)}
assert all('ContourImageSequence' in c for r in rs.ROIContourSequence for c in r.ContourSequence)
assert rs.PatientID.startswith('PHANTOM-LUNG-LESION-')
print('good', len(ct) > 40)
)",
                   folder.string()),
            "good True\n");
}

TEST_F(WritePhantom, PlastimatchFindsTheClosedFormVolumes) {
  // Even-odd masks by counting voxels of 0.6 x 0.6 x 2 mm.
  constexpr double counting = 5e-3;
  const Phantom phantom = build("c-shape");
  write_phantom(phantom, this_program(), folder / "p");
  output_of("plastimatch convert --xor-contours --input " + (folder / "p").string() + " --output-prefix " +
            (folder / "m").string() + " --prefix-format mha");
  const auto numbers_after = [](const std::string& text, const std::string& key) {
    const std::size_t at = text.find(key);
    std::istringstream rest(at == std::string::npos ? std::string() : text.substr(at + key.size()));
    std::vector<double> numbers;
    for (double v; rest >> v;) numbers.push_back(v);
    return numbers;
  };
  for (const char* name : {"GTV", "Core"}) {
    const std::string mask = (folder / "m" / (std::string(name) + ".mha")).string();
    const auto voxels = numbers_after(output_of("plastimatch stats " + mask), "NONZERO");
    const auto spacing = numbers_after(output_of("plastimatch header " + mask), "Spacing =");
    ASSERT_EQ(voxels.size(), 1u);
    ASSERT_EQ(spacing.size(), 3u);
    const auto truth =
        std::find_if(phantom.truths.begin(), phantom.truths.end(), [&](const Truth& t) { return t.structure == name; });
    ASSERT_NE(truth, phantom.truths.end());
    EXPECT_NEAR(voxels[0] * spacing[0] * spacing[1] * spacing[2] / truth->volume_mm3, 1, counting) << name;
  }
}

TEST_F(WritePhantom, TheImporterFindsAPlannableCase) {
  for (const CatalogueEntry& entry : catalogue()) {
    const Phantom phantom = small(entry.name);
    write_phantom(phantom, this_program(), folder / entry.name);
    const dicom::Catalogue found = dicom::scan({folder / entry.name});
    ASSERT_EQ(found.ct_series.size(), 1u) << entry.name;
    EXPECT_EQ(found.ct_series[0].refusal, "");
    EXPECT_TRUE(found.ct_series[0].warnings.empty());
    const dicom::LoadedCt ct = dicom::load_ct(dicom::choose_ct(found, dicom::choose_structures(found)));
    EXPECT_TRUE(ct.warnings.empty()) << ct.warnings[0].text;
    EXPECT_EQ(ct.image.grid().size(), phantom.image.grid().size());
    const auto loaded = dicom::load_structures(dicom::choose_structures(found));
    EXPECT_TRUE(loaded.warnings.empty()) << loaded.warnings[0].text;
    EXPECT_EQ(loaded.structures.structures().size(), phantom.structures.structures().size());
    EXPECT_EQ(found.refused.size(), 1u);  // case.json
  }
}

TEST_F(WritePhantom, CaseFileIsWhatThePlannerReads) {
  const WrittenPhantom written = write_phantom(small("head-three-targets"), this_program(), folder / "p");
  const auto json = nlohmann::json::parse(bytes_of(written.case_file));
  EXPECT_EQ(json.at("schema"), "sbrtplan-case/1");
  EXPECT_EQ(json.at("dicom"), ".");
  EXPECT_EQ(json.at("gtv").size(), 3u);
  EXPECT_EQ(json.at("prescription").size(), 3u);
  EXPECT_EQ(json.at("nodes"), "head");
  EXPECT_FALSE(json.contains("target"));
}

TEST_F(WritePhantom, SameOptionsSameBytes) {
  for (const char* name : {"a", "b"}) write_phantom(small("liver-lesion"), this_program(), folder / name);
  EXPECT_EQ(output_of("diff -r " + (folder / "a").string() + " " + (folder / "b").string()), "");
}

TEST_F(WritePhantom, RefusesAFolderInUseUnlessTold) {
  const Phantom phantom = small("water-cube");
  std::filesystem::create_directories(folder / "p");
  std::ofstream(folder / "p" / "mine.txt") << "x";
  EXPECT_THROW(write_phantom(phantom, this_program(), folder / "p"), InputError);
  EXPECT_EQ(bytes_of(folder / "p" / "mine.txt"), "x");
  EXPECT_FALSE(std::filesystem::exists(folder / "p" / "ct"));
  // Even when told: a file that no phantom wrote is somebody's own.
  EXPECT_THROW(write_phantom(phantom, this_program(), folder / "p", true), InputError);
  EXPECT_EQ(bytes_of(folder / "p" / "mine.txt"), "x");
  std::filesystem::remove(folder / "p" / "mine.txt");
  write_phantom(phantom, this_program(), folder / "p");
  EXPECT_THROW(write_phantom(phantom, this_program(), folder / "p"), InputError);
  write_phantom(phantom, this_program(), folder / "p", true);
  EXPECT_TRUE(std::filesystem::exists(folder / "p" / "case.json"));
}

}  // namespace
}  // namespace sbrt::phantoms
