"""Beams and tables that cannot be meant: refused by name, or zero dose with a warning, as docs/formats.md states."""
import json
import pathlib
import shutil
import unittest

import pydicom

from program_case import ProgramCase, run

SETS = pathlib.Path(__file__).parents[2] / "dose/data/beam-data"
GOOD = {"id": "good", "node": "n", "source_mm": [0, -800, 0], "aim_mm": [0, 0, 0], "collimator_mm": 20, "weight_mu": 100}


class DoseInput(ProgramCase):
    def setUp(self):
        super().setUp()
        self.case = self.phantom("sphere-in-water", "--spacing-mm", "4,4,4")

    def beams(self, *changes):
        """A file of good beams, each changed as told."""
        path = self.folder / "beams.json"
        beams = [{**GOOD, "id": f"b{i + 1}", **change} for i, change in enumerate(changes)]
        path.write_text(json.dumps({"schema": "sbrtplan-beams/1", "collimator_kind": "fixed", "beams": beams}))
        return path

    def refused(self, words, *changes):
        self.assert_refused("dose", self.case, "--beams", self.beams(*changes), "--grid-mm", "5", "--out", self.folder / "new.dcm",
                            mentions=words)

    def computed(self, *changes, options=()):
        """Standard error, and the largest dose [Gy]."""
        out = self.folder / "dose.dcm"
        done = run("dose", self.case, "--beams", self.beams(*changes), "--out", out, "--overwrite",
                   *(options or ("--grid-mm", "5")), expect=0)
        dose = pydicom.dcmread(out)
        return done.stderr, float(dose.pixel_array.max()) * float(dose.DoseGridScaling)

    def test_beams_that_miss_the_body_add_no_dose_and_are_named(self):
        _, alone = self.computed({})
        self.assertGreater(alone, 0.1)
        beside = {"id": "beside", "aim_mm": [0, -800, 500]}
        away = {"id": "away", "aim_mm": [0, -1600, 0]}  # the patient lies behind this source
        errors, both = self.computed({}, beside, away)
        self.assertEqual(both, alone)
        for name in ("beside", "away"):
            self.assertIn(f"beam {name} crosses no part of the body", errors)
        errors, nothing = self.computed(away)
        self.assertEqual(nothing, 0)
        self.assertIn("beam-misses-body", errors)

    def test_beams_that_cannot_be_are_refused_by_name(self):
        self.refused(("b2", "inside the body"), {}, {"source_mm": [0, 0, 20], "aim_mm": [0, -700, 0]})
        self.refused(("b2", "11 mm", "60"), {}, {"collimator_mm": 11})
        self.refused(("beams[1].weight_mu", "-1"), {}, {"weight_mu": -1})
        self.refused(("b2", "from its aim point"), {}, {"aim_mm": [0, -750, 0]})
        self.refused(("b2", "is its aim point"), {}, {"aim_mm": GOOD["source_mm"]})

    def test_zero_mu_adds_nothing_and_alone_is_refused(self):
        _, alone = self.computed({})
        _, with_zero = self.computed({}, {"weight_mu": 0})
        self.assertEqual(with_zero, alone)
        self.refused(("no beam has any MU",), {"weight_mu": 0})

    def test_points_outside_the_tables_are_warned_of(self):
        errors, _ = self.computed({"source_mm": [0, -1300, 0]}, options=("--grid-mm", "5", "--beam-data", "mc-6mv-mohan"))
        self.assertIn("outside-tables", errors)
        self.assertIn("distance from the source", errors)
        errors, _ = self.computed({})
        self.assertNotIn("outside-tables", errors)

    def test_grid_over_a_region(self):
        out = self.folder / "fine.dcm"
        run("dose", self.case, "--beams", self.beams({}), "--grid-mm", "0.5", "--region", "GTV", "--region-margin-mm", "10", "--out", out,
            expect=0)
        fine = pydicom.dcmread(out)
        self.assertEqual([float(v) for v in fine.PixelSpacing], [0.5, 0.5])
        self.assertLess(fine.Columns * 0.5, 60)  # the target of 30 mm and 10 mm around it
        _, coarse = self.computed({}, options=("--grid-mm", "1"))
        maximum = float(fine.pixel_array.max()) * float(fine.DoseGridScaling)
        self.assertLess(maximum, coarse)  # which lies at the build-up, outside the region
        self.assert_refused("dose", self.case, "--beams", self.beams({}), "--region", "GVT", "--out", self.folder / "new.dcm",
                            mentions=("GVT", "GTV"))

    def test_a_table_with_a_hole_is_refused_by_file(self):
        site = self.folder / "site"
        shutil.copytree(SETS / "generic-6mv-fff", site)
        lines = (site / "tpr.csv").read_text().splitlines(keepends=True)
        (site / "tpr.csv").write_text("".join(lines[:900] + lines[901:]))
        self.assert_refused("dose", self.case, "--beams", self.beams({}), "--beam-data", site, "--out", self.folder / "dose.dcm",
                            mentions=("tpr.csv", "hole"))


if __name__ == "__main__":
    unittest.main()
