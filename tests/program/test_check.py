"""The independent dose check: a plan's dose computed again beside the RTDOSE that came with it."""
import shutil

import pydicom

from program_case import ProgramCase, load, run

QUICK = ("--grid-mm", "2.5", "--count", "600")


class Check(ProgramCase):
    @classmethod
    def setUpClass(cls):
        import pathlib
        import tempfile
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="sbrtplan-check-"))
        cls.ct = cls.shared / "ct"
        run("phantom", "lung-lesion", "--spacing-mm", "3,3,3", "--out", cls.ct, expect=0)
        cls.out = cls.shared / "plan"
        run("plan", cls.ct, "--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%", "--out", cls.out, *QUICK,
            expect=0)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def check(self, plan, *options):
        result = self.folder / "check.json"
        done = run("check", self.ct, self.out / "dose.dcm", self.out / "structures.dcm", "--plan", plan, "--json", result,
                   "--overwrite", *options, expect=0)
        return load(result), done.stdout

    def assert_same_dose(self, result, tolerance_pct):
        self.assertEqual(result["gamma"]["pass_pct"], 100)
        self.assertAlmostEqual(result["dose"]["median_ratio"], 1, delta=tolerance_pct / 100)
        self.assertLess(abs(result["dose"]["rms_difference_pct"]), tolerance_pct)
        for row in result["metrics"]:
            self.assertLess(abs(row.get("difference_pct", 0)), 10 * tolerance_pct, row)

    def test_rt_plan_gives_the_dose_that_came_with_it(self):
        # The structure set that the plan names is taken although the folder of the CT holds another one.
        result, text = self.check(self.out / "plan.dcm")
        self.assertEqual(result["schema"], "sbrtplan-check/1")
        self.assertEqual(result["plan"]["kind"], "RT Plan")
        # Angles of 16 characters and a dose of 32 bits: nothing but rounding is left.
        self.assert_same_dose(result, 1e-3)
        self.assertIn("pass rate 100.00 %", text)
        self.assertIn("PTV", {row["target"] for row in result["indices"]})
        report = load(self.out / "report.json")["targets"]["PTV"]
        for row in result["indices"]:
            if row["index"] in ("ci", "coverage_pct", "hi"):
                self.assertAlmostEqual(row["stored"], report[row["index"]]["value"], delta=0.003 * report[row["index"]]["value"])
                self.assertAlmostEqual(row["computed"], row["stored"], delta=1e-3 * row["stored"])

    def test_rt_plan_round_trip(self):
        plan, dataset = load(self.out / "plan.json"), pydicom.dcmread(self.out / "plan.dcm")
        by_id = {beam["id"]: beam for beam in plan["beams"]}
        metersets = {int(r.ReferencedBeamNumber): float(r.BeamMeterset)
                     for r in dataset.FractionGroupSequence[0].ReferencedBeamSequence}
        self.assertEqual(len(dataset.BeamSequence), len(by_id))
        for beam in dataset.BeamSequence:
            wanted = by_id[beam.BeamName]
            aim = [float(v) for v in beam.ControlPointSequence[0].IsocenterPosition]
            for a, b in zip(aim, wanted["aim_mm"]):
                self.assertAlmostEqual(a, b, delta=1e-6)
            distance = sum((s - a) ** 2 for s, a in zip(wanted["source_mm"], wanted["aim_mm"])) ** 0.5
            self.assertAlmostEqual(float(beam.SourceAxisDistance), distance, delta=1e-6)
            self.assertAlmostEqual(5 * metersets[int(beam.BeamNumber)], wanted["weight_mu"], delta=1e-6)
        dose = pydicom.dcmread(self.out / "dose.dcm")
        self.assertEqual(dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID, dataset.SOPInstanceUID)
        numbers = {r.ROIName: r.ROINumber for r in pydicom.dcmread(self.out / "structures.dcm").StructureSetROISequence}
        self.assertEqual(dataset.DoseReferenceSequence[0].ReferencedROINumber, numbers["PTV"])

    def test_plan_json_and_beams_give_the_same(self):
        result, _ = self.check(self.out / "plan.json", "--rtstruct", self.out / "structures.dcm")
        self.assertEqual(result["plan"]["kind"], "plan.json")
        self.assert_same_dose(result, 1e-6)
        result, _ = self.check(self.out / "beams.csv", "--rtstruct", self.out / "structures.dcm")
        self.assert_same_dose(result, 1e-3)
        self.assertEqual(result["indices"], [])

    def test_a_wrong_plan_is_seen(self):
        spoilt = pydicom.dcmread(self.out / "plan.dcm")
        for reference in spoilt.FractionGroupSequence[0].ReferencedBeamSequence:
            reference.BeamMeterset = float(reference.BeamMeterset) * 1.05
        spoilt.save_as(self.folder / "more.dcm")
        result, _ = self.check(self.folder / "more.dcm")
        self.assertAlmostEqual(result["dose"]["median_ratio"], 1.05, delta=1e-3)
        self.assertLess(result["gamma"]["pass_pct"], 99)
        self.assertEqual(run("check", self.ct, self.out / "dose.dcm", self.out / "structures.dcm", "--plan",
                             self.folder / "more.dcm", "--strict", "--pass-pct", "99.5").returncode, 1)
        # Every second beam from the other side.
        spoilt = pydicom.dcmread(self.out / "plan.dcm")
        for beam in list(spoilt.BeamSequence)[::2]:
            point = beam.ControlPointSequence[0]
            point.GantryAngle = (float(point.GantryAngle) + 180) % 360
        spoilt.save_as(self.folder / "turned.dcm")
        result, _ = self.check(self.folder / "turned.dcm")
        self.assertGreater(result["gamma"]["max"], 1)

    def test_bad_input_is_refused(self):
        self.assert_refused("check", self.ct, self.out / "dose.dcm", "--plan", self.folder / "none.dcm", mentions=["no file"])
        self.assert_refused("check", self.ct, self.out / "dose.dcm", "--plan", self.out / "dose.dcm", mentions=["no RT Plan"])
        self.assert_refused("check", self.ct, "--plan", self.out / "plan.dcm", mentions=["RTDOSE"])
        linac = pydicom.dcmread(self.out / "plan.dcm")
        del linac.BeamSequence[3].ApplicatorSequence
        linac.save_as(self.folder / "linac.dcm")
        self.assert_refused("check", self.ct, self.out / "dose.dcm", self.out / "structures.dcm", "--plan",
                            self.folder / "linac.dcm", mentions=["beam 4", "circular"])


if __name__ == "__main__":
    import unittest
    unittest.main()
