"""Gamma of two RTDOSE files."""
import unittest

import pydicom
from pydicom.uid import generate_uid

from program_case import ProgramCase, load, run


class Gamma(ProgramCase):
    def setUp(self):
        super().setUp()
        self.case = self.phantom("sphere-in-water", "--spacing-mm", "3,3,3")
        beams = self.folder / "beams.json"
        beams.write_text('{"schema": "sbrtplan-beams/1", "collimator_kind": "fixed", "beams": ['
                         '{"id": "1", "node": "n", "source_mm": [0, -800, 0], "aim_mm": [0, 0, 0], "collimator_mm": 20, "weight_mu": 500},'
                         '{"id": "2", "node": "m", "source_mm": [800, 0, 0], "aim_mm": [0, 0, 0], "collimator_mm": 20, "weight_mu": 500}]}')
        self.reference = self.folder / "a.dcm"
        run("dose", self.case, "--beams", beams, "--grid-mm", "3", "--out", self.reference, expect=0)

    def changed(self, change):
        data = pydicom.dcmread(self.reference)
        change(data)
        path = self.folder / "b.dcm"
        data.save_as(path)
        return path

    def gamma(self, other, *options):
        run("gamma", self.reference, other, "--json", self.folder / "g.json", "--overwrite", *options, expect=0)
        return load(self.folder / "g.json")

    def test_equal_doses_pass(self):
        result = self.gamma(self.reference)
        self.assertEqual(result["schema"], "sbrtplan-gamma/1")
        self.assertEqual(result["pass_pct"], 100)
        self.assertEqual(result["compared"], sum(result["histogram"]["points"]))
        self.assertNotIn("failing", result)

    def test_scaled_dose_fails_where_it_is_flat(self):
        def scale(data):
            data.DoseGridScaling = str(float(data.DoseGridScaling) * 1.05)
        result = self.gamma(self.changed(scale), "--distance-mm", "0.1")
        self.assertLess(result["pass_pct"], 100)
        self.assertGreater(result["failing"]["points"], 0)
        # 5 % of the maximum against 2 %, at the maximum where nothing is higher.
        self.assertAlmostEqual(result["max"], 2.5, delta=0.1)
        local = self.gamma(self.changed(scale), "--distance-mm", "0.1", "--local")
        self.assertLess(local["pass_pct"], result["pass_pct"])

    def test_shift_within_the_distance_passes(self):
        def shift(data):
            data.ImagePositionPatient = [float(data.ImagePositionPatient[0]) + 0.9, *data.ImagePositionPatient[1:]]
        self.assertGreater(self.gamma(self.changed(shift), "--dose-pct", "0.5")["pass_pct"], 95)

    def test_other_frame_of_reference_is_refused(self):
        def frame(data):
            data.FrameOfReferenceUID = generate_uid()
        self.assert_refused("gamma", self.reference, self.changed(frame), mentions=("frame", "b.dcm"))

    def test_what_is_no_dose_is_refused(self):
        slice_path = next(self.case.rglob("*CT*.dcm"))
        self.assert_refused("gamma", self.reference, slice_path, mentions=("RTDOSE", slice_path.name))
        self.assert_refused("gamma", self.reference, self.reference, "--dose-pct", "0", mentions=("criterion",))

    def test_any_thread_count_gives_the_same_bytes(self):
        for threads in (1, 3):
            run("gamma", self.reference, self.reference, "--json", self.folder / f"{threads}.json", threads=threads, expect=0)
        self.assertEqual((self.folder / "1.json").read_bytes(), (self.folder / "3.json").read_bytes())


if __name__ == "__main__":
    unittest.main()
