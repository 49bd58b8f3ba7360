"""The margin verb: exact offsets, limits, names and planes, from DICOM files to DICOM files."""
import math
import unittest

import numpy as np
import pydicom

from program_case import ProgramCase, load, run

# Asked of margins on 1 mm CT, the last plane gap at the poles apart.
MEAN_MM, LARGEST_MM, VOLUME_SHARE = 0.1, 0.3, 0.01


def contours_of(path, name):
    """Contours of the ROI as arrays of points."""
    ds = pydicom.dcmread(path)
    number = {roi.ROIName: roi.ROINumber for roi in ds.StructureSetROISequence}[name]
    rois = [r for r in ds.ROIContourSequence if r.ReferencedROINumber == number]
    return [np.array(c.ContourData, float).reshape(-1, 3) for r in rois for c in r.ContourSequence]


def points_of(contours):
    """Vertices and edge middles."""
    return np.concatenate([np.concatenate([c, 0.5 * (c + np.roll(c, -1, axis=0))]) for c in contours])


def area_of(contour):
    x, y = contour[:, 0], contour[:, 1]
    return 0.5 * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def ball(radius):
    return 4 / 3 * math.pi * radius ** 3


class Offset:
    """Exact offset surface of a shape of the phantom `shapes`: signed distance and volume."""

    def __init__(self, name, margin, flat_end):
        self.name, self.m, self.end = name, margin, flat_end

    def distance(self, p):
        rho = np.hypot(p[:, 0], p[:, 1])
        if self.name == "Sphere":
            return np.linalg.norm(p, axis=1) - 10 - self.m
        if self.name == "Torus":
            return np.hypot(rho - 15, p[:, 2]) - 4 - self.m
        if self.name == "TwoSpheres":
            return np.minimum(np.linalg.norm(p - [6, 0, 0], axis=1), np.linalg.norm(p + [6, 0, 0], axis=1)) - 6 - self.m
        side, up = rho - 8, np.abs(p[:, 2]) - self.end
        outside = np.hypot(np.maximum(side, 0), np.maximum(up, 0))
        return outside + np.minimum(np.maximum(side, up), 0) - self.m

    def end_allowance(self, contours):
        """What the half-gap rule adds to the rod's flat ends, or leaves out, on any planes [mm^3]."""
        z = np.unique([c[0, 2] for c in contours])
        allowance = 0
        for last, gap in ((z[-1], z[-1] - z[-2]), (z[0], z[1] - z[0])):
            here = [c for c in contours if c[0, 2] == last]
            beyond = gap / 2
            if self.name == "Cylinder":
                allowance += area_of(here[0]) * abs(abs(last) + beyond - self.pole)
        return allowance

    @property
    def pole(self):
        return {"Sphere": 10, "Torus": 4, "TwoSpheres": 6, "Cylinder": self.end}[self.name] + self.m

    @property
    def volume(self):
        m = self.m
        if self.name == "Sphere":
            return ball(10 + m)
        if self.name == "Torus":
            return 2 * math.pi ** 2 * 15 * (4 + m) ** 2
        if self.name == "TwoSpheres":
            r, h = 6 + m, m  # two balls less the lens of two caps
            return 2 * (ball(r) - math.pi * h * h * (3 * r - h) / 3)
        length = 2 * self.end
        return math.pi * (64 * (length + 2 * m) + length * ((8 + m) ** 2 - 64) + 8 * math.pi * m * m) + ball(m)


class ExactOffsets(ProgramCase):
    def check(self, variant, spacing, ct, gap):
        phantom = self.folder / "shapes"
        run("phantom", "shapes", "--variant", variant, "--spacing-mm", spacing, "--out", phantom, expect=0)
        rtstruct, offsets, allowance = phantom / "structures.dcm", {}, {}
        planes = np.array(sorted({c[0, 2] for c in contours_of(rtstruct, "Cylinder")}))
        # The half-gap rule puts the flat ends where the truth of this drawing lies.
        ends = planes[0] - (planes[1] - planes[0]) / 2, planes[-1] + (planes[-1] - planes[-2]) / 2
        middle, end = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2
        for name in ("Sphere", "Cylinder", "Torus", "TwoSpheres"):
            for margin in (2, 3, 5, 7):
                made, out = f"{name}+{margin}", self.folder / f"{name}{margin}.dcm"
                inputs = [phantom / "ct", rtstruct] if ct else [rtstruct]
                run("margin", *inputs, "--structure", name, "--margin-mm", margin, "--name", made, "--out", out, expect=0)
                rtstruct = out
                offsets[made] = offset = Offset(name, margin, end)
                contours = contours_of(out, made)
                if name == "Cylinder":
                    for c in contours:
                        c[:, 2] -= middle
                allowance[made] = offset.end_allowance(contours)
                p = points_of(contours)
                error = np.abs(offset.distance(p[np.abs(p[:, 2]) < offset.pole - gap]))
                self.assertLess(error.mean(), MEAN_MM, made)
                self.assertLess(error.max(), LARGEST_MM, made)
                self.assertLess(max(len(c) for c in contours), 260, made)
                # Contours on every plane of the offset, the ones beyond the source included.
                z = np.unique(np.round(p[:, 2], 3))
                self.assertLess(offset.pole - z.max(), 1.5 * gap, made)
                self.assertLess(z.min() + offset.pole, 1.5 * gap, made)
        run("inspect", rtstruct, "--json", self.folder / "all.json", expect=0)
        # The neck between two spheres is no quadric: exact contours on 3 mm planes are read back up to 1.5 % off, too.
        found = {s["name"]: s["volume_cc"] for s in load(self.folder / "all.json")["structures"]}
        for made, offset in offsets.items():
            share = 2 * VOLUME_SHARE if gap == 3 and offset.name == "TwoSpheres" else VOLUME_SHARE
            self.assertLess(abs(found[made] * 1000 - offset.volume), share * offset.volume + allowance[made], made)

    def test_on_planes_1_mm_apart(self):
        self.check("round", "1,1,1", True, 1)

    def test_on_voxels_of_098_098_3_mm(self):
        self.check("round", "0.98,0.98,3", True, 3)

    def test_on_uneven_planes_from_the_rtstruct_alone(self):
        self.check("round-uneven", "3,3,3", False, 1.25)


class Limits(ProgramCase):
    def setUp(self):
        super().setUp()
        self.source = self.folder / "shapes"
        run("phantom", "shapes", "--variant", "round", "--spacing-mm", "3,3,1", "--out", self.source, expect=0)

    def margin(self, *options, name="PTV", inputs=None, expect=0):
        out = self.folder / "out.dcm"
        run("margin", *(inputs or [self.source]), *options, "--name", name, "--out", out, "--overwrite", "--json",
            self.folder / "out.json", expect=expect)
        return load(self.folder / "out.json"), contours_of(out, name)

    def test_a_negative_margin_shrinks_and_zero_keeps(self):
        report, _ = self.margin("--structure", "Sphere", "--margin-mm", "-3")
        self.assertLess(abs(report["volume_cc"] * 1000 / ball(7) - 1), VOLUME_SHARE)
        self.assertEqual(report["steps"], ["'Sphere'", "shrunk by 3 mm"])
        self.assertEqual(report["role"], "GTV")
        report, contours = self.margin("--structure", "Sphere", "--margin-mm", "0")
        before = contours_of(self.source / "structures.dcm", "Sphere")
        self.assertEqual([c.tolist() for c in contours], [c.tolist() for c in before])
        self.assertLess(report["volume_interval_cc"][0], report["volume_cc"])
        self.assertLess(report["volume_cc"], report["volume_interval_cc"][1])

    def test_gaps_crop_and_subtraction_are_exact_distances(self):
        # The PTV stays 2 mm away from the rod of radius 8 and half-length 10.5, and within 18 mm of the centre.
        report, contours = self.margin("--structure", "Torus", "--margin-mm", 5, "--avoid", "Cylinder:2", "--crop", "SKIN:24.5")
        p = points_of(contours)
        rod = Offset("Cylinder", 2, 10.5).distance(p)
        torus = Offset("Torus", 5, 0).distance(p)
        # The body is a cube of 90 mm whose end planes lie at 44.5 + 0.5 mm: at 24.5 mm from its walls, |x| = 20.5.
        wall = np.abs(p[:, :2]).max(axis=1) - 20.5
        near_pole = np.abs(p[:, 2]) > 8
        nearest = np.min(np.abs([rod, torus, wall]), axis=0)[~near_pole]
        self.assertLess(nearest.mean(), MEAN_MM)
        self.assertLess(nearest.max(), LARGEST_MM)
        self.assertGreater(rod.min(), -0.05)
        self.assertLess(wall.max(), 0.05)
        self.assertLess(torus.max(), 0.05)
        self.assertEqual(report["steps"], ["'Torus'", "expanded by 5 mm", "kept 2 mm away from 'Cylinder'", "kept 24.5 mm inside 'SKIN'"])
        self.assertEqual([w["code"] for w in report["warnings"]], [])

        report, _ = self.margin("--structure", "GTV", "--margin-mm", 3, "--subtract", "Sphere")
        self.assertLess(abs(report["volume_cc"] * 1000 / (ball(13) - ball(10)) - 1), VOLUME_SHARE)
        self.assertEqual([w["code"] for w in report["warnings"]], ["source-cut"])

    def test_several_structures_are_joined(self):
        report, _ = self.margin("--structure", "Sphere", "--structure", "TwoSpheres", "--margin-mm", 0)
        # Each end ball of radius 6 at 6 mm reaches out of the ball of 10 by what their lens leaves.
        d, a, b = 6, 10, 6
        lens = math.pi * (a + b - d) ** 2 * (d * d + 2 * d * b - 3 * b * b + 2 * d * a + 6 * b * a - 3 * a * a) / (12 * d)
        self.assertLess(abs(report["volume_cc"] * 1000 / (ball(10) + 2 * (ball(6) - lens)) - 1), VOLUME_SHARE)

    def test_the_rtstruct_alone_gives_the_same(self):
        with_ct = self.margin("--structure", "Sphere", "--margin-mm", 4)[1]
        alone = self.margin("--structure", "Sphere", "--margin-mm", 4, inputs=[self.source / "structures.dcm"])[1]
        self.assertEqual([c.tolist() for c in with_ct], [c.tolist() for c in alone])

    def test_a_ct_with_a_missing_slice_is_named_and_does_no_harm(self):
        sorted((self.source / "ct").iterdir())[45].unlink()
        report, contours = self.margin("--structure", "Sphere", "--margin-mm", 4)
        self.assertIn("ct-not-used", [w["code"] for w in report["warnings"]])
        self.assertLess(abs(report["volume_cc"] * 1000 / ball(14) - 1), VOLUME_SHARE)
        self.assertEqual(len({c[0, 2] for c in contours}), 27)

    def test_the_report_counts_what_was_written(self):
        report, contours = self.margin("--structure", "Sphere", "--margin-mm", 5)
        self.assertEqual(report["schema"], "sbrtplan-margin/1")
        self.assertEqual(report["contours"], len(contours))
        self.assertEqual(report["points"], sum(map(len, contours)))
        self.assertEqual(report["planes"], len({c[0, 2] for c in contours}))
        self.assertEqual((report["role"], report["between_planes"]), ("PTV", "shape-following"))
        report, _ = self.margin("--structure", "Sphere", "--margin-mm", 5, "--contours", "slab", "--role", "avoidance")
        self.assertEqual((report["role"], report["between_planes"]), ("AVOIDANCE", "slab"))

    def test_outlines_are_smooth(self):
        _, contours = self.margin("--structure", "Sphere", "--margin-mm", 5)
        for c in contours:
            if abs(c[0, 2]) > 13:
                continue
            edge = np.roll(c, -1, axis=0) - c
            angle = np.arctan2(edge[:, 1], edge[:, 0])
            turn = np.abs((np.roll(angle, -1) - angle + np.pi) % (2 * np.pi) - np.pi)
            self.assertLess(turn.max(), 0.5)  # stair-steps turn by 1.57

    def test_any_thread_count_writes_the_same_bytes(self):
        written = []
        for threads in (1, 3):
            out = self.folder / f"t{threads}.dcm"
            run("margin", self.source, "--structure", "TwoSpheres", "--margin-mm", 5, "--avoid", "Torus:1", "--out", out,
                threads=threads, expect=0)
            written.append(out.read_bytes())
        self.assertEqual(*written)

    def test_what_is_no_margin_is_refused_by_name(self):
        def refused(*options, mentions):
            self.assert_refused("margin", self.source, "--out", self.folder / "no.dcm", *options, mentions=mentions)
        refused("--structure", "Sphere", "--margin-mm", -11, mentions=["nothing is left of 'Sphere'", "shrunk by 11 mm"])
        refused("--structure", "Sphere", "--margin-mm", 2, "--subtract", "GTV", "--avoid", "External:1",
                mentions=["nothing is left", "without 'GTV'"])
        refused("--structure", "Sphere", "--margin-mm", 200, mentions=["--margin-mm"])
        refused("--structure", "Sphere", "--margin-mm", "nan", mentions=["--margin-mm"])
        refused("--structure", "Spehre", "--margin-mm", 2, mentions=["Spehre", "Sphere"])
        refused("--structure", "Sphere", "--structure", "sphere", "--margin-mm", 2, mentions=["twice"])
        refused("--structure", "Sphere", "--margin-mm", 2, "--name", "gtv", mentions=["'GTV' exists"])
        for name in ("", " PTV", "PTV ", "a\\b", "x" * 65):
            refused("--structure", "Sphere", "--margin-mm", 2, "--name", name, mentions=["name"])
        for limit in ("GTV", "GTV:", ":3", "GTV:x", "GTV:-1", "GTV:nan", "GTV:3mm"):
            refused("--structure", "Sphere", "--margin-mm", 2, "--avoid", limit, mentions=["--avoid"])
        refused("--structure", "Sphere", "--margin-mm", 2, "--crop", "Nowhere:3", mentions=["Nowhere"])
        refused("--structure", "Sphere", "--margin-mm", 2, "--role", "BOX", mentions=["BOX", "AVOIDANCE"])
        existing = self.folder / "there.dcm"
        existing.write_bytes(b"mine")
        self.assert_refused("margin", self.source, "--structure", "Sphere", "--margin-mm", 2, "--out", existing,
                            mentions=["there.dcm", "--overwrite"])
        self.assertEqual(existing.read_bytes(), b"mine")


class UnusualContours(ProgramCase):
    def test_each_grows_to_its_offset_on_planes_of_its_own_kind(self):
        source = self.folder / "shapes"
        run("phantom", "shapes", "--variant", "contours", "--spacing-mm", "3,3,1", "--out", source, expect=0)
        exact = {"OffPlanes": ball(12), "UnevenPlanes": ball(14), "MissingPlane": ball(14), "Oblique": ball(12),
                 "Sagittal": ball(12), "TwoPlanes": ball(3.5)}
        for name, volume in exact.items():
            out = self.folder / f"{name}.dcm"
            run("margin", source, "--structure", name, "--margin-mm", 2, "--out", out, "--json", self.folder / f"{name}.json",
                expect=0)
            report = load(self.folder / f"{name}.json")
            self.assertLess(abs(report["volume_cc"] * 1000 / volume - 1), VOLUME_SHARE, name)
            tilted = name in ("Oblique", "Sagittal")
            self.assertEqual("oblique-contours" in [w["code"] for w in report["warnings"]], tilted, name)
            if not tilted:
                z = np.concatenate([c[:, 2] for c in contours_of(out, "PTV")])
                self.assertTrue(np.all(z == np.round(z)), name)  # on the CT's planes
                self.assertEqual(report["planes_beyond"], 0)
        # The hole of 6 mm closes by half from all sides.
        for name in ("Hole", "Keyhole", "Xor"):
            run("margin", source, "--structure", name, "--margin-mm", 2, "--out", self.folder / f"{name}.dcm", expect=0)
            middle = [c for c in contours_of(self.folder / f"{name}.dcm", "PTV") if c[0, 2] == 0]
            radii = sorted(np.hypot(c[:, 0], c[:, 1]).mean() for c in middle)
            self.assertEqual(len(radii), 2, name)
            self.assertLess(abs(radii[0] - 4), MEAN_MM, name)
            self.assertLess(abs(radii[1] - 14), MEAN_MM, name)


if __name__ == "__main__":
    unittest.main()
