#include "tests/dicom/export_fixture.h"

#include <cmath>
#include <limits>

namespace sbrt::dicom {
namespace {

using namespace test;
using WriteDose = WriteTest;

/// 0...max Gy, every voxel another value.
DoseGrid ramp(const Grid& grid, double maximum_gy) {
  DoseGrid dose(grid);
  for (std::size_t n = 0; n < dose.values().size(); ++n)
    dose.values()[n] = float(maximum_gy * double(n) / double(dose.values().size() - 1));
  return dose;
}

DoseExport some_dose(int bits) {
  DoseExport info;
  info.patient_study = some_patient();
  info.frame_of_reference_uid = "1.2.3.6";
  info.series_description = "plan dose";
  info.plan = InstanceReference{"1.2.840.10008.5.1.4.1.1.481.5", "1.2.3.7"};
  info.structures = InstanceReference{"1.2.840.10008.5.1.4.1.1.481.3", "1.2.3.8"};
  info.bits = bits;
  info.uid_seed = "seed";
  return info;
}

TEST_F(WriteDose, SixteenBitIsValidForDciodvfy) {
  write_dose(ramp(oblique_grid(), 61.7), some_dose(16), this_program(), folder / "dose.dcm");
  EXPECT_EQ(dciodvfy_errors(folder / "dose.dcm", "RTDose"), "");
}

TEST_F(WriteDose, ThirtyTwoBitIsValidForDciodvfy) {
  write_dose(ramp(oblique_grid(), 61.7), some_dose(32), this_program(), folder / "dose.dcm");
  // dciodvfy 1.00~20220618 aborts on 32 bits, so it judges a copy that declares the words as twice as many 16-bit
  // columns.
  ASSERT_EQ(output_of("dcmodify -nb -m BitsAllocated=16 -m BitsStored=16 -m HighBit=15 -m Columns=14 " +
                      (folder / "dose.dcm").string()),
            "");
  EXPECT_EQ(dciodvfy_errors(folder / "dose.dcm", "RTDose"), "");
}

TEST_F(WriteDose, WithoutAPlanIsStillReadable) {
  DoseExport info = some_dose(16);
  info.plan.reset();
  info.structures.reset();
  write_dose(ramp(axial_grid(), 3), info, this_program(), folder / "dose.dcm");
  EXPECT_EQ(dciodvfy_errors(folder / "dose.dcm", "RTDose"), "");
  EXPECT_EQ(python(folder, "print(pydicom.dcmread(sys.argv[1]).pixel_array.shape)", (folder / "dose.dcm").string()),
            "(4, 5, 7)\n");
}

TEST_F(WriteDose, EffectiveSumSaysHowItWasMade) {
  DoseExport info = some_dose(16);
  info.effective = info.several_plans = true;
  info.comment = "EQD2 a/b 3 LQ";
  info.derivation = "sum of 2 doses in EQD2 (5 fractions, 3 fractions); alpha/beta 3 Gy, LQ";
  const std::string plan = "1.2.840.10008.5.1.4.1.1.481.5", dose = "1.2.840.10008.5.1.4.1.1.481.2";
  info.plans = {{plan, "1.2.3.71"}, {plan, "1.2.3.72"}};
  info.sources = {{dose, "1.2.3.81"}, {dose, "1.2.3.82"}};
  write_dose(ramp(axial_grid(), 61.7), info, this_program(), folder / "dose.dcm");
  EXPECT_EQ(dciodvfy_errors(folder / "dose.dcm", "RTDose"), "");
  EXPECT_EQ(python(folder, R"(
d = pydicom.dcmread(sys.argv[1])
assert (d.DoseUnits, d.DoseType, d.DoseSummationType) == ('GY', 'EFFECTIVE', 'MULTI_PLAN')
assert d.DoseComment == 'EQD2 a/b 3 LQ; research software, not a medical device', d.DoseComment
assert d.DerivationDescription.startswith('sum of 2 doses in EQD2')
assert [p.ReferencedSOPInstanceUID for p in d.ReferencedRTPlanSequence] == ['1.2.3.71', '1.2.3.72']
assert [s.ReferencedSOPInstanceUID for s in d.SourceInstanceSequence] == ['1.2.3.81', '1.2.3.82']
print('good')
)",
                   (folder / "dose.dcm").string()),
            "good\n");
}

class WriteDoseBits : public WriteTest, public ::testing::WithParamInterface<std::tuple<int, double>> {};

TEST_P(WriteDoseBits, PydicomReadsBackWithinHalfAStep) {
  const auto [bits, maximum_gy] = GetParam();
  const DoseGrid dose = ramp(oblique_grid(), maximum_gy);
  write_dose(dose, some_dose(bits), this_program(), folder / "dose.dcm");
  std::ofstream raw(folder / "dose.raw", std::ios::binary);
  raw.write(reinterpret_cast<const char*>(dose.values().data()), std::streamsize(dose.values().size() * sizeof(float)));
  raw.close();
  // 1e-9 is the rounding of the step to 16 characters.
  const std::string output = python(folder, R"(
d = pydicom.dcmread(sys.argv[1] + '/dose.dcm')
wanted = np.fromfile(sys.argv[1] + '/dose.raw', np.float32).astype(float).reshape(4, 5, 7)
read = d.pixel_array.astype(float) * float(d.DoseGridScaling)
step = wanted.max() / (2.0**d.BitsAllocated - 1)
worst = abs(read - wanted).max() / step
assert worst <= 0.5 * (1 + 1e-9) + 1e-6, worst
assert d.pixel_array.max() >= (2.0**d.BitsAllocated - 1) * (1 - 1e-9)
assert len(d['DoseGridScaling'].value.original_string if hasattr(d['DoseGridScaling'].value, 'original_string') else str(d.DoseGridScaling)) <= 16
assert list(d.GridFrameOffsetVector) == [0, 2.5, 5, 7.5] and d.NumberOfFrames == 4 and d.FrameIncrementPointer == 0x3004000c
assert abs(np.array(d.ImageOrientationPatient, float) - [.8, .6, 0, -.48, .64, .6]).max() < 1e-12
assert list(d.ImagePositionPatient) == [-11.25, 20.5, -30.125] and list(d.PixelSpacing) == [2.0, 1.5]
assert (d.DoseUnits, d.DoseType, d.DoseSummationType) == ('GY', 'PHYSICAL', 'PLAN')
assert d.DoseComment == 'research software, not a medical device'
assert d.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == '1.2.3.7'
assert d.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == '1.2.3.8'
assert (d.PatientID, d.StudyInstanceUID, d.FrameOfReferenceUID) == ('T-1', '1.2.3.4', '1.2.3.6')
print('good')
)",
                                    folder.string());
  EXPECT_EQ(output, "good\n");
}

INSTANTIATE_TEST_SUITE_P(Maxima, WriteDoseBits,
                         ::testing::Combine(::testing::Values(16, 32),
                                            ::testing::Values(60.0, 1.0 / 3.0, 123.456, 1e-7, 65535.0)));

TEST_F(WriteDose, ZeroDose) {
  write_dose(DoseGrid(axial_grid()), some_dose(32), this_program(), folder / "dose.dcm");
  EXPECT_EQ(python(folder, "d = pydicom.dcmread(sys.argv[1]); print(d.pixel_array.max(), float(d.DoseGridScaling) > 0)",
                   (folder / "dose.dcm").string()),
            "0 True\n");
}

TEST_F(WriteDose, SameInputsSameBytesAndOtherDoseOtherUid) {
  const auto first = write_dose(ramp(axial_grid(), 60), some_dose(32), this_program(), folder / "a.dcm");
  const auto second = write_dose(ramp(axial_grid(), 60), some_dose(32), this_program(), folder / "b.dcm");
  const auto third = write_dose(ramp(axial_grid(), 61), some_dose(32), this_program(), folder / "c.dcm");
  EXPECT_EQ(bytes_of(folder / "a.dcm"), bytes_of(folder / "b.dcm"));
  EXPECT_EQ(first.sop_instance_uid, second.sop_instance_uid);
  EXPECT_NE(first.sop_instance_uid, third.sop_instance_uid);
}

TEST_F(WriteDose, RefusesWhatIsNoDose) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.1f}) {
    DoseGrid dose = ramp(axial_grid(), 60);
    dose(1, 1, 1) = bad;
    EXPECT_THROW(write_dose(dose, some_dose(32), this_program(), folder / "dose.dcm"), InputError) << bad;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(WriteDose, RefusesAMissingFolderByName) {
  try {
    write_dose(ramp(axial_grid(), 60), some_dose(32), this_program(), folder / "missing" / "dose.dcm");
    FAIL() << "written into a folder that does not exist";
  } catch (const InputError& error) {
    EXPECT_NE(error.where().find("missing/dose.dcm"), std::string::npos);
  }
}

TEST_F(WriteDose, LongDescriptionKeepsTheStatement) {
  DoseExport info = some_dose(16);
  info.series_description = "äöü " + std::string(200, 'x') + "\\\n";
  write_dose(ramp(axial_grid(), 60), info, this_program(), folder / "dose.dcm");
  EXPECT_EQ(dciodvfy_errors(folder / "dose.dcm", "RTDose"), "");
  EXPECT_EQ(python(folder, "d = pydicom.dcmread(sys.argv[1]).SeriesDescription; print(len(d), d[:4], d[-39:])",
                   (folder / "dose.dcm").string()),
            "61 äöü  research software, not a medical device\n");
}

}  // namespace
}  // namespace sbrt::dicom
