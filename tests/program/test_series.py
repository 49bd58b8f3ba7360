"""The phantom series as files, and a hand-written store of results as a series."""
import csv
import re
import unittest
import xml.dom.minidom

import pydicom

from program_case import ProgramCase, load, run
from series_store import result, write_store


class PhantomSeries(ProgramCase):
    def test_first_patients_read_by_another_program(self):
        out = self.folder / "series"
        run("phantom", "series", "--out", out, "--patients", "1", expect=0)
        study = out / "P01" / "S1"
        with open(out / "series.csv", encoding="utf-8") as file:
            row = next(csv.DictReader(file))
        structures = pydicom.dcmread(study / "structures.dcm")
        dose = pydicom.dcmread(study / "dose.dcm")
        plan = pydicom.dcmread(study / "plan.dcm")
        ct = pydicom.dcmread(sorted((study / "ct").iterdir())[0])
        self.assertEqual(ct.BodyPartExamined, "LUNG")
        self.assertEqual({d.PatientID for d in (structures, dose, plan, ct)}, {row["patient_id"]})
        self.assertEqual(plan.FractionGroupSequence[0].NumberOfFractionsPlanned, int(row["fractions"]))
        self.assertEqual(plan.DoseReferenceSequence[0].TargetPrescriptionDose, float(row["dose_gy"]))
        self.assertEqual(dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID, plan.SOPInstanceUID)
        highest = dose.pixel_array.max() * float(dose.DoseGridScaling)
        # The maximum lies at the target's centre, at most 1.8 mm from a sample.
        self.assertAlmostEqual(100 * float(row["dose_gy"]) / highest, float(row["isodose_pct"]), delta=2)

    def test_archived_plan_is_what_the_recipe_says(self):
        out = self.folder / "series"
        run("phantom", "series", "--out", out, "--patients", "5", expect=0)
        with open(out / "series.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        row = rows[4]  # 68 mm: large against the slices
        report = self.folder / "report.json"
        run("evaluate", out / row["folder"], "--target", row["ptv"], "--prescription",
            f"{row['dose_gy']}Gy/{row['fractions']}fx", "--json", report, expect=0)
        target = load(report)["targets"][row["ptv"]]
        # An edge of the dose between the points of a 2 mm grid, contours every 3 mm: 1 point of coverage, 2 % of the ratios.
        self.assertAlmostEqual(target["coverage_pct"]["value"], float(row["coverage_pct"]), delta=1)
        self.assertAlmostEqual(target["ci"]["value"] / float(row["ci"]), 1, delta=0.02)
        self.assertAlmostEqual(load(report)["structures"]["GTV"]["volume_cc"] / float(row["gtv_cc"]), 1, delta=0.005)

    def test_same_seed_same_bytes(self):
        for name in ("a", "b"):
            run("phantom", "series", "--out", self.folder / name, "--patients", "1", threads=1 if name == "a" else 2, expect=0)
        files = [p for p in self.listing(self.folder / "a") if (self.folder / "a" / p).is_file()]
        self.assertGreater(len(files), 40)
        for name in files:
            self.assertEqual((self.folder / "a" / name).read_bytes(), (self.folder / "b" / name).read_bytes(), name)

    def test_lists_and_refuses(self):
        self.assertIn("series", run("phantom", "--list", expect=0).stdout)
        self.assert_refused("phantom", "series", "--out", self.folder / "s", "--patients", "99", mentions=["99", "37"])
        self.assert_refused("phantom", "series", "--out", self.folder / "s", "--diameter-mm", "20", mentions=["--diameter-mm"])
        self.assert_refused("phantom", "water-cube", "--out", self.folder / "s", "--patients", "2", mentions=["--patients"])


class Cohort(ProgramCase):
    def test_store_becomes_a_series(self):
        store = write_store(self.folder / "store",
                            [result("a", "P1", ci=1.2, archived=1.4), result("b", "P1", "SPINE", 60, 50, 5),
                             result("c<script>x<script>", "=1+1", "ABDOMENPELVIS", 20, 30, 3, ci=1.0, archived=1.0)],
                            [("d", "missing target")])
        (store / "cases" / "broken").mkdir()
        (store / "cases" / "broken" / "case-result.json").write_text("{", encoding="utf-8")
        out = self.folder / "out"
        done = run("cohort", store, "--out", out, "--published", expect=0)
        self.assertIn("3 cases of 2 patients; 1 failed, 1 not readable", done.stdout)
        cohort = load(out / "cohort.json")
        self.assertEqual(cohort["series"]["size"], {"limit_mm": 50, "up_to_limit": 2, "above_limit": 1, "unknown": 0})
        self.assertEqual(cohort["failed"], [{"id": "d", "reason": "missing target"}])
        self.assertIn("broken", cohort["unreadable"][0]["path"])
        measures = {m["id"]: m for m in cohort["series"]["measures"]}
        self.assertEqual(measures["ci"]["difference"]["cases"], 2)
        self.assertEqual((measures["ci"]["cases_better"], measures["ci"]["cases_equal"]), (1, 1))
        html = (out / "cohort.html").read_text(encoding="utf-8")
        self.assertNotIn("<script>x", html)
        self.assertNotRegex(html, r"(src|href)=[\"']?https?:")
        for link in re.findall(r'<td><a href="([^"]+)"', html):
            self.assertTrue((out / link.replace("%3C", "<").replace("%3E", ">")).resolve().is_file(), link)
        with open(out / "cases.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([r["patient_id"] for r in rows], ["P1", "P1", "'=1+1"])
        self.assertEqual(rows[0]["archived_ci"], "1.4")
        pictures = sorted((out / "plots").iterdir())
        self.assertIn("compare-ci.svg", [p.name for p in pictures])
        for picture in pictures:
            xml.dom.minidom.parse(str(picture))

    def test_nothing_is_written_over(self):
        store = write_store(self.folder / "store", [result("a")])
        out = self.folder / "out"
        run("cohort", store, "--out", out, expect=0)
        self.assert_refused("cohort", store, "--out", out, mentions=["--overwrite"])
        first = (out / "cohort.html").read_bytes()
        run("cohort", store, "--out", out, "--overwrite", expect=0)
        self.assertEqual(first, (out / "cohort.html").read_bytes())
        (out / "mine.txt").write_text("x", encoding="utf-8")
        self.assert_refused("cohort", store, "--out", out, "--overwrite", mentions=["mine.txt"])

    def test_bad_input_is_refused(self):
        self.assert_refused("cohort", self.folder, "--out", self.folder / "out", mentions=["no store"])
        store = write_store(self.folder / "store", [result("a")])
        bad = self.folder / "bad.csv"
        bad.write_text("case_id,months,event\na,later,1\n", encoding="utf-8")
        self.assert_refused("cohort", store, "--out", self.folder / "out", "--outcomes", bad,
                            mentions=["bad.csv", "line 2", "months"])
        self.assert_refused("cohort", store, "--out", self.folder / "out", "--group", "x", mentions=["--outcomes"])


if __name__ == "__main__":
    unittest.main()
