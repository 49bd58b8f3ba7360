"""report.html in the system's Chromium, and the plain files beside it."""
import base64
import copy
import csv
import io
import os
import pathlib
import re
import shutil
import subprocess
import unittest
import zlib

import matplotlib.image
import numpy
import pydicom

from program_case import ProgramCase, load, run

CHECK = pathlib.Path(__file__).parent.parent / "web" / "check_report.mjs"
MODULES = os.environ["SBRT_PAGE_MODULES"]
NODE = os.environ["SBRT_NODE"]
LARGEST_REPORT_BYTES = 25_000_000  # of the default phantom, issue of the report
NAMES = ["Rückenmark", "Лёгкое правое", "肝臓", "كبد", "Ε<&>\"'", "<script>window.pwned=1</script>", "</script><b>x", "<!--"]


class Report(ProgramCase):
    def plan(self, *options):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "20", "--spacing-mm", "2,2,2")
        out = self.folder / "plan"
        run("plan", phantom, "--gtv", "GTV", "--margin-mm", "3", "--prescription", "45Gy/5fx@75%", "--out", out,
            "--grid-mm", "2.5", "--count", "600", "--goal", "External:D0.03cc <= 100 Gy", "--goal", "GTV:D95% >= 90 Gy", *options,
            expect=0)
        return phantom, out

    def open(self, html, json, *options):
        done = subprocess.run([NODE, CHECK, MODULES, html, json, *options], capture_output=True, text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)

    def test_plan_opens_and_shows_its_numbers(self):
        _, out = self.plan("--robustness")
        self.open(out / "report.html", out / "report.json")
        report = load(out / "report.json")
        self.assertEqual(report["verdict"]["missed"], 1)
        with open(out / "tables" / "robustness.csv", newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        bands = report["robustness"]["bands"]
        self.assertEqual([row["quantity"] for row in rows], [band["text"] for band in bands])
        for row, band in zip(rows, bands):
            self.assertEqual([float(row[key]) for key in ("planned", "low", "high")], [band[key] for key in ("nominal", "low", "high")])
            self.assertEqual(row["scenarios_that_miss"], str(band.get("scenarios_that_miss", "")))
        self.assertGreater(sum(row["scenarios_that_miss"] not in ("", "0") for row in rows), 0)

    def test_files_beside_the_report_are_named_and_read_back(self):
        _, out = self.plan()
        report = load(out / "report.json")
        for file in report["files"]:
            self.assertTrue((out / file["path"]).is_file(), file)
        listed = {file["path"] for file in report["files"]}
        found = {p.relative_to(out).as_posix() for kind in ("volumes", "tables", "pictures") for p in (out / kind).rglob("*") if p.is_file()}
        self.assertEqual(listed, found)
        header = (out / "volumes" / "dose.nrrd").read_bytes().split(b"\n\n", 1)
        size = [int(n) for n in re.search(rb"sizes: (.*)", header[0]).group(1).split()]
        self.assertEqual(size, report["dose_grid"]["size"])
        values = numpy.frombuffer(zlib.decompress(header[1], 31), numpy.float32).reshape(size[::-1])
        dose = pydicom.dcmread(out / "dose.dcm")
        # The RTDOSE stores whole multiples of its scaling.
        self.assertLessEqual(numpy.abs(values - dose.pixel_array * float(dose.DoseGridScaling)).max(), float(dose.DoseGridScaling))
        # The picture in space shows the beams in their colour, and nothing lies on its rim.
        svg = (out / "pictures" / "space.svg").read_text(encoding="utf-8")
        pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", svg).group(1))))[..., :3]
        pixels = numpy.round(255 * pixels).astype(int)
        self.assertGreater((pixels == [120, 200, 255]).all(axis=-1).sum(), 500)
        ground = (pixels == [22, 25, 29]).all(axis=-1)
        self.assertTrue(ground[[0, -1]].all() and ground[:, [0, -1]].all())
        self.assertLess(ground.mean(), 0.9)
        with open(out / "tables" / "indices.csv", newline="", encoding="utf-8") as table:
            for row in csv.DictReader(table):
                self.assertEqual(float(row["value"]), report["targets"][row["target"]][row["index"]]["value"])

    def test_anonymous_names_nobody(self):
        phantom, out = self.plan("--anonymous")
        ct = pydicom.dcmread(sorted(phantom.rglob("*CT*.dcm"))[0])
        for name in ("report.json", "report.html"):
            text = (out / name).read_text(encoding="utf-8")
            for secret in (str(ct.PatientID), str(ct.PatientName), str(phantom), ct.SeriesInstanceUID):
                self.assertNotIn(secret, text)
        self.assertNotIn("patient", load(out / "report.json"))

    def with_many_names(self, path):
        """The RTSTRUCT with 40 more copies of the target's contours under names that pages get wrong."""
        data = pydicom.dcmread(path)
        first = next(c for c in data.ROIContourSequence)
        data.SpecificCharacterSet = "ISO_IR 192"
        for i in range(40):
            roi, contour, observation = (copy.deepcopy(s) for s in (data.StructureSetROISequence[0], first, data.RTROIObservationsSequence[0]))
            roi.ROINumber = contour.ReferencedROINumber = observation.ReferencedROINumber = 100 + i
            roi.ROIName = NAMES[i] if i < len(NAMES) else f"Organ {i}"
            contour.ROIDisplayColor = [37 * i % 256, 91 * i % 256, 255 - 5 * i]
            observation.ObservationNumber = 100 + i
            observation.RTROIInterpretedType = "ORGAN"
            data.StructureSetROISequence.append(roi)
            data.ROIContourSequence.append(contour)
            data.RTROIObservationsSequence.append(observation)
        data.save_as(path)

    def test_evaluate_without_ct_and_with_40_names(self):
        _, out = self.plan()
        case = self.folder / "dose-only"
        case.mkdir()
        for name in ("dose.dcm", "structures.dcm"):
            shutil.copy(out / name, case)
        self.with_many_names(case / "structures.dcm")
        page = self.folder / "evaluated"
        run("evaluate", case, "--target", "PTV", "--prescription", "45Gy/5fx", "--out", page, expect=0)
        report = load(page / "report.json")
        for name in NAMES:
            self.assertIn(name, report["structures"])
        self.open(page / "report.html", page / "report.json", "--no-ct")
        # The same page without its dose.
        html = (page / "report.html").read_text(encoding="utf-8")
        bare = re.sub(r'<script type="text/plain" id="(volume|mask)-[^"]*">[^<]*</script>\n', "", html)
        (page / "bare.html").write_text(bare, encoding="utf-8")
        self.open(page / "bare.html", page / "report.json", "--no-ct", "--no-image", "--no-dose")

    def test_default_phantom_is_small_and_written_at_once(self):
        phantom = self.phantom("lung-lesion")
        out = self.folder / "plan"
        run("plan", phantom / "case.json", "--out", out, "--count", "600", expect=0)
        self.assertLessEqual((out / "report.html").stat().st_size, LARGEST_REPORT_BYTES)
        # With CT but without prescription.
        shutil.copytree(phantom, self.folder / "case")
        shutil.copy(out / "dose.dcm", self.folder / "case")
        page = self.folder / "judged"
        run("evaluate", self.folder / "case", "--out", page, expect=0)
        # Its pictures are drawn in software here, which takes minutes: turning them over is tested on the smaller ones.
        self.open(page / "report.html", page / "report.json", "--numbers")


if __name__ == "__main__":
    unittest.main()
