#include "tests/dicom/export_fixture.h"

#include <csignal>
#include <limits>
#include <sys/resource.h>

namespace sbrt::dicom {
namespace {

using namespace test;
using WriteCt = WriteTest;

TEST_F(WriteCt, IsValidForDciodvfy) {
  write_ct(counting_image(oblique_grid()), some_ct(), this_program(), folder);
  for (const char* name : {"CT0001.dcm", "CT0004.dcm"})
    EXPECT_EQ(dciodvfy_errors(folder / name, "CTImage"), "") << name;
}

TEST_F(WriteCt, PydicomReadsValuesAndGeometryOfAnObliqueGrid) {
  const CtImage image = counting_image(oblique_grid());
  write_ct(image, some_ct(), this_program(), folder);
  const std::string output = python(folder, R"(
n = 0
for k in range(4):
    d = pydicom.dcmread(f'{sys.argv[1]}/CT{k+1:04d}.dcm')
    j, i = np.mgrid[0:5, 0:7]
    assert (d.pixel_array * d.RescaleSlope + d.RescaleIntercept == i + 10*j + 100*k - 500).all()
    x, y = np.array(d.ImageOrientationPatient[:3], float), np.array(d.ImageOrientationPatient[3:], float)
    assert abs(x - [.8, .6, 0]).max() < 1e-12 and abs(y - [-.48, .64, .6]).max() < 1e-12
    expected = np.array([-11.25, 20.5, -30.125]) + 2.5 * k * np.cross(x, y)
    assert abs(np.array(d.ImagePositionPatient, float) - expected).max() < 1e-12
    assert list(d.PixelSpacing) == [2.0, 1.5] and d.SliceThickness == 2.5
    assert str(d.PatientName) == 'Müller^Zoë' and d.FrameOfReferenceUID == '1.2.3.6' and d.SeriesInstanceUID == '1.2.3.5'
    assert d.SeriesDescription == 'thorax; research software, not a medical device'
    assert d.PatientPosition == 'HFS'
    n += 1
print('good', n)
)",
                                    folder.string());
  EXPECT_EQ(output, "good 4\n");
}

TEST_F(WriteCt, ReturnsTheSeriesAsWritten) {
  const CtSeries series = write_ct(counting_image(axial_grid()), some_ct(), this_program(), folder);
  ASSERT_EQ(series.slices.size(), 4u);
  EXPECT_EQ(series.rows, 5);
  EXPECT_EQ(series.columns, 7);
  EXPECT_EQ(series.pixel_spacing_mm, (std::array<double, 2>{1.5, 2.0}));
  EXPECT_EQ(series.slices[2].position, (PatientPoint{-11.25, 20.5, -25.125}));
  EXPECT_EQ(series.slices[2].path.filename(), "CT0003.dcm");
  EXPECT_NE(series.slices[0].reference.sop_instance_uid, series.slices[1].reference.sop_instance_uid);
  EXPECT_EQ(output_of("dcmdump -q +P SOPInstanceUID " + series.slices[2].path.string())
                    .find(series.slices[2].reference.sop_instance_uid) == std::string::npos,
            false);
}

TEST_F(WriteCt, SameInputsSameBytes) {
  std::filesystem::create_directories(folder / "a");
  std::filesystem::create_directories(folder / "b");
  for (const char* name : {"a", "b"}) write_ct(counting_image(axial_grid()), some_ct(), this_program(), folder / name);
  EXPECT_FALSE(bytes_of(folder / "a/CT0002.dcm").empty());
  EXPECT_EQ(bytes_of(folder / "a/CT0002.dcm"), bytes_of(folder / "b/CT0002.dcm"));
}

TEST_F(WriteCt, OtherPixelsAreAnotherInstance) {
  CtImage image = counting_image(axial_grid());
  const CtSeries first = write_ct(image, some_ct(), this_program(), folder);
  image(0, 0, 1) += 1;
  const CtSeries second = write_ct(image, some_ct(), this_program(), folder);
  EXPECT_NE(first.slices[1].reference.sop_instance_uid, second.slices[1].reference.sop_instance_uid);
}

TEST_F(WriteCt, RefusesValuesThatAreNoCtNumber) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 40000.f, -40000.f}) {
    CtImage image = counting_image(axial_grid());
    image(1, 2, 3) = bad;
    EXPECT_THROW(write_ct(image, some_ct(), this_program(), folder), InputError) << bad;
  }
}

TEST_F(WriteCt, RefusesAStudyWithoutUid) {
  CtExport info = some_ct();
  info.patient_study.study_instance_uid.clear();
  EXPECT_THROW(write_ct(counting_image(axial_grid()), info, this_program(), folder), InputError);
}

TEST_F(WriteCt, FullDiskNamesTheFileAndLeavesNothing) {
  // A limit on the file size makes write() fail as a full disk does, without the right to mount one.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 512;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    write_ct(counting_image(axial_grid()), some_ct(), this_program(), folder);
  } catch (const InputError& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(message.find("CT0001.dcm"), std::string::npos) << message;
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace sbrt::dicom
