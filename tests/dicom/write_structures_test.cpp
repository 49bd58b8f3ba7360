#include "tests/dicom/export_fixture.h"

#include <algorithm>
#include <cmath>

namespace sbrt::dicom {
namespace {

using namespace test;

/// A CT of the oblique grid and structures in its slices, between them, and of other kinds.
class WriteStructures : public WriteTest {
 protected:
  void SetUp() override {
    WriteTest::SetUp();
    std::filesystem::create_directories(folder / "ct");
    ct = write_ct(counting_image(grid), some_ct(), this_program(), folder / "ct");
  }
  Contour square(double k, ContourKind kind = ContourKind::closed_planar) const {
    Contour c{kind, {}};
    for (const auto& [i, j] : {std::pair{1.0, 1.0}, {5.0, 1.0}, {5.0, 3.5}, {1.0, 3.5}})
      c.points.push_back(grid.to_patient(VoxelPoint{i, j, k}));
    return c;
  }
  StructureSet some_structures() const {
    return StructureSet(
        {{7, "GTV", RoiRole::gtv, {255, 0, 0}, {square(1), square(2)}},
         {9,
          "Haut äß",
          RoiRole::external,
          {0, 255, 0},
          {square(0), square(0, ContourKind::closed_planar_xor), square(0.5)}},
         {3, "Marker", RoiRole::marker, {1, 2, 3}, {{ContourKind::point, {grid.voxel_centre(2, 2, 3)}}}},
         {4, "Empty", RoiRole::other, {0, 0, 0}, {}}},
        "1.2.3.6");
  }
  Grid grid = oblique_grid();
  CtSeries ct;
};

TEST_F(WriteStructures, IsValidForDciodvfy) {
  // Without the contour of type CLOSEDPLANAR_XOR, which is in the standard but not in the judge of 2022.
  std::vector<Structure> known = some_structures().structures();
  std::erase_if(known[1].contours, [](const Contour& c) { return c.kind == ContourKind::closed_planar_xor; });
  write_structures(StructureSet(known), "Phantom structures", ct, "seed", this_program(), folder / "rs.dcm");
  EXPECT_EQ(dciodvfy_errors(folder / "rs.dcm", "RTStructureSet"), "");
}

TEST_F(WriteStructures, PydicomFindsEveryReference) {
  const auto reference = write_structures(some_structures(), "Phantom", ct, "seed", this_program(), folder / "rs.dcm");
  const std::string output = python(folder, R"(
d = pydicom.dcmread(sys.argv[1] + '/rs.dcm')
ct = [pydicom.dcmread(f'{sys.argv[1]}/ct/CT{k+1:04d}.dcm') for k in range(4)]
assert d.SOPInstanceUID == sys.argv[2] and d.StudyInstanceUID == '1.2.3.4' and str(d.PatientName) == 'Müller^Zoë'
f = d.ReferencedFrameOfReferenceSequence[0]
assert f.FrameOfReferenceUID == '1.2.3.6' == d.FrameOfReferenceUID
st = f.RTReferencedStudySequence[0]
assert st.ReferencedSOPInstanceUID == '1.2.3.4'
se = st.RTReferencedSeriesSequence[0]
assert se.SeriesInstanceUID == '1.2.3.5'
assert [i.ReferencedSOPInstanceUID for i in se.ContourImageSequence] == [c.SOPInstanceUID for c in ct]
assert [(r.ROINumber, r.ROIName) for r in d.StructureSetROISequence] == [(7, 'GTV'), (9, 'Haut äß'), (3, 'Marker'), (4, 'Empty')]
assert [o.RTROIInterpretedType for o in d.RTROIObservationsSequence] == ['GTV', 'EXTERNAL', 'MARKER', '']
gtv, skin, marker, empty = d.ROIContourSequence
assert gtv.ROIDisplayColor == [255, 0, 0] and gtv.ReferencedROINumber == 7
assert [c.ContourImageSequence[0].ReferencedSOPInstanceUID for c in gtv.ContourSequence] == [ct[1].SOPInstanceUID, ct[2].SOPInstanceUID]
assert [c.ContourGeometricType for c in skin.ContourSequence] == ['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR', 'CLOSED_PLANAR']
assert 'ContourImageSequence' not in skin.ContourSequence[2]
assert marker.ContourSequence[0].ContourGeometricType == 'POINT' and 'ContourSequence' not in empty
assert d.StructureSetDescription == 'Phantom; research software, not a medical device' and d.ApprovalStatus == 'UNAPPROVED'
x, y = np.array([.8, .6, 0]), np.array([-.48, .64, .6])
expected = np.array([-11.25, 20.5, -30.125]) + 5 * 1.5 * x + 3.5 * 2 * y + 2 * 2.5 * np.cross(x, y)
got = np.array(gtv.ContourSequence[1].ContourData, float).reshape(-1, 3)
assert got.shape == (4, 3) and abs(got[2] - expected).max() <= 0.5e-4 + 1e-12
print('good')
)",
                                    folder.string() + " " + reference.sop_instance_uid);
  EXPECT_EQ(output, "good\n");
}

TEST_F(WriteStructures, PlastimatchFindsTheVolume) {
  // On an axial grid, since plastimatch draws on image slices: 10 mm x 10 mm on 21 planes, slabs of 1 mm.
  const Grid fine({40, 40, 30}, {0.5, 0.5, 1.0}, {-10.0, -10.0, -15.0});
  std::filesystem::remove_all(folder / "ct");
  std::filesystem::create_directories(folder / "case");
  const CtSeries series = write_ct(counting_image(fine), some_ct(), this_program(), folder / "case");
  Structure cube{1, "Cube", RoiRole::organ, {255, 0, 0}, {}};
  for (int k = 4; k < 25; ++k) {
    const double z = -15.0 + k;
    cube.contours.push_back(
        {ContourKind::closed_planar, {{-5.1, -4.1, z}, {4.9, -4.1, z}, {4.9, 5.9, z}, {-5.1, 5.9, z}}});
  }
  write_structures(StructureSet({cube}), "Cube", series, "seed", this_program(), folder / "case" / "rs.dcm");
  output_of("plastimatch convert --input " + (folder / "case").string() + " --output-prefix " +
            (folder / "masks").string() + " --prefix-format mha");
  const std::string stats = output_of("plastimatch stats " + (folder / "masks" / "Cube.mha").string());
  // 20 x 20 voxel centres of 0.5 mm lie inside, 21 planes: 8400 voxels.
  EXPECT_NE(stats.find("NONZERO 8400"), std::string::npos) << stats;
}

TEST_F(WriteStructures, HugeContourIsWrittenReadable) {
  Structure skin{1, "Skin", RoiRole::external, {255, 0, 0}, {{ContourKind::closed_planar, {}}}};
  for (int n = 0; n < 9000; ++n) {
    const double angle = n * 6.283185307179586 / 9000;
    skin.contours[0].points.push_back({100.12345 * std::cos(angle), 100.12345 * std::sin(angle), -30.125});
  }
  write_structures(StructureSet({skin}), "", ct, "seed", this_program(), folder / "rs.dcm");
  EXPECT_EQ(python(folder,
                   "d = pydicom.dcmread(sys.argv[1]); c = d.ROIContourSequence[0].ContourSequence[0].ContourData; "
                   "print(len(c), type(c[0]).__name__)",
                   (folder / "rs.dcm").string()),
            "27000 DSfloat\n");
}

TEST_F(WriteStructures, SameInputsSameBytes) {
  write_structures(some_structures(), "x", ct, "seed", this_program(), folder / "a.dcm");
  write_structures(some_structures(), "x", ct, "seed", this_program(), folder / "b.dcm");
  EXPECT_EQ(bytes_of(folder / "a.dcm"), bytes_of(folder / "b.dcm"));
}

TEST_F(WriteStructures, RefusesBadInputAndWritesNothing) {
  const auto refuses = [&](StructureSet set) {
    EXPECT_THROW(write_structures(set, "x", ct, "seed", this_program(), folder / "rs.dcm"), InputError);
  };
  refuses(StructureSet({{1, "A\\B", RoiRole::organ, {}, {square(0)}}}));
  refuses(StructureSet({{1, std::string(65, 'x'), RoiRole::organ, {}, {square(0)}}}));
  refuses(StructureSet({{1, "A", RoiRole::organ, {}, {Contour{}}}}));
  refuses(StructureSet({{1, "A", RoiRole::organ, {}, {Contour{ContourKind::point, {{std::nan(""), 0, 0}}}}}}));
  refuses(StructureSet({{1, "A", RoiRole::organ, {}, {square(0)}}}, "1.2.3.999"));
  EXPECT_FALSE(std::filesystem::exists(folder / "rs.dcm"));
}

/// An RTSTRUCT as another system may have written it, made by pydicom.
class WriteStructuresAdded : public WriteStructures {
 protected:
  StructureFile make_original(const std::string& character_set, const std::string& changes = "") {
    write_structures(some_structures(), "x", ct, "seed", this_program(), folder / "plain.dcm");
    const std::string output = python(folder, R"(
d = pydicom.dcmread(sys.argv[1] + '/plain.dcm')
d.decode()
d.SpecificCharacterSet = sys.argv[2]
if not sys.argv[2]: d.PatientName = 'Mueller'; d.StructureSetROISequence[1].ROIName = 'Haut'
d.Manufacturer = 'Other'
d.ApprovalStatus, d.ReviewDate, d.ReviewTime, d.ReviewerName = 'APPROVED', '20200101', '101010', 'Doe^J'
b = d.private_block(0x3287, 'OTHER SYSTEM', create=True)
b.add_new(1, 'LO', 'private text'); b.add_new(2, 'OB', b'\x00\x01\x02\x03')
d.StructureSetROISequence[0].private_block(0x3287, 'OTHER SYSTEM', create=True).add_new(1, 'DS', '1.50')
d.ROIContourSequence[0].ContourSequence[0].ContourData[0] = '1.0000000'
)" + changes + R"(
d.save_as(sys.argv[1] + '/original.dcm', write_like_original=False)
)",
                                      folder.string() + " '" + character_set + "'");
    EXPECT_EQ(output, "");
    StructureFile original;
    original.path = folder / "original.dcm";
    original.patient_study = some_patient();
    original.reference = {"1.2.840.10008.5.1.4.1.1.481.3", "1.2.3.77"};
    original.frame_of_reference_uid = "1.2.3.6";
    return original;
  }
  Structure ptv(const std::string& name = "PTV") const {
    return {0, name, RoiRole::ptv, {255, 0, 255}, {square(1), square(2)}};
  }
};

// Compares two data sets element by element except for the named ones; arrays and sequences by their leading part.
constexpr const char* compare_script = R"(
a, b = (pydicom.dcmread(sys.argv[1] + n, force=True) for n in ('/original.dcm', '/added.dcm'))
changed = []
def compare(x, y, where):
    for e in x:
        if e.tag not in y: changed.append(where + e.keyword + ' gone'); continue
        f = y[e.tag]
        if e.VR == 'SQ':
            if len(f.value) != len(e.value): changed.append(f'{where}{e.keyword} +{len(f.value) - len(e.value)}')
            for n, (p, q) in enumerate(zip(e.value, f.value)): compare(p, q, f'{where}{e.keyword}[{n}].')
        elif repr(e.value) != repr(f.value) or (e.VR != f.VR): changed.append(where + e.keyword)
    for f in y:
        if f.tag not in x: changed.append(where + f.keyword + ' new')
compare(a, b, '')
print('\n'.join(changed))
)";

TEST_F(WriteStructuresAdded, ChangesNothingElse) {
  for (const char* syntax : {"", "d.file_meta.TransferSyntaxUID = '1.2.840.10008.1.2'; d.is_implicit_VR = True\n"}) {
    const StructureFile original = make_original("ISO_IR 100", syntax);
    write_structures_added(original, {ptv()}, &ct, "seed", this_program(), folder / "added.dcm");
    EXPECT_EQ(python(folder, compare_script, folder.string()),
              "SOPInstanceUID\nSeriesInstanceUID\nStructureSetDescription\nStructureSetROISequence +1\n"
              "ROIContourSequence +1\nRTROIObservationsSequence +1\nApprovalStatus\nReviewDate gone\nReviewTime gone\n"
              "ReviewerName gone\nPredecessorStructureSetSequence new\n");
  }
}

TEST_F(WriteStructuresAdded, NewStructureIsComplete) {
  const auto [reference, numbers] = write_structures_added(make_original("ISO_IR 192"), {ptv(), ptv("PTV 2 ö")}, &ct,
                                                           "seed", this_program(), folder / "added.dcm");
  EXPECT_EQ(numbers, (std::vector<int>{10, 11}));
  EXPECT_EQ(dciodvfy_errors(folder / "added.dcm", "RTStructureSet").find("ReferencedROI"), std::string::npos);
  EXPECT_EQ(python(folder, R"(
d = pydicom.dcmread(sys.argv[1] + '/added.dcm')
assert d.SOPInstanceUID == sys.argv[2] and d.ApprovalStatus == 'UNAPPROVED'
assert [(r.ROINumber, r.ROIName) for r in d.StructureSetROISequence][4:] == [(10, 'PTV'), (11, 'PTV 2 ö')]
assert all(r.ReferencedFrameOfReferenceUID == '1.2.3.6' for r in d.StructureSetROISequence)
c = d.ROIContourSequence[4]
ct = pydicom.dcmread(sys.argv[1] + '/ct/CT0002.dcm')
assert c.ReferencedROINumber == 10 and c.ContourSequence[0].ContourImageSequence[0].ReferencedSOPInstanceUID == ct.SOPInstanceUID
o = d.RTROIObservationsSequence[4]
assert (o.ObservationNumber, o.ReferencedROINumber, o.RTROIInterpretedType) == (5, 10, 'PTV')
assert d.PredecessorStructureSetSequence[0].ReferencedSOPInstanceUID == '1.2.3.77'
assert d.StructureSetDescription.endswith('PTV 2 ö; research software, not a medical device')
print('good')
)",
                   folder.string() + " " + reference.sop_instance_uid),
            "good\n");
}

TEST_F(WriteStructuresAdded, NamesFollowTheCharacterSetOfTheFile) {
  write_structures_added(make_original("ISO_IR 100"), {ptv("Größe")}, &ct, "seed", this_program(),
                         folder / "added.dcm");
  EXPECT_EQ(python(folder, R"(
d = pydicom.dcmread(sys.argv[1] + '/added.dcm')
print(d.SpecificCharacterSet, d.StructureSetROISequence[1].ROIName, d.StructureSetROISequence[4].ROIName, d.PatientName)
)",
                   folder.string()),
            "ISO_IR 100 Haut äß Größe Müller^Zoë\n");
}

TEST_F(WriteStructuresAdded, RefusesNamesThatTheFileCannotHold) {
  EXPECT_THROW(
      write_structures_added(make_original(""), {ptv("Größe")}, &ct, "seed", this_program(), folder / "added.dcm"),
      InputError);
  EXPECT_THROW(write_structures_added(make_original("ISO_IR 100"), {ptv("標的")}, &ct, "seed", this_program(),
                                      folder / "added.dcm"),
               InputError);
  EXPECT_THROW(write_structures_added(make_original("ISO_IR 100"), {ptv("GTV")}, &ct, "seed", this_program(),
                                      folder / "added.dcm"),
               InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "added.dcm"));
}

TEST_F(WriteStructuresAdded, MayReplaceItsOwnOriginal) {
  const StructureFile original = make_original("ISO_IR 192");
  write_structures_added(original, {ptv()}, nullptr, "seed", this_program(), original.path);
  EXPECT_EQ(python(folder, "print(len(pydicom.dcmread(sys.argv[1]).StructureSetROISequence))", original.path.string()),
            "5\n");
}

TEST_F(WriteStructuresAdded, UnreadableOriginalIsNamed) {
  StructureFile original = make_original("ISO_IR 192");
  std::filesystem::resize_file(original.path, 3000);
  try {
    write_structures_added(original, {ptv()}, &ct, "seed", this_program(), folder / "added.dcm");
    FAIL() << "read a truncated file";
  } catch (const InputError& error) {
    EXPECT_EQ(error.where(), original.path.string());
  }
}

/// RTSTRUCTs of eight systems (Eclipse, Pinnacle, RayStation, Monaco, MIM, ...), some without meta header or frame of
/// reference.
class SharedWriteStructuresAdded : public WriteStructuresAdded, public ::testing::WithParamInterface<const char*> {};

TEST_P(SharedWriteStructuresAdded, KeepsWhatOtherSystemsWrote) {
  StructureFile original;
  original.path = std::filesystem::path(SBRT_SHARED_DIR) / "data/dicom" / GetParam();
  original.patient_study = some_patient();
  original.reference = {"1.2.840.10008.5.1.4.1.1.481.3", "1.2.3.77"};
  std::filesystem::copy_file(original.path, folder / "original.dcm");
  write_structures_added(original, {ptv("PTV new")}, nullptr, "seed", this_program(), folder / "added.dcm");
  std::istringstream changes(python(folder, compare_script, folder.string()));
  const std::vector<std::string> allowed{"SOPInstanceUID",
                                         "SeriesInstanceUID",
                                         "StructureSetDescription",
                                         "StructureSetDescription new",
                                         "StructureSetROISequence +1",
                                         "ROIContourSequence +1",
                                         "RTROIObservationsSequence +1",
                                         "RTROIObservationsSequence new",
                                         "ApprovalStatus",
                                         "ApprovalStatus new",
                                         "ReviewDate gone",
                                         "ReviewTime gone",
                                         "ReviewerName gone",
                                         "PredecessorStructureSetSequence new"};
  int lines = 0;
  for (std::string line; std::getline(changes, line); ++lines)
    EXPECT_NE(std::find(allowed.begin(), allowed.end(), line), allowed.end()) << line;
  EXPECT_GE(lines, 6);
}

INSTANTIATE_TEST_SUITE_P(SharedSystems, SharedWriteStructuresAdded,
                         ::testing::Values("eclipse_small_rs_rp_rd/rtstruct.dcm", "lung4d/RTSTRUCT.dcm",
                                           "ibsi_ct_phantom/dicom/mask/DCM_RS_00060.dcm", "odd/pydicom/rtstruct.dcm",
                                           "onko_esophagus/RTSTRUCT.dcm", "pymedphys_tinyvmat/TinyFS_StrctrSets.dcm",
                                           "pymedphys_tinyvmat/monaco_anon_no_meta_structures.dcm"));

}  // namespace
}  // namespace sbrt::dicom
