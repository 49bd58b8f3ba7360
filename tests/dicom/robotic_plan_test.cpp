#include "dicom/robotic_plan.h"

#include "dicom/import.h"
#include "geometry/error.h"
#include "tests/dicom/export_fixture.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

namespace sbrt::dicom {
namespace {

using namespace test;
using ::testing::HasSubstr;
using RoboticPlanFile = WriteTest;

constexpr double place_mm = 1e-6;  // 16 characters of an angle leave 1e-12 degrees at 1 m, of a length 1e-10 mm

/// Sources all around, aims off zero, cones with and without a fraction of a millimetre.
RoboticPlan some_plan(const std::string& position = "HFS") {
  RoboticPlan plan;
  plan.label = "liver";
  plan.prescription = "45Gy/5fx@75%";
  plan.patient_position = position;
  plan.fractions = 3;
  plan.targets = {{"PTV", 2, 45}, {"PTV 2", std::nullopt, 30}};
  for (int n = 0; n < 40; ++n) {
    const double z = 1 - 2 * (n + 0.5) / 40, turn = n * 2.4, r = std::sqrt(1 - z * z), sad_mm = 650 + 9.1234567 * n;
    RoboticBeam beam;
    beam.number = n + 1;
    beam.name = fmt::format("b{}", n);
    beam.node = fmt::format("node {}", n / 3);
    beam.aim = {10.1 + n, -20.7 + 0.3 * n, 300.0 / 7 - n};
    beam.source = beam.aim + sad_mm * PatientVec{r * std::cos(turn), r * std::sin(turn), z};
    beam.collimator_mm = n % 2 ? 7.5 : 12.4;
    beam.mu_per_fraction = 100.0 / 3 + n;
    plan.beams.push_back(beam);
  }
  return plan;
}

RoboticPlanExport some_info() {
  RoboticPlanExport info;
  info.patient_study = some_patient();
  info.frame_of_reference_uid = "1.2.3.6";
  info.series_description = "plan";
  info.structures = InstanceReference{"1.2.840.10008.5.1.4.1.1.481.3", "1.2.3.8"};
  info.uid_seed = "seed";
  return info;
}

TEST_F(RoboticPlanFile, ReadsBackAsItWasWritten) {
  for (const char* position : {"HFS", "FFP", "HFDL"}) {
    const RoboticPlan plan = some_plan(position);
    write_robotic_plan(plan, some_info(), this_program(), folder / "plan.dcm");
    const LoadedRoboticPlan loaded = load_robotic_plan(folder / "plan.dcm");
    EXPECT_TRUE(loaded.warnings.empty());
    EXPECT_EQ(loaded.plan.patient_position, position);
    EXPECT_EQ(loaded.plan.label, "liver");
    EXPECT_EQ(loaded.plan.prescription, plan.prescription);
    EXPECT_EQ(loaded.plan.fractions, 3);
    ASSERT_EQ(loaded.plan.targets.size(), 2u);
    EXPECT_EQ(loaded.plan.targets[0].structure, "PTV");
    EXPECT_EQ(loaded.plan.targets[0].roi_number, 2);
    EXPECT_EQ(loaded.plan.targets[1].dose_gy, 30);
    ASSERT_EQ(loaded.plan.beams.size(), plan.beams.size());
    for (std::size_t n = 0; n < plan.beams.size(); ++n) {
      const RoboticBeam &a = plan.beams[n], &b = loaded.plan.beams[n];
      EXPECT_LT(distance(a.source, b.source), place_mm);
      EXPECT_LT(distance(a.aim, b.aim), place_mm);
      EXPECT_EQ(a.collimator_mm, b.collimator_mm);
      EXPECT_NEAR(a.mu_per_fraction, b.mu_per_fraction, 1e-10);
      EXPECT_EQ(a.name, b.name);
      EXPECT_EQ(a.node, b.node);
    }
  }
}

TEST_F(RoboticPlanFile, IsValidForDciodvfyAndFoundByTheScan) {
  write_robotic_plan(some_plan(), some_info(), this_program(), folder / "plan.dcm");
  EXPECT_EQ(dciodvfy_errors(folder / "plan.dcm", "RTPlan"), "");
  const Catalogue found = scan({folder});
  ASSERT_EQ(found.plans.size(), 1u);
  EXPECT_EQ(found.plans[0].fractions, 3);
  EXPECT_EQ(found.plans[0].beams.size(), 40u);
  EXPECT_EQ(found.plans[0].referenced_structure_uid, "1.2.3.8");
}

// The geometry of IEC 61217 written down once more, with matrices and in another language.
TEST_F(RoboticPlanFile, PydicomFindsEverySourceByTheRotationsOfIec61217) {
  const RoboticPlan plan = some_plan();
  write_robotic_plan(plan, some_info(), this_program(), folder / "plan.dcm");
  std::ofstream wanted(folder / "wanted.txt");
  for (const RoboticBeam& b : plan.beams)
    wanted << fmt::format("{:.17g} {:.17g} {:.17g} {:.17g} {:.17g}\n", b.source.x, b.source.y, b.source.z,
                          b.collimator_mm, b.mu_per_fraction);
  wanted.close();
  EXPECT_EQ(python(folder, R"(
d = pydicom.dcmread(sys.argv[1] + '/plan.dcm')
wanted = np.loadtxt(sys.argv[1] + '/wanted.txt')
meterset = {int(r.ReferencedBeamNumber): float(r.BeamMeterset) for r in d.FractionGroupSequence[0].ReferencedBeamSequence}
head_first_supine = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # IEC x, y, z -> DICOM x, y, z
worst = 0
for beam, row in zip(d.BeamSequence, wanted):
    point = beam.ControlPointSequence[0]
    g, s = np.radians(float(point.GantryAngle)), np.radians(float(point.PatientSupportAngle))
    gantry = np.array([[np.cos(g), 0, np.sin(g)], [0, 1, 0], [-np.sin(g), 0, np.cos(g)]])
    table = np.array([[np.cos(s), -np.sin(s), 0], [np.sin(s), np.cos(s), 0], [0, 0, 1]])
    in_fixed = gantry @ np.array([0, 0, float(beam.SourceAxisDistance)])
    source = np.array(point.IsocenterPosition, float) + head_first_supine @ (table.T @ in_fixed)
    worst = max(worst, np.abs(source - row[:3]).max())
    opening = beam.ApplicatorSequence[0].ApplicatorGeometrySequence[0].ApplicatorOpening
    assert abs(opening - row[3]) < 1e-5 and abs(meterset[int(beam.BeamNumber)] - row[4]) < 1e-9
print(len(d.BeamSequence), worst < 1e-6)
)",
                   folder.string()),
            "40 True\n");
}

TEST_F(RoboticPlanFile, SameContentSameBytes) {
  write_robotic_plan(some_plan(), some_info(), this_program(), folder / "a.dcm");
  write_robotic_plan(some_plan(), some_info(), this_program(), folder / "b.dcm");
  EXPECT_EQ(bytes_of(folder / "a.dcm"), bytes_of(folder / "b.dcm"));
}

TEST_F(RoboticPlanFile, RefusesToWriteWhatIsNoPlan) {
  RoboticPlan plan = some_plan();
  plan.beams[3].source = plan.beams[3].aim;
  EXPECT_THROW(write_robotic_plan(plan, some_info(), this_program(), folder / "plan.dcm"), InputError);
  plan.beams.clear();
  EXPECT_THROW(write_robotic_plan(plan, some_info(), this_program(), folder / "plan.dcm"), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "plan.dcm"));
}

/// What a reader must not take for a static circular field: the change and a word of the complaint.
struct Spoilt {
  const char* name;
  std::function<void(DcmDataset&)> spoil;
  const char* complaint;
};

DcmItem& item_of(DcmItem& from, const DcmTagKey& tag, long n = 0) {
  DcmItem* item = nullptr;
  if (from.findAndGetSequenceItem(tag, item, n).bad()) throw std::logic_error("no such item");
  return *item;
}
void put(DcmItem& item, const DcmTagKey& tag, const char* value) { item.putAndInsertString(tag, value); }
DcmItem& beam_of(DcmItem& d) { return item_of(d, DCM_BeamSequence); }
DcmItem& point_of(DcmItem& d, long n = 0) { return item_of(beam_of(d), DCM_ControlPointSequence, n); }

class RoboticPlanRefused : public WriteTest, public ::testing::WithParamInterface<Spoilt> {};

TEST_P(RoboticPlanRefused, NamesTheBeamAndTheReason) {
  write_robotic_plan(some_plan(), some_info(), this_program(), folder / "plan.dcm");
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile((folder / "plan.dcm").c_str()).good());
  GetParam().spoil(*file.getDataset());
  ASSERT_TRUE(file.saveFile((folder / "spoilt.dcm").c_str()).good());
  try {
    load_robotic_plan(folder / "spoilt.dcm");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().complaint));
    EXPECT_THAT(error.what(), HasSubstr("spoilt.dcm"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Plans, RoboticPlanRefused,
    ::testing::Values(
        Spoilt{"Electrons", [](DcmDataset& d) { put(beam_of(d), DCM_RadiationType, "ELECTRON"); }, "ELECTRON"},
        Spoilt{"Wedge", [](DcmDataset& d) { put(beam_of(d), DCM_NumberOfWedges, "1"); }, "wedges"},
        Spoilt{"Seconds", [](DcmDataset& d) { put(beam_of(d), DCM_PrimaryDosimeterUnit, "MINUTE"); }, "MINUTE"},
        Spoilt{"NoCone", [](DcmDataset& d) { delete beam_of(d).remove(DCM_ApplicatorSequence); }, "applicators"},
        Spoilt{"SquareCone",
               [](DcmDataset& d) {
                 put(item_of(item_of(beam_of(d), DCM_ApplicatorSequence), DCM_ApplicatorGeometrySequence),
                     DCM_ApplicatorApertureShape, "SYM_SQUARE");
               },
               "circular"},
        Spoilt{"Arc", [](DcmDataset& d) { put(point_of(d, 1), DCM_GantryAngle, "123.4"); }, "moves"},
        Spoilt{"MovingIsocentre", [](DcmDataset& d) { put(point_of(d, 1), DCM_IsocenterPosition, "1\\2\\3"); },
               "moves"},
        Spoilt{"Pitch", [](DcmDataset& d) { point_of(d).putAndInsertFloat32(DCM_TableTopPitchAngle, 2); }, "pitch"},
        Spoilt{"NoIsocentre", [](DcmDataset& d) { delete point_of(d).remove(DCM_IsocenterPosition); }, "Isocenter"},
        Spoilt{"NoAngle", [](DcmDataset& d) { delete point_of(d).remove(DCM_GantryAngle); }, "Gantry Angle"},
        Spoilt{"NoDistance", [](DcmDataset& d) { delete beam_of(d).remove(DCM_SourceAxisDistance); }, "Source-Axis"},
        Spoilt{"TwoNumbers", [](DcmDataset& d) { put(item_of(d, DCM_BeamSequence, 1), DCM_BeamNumber, "1"); }, "twice"},
        Spoilt{"BeamMissing", [](DcmDataset& d) { put(beam_of(d), DCM_BeamNumber, "99"); }, "no such beam"},
        Spoilt{"NegativeMu",
               [](DcmDataset& d) {
                 put(item_of(item_of(d, DCM_FractionGroupSequence), DCM_ReferencedBeamSequence), DCM_BeamMeterset,
                     "-5");
               },
               "negative"},
        Spoilt{"TwoGroups", [](DcmDataset& d) { d.insertSequenceItem(DCM_FractionGroupSequence, new DcmItem); },
               "fraction groups"},
        Spoilt{"NoPosition", [](DcmDataset& d) { delete d.remove(DCM_PatientSetupSequence); }, "Patient Position"},
        Spoilt{"Dose", [](DcmDataset& d) { put(d, DCM_SOPClassUID, UID_RTDoseStorage); }, "RT Plan"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(RoboticPlanFile, TakesThePositionOfTheCtWhereThePlanHasNone) {
  write_robotic_plan(some_plan("FFS"), some_info(), this_program(), folder / "plan.dcm");
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile((folder / "plan.dcm").c_str()).good());
  delete file.getDataset()->remove(DCM_PatientSetupSequence);
  ASSERT_TRUE(file.saveFile((folder / "plan.dcm").c_str()).good());
  EXPECT_LT(distance(load_robotic_plan(folder / "plan.dcm", "FFS").plan.beams[5].source, some_plan().beams[5].source),
            place_mm);
}

TEST_F(RoboticPlanFile, SaysWhichBeamsGiveNoDose) {
  write_robotic_plan(some_plan(), some_info(), this_program(), folder / "plan.dcm");
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile((folder / "plan.dcm").c_str()).good());
  DcmItem& group = item_of(*file.getDataset(), DCM_FractionGroupSequence);
  put(item_of(group, DCM_ReferencedBeamSequence, 2), DCM_BeamMeterset, "0");
  put(item_of(*file.getDataset(), DCM_BeamSequence, 7), DCM_TreatmentDeliveryType, "SETUP");
  ASSERT_TRUE(file.saveFile((folder / "plan.dcm").c_str()).good());
  const LoadedRoboticPlan loaded = load_robotic_plan(folder / "plan.dcm");
  EXPECT_EQ(loaded.plan.beams.size(), 38u);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_THAT(loaded.warnings[0].text, HasSubstr("3 (no MU), 8 (SETUP)"));
}

TEST_F(RoboticPlanFile, SaysWhereFixedAndIrisCollimatorsAreMixed) {
  RoboticPlan plan = some_plan();
  plan.collimator_kind = "fixed";
  write_robotic_plan(plan, some_info(), this_program(), folder / "plan.dcm");
  EXPECT_TRUE(load_robotic_plan(folder / "plan.dcm").warnings.empty());
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile((folder / "plan.dcm").c_str()).good());
  DcmItem& beam = item_of(*file.getDataset(), DCM_BeamSequence, 3);
  put(item_of(beam, DCM_ApplicatorSequence), DCM_ApplicatorID, "IRIS 7.5");
  ASSERT_TRUE(file.saveFile((folder / "plan.dcm").c_str()).good());
  const LoadedRoboticPlan loaded = load_robotic_plan(folder / "plan.dcm");
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(loaded.warnings[0].code, "collimator-kinds-mixed");
  EXPECT_THAT(loaded.warnings[0].text, HasSubstr("beams 4 are not"));
}

TEST(SharedRoboticPlan, LinacPlansOfOtherSystemsAreRefusedByName) {
  int plans = 0;
  for (const PlanFile& plan : scan({std::filesystem::path(SBRT_SHARED_DIR) / "data/dicom"}).plans) {
    ++plans;
    EXPECT_THROW(load_robotic_plan(plan.path), InputError) << plan.path;
  }
  EXPECT_GT(plans, 0);
}

}  // namespace
}  // namespace sbrt::dicom
