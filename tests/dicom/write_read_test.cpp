// What the writers write, the readers read.
#include "dicom/import.h"
#include "tests/dicom/export_fixture.h"

#include <gmock/gmock.h>

#include <cmath>

namespace sbrt::dicom {
namespace {

using namespace test;
using WriteRead = WriteTest;

// Decimal strings of 16 characters: 1e-11 mm at coordinates of a few 100 mm.
constexpr double position_mm = 1e-9;
// Contour coordinates keep four decimals.
constexpr double contour_mm = 0.5e-4 + 1e-9;

void expect_same_grid(const Grid& a, const Grid& b) {
  EXPECT_EQ(a.size(), b.size());
  for (const VoxelPoint p : {VoxelPoint{0, 0, 0}, VoxelPoint{6, 4, 3}, VoxelPoint{6, 0, 0}, VoxelPoint{0, 4, 0}})
    EXPECT_LT(distance(a.to_patient(p), b.to_patient(p)), position_mm);
}

TEST_F(WriteRead, CtOfAnyOrientation) {
  for (const Grid& grid : {axial_grid(), oblique_grid()}) {
    std::filesystem::remove_all(folder / "ct");
    std::filesystem::create_directories(folder / "ct");
    const CtImage image = counting_image(grid);
    const CtSeries written = write_ct(image, some_ct(), this_program(), folder / "ct");
    const Catalogue found = scan({folder / "ct"});
    ASSERT_EQ(found.ct_series.size(), 1u);
    const CtSeries& series = found.ct_series[0];
    EXPECT_EQ(series.refusal, "");
    EXPECT_EQ(series.patient_study, written.patient_study);
    EXPECT_EQ(series.series_instance_uid, written.series_instance_uid);
    EXPECT_EQ(series.frame_of_reference_uid, written.frame_of_reference_uid);
    EXPECT_EQ(series.series_description, written.series_description);
    EXPECT_EQ(series.patient_position, written.patient_position);
    EXPECT_EQ(series.pixel_spacing_mm, written.pixel_spacing_mm);
    ASSERT_EQ(series.slices.size(), written.slices.size());
    for (std::size_t k = 0; k < series.slices.size(); ++k) {
      EXPECT_EQ(series.slices[k].path, written.slices[k].path);
      EXPECT_EQ(series.slices[k].reference.sop_instance_uid, written.slices[k].reference.sop_instance_uid);
      EXPECT_LT(distance(series.slices[k].position, written.slices[k].position), position_mm);
    }
    const LoadedCt loaded = load_ct(series);
    expect_same_grid(loaded.image.grid(), grid);
    EXPECT_EQ(loaded.image.values(), image.values());
  }
}

TEST_F(WriteRead, Structures) {
  const Grid grid = oblique_grid();
  std::filesystem::create_directories(folder / "ct");
  const CtSeries ct = write_ct(counting_image(grid), some_ct(), this_program(), folder / "ct");
  Structure gtv{7, "GTV ä", RoiRole::gtv, {1, 2, 3}, {}};
  for (const double k : {1.0, 2.0})
    gtv.contours.push_back({ContourKind::closed_planar,
                            {grid.to_patient(VoxelPoint{1, 1, k}), grid.to_patient(VoxelPoint{5, 1.3, k}),
                             grid.to_patient(VoxelPoint{3, 4, k})}});
  Structure marker{9, "Marker", RoiRole::marker, {9, 9, 9}, {{ContourKind::point, {grid.voxel_centre(2, 2, 2)}}}};
  const StructureSet written({gtv, marker}, "1.2.3.6");
  const InstanceReference reference = write_structures(written, "Label", ct, "seed", this_program(), folder / "rs.dcm");

  const Catalogue found = scan({folder});
  ASSERT_EQ(found.structures.size(), 1u);
  const StructureFile& file = found.structures[0];
  EXPECT_EQ(file.reference.sop_instance_uid, reference.sop_instance_uid);
  EXPECT_EQ(file.label, "Label");
  EXPECT_EQ(file.referenced_series_uids, std::vector<std::string>{"1.2.3.5"});
  EXPECT_EQ(choose_ct(found, file).series_instance_uid, "1.2.3.5");
  const StructureSet read = load_structures(file).structures;
  ASSERT_EQ(read.structures().size(), 2u);
  for (std::size_t s = 0; s < 2; ++s) {
    const Structure &a = written.structures()[s], &b = read.structures()[s];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.number, b.number);
    EXPECT_EQ(a.role, b.role);
    EXPECT_EQ(a.colour, b.colour);
    ASSERT_EQ(a.contours.size(), b.contours.size());
    for (std::size_t c = 0; c < a.contours.size(); ++c) {
      EXPECT_EQ(a.contours[c].kind, b.contours[c].kind);
      ASSERT_EQ(a.contours[c].points.size(), b.contours[c].points.size());
      for (std::size_t p = 0; p < a.contours[c].points.size(); ++p) {
        const PatientVec d = a.contours[c].points[p] - b.contours[c].points[p];
        EXPECT_LE(std::max({std::abs(d.x), std::abs(d.y), std::abs(d.z)}), contour_mm);
      }
    }
  }
}

TEST_F(WriteRead, DoseOfAnyOrientationAndDepth) {
  for (const int bits : {16, 32}) {
    DoseGrid dose(oblique_grid());
    for (std::size_t n = 0; n < dose.values().size(); ++n)
      dose.values()[n] = float(60.123 * double(n) / double(dose.values().size()));
    DoseExport info;
    info.patient_study = some_patient();
    info.frame_of_reference_uid = "1.2.3.6";
    info.bits = bits;
    info.uid_seed = "seed" + std::to_string(bits);
    const auto path = folder / ("dose" + std::to_string(bits) + ".dcm");
    write_dose(dose, info, this_program(), path);
    const Catalogue found = scan({path});
    ASSERT_EQ(found.doses.size(), 1u);
    EXPECT_EQ(found.doses[0].summation_type, "PLAN");
    EXPECT_EQ(found.doses[0].referenced_plan_uid, uid_from(info.uid_seed + "/plan"));
    const DoseGrid read = load_dose(found.doses[0]).dose;
    expect_same_grid(read.grid(), dose.grid());
    // Half a step of the integers, and the last bit of a float.
    const double half_step = 0.5 * 60.123 / (std::pow(2.0, bits) - 1), last_bit = 60.123 * 0x1p-24;
    for (std::size_t n = 0; n < dose.values().size(); ++n)
      EXPECT_NEAR(read.values()[n], dose.values()[n], half_step + last_bit);
  }
}

TEST_F(WriteRead, NoFrameOfReferenceInTheSourceStillFitsTogether) {
  CtExport info = some_ct();
  info.frame_of_reference_uid.clear();
  std::filesystem::create_directories(folder / "ct");
  const CtSeries ct = write_ct(counting_image(axial_grid()), info, this_program(), folder / "ct");
  CtSeries source = ct;
  source.frame_of_reference_uid.clear();
  const Structure point{1, "P", RoiRole::marker, {}, {{ContourKind::point, {{0, 0, 0}}}}};
  write_structures(StructureSet({point}), "x", source, "seed", this_program(), folder / "rs.dcm");
  DoseExport dose;
  dose.patient_study = some_patient();
  write_dose(DoseGrid(axial_grid()), dose, this_program(), folder / "dose.dcm");
  const Catalogue found = scan({folder});
  ASSERT_EQ(found.structures.size(), 1u);
  ASSERT_EQ(found.doses.size(), 1u);
  EXPECT_EQ(found.structures[0].frame_of_reference_uid, ct.frame_of_reference_uid);
  EXPECT_EQ(found.doses[0].frame_of_reference_uid, ct.frame_of_reference_uid);
}

}  // namespace
}  // namespace sbrt::dicom
