"""report.html in the system's Chromium, and the plain files beside it."""
import base64
import csv
import io
import re
import unittest
import zlib

import matplotlib.image
import numpy
import pydicom

from colour_blindness import SIGHTS, least_difference
from program_case import load
from report_case import ReportCase

CLEARLY_APART = 10  # CIE 1976 colour difference; 2.3 is just noticeable side by side


class Report(ReportCase):
    plan_options = ("--robustness",)

    def test_plan_opens_and_shows_its_numbers(self):
        out = self.out
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
        out = self.out
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
        # Isodose lines differ for everybody.
        drawn = (out / "pictures" / "planes.svg").read_text(encoding="utf-8")
        lines = set(re.findall(r'stroke="(#[0-9a-f]{6})"', drawn))
        self.assertEqual(len(lines), 5)
        for sight in SIGHTS:
            self.assertGreater(least_difference(lines, sight), (CLEARLY_APART,), sight)
        with open(out / "tables" / "indices.csv", newline="", encoding="utf-8") as table:
            for row in csv.DictReader(table):
                self.assertEqual(float(row["value"]), report["targets"][row["target"]][row["index"]]["value"])

    def test_anonymous_names_nobody(self):
        phantom, out = self.ct, self.make_plan(self.folder / "plan", "--anonymous")
        ct = pydicom.dcmread(sorted(phantom.rglob("*CT*.dcm"))[0])
        for name in ("report.json", "report.html"):
            text = (out / name).read_text(encoding="utf-8")
            for secret in (str(ct.PatientID), str(ct.PatientName), str(phantom), ct.SeriesInstanceUID):
                self.assertNotIn(secret, text)
        self.assertNotIn("patient", load(out / "report.json"))

if __name__ == "__main__":
    unittest.main()
