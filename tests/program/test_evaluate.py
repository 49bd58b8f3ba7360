"""`evaluate` on doses as other systems write them. Truth: a dose that is linear in x, y, z has its mean at the centroid
of the structure, here the centre of the phantom's sphere (radius 15 mm, at the origin)."""
import math
import pathlib
import re
import unittest

import numpy
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

import foreign_dose
from program_case import ProgramCase, load, run

RADIUS_MM = 15
# A linear dose is met exactly; what remains is the sampling of the sphere's contours: its centroid lies within
# 0.01 mm of the origin, and the slopes are at most 0.1 Gy/mm.
MEAN_TOLERANCE_GY = 2e-3
# 16 bit: half a step of 16 Gy / 65535.
ROUNDING_16_BIT_GY = 16 / 65535


def tilted(x, y, z):
    return 10 + 0.02 * x - 0.03 * y + 0.05 * z


def flat(value):
    return lambda x, y, z: value


class ForeignDose(ProgramCase):
    def setUp(self):
        super().setUp()
        self.case = self.phantom("sphere-in-water", "--spacing-mm", "3,3,3")
        self.structures_path = self.case / "structures.dcm"
        self.structures = pydicom.dcmread(self.structures_path)

    def write(self, name, data):
        data.save_as(self.case / name, write_like_original=False)
        return data

    def dose(self, name, dose_at, **options):
        return self.write(name, foreign_dose.dose(self.structures, dose_at, **options))

    def plan(self, **options):
        return self.write("rp.dcm", foreign_dose.plan(self.structures, **options))

    def evaluate(self, *options):
        path = self.folder / "report.json"
        run("evaluate", self.case, *options, "--json", path, "--overwrite", expect=0)
        return load(path)

    def refuse(self, *mentions, options=()):
        return self.assert_refused("evaluate", self.case, *options, "--json", self.folder / "refused.json", mentions=mentions)

    def mean(self, report, structure="GTV"):
        return report["structures"][structure]["mean_gy"]

    def codes(self, report):
        return {w["code"] for w in report["warnings"]}

    def assert_mean(self, expected, *options, tolerance=MEAN_TOLERANCE_GY):
        report = self.evaluate(*options)
        self.assertAlmostEqual(self.mean(report), expected, delta=tolerance)
        return report


class Reading(ForeignDose):
    def test_both_widths(self):
        self.dose("rd.dcm", tilted, bits=16)
        self.assert_mean(10, tolerance=MEAN_TOLERANCE_GY + ROUNDING_16_BIT_GY)
        report = self.dose("rd.dcm", tilted) and self.assert_mean(10)
        self.assertEqual(report["dose"]["parts"][0]["factor"], 1)

    def test_eight_patient_positions_and_a_rotated_grid(self):
        a, b = math.cos(0.3), math.sin(0.3)
        rotated = (a, b, 0, -b * a, a * a, b)
        for name, orientation in {**foreign_dose.POSITIONS, "rotated": rotated}.items():
            with self.subTest(name):
                self.dose("rd.dcm", tilted, orientation=orientation, spacing=(3.0, 4.0, 5.0))
                self.assert_mean(10)

    def test_half_a_voxel_shows(self):
        # The same numbers on a grid shifted by half a voxel of 4 mm: the mean moves by 2 mm times the slope.
        self.dose("rd.dcm", lambda x, y, z: tilted(x - 2, y, z), centre=(2, 0, 0))
        self.assert_mean(10 - 2 * 0.02)

    def test_empty_references_survive(self):
        data = foreign_dose.dose(self.structures, tilted, PositionReferenceIndicator="", SliceThickness="",
                                 TissueHeterogeneityCorrection=["IMAGE", "ROI_OVERRIDE"])
        data.ReferencedRTPlanSequence = Sequence([])
        data.ReferencedStructureSetSequence = Sequence([Dataset()])
        self.write("rd.dcm", data)
        self.assert_mean(10)

    def test_effective_is_named_and_error_refused(self):
        self.dose("rd.dcm", tilted, DoseType="EFFECTIVE")
        report = self.assert_mean(10)
        self.assertEqual(list(self.codes(report)).count("effective-dose"), 1)
        self.assertEqual(report["dose"]["parts"][0]["dose_type"], "EFFECTIVE")
        self.dose("rd.dcm", tilted, DoseType="ERROR")
        self.refuse("uncertainties", "rd.dcm")

    def test_relative_needs_its_reference(self):
        self.dose("rd.dcm", lambda x, y, z: 10 * tilted(x, y, z), DoseUnits="RELATIVE")
        self.refuse("relative units", "--relative-reference", "largest value is")
        report = self.assert_mean(45, "--relative-reference", "100=45Gy", tolerance=10 * MEAN_TOLERANCE_GY)
        self.assertIn("relative-dose", self.codes(report))
        self.dose("rd.dcm", tilted)
        self.refuse("leave the option out", options=("--relative-reference", "100=45Gy"))
        run("evaluate", self.case, "--relative-reference", "45Gy", expect=2)

    def test_other_frame_of_reference(self):
        self.dose("rd.dcm", tilted, FrameOfReferenceUID=generate_uid())
        self.refuse("another frame of reference", "--ignore-frame-of-reference", "rd.dcm")
        report = self.assert_mean(10, "--ignore-frame-of-reference")
        self.assertIn("other-frame-of-reference", self.codes(report))
        self.dose("rd.dcm", tilted, FrameOfReferenceUID="")
        self.assertIn("frame-of-reference-not-stated", self.codes(self.assert_mean(10)))

    def test_other_patient(self):
        self.dose("rd.dcm", tilted, PatientID="SOMEBODY-ELSE")
        self.refuse("another patient", "SOMEBODY-ELSE", options=("--ignore-frame-of-reference",))


class Fractions(ForeignDose):
    def test_fraction_is_not_guessed(self):
        self.dose("rd.dcm", tilted, summation="FRACTION")
        self.refuse("one fraction or of all", "--fractions-of-dose")
        report = self.assert_mean(50, "--fractions-of-dose", "5", tolerance=5 * MEAN_TOLERANCE_GY)
        self.assertIn("fractions-of-dose", self.codes(report))
        self.assertEqual(report["dose"]["parts"][0]["factor"], 5)
        self.assert_mean(10, "--fractions-of-dose", "1")
        self.refuse("number of fractions is not known", options=("--fractions-of-dose", "plan"))
        run("evaluate", self.case, "--fractions-of-dose", "0", expect=2)

    def test_fraction_with_its_plan(self):
        plan = self.plan(fractions=5)
        self.dose("rd.dcm", tilted, summation="FRACTION", plan=plan)
        self.refuse("--fractions-of-dose 1", "--fractions-of-dose 5")
        report = self.assert_mean(50, "--fractions-of-dose", "plan", tolerance=5 * MEAN_TOLERANCE_GY)
        self.assertIn("RTPLAN", {i["kind"] for i in report["inputs"]})
        plan = self.plan(fractions=1)
        self.dose("rd.dcm", tilted, summation="FRACTION", plan=plan)
        self.assert_mean(10)

    def test_session_takes_the_fractions_of_the_plan(self):
        self.dose("rd.dcm", tilted, summation="FRACTION_SESSION")
        self.refuse("one fraction", "--fractions-of-dose", "refers to no RTPLAN")
        self.dose("rd.dcm", tilted, summation="FRACTION_SESSION", plan=self.plan(fractions=3))
        self.assert_mean(30, tolerance=3 * MEAN_TOLERANCE_GY)

    def test_unknown_types_are_refused(self):
        for summation in ("RECORD", "PLAN_OVERVIEW", ""):
            with self.subTest(summation):
                self.dose("rd.dcm", tilted, summation=summation)
                self.refuse("not clear what the dose is", "--fractions-of-dose")
        self.assert_mean(10, "--fractions-of-dose", "1")


class Beams(ForeignDose):
    def setUp(self):
        super().setUp()
        self.rtplan = self.plan()

    def beam(self, number, dose_at, name=None, **options):
        return self.dose(name or f"beam{number}.dcm", dose_at, summation="BEAM", plan=self.rtplan, beam=number, **options)

    def test_all_beams_are_the_plan(self):
        self.beam(1, tilted)
        self.beam(2, flat(7))
        report = self.assert_mean(17)
        self.assertEqual([p["beams"] for p in report["dose"]["parts"]], sorted([[1], [2]]) if
                         report["dose"]["parts"][0]["beams"] == [1] else [[2], [1]])
        self.assertNotIn("missing-beams", self.codes(report))

    def test_a_plan_dose_comes_before_its_beams(self):
        self.beam(1, tilted)
        self.dose("plan.dcm", flat(20), plan=self.rtplan)
        self.assert_mean(20)
        self.refuse("different kinds", options=("--rtdose", "plan.dcm", "--rtdose", "beam1.dcm", "--sum"))

    def test_a_missing_beam_is_named(self):
        self.beam(1, tilted)
        self.refuse("beam 2 'B' is missing", "--allow-missing-beams")
        report = self.assert_mean(10, "--allow-missing-beams")
        self.assertIn("missing-beams", self.codes(report))

    def test_a_beam_twice_or_unknown(self):
        self.beam(1, tilted)
        self.beam(2, flat(7))
        self.beam(2, flat(6), name="again.dcm")
        self.refuse("beam 2 counts twice")
        self.assert_mean(17, "--rtdose", "beam1.dcm", "--rtdose", "beam2.dcm")
        self.beam(9, flat(6), name="again.dcm")
        self.refuse("beam 9 is not in the plan")

    def test_without_the_plan_it_is_said(self):
        self.beam(1, tilted)
        self.beam(2, flat(7))
        (self.case / "rp.dcm").unlink()
        self.assertIn("parts-not-checked", self.codes(self.assert_mean(17)))

    def test_one_session_of_beams(self):
        for number, value in ((1, 2.0), (2, 1.0)):
            self.dose(f"beam{number}.dcm", flat(value), summation="BEAM_SESSION", plan=self.rtplan, beam=number)
        self.assert_mean(15)

    def brachy(self, name, summation, setup, dose_at):
        data = foreign_dose.dose(self.structures, dose_at, summation=summation, plan=self.rtplan)
        group, of_setup = Dataset(), Dataset()
        of_setup.ReferencedBrachyApplicationSetupNumber = setup
        group.ReferencedFractionGroupNumber = 1
        group.ReferencedBrachyApplicationSetupSequence = Sequence([of_setup])
        data.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = Sequence([group])
        return self.write(name, data)

    def test_brachytherapy_counts_application_setups(self):
        self.rtplan = foreign_dose.plan(self.structures, fractions=3, beams=())
        group, sequence = self.rtplan.FractionGroupSequence[0], []
        for number in (1, 2):
            setup = Dataset()
            setup.ApplicationSetupNumber, setup.ApplicationSetupType = number, "VAGINAL"
            sequence.append(setup)
        self.rtplan.ApplicationSetupSequence = Sequence(sequence)
        group.NumberOfBrachyApplicationSetups = 2
        group.ReferencedBrachyApplicationSetupSequence = Sequence([])
        for number in (1, 2):
            reference = Dataset()
            reference.ReferencedBrachyApplicationSetupNumber = number
            group.ReferencedBrachyApplicationSetupSequence.append(reference)
        self.write("rp.dcm", self.rtplan)
        self.brachy("one.dcm", "BRACHY", 1, tilted)
        self.refuse("application setup 2 is missing", "--allow-missing-beams")
        self.brachy("two.dcm", "BRACHY", 2, flat(7))
        self.assert_mean(17)
        # One session each: three fractions. The two kinds are not added to each other.
        self.brachy("two.dcm", "BRACHY_SESSION", 2, flat(7))
        self.refuse("several RT Doses", "--rtdose")
        self.brachy("one.dcm", "BRACHY_SESSION", 1, flat(1))
        self.assert_mean(24, tolerance=3 * MEAN_TOLERANCE_GY)

    def test_a_sum_of_plans_is_a_whole_delivery(self):
        self.dose("rd.dcm", tilted, summation="MULTI_PLAN")
        self.assert_mean(10)

    def test_control_points_must_be_complete(self):
        def control_points(first, last):
            data = foreign_dose.dose(self.structures, flat(1), summation="CONTROL_POINT", plan=rtplan, beam=1)
            points = Dataset()
            points.ReferencedStartControlPointIndex, points.ReferencedStopControlPointIndex = first, last
            group = data.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence[0]
            group.ReferencedBeamSequence[0].ReferencedControlPointSequence = Sequence([points])
            return data
        rtplan = foreign_dose.plan(self.structures, beams=((1, "A", "TREATMENT"),))
        rtplan.BeamSequence[0].NumberOfControlPoints = 3
        self.write("rp.dcm", rtplan)
        self.write("cp0.dcm", control_points(0, 1))
        self.refuse("control points of beam 1 are not complete", "the beam at 2")
        self.write("cp1.dcm", control_points(1, 2))
        self.assert_mean(10)


class Sums(ForeignDose):
    def test_two_plans_need_the_word(self):
        self.dose("base.dcm", tilted)
        self.dose("boost.dcm", flat(7))
        self.refuse("--rtdose", "--sum")
        both = ("--rtdose", "base.dcm", "--rtdose", "boost.dcm")
        self.refuse("--sum", options=both)
        report = self.assert_mean(17, *both, "--sum")
        self.assertIn("common grid", report["dose"]["total"])
        self.assertIn("dose-sum", self.codes(report))
        self.refuse("twice", options=("--rtdose", "base.dcm", "--rtdose", "base.dcm", "--sum"))
        self.refuse("only one", options=("--rtdose", "base.dcm", "--sum"))

    def test_other_grids_are_interpolated_to_the_finest(self):
        self.dose("base.dcm", tilted, spacing=(5.0, 5.0, 5.0), centre=(1.3, 0.4, -0.7))
        self.dose("boost.dcm", tilted, spacing=(3.0, 3.0, 3.0), orientation=foreign_dose.POSITIONS["FFS"])
        report = self.assert_mean(20, "--rtdose", "base.dcm", "--rtdose", "boost.dcm", "--sum", tolerance=2 * MEAN_TOLERANCE_GY)
        self.assertIn("cubic", report["dose"]["total"])
        self.assertEqual(report["dose_grid"]["spacing_mm"], [3, 3, 3])

    def test_outside_one_grid_the_sum_is_unknown(self):
        # The boost's voxels end at x = 4 mm + half a voxel; the cap beyond is unknown, not the base dose alone.
        self.dose("base.dcm", tilted)
        self.dose("boost.dcm", flat(7), size=(21, 33, 35), centre=(-36, 0, 0))
        report = self.evaluate("--rtdose", "base.dcm", "--rtdose", "boost.dcm", "--sum")
        h = RADIUS_MM - 6
        cap_cc = math.pi * h * h * (RADIUS_MM - h / 3) / 1000
        self.assertAlmostEqual(report["structures"]["GTV"]["outside_grid_cc"], cap_cc, delta=0.01 * cap_cc)
        self.assertIn("structure-outside-grid", self.codes(report))

    def test_grids_apart(self):
        self.dose("base.dcm", tilted)
        self.dose("boost.dcm", flat(7), centre=(500, 0, 0), size=(5, 5, 5))
        self.refuse("no point in common", options=("--rtdose", "base.dcm", "--rtdose", "boost.dcm", "--sum"))


class EmbeddedDvhs(ForeignDose):
    """A dose along z only: V(>= D) of the sphere is a cap of closed form."""

    SLOPE = 0.1
    WIDTH = 0.02

    def dose_at(self, x, y, z):
        return 10 + self.SLOPE * z + 0 * x

    def volumes(self):
        def cap(d):
            t = min(max((d - 10) / self.SLOPE, -RADIUS_MM), RADIUS_MM)
            return math.pi / 3 * (RADIUS_MM - t) ** 2 * (2 * RADIUS_MM + t) / 1000
        return [cap(n * self.WIDTH) for n in range(int(12 / self.WIDTH))]

    def with_dvhs(self, *items, **options):
        data = foreign_dose.dose(self.structures, self.dose_at, **options)
        data.DVHSequence = Sequence(list(items))
        reference = Dataset()
        reference.ReferencedSOPClassUID = self.structures.SOPClassUID
        reference.ReferencedSOPInstanceUID = self.structures.SOPInstanceUID
        data.ReferencedStructureSetSequence = Sequence([reference])
        return self.write("rd.dcm", data)

    def row(self, *options):
        report = self.evaluate(*options)
        self.assertEqual(len(report["embedded_dvhs"]), 1)
        return report["embedded_dvhs"][0], self.codes(report)

    def assert_agrees(self, row, codes, factor=1):
        self.assertTrue(row["within_bounds"], row)
        self.assertNotIn("embedded-dvh-differs", codes)
        # Half a sphere lies above 10 Gy; the curve is 3 % of the volume per 0.1 Gy there, so 0.5 % is 0.02 Gy.
        self.assertAlmostEqual(row["embedded"]["d50_gy"], 10 * factor, delta=0.005 * factor)
        self.assertAlmostEqual(row["ours"]["d50_gy"], 10 * factor, delta=0.01 * factor)
        self.assertLess(abs(row["largest_volume_difference_pct"]), 0.5)
        self.assertAlmostEqual(row["embedded"]["mean_gy"], 10 * factor, delta=0.005 * factor)

    def test_cumulative(self):
        self.with_dvhs(foreign_dose.dvh(2, self.volumes(), self.WIDTH, DVHMeanDose="10.0"))
        row, codes = self.row()
        self.assert_agrees(row, codes)
        self.assertEqual(row["structure"], "GTV")
        self.assertAlmostEqual(row["embedded"]["volume_cc"], 4 / 3 * math.pi * 3.375, delta=1e-3)
        self.assertIn("agrees", run("evaluate", self.case, expect=0).stdout)

    def test_differential_percent_and_scaled_bins(self):
        volumes = self.volumes() + [0]
        pieces = [100 * (a - b) / volumes[0] for a, b in zip(volumes, volumes[1:])]
        self.with_dvhs(foreign_dose.dvh(2, pieces, self.WIDTH * 10, "DIFFERENTIAL", DVHVolumeUnits="PERCENT", DVHDoseScaling="0.1"))
        row, codes = self.row()
        self.assert_agrees(row, codes)
        self.assertNotIn("volume_cc", row["embedded"])

    def test_fraction_dvhs_are_scaled_with_the_dose(self):
        self.with_dvhs(foreign_dose.dvh(2, self.volumes(), self.WIDTH), summation="FRACTION")
        row, codes = self.row("--fractions-of-dose", "5")
        self.assert_agrees(row, codes, factor=5)

    def test_a_difference_warns(self):
        self.with_dvhs(foreign_dose.dvh(2, [0.9 * v for v in self.volumes()], self.WIDTH * 1.1))
        row, codes = self.row()
        self.assertFalse(row["within_bounds"])
        self.assertIn("embedded-dvh-differs", codes)
        done = run("evaluate", self.case, expect=0)
        self.assertIn("DIFFERS", done.stdout)
        self.assertIn("volume 14.14 instead of 12.72 cc", done.stdout)

    def test_what_cannot_be_compared_says_why(self):
        natural = foreign_dose.dvh(2, self.volumes(), self.WIDTH, "NATURAL")
        odd = foreign_dose.dvh(2, self.volumes(), self.WIDTH)
        odd.DVHData = list(odd.DVHData)[:-1]
        volumes = self.volumes()
        volumes[450] = volumes[0]
        rising = foreign_dose.dvh(2, volumes, self.WIDTH)
        doses = foreign_dose.dvh(2, self.volumes(), self.WIDTH, DVHMaximumDose="11.5")
        doses.DVHData = [v for n, volume in enumerate(self.volumes()) for v in (f"{n * self.WIDTH:.6g}", f"{volume:.9g}")]
        relative = foreign_dose.dvh(2, self.volumes(), self.WIDTH, DoseUnits="RELATIVE")
        unscaled = foreign_dose.dvh(2, self.volumes(), self.WIDTH, DVHDoseScaling="0")
        count = foreign_dose.dvh(2, self.volumes(), self.WIDTH, DVHNumberOfBins="7")
        unknown = foreign_dose.dvh(77, self.volumes(), self.WIDTH)
        self.with_dvhs(natural, odd, rising, doses, relative, unscaled, count, unknown)
        report = self.evaluate()
        texts = [w["text"] for w in report["warnings"] if w["code"] == "embedded-dvh-refused"]
        for words in ("NATURAL", "not pairs", "rises", "instead of bin widths", "RELATIVE", "DVHDoseScaling", "DVHNumberOfBins"):
            self.assertEqual(sum(words in t for t in texts), 1, (words, texts))
        self.assertEqual(report["embedded_dvhs"], [{"roi_number": 77, "not_compared": "the RTSTRUCT has no ROI of this number"}])

    def test_of_another_rtstruct(self):
        data = self.with_dvhs(foreign_dose.dvh(2, self.volumes(), self.WIDTH))
        data.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID = generate_uid()
        self.write("rd.dcm", data)
        row, _ = self.row()
        self.assertIn("another RTSTRUCT", row["not_compared"])


class Requests(ForeignDose):
    def test_outputs_are_claimed_before_the_work(self):
        self.dose("rd.dcm", tilted)
        for option in ("--json", "--dvh"):
            mine = self.folder / "mine.txt"
            mine.write_text("keep")
            self.assert_refused("evaluate", self.case, option, mine, mentions=("mine.txt", "--overwrite"))
            self.assertEqual(mine.read_text(), "keep")
            self.assert_refused("evaluate", self.case, option, self.folder / "missing" / "r.json", mentions=("missing",))
            run("evaluate", self.case, option, mine, "--overwrite", expect=0)
            self.assertNotEqual(mine.read_text(), "keep")

    def test_two_rois_of_one_name(self):
        self.structures.StructureSetROISequence[0].ROIName = "GTV"
        self.structures.save_as(self.structures_path)
        self.dose("rd.dcm", tilted)
        listed = run("inspect", self.case, expect=0).stdout
        self.assertIn("GTV (ROI 1)", listed)
        self.assertIn("GTV (ROI 2)", listed)
        target = ("--prescription", "10Gy/1fx", "--target")
        self.refuse("no structure named 'GTV'", "GTV (ROI 1)", "GTV (ROI 2)", options=(*target, "GTV"))
        report = self.evaluate(*target, "GTV (ROI 2)", "--query", "GTV (ROI 2):D50%")
        self.assertIn("GTV (ROI 2)", report["targets"])
        self.assertIn("duplicate-roi-name", self.codes(report))

    def test_a_body_that_cannot_be_one(self):
        self.dose("rd.dcm", tilted)
        options = ("--target", "GTV", "--prescription", "10Gy/1fx", "--body")
        self.assertNotIn("doubtful-body", self.codes(self.evaluate(*options, "External")))
        self.assertIn("doubtful-body", self.codes(self.evaluate(*options, "GTV")))

    def test_debug_level_tells_how_long_each_stage_took(self):
        self.dose("rd.dcm", tilted)
        told = run("--log-level", "debug", "evaluate", self.case, "--target", "GTV", "--prescription", "10Gy/1fx", expect=0).stderr
        stages = re.findall(r"^debug: (.+): ([0-9.]+) s$", told, re.MULTILINE)
        for name in ("reading headers", "reading structures and dose", "solids from contours", "dose-volume histograms", "indices"):
            self.assertEqual([stage for stage, _ in stages].count(name), 1, told)
        between, whole = map(float, re.search(r"^debug: ([0-9.]+) s between the stages, ([0-9.]+) s in all$", told, re.MULTILINE).groups())
        self.assertAlmostEqual(sum(float(seconds) for _, seconds in stages) + between, whole, delta=0.0005 * (len(stages) + 2))

    def test_usage_errors_exit_2(self):
        self.dose("rd.dcm", tilted)
        for options in (("--target", "GTV"), ("--prescription", "10Gy/1fx"), ("--prescription", "ten", "--target", "GTV"),
                        ("--query", "GTV"), ("--no-such-option",), ("--alpha-beta-gy", "-1")):
            with self.subTest(options):
                run("evaluate", self.case, *options, expect=2)

    def test_damaged_doses_are_refused_by_name(self):
        sound = self.dose("rd.dcm", tilted)
        damage = {
            "DoseGridScaling": {"DoseGridScaling": "0"}, "3 values": {"GridFrameOffsetVector": [0, 1, 2]},
            "BitsAllocated": {"BitsAllocated": 17}, "truncated": {"PixelData": sound.PixelData[:-8]}}
        for words, change in damage.items():
            with self.subTest(words):
                self.dose("rd.dcm", tilted, **change)
                self.refuse("rd.dcm", words)


if __name__ == "__main__":
    unittest.main()
