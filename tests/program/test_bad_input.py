"""Every failure exits 3, names file, place, reason and remedy, and leaves the folders as they were."""
import os
import shutil
import signal
import subprocess
import time
import unittest

import pydicom
from pydicom.uid import generate_uid

from program_case import PROGRAM, ProgramCase, run

PLAN = ("--gtv", "GTV", "--margin-mm", "5", "--prescription", "45Gy/5fx@75%")


class BadInput(ProgramCase):
    def setUp(self):
        super().setUp()
        self.case = self.phantom("sphere-in-water", "--spacing-mm", "3,3,3")
        self.out = self.folder / "out"
        self.slices = sorted(self.case.rglob("*CT*.dcm"))
        self.rtstruct = [p for p in self.case.rglob("*.dcm") if p not in self.slices][0]

    def edit(self, path, change):
        data = pydicom.dcmread(path)
        change(data)
        data.save_as(path)

    def refuse(self, *mentions, options=PLAN):
        return self.assert_refused("plan", self.case, *options, "--out", self.out, mentions=mentions)

    def roi(self, data, name):
        number = [r.ROINumber for r in data.StructureSetROISequence if r.ROIName == name][0]
        return [c for c in data.ROIContourSequence if c.ReferencedROINumber == number][0]

    def test_truncated_slice(self):
        path = self.slices[len(self.slices) // 2]
        path.write_bytes(path.read_bytes()[:-2000])
        self.refuse("missing", path.name)

    def test_not_dicom_is_ignored_but_listed(self):
        (self.case / "notes.txt").write_text("no DICOM")
        done = run("inspect", self.case, expect=0)
        self.assertIn("notes.txt", done.stdout)

    def test_no_rtstruct(self):
        self.rtstruct.unlink()
        self.refuse("RTSTRUCT")

    def test_no_ct(self):
        for path in self.slices:
            path.unlink()
        self.refuse("CT")

    def test_rtstruct_of_another_patient(self):
        def change(data):
            data.PatientID = "SOMEBODY-ELSE"
        self.edit(self.rtstruct, change)
        self.refuse("patient")

    def test_rtstruct_of_another_frame_of_reference(self):
        def change(data):
            uid = generate_uid()
            data.FrameOfReferenceUID = uid
            for roi in data.StructureSetROISequence:
                roi.ReferencedFrameOfReferenceUID = uid
            for item in data.ReferencedFrameOfReferenceSequence:
                item.FrameOfReferenceUID = uid
        self.edit(self.rtstruct, change)
        self.refuse("frame of reference")

    def test_unknown_structure_offers_the_nearest(self):
        self.refuse("GTVX", "'GTV'", options=("--gtv", "GTVX", *PLAN[2:]))

    def test_empty_structure(self):
        def change(data):
            del self.roi(data, "GTV").ContourSequence
        self.edit(self.rtstruct, change)
        self.refuse("GTV", "contour")

    def test_open_contour(self):
        def change(data):
            self.roi(data, "GTV").ContourSequence[0].ContourGeometricType = "OPEN_PLANAR"
        self.edit(self.rtstruct, change)
        self.refuse("GTV", "open")

    def test_absurd_value(self):
        def change(data):
            values = list(self.roi(data, "GTV").ContourSequence[0].ContourData)
            values[3] = 1e30
            self.roi(data, "GTV").ContourSequence[0].ContourData = values
        self.edit(self.rtstruct, change)
        self.refuse("GTV")

    def test_target_outside_the_ct(self):
        def change(data):
            for contour in self.roi(data, "GTV").ContourSequence:
                values = [float(v) for v in contour.ContourData]
                contour.ContourData = [v + (5000 if i % 3 == 0 else 0) for i, v in enumerate(values)]
        self.edit(self.rtstruct, change)
        self.refuse("PTV", "outside")

    def test_target_outside_the_body(self):
        # With the GTV named as the body, 1 - (10/15)^3 = 70 % of the PTV lies outside it.
        self.refuse("outside the body", options=(*PLAN, "--body", "GTV"))

    def test_negative_margin(self):
        self.refuse("margin", options=("--gtv", "GTV", "--margin-mm=-1", *PLAN[4:]))

    def test_margin_zero_is_allowed(self):
        run("plan", self.case, "--gtv", "GTV", "--margin-mm", "0", *PLAN[4:], "--out", self.out, "--count", "300", "--grid-mm", "3",
            expect=0)

    def test_prescription_that_cannot_be_read(self):
        self.refuse("45Gy/5fx@75%", options=(*PLAN[:4], "--prescription", "45 Gray"))

    def test_two_cts_without_a_choice(self):
        uid = generate_uid()
        for path in self.slices:
            data = pydicom.dcmread(path)
            data.SeriesInstanceUID = uid
            data.SOPInstanceUID = generate_uid()
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            data.save_as(path.with_name("second-" + path.name))

        def forget(data):
            for frame in data.ReferencedFrameOfReferenceSequence:
                if "RTReferencedStudySequence" in frame:
                    del frame.RTReferencedStudySequence
            for roi in data.ROIContourSequence:
                for contour in roi.get("ContourSequence", []):
                    if "ContourImageSequence" in contour:
                        del contour.ContourImageSequence
        self.edit(self.rtstruct, forget)
        done = self.refuse("--ct", uid)
        run("plan", self.case, *PLAN, "--ct", uid, "--out", self.out, "--count", "300", "--grid-mm", "3", expect=0)
        self.assertIn("--ct", done.stderr)

    def test_two_rtstructs_without_a_choice(self):
        data = pydicom.dcmread(self.rtstruct)
        data.SOPInstanceUID = generate_uid()
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.save_as(self.rtstruct.with_name("second.dcm"))
        self.refuse("--rtstruct", "second.dcm")
        run("plan", self.case, *PLAN, "--rtstruct", "second.dcm", "--out", self.out, "--count", "300", "--grid-mm", "3", expect=0)

    def test_missing_slices(self):
        for path in self.slices[20:22]:
            path.unlink()
        self.refuse("missing")

    def test_duplicate_position(self):
        data = pydicom.dcmread(self.slices[3])
        data.SOPInstanceUID = generate_uid()
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.save_as(self.case / "CT-again.dcm")
        self.refuse("position")

    def test_output_folder_in_use(self):
        self.out.mkdir()
        (self.out / "mine.txt").write_text("keep")
        self.refuse("not empty", "--overwrite")
        self.assertEqual((self.out / "mine.txt").read_text(), "keep")

    def test_write_error_leaves_nothing(self):
        # A file size limit makes write() fail as a full disk does, half way through dose.dcm.
        before = self.listing(self.folder)
        script = 'ulimit -f 64; exec "$0" "$@"'
        done = subprocess.run(["bash", "-c", script, PROGRAM, "plan", str(self.case), *PLAN, "--out", str(self.out), "--count", "300",
                               "--grid-mm", "3"], capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("cannot write", done.stderr)
        self.assertEqual(before, self.listing(self.folder))

    def test_full_disk_leaves_nothing(self):
        disk = self.folder / "disk"
        disk.mkdir()
        script = ('mount -t tmpfs -o size=256k tmpfs "$1" || exit 99; echo keep > "$1/mine.txt"; shift; '
                  '"$@"; code=$?; ls -A "$DISK" > "$LISTING"; exit $code')
        done = subprocess.run(["unshare", "--mount", "--map-root-user", "bash", "-c", script, "bash", str(disk), PROGRAM, "plan",
                               str(self.case), *PLAN, "--out", str(disk / "out"), "--count", "300", "--grid-mm", "3"],
                              capture_output=True, text=True, timeout=280,
                              env={**os.environ, "DISK": str(disk), "LISTING": str(self.folder / "listing")})
        if done.returncode == 99 or "unshare" in done.stderr:
            # No mounts here (a container without user namespaces): the write error above covers the same code.
            return
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("No space left", done.stderr)
        self.assertEqual((self.folder / "listing").read_text().split(), ["mine.txt"])

    def test_interrupt_leaves_nothing(self):
        before = self.listing(self.folder)
        process = subprocess.Popen([PROGRAM, "plan", str(self.case), *PLAN, "--out", str(self.out), "--grid-mm", "0.6"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.time() + 20
        while self.listing(self.folder) == before and time.time() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(before, self.listing(self.folder))

    def test_usage_errors_exit_2(self):
        run("plan", expect=2)
        run("frobnicate", expect=2)
        run("plan", self.case, "--no-such-option", expect=2)
        run("--help", expect=0)
        run("--version", expect=0)

    def test_overwrite_replaces_the_whole_folder(self):
        quick = ("--count", "300", "--grid-mm", "3")
        run("plan", self.case, *PLAN, "--out", self.out, *quick, expect=0)
        first = (self.out / "plan.json").read_bytes()
        run("plan", self.case, *PLAN, "--seed", "2", "--out", self.out, "--overwrite", *quick, expect=0)
        self.assertNotEqual(first, (self.out / "plan.json").read_bytes())
        self.assertEqual([p for p in self.listing(self.folder) if ".part-" in p], [])

    def test_overwrite_spares_what_is_not_a_result(self):
        self.out.mkdir()
        (self.out / "thesis.txt").write_text("keep")
        self.refuse("thesis.txt", options=(*PLAN, "--overwrite"))
        self.assert_refused("plan", self.case, *PLAN, "--out", self.case, "--overwrite", mentions=("input lies in the output",))
        self.assert_refused("phantom", "water-cube", "--out", self.out, "--overwrite", mentions=("thesis.txt",))

    def test_choices_that_contradict_each_other(self):
        self.refuse("margin", options=("--target", "GTV", *PLAN[2:]))
        self.refuse("fractions", options=("--gtv", "GTV", "--target", "External", *PLAN[2:], "--prescription", "30Gy/3fx"))
        self.refuse("twice", options=("--gtv", "GTV", "--target", "GTV", *PLAN[2:]))
        self.refuse("GTVX", "'GTV'", options=(*PLAN, "--query", "GTVX:Mean"))


if __name__ == "__main__":
    unittest.main()
