"""The main job on phantoms: files, schema, indices, DICOM that another program reads."""
import hashlib
import json
import pathlib
import shutil
import unittest

import numpy
import pydicom

from program_case import ProgramCase, load, run

# A coarse grid and few candidates keep the test short; the figures are those of a conformal plan, not of the best one.
QUICK = ("--grid-mm", "2.5", "--count", "600")
SETS = pathlib.Path(__file__).parents[2] / "dose/data/beam-data"
PLAN_FILES = {"plan.json", "beams.csv", "report.json", "report.html", "volumes", "tables", "pictures", "dose.dcm", "structures.dcm",
              "plan.dcm"}
INDICES = ("coverage_pct", "ci", "nci", "ci_rtog", "ci_paddick", "selectivity", "hi", "hi_icru", "gi", "r50",
           "r_eff_gradient_mm", "d2cm_pct", "tv_cc", "piv_cc", "tiv_cc", "piv50_cc")


class Plan(ProgramCase):
    def plan(self, folder, out, *options, threads=None):
        run("plan", folder, "--out", out, *options, *QUICK, expect=0, threads=threads)
        return load(out / "report.json")

    def test_gtv_with_margin(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "20", "--spacing-mm", "2,2,2")
        out = self.folder / "out"
        report = self.plan(phantom, out, "--gtv", "GTV", "--margin-mm", "3", "--prescription", "45Gy/5fx@75%")
        self.assertEqual({p.name for p in out.iterdir()}, PLAN_FILES)
        self.assertEqual(report["schema"], "sbrtplan-report/1")
        target = report["targets"]["PTV"]
        for index in INDICES:
            self.assertIn(index, target)
            low, high = target[index]["interval"]
            self.assertLessEqual(low, target[index]["value"])
            self.assertGreaterEqual(high, target[index]["value"])
        value = {index: target[index]["value"] for index in INDICES}
        # The exact offset of a 10 mm sphere by 3 mm is a 13 mm sphere: 9.203 cc. 2 mm planes: EVALUATION asks 1 % at 1 mm.
        self.assertAlmostEqual(value["tv_cc"], 9.203, delta=0.02 * 9.203)
        # The plan is normalised to the asked coverage; rounding to 0.01 MU moves it by far less than 0.1 %.
        self.assertAlmostEqual(value["coverage_pct"], 95, delta=0.5)
        self.assertLess(value["ci"], 1.3)
        self.assertAlmostEqual(value["nci"], 1 / value["ci_paddick"], places=9)
        self.assertAlmostEqual(value["nci"], 100 * value["ci"] / value["coverage_pct"], places=9)
        self.assertEqual(report["radiobiology"]["prescription_bed_gy"], 85.5)
        self.assertGreater(report["delivery"]["beams"], 10)

    def test_dicom_is_read_by_another_program(self):
        phantom = self.phantom("sphere-in-water", "--spacing-mm", "2,2,2.5")
        out = self.folder / "out"
        report = self.plan(phantom, out, "--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%")
        dose = pydicom.dcmread(out / "dose.dcm")
        structures = pydicom.dcmread(out / "structures.dcm")
        ct = pydicom.dcmread(sorted(phantom.rglob("*CT*.dcm"))[0])
        self.assertEqual(dose.FrameOfReferenceUID, ct.FrameOfReferenceUID)
        self.assertEqual(dose.StudyInstanceUID, ct.StudyInstanceUID)
        self.assertEqual(dose.PatientID, ct.PatientID)
        self.assertEqual(structures.StudyInstanceUID, ct.StudyInstanceUID)
        names = [roi.ROIName for roi in structures.StructureSetROISequence]
        self.assertIn("PTV", names)
        self.assertIn("GTV", names)
        maximum = float(dose.pixel_array.max()) * float(dose.DoseGridScaling)
        body = report["structures"]["External"]
        # The report's maximum is of the interpolated dose inside the body; it can only differ by the interpolation.
        self.assertAlmostEqual(maximum, body["max_gy"], delta=0.02 * maximum)
        self.assertIn("not a medical device", f"{dose.get('SeriesDescription', '')} {dose.get('DoseComment', '')}")

    def test_same_bytes_for_any_thread_count(self):
        phantom = self.phantom("lung-lesion", "--spacing-mm", "3,3,3")
        hashes = []
        for threads in (1, 2, 3):
            out = self.folder / f"out-{threads}"
            self.plan(phantom, out, "--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%", threads=threads)
            hashes.append({p.relative_to(out): hashlib.sha256(p.read_bytes()).hexdigest() for p in out.rglob("*") if p.is_file()})
        self.assertEqual(hashes[0], hashes[1])
        self.assertEqual(hashes[0], hashes[2])

    def test_lung_warnings_in_lung_and_not_in_water(self):
        codes = {}
        for name in ("lung-lesion", "sphere-in-water"):
            report = self.plan(self.phantom(name, "--spacing-mm", "3,3,3"), self.folder / name, "--gtv", "GTV", "--margin-mm", "5",
                               "--prescription", "45Gy/5fx@75%")
            codes[name] = {warning["code"] for warning in report["warnings"]}
        self.assertLessEqual({"lung-path", "lung-island"}, codes["lung-lesion"])
        self.assertFalse({"lung-path", "lung-island"} & codes["sphere-in-water"])

    def test_plan_file_replays_to_the_same_dose(self):
        phantom = self.phantom("sphere-in-water", "--spacing-mm", "2,2,2")
        out = self.folder / "out"
        # Settings off their defaults must be replayed too.
        self.plan(phantom, out, "--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%", "--depth", "axis",
                  "--override", "GTV=-500", "--density", "thomas")
        again = self.folder / "again.dcm"
        run("dose", phantom, "--beams", out / "plan.json", "--out", again, expect=0)
        first, second = pydicom.dcmread(out / "dose.dcm"), pydicom.dcmread(again)
        self.assertEqual(first.PixelData, second.PixelData)
        self.assertEqual(first.DoseGridScaling, second.DoseGridScaling)

    def test_region_bounds_the_dose_grid(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "20", "--spacing-mm", "2,2,2")
        options = ("--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%")
        out = self.folder / "out"
        report = self.plan(phantom, out, *options, "--region", "PTV", "--region-margin-mm", "40")
        dose = pydicom.dcmread(out / "dose.dcm")
        ptv_mm = 2 * (20 / 2 + 5)
        for size in (dose.Columns, dose.Rows, dose.NumberOfFrames):
            self.assertAlmostEqual(2.5 * (size - 1), ptv_mm + 2 * 40, delta=2 * 2.5)
        # MU are scaled on the evaluation's own samples; what is left is their rounding to 0.01 MU and that of the dose.
        self.assertAlmostEqual(report["targets"]["PTV"]["coverage_pct"]["value"], 95, delta=0.01)
        again = self.folder / "again.dcm"
        run("dose", phantom, "--beams", out / "plan.json", "--out", again, expect=0)
        self.assertEqual(dose.PixelData, pydicom.dcmread(again).PixelData)
        self.assert_refused("plan", phantom, *options, "--region", "GTV", "--region-margin-mm", "0", "--out", self.folder / "no",
                            mentions=["leaves the region"])
        self.assert_refused("plan", phantom, *options, "--region-margin-mm", "30", "--out", self.folder / "no",
                            mentions=["a margin without a region"])

    def test_trace_point_sums_to_the_voxel(self):
        phantom = self.phantom("lung-lesion", "--spacing-mm", "3,3,3")
        out = self.folder / "out"
        self.plan(phantom, out, "--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%")
        dose = pydicom.dcmread(out / "dose.dcm")
        grid = dose.pixel_array * float(dose.DoseGridScaling)
        k, j, i = numpy.unravel_index(numpy.argmax(grid), grid.shape)
        x, y, z = (float(v) for v in dose.ImagePositionPatient)
        dy, dx = (float(v) for v in dose.PixelSpacing)
        point = f"{x + i * dx},{y + j * dy},{z + float(dose.GridFrameOffsetVector[k])}"
        done = run("dose", phantom, "--beams", out / "plan.json", "--grid-mm", "2.5", "--out", self.folder / "d.dcm",
                   f"--trace-point={point}", expect=0)
        total = float([line for line in done.stdout.splitlines() if line.split()[:1] == ["sum"]][0].split()[1])
        # The fast path may differ from the exact one by 0.2 % of the maximum.
        self.assertAlmostEqual(total, grid.max(), delta=0.002 * grid.max())

    def test_a_shell_is_a_goal_like_an_organ(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "20", "--spacing-mm", "2,2,2")
        target = ("--target", "GTV", "--prescription", "45Gy/5fx@75%")
        free = self.plan(phantom, self.folder / "free", *target, "--query", "Shell(20mm):D2%")
        before = free["structures"]["Shell(20mm)"]["queries"]["D2%"]
        goals = self.folder / "goals.json"
        limit = 0.93 * before
        goals.write_text(json.dumps({"schema": "sbrtplan-goals/1", "goals": [f"Shell(20mm):D2% <= {limit:.2f} Gy"]}))
        kept = self.plan(phantom, self.folder / "kept", *target, "--goals", goals)
        self.assertLess(kept["structures"]["Shell(20mm)"]["queries"]["D2%"], 0.97 * before)
        # The same shell about the same target, judged from the files.
        judged = self.folder / "judged.json"
        run("evaluate", phantom, self.folder / "kept/dose.dcm", "--rtstruct", phantom / "structures.dcm", "--target", "GTV",
            "--prescription", "45Gy/5fx", "--query", "Shell(20mm):D2%", "--json", judged, expect=0)
        again = load(judged)["structures"]["Shell(20mm)"]
        self.assertAlmostEqual(again["queries"]["D2%"], kept["structures"]["Shell(20mm)"]["queries"]["D2%"], delta=0.01 * before)
        error = run("plan", phantom, "--out", self.folder / "bad", *target, "--goal", "Shell(20cm):Max <= 9 Gy", expect=3)
        self.assertIn("Shell(5-15mm)", error.stderr)

    def test_existing_ptv_several_targets_and_union(self):
        phantom = self.phantom("head-three-targets", "--spacing-mm", "2,2,2")
        report = self.plan(phantom, self.folder / "three", "--gtv", "GTV_1", "--gtv", "GTV_2", "--gtv", "GTV_3", "--margin-mm",
                           "2", "--nodes", "head", "--prescription", "24Gy/3fx@75%", "--prescription", "21Gy/3fx@75%",
                           "--prescription", "24Gy/3fx@75%")
        self.assertEqual(set(report["targets"]), {"PTV_1", "PTV_2", "PTV_3"})
        names = {r.ROIName for r in pydicom.dcmread(self.folder / "three/structures.dcm").StructureSetROISequence}
        self.assertLessEqual({"PTV_1", "PTV_2", "PTV_3", "GTV_1"}, names)
        # Plan on the PTV that the first run drew.
        case = self.folder / "case"
        case.mkdir()
        for path in phantom.rglob("*CT*.dcm"):
            (case / path.name).write_bytes(path.read_bytes())
        (case / "rs.dcm").write_bytes((self.folder / "three/structures.dcm").read_bytes())
        report = self.plan(case, self.folder / "existing", "--target", "PTV_1", "--nodes", "head", "--prescription", "24Gy/3fx@75%")
        self.assertEqual(set(report["targets"]), {"PTV_1"})
        report = self.plan(phantom, self.folder / "union", "--gtv", "GTV_1", "--gtv", "GTV_2", "--union", "ITV", "--margin-mm", "2",
                           "--nodes", "head", "--prescription", "21Gy/3fx@70%")
        self.assertEqual(set(report["targets"]), {"PTV"})
        self.assertIn("ITV", {r.ROIName for r in pydicom.dcmread(self.folder / "union/structures.dcm").StructureSetROISequence})

    def test_an_iris_takes_every_size_and_is_said_in_every_file(self):
        site = self.folder / "iris"
        shutil.copytree(SETS / "generic-6mv-fff", site)
        description = load(site / "beam-data.json")
        (site / "beam-data.json").write_text(json.dumps({**description, "name": "iris", "collimator_kind": "iris"}))
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "40", "--spacing-mm", "4,4,4")
        sizes = {}
        for kind, data in (("fixed", "generic-6mv-fff"), ("iris", site)):
            beams = self.folder / f"{kind}.json"
            run("beams", phantom, "--target", "GTV", "--beam-data", data, "--out", beams, expect=0)
            self.assertEqual(load(beams)["collimator_kind"], kind)
            sizes[kind] = sorted({beam["collimator_mm"] for beam in load(beams)["beams"]})
        self.assertEqual(len(sizes["fixed"]), 4)
        every = [5, 7.5, 10, 12.5, 15, 20, 25, 30, 35, 40, 50, 60]
        self.assertEqual(sizes["iris"], [c for c in every if sizes["fixed"][0] <= c <= sizes["fixed"][-1]])
        out = self.folder / "out"
        report = self.plan(phantom, out, "--target", "GTV", "--prescription", "45Gy/5fx@75%", "--beam-data", site)
        self.assertLess(report["targets"]["GTV"]["ci"]["value"], 1.1)
        self.assertEqual(load(out / "plan.json")["collimator_kind"], "iris")
        applicators = [beam.ApplicatorSequence[0].ApplicatorID for beam in pydicom.dcmread(out / "plan.dcm").BeamSequence]
        self.assertTrue(all(name.startswith("IRIS ") for name in applicators), applicators)
        for plan in ("plan.dcm", "plan.json"):
            same = run("check", phantom, out / "dose.dcm", "--plan", out / plan, "--beam-data", site, expect=0)
            self.assertNotIn("other-collimator-kind", same.stderr)
            other = run("check", phantom, out / "dose.dcm", "--plan", out / plan, "--beam-data", "generic-6mv-fff", expect=0)
            self.assertIn("other-collimator-kind", other.stderr)

    def test_case_file_and_strict_goals(self):
        phantom = self.phantom("spine-lesion", "--spacing-mm", "2,2,2")
        out = self.folder / "out"
        run("plan", phantom / "case.json", "--out", out, *QUICK, expect=0)
        report = load(out / "report.json")
        self.assertTrue(any(goal["text"].startswith("SpinalCord:") for goal in report["goals"]))
        done = run("plan", phantom / "case.json", "--out", self.folder / "strict", "--goal", "SpinalCord:D0.03cc <= 0.1 Gy",
                   "--strict", *QUICK)
        self.assertEqual(done.returncode, 1)

    def test_density_override_and_couch_change_the_dose(self):
        phantom = self.phantom("sphere-in-water", "--spacing-mm", "2,2,2")
        out = self.folder / "out"
        self.plan(phantom, out, "--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%")
        common = ("dose", phantom, "--beams", out / "plan.json", "--grid-mm", "3")
        run(*common, "--out", self.folder / "a.dcm", expect=0)
        run(*common, "--override", "GTV=-1000", "--out", self.folder / "b.dcm", expect=0)
        a, b = (pydicom.dcmread(self.folder / name) for name in ("a.dcm", "b.dcm"))
        self.assertNotEqual(a.PixelData, b.PixelData)


if __name__ == "__main__":
    unittest.main()
