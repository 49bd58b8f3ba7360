"""An archive replanned into a store: what is written, what is compared, what is refused, what is done again."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import pydicom
from pydicom.uid import generate_uid

from program_case import PROGRAM, load, run
from replan_case import CT_MM, ReplanCase, contents

CASE_FILES = {"case-result.json", "plan.json", "report.json", "report.html", "dose.dcm", "structures.dcm", "plan.dcm"}


class Replan(ReplanCase):
    def test_folder_to_store(self):
        archive = self.archive("one", "two")
        store = self.folder / "store"
        listing = self.folder / "list.json"
        dry = self.replan(archive, store, "--dry-run", "--json", listing)
        self.assertIn("2 cases: 0 finished, 0 finished otherwise, 0 failed before, 2 to do", dry.stdout)
        self.assertFalse(store.exists())
        self.assertEqual({c["patient_id"] for c in load(listing)["cases"]}, {"one", "two"})

        self.replan(archive, store, "--jobs", "2")
        cases = self.cases(store)
        self.assertEqual(set(cases), {"one", "two"})
        self.assertEqual((store / "protocol.json").read_bytes(), (self.folder / "protocol.json").read_bytes())
        for patient, folder in cases.items():
            self.assertLessEqual(CASE_FILES, {p.name for p in folder.iterdir()})
            result = load(folder / "case-result.json")
            self.assertEqual(result["schema"], "sbrtplan-case-result/1")
            self.assertEqual(result["case"]["id"], folder.name)
            self.assertEqual(result["case"]["gtv"], ["GTV"])
            # Polygons with the area of the circle reach a little beyond it; the plane nearest to the centre is at most 2.5 mm off.
            self.assertLessEqual(result["lesion"]["largest_diameter_mm"], 20 * 1.002)
            self.assertGreater(result["lesion"]["largest_diameter_mm"], 2 * (10**2 - 2.5**2) ** 0.5 - 0.1)
            self.assertEqual(result["prescription"]["bed_gy"], 85.5)
            report = load(folder / "report.json")
            for index, value in result["replanned"]["indices"].items():
                self.assertEqual(value, report["targets"]["PTV"][index]["value"])
            self.assertEqual(result["replanned"]["beams"], report["delivery"]["beams"])
            self.assertNotIn("archived", result)
            slices = sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in archive.rglob("*CT*.dcm")
                            if pydicom.dcmread(p, stop_before_pixels=True).PatientID == patient)
            inputs = {i["path"].split("/")[0]: i["sha256"] for i in result["hashes"]["inputs"]}
            self.assertEqual(inputs["CT"], hashlib.sha256("".join(slices).encode()).hexdigest())
            self.assertEqual(result["hashes"]["protocol_sha256"], hashlib.sha256((store / "protocol.json").read_bytes()).hexdigest())
        self.assertEqual(len((store / "times.csv").read_text().splitlines()), 3)
        self.assertEqual([p.name for p in store.glob(".work-*")], [])

        before = {p: p.stat().st_mtime_ns for p in (store / "cases").rglob("*")}
        again = self.replan(archive, store)
        self.assertIn("2 cases: 2 finished", again.stdout)
        self.assertIn("0 done, 0 failed", again.stdout)
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in (store / "cases").rglob("*")})

        # The same bytes wherever the archive lies and however many cases run side by side.
        moved = self.folder / "elsewhere" / "moved"
        shutil.copytree(archive, moved)
        other = self.folder / "other"
        self.replan(moved, other, "--jobs", "1")
        self.assertEqual(contents(store / "cases"), contents(other / "cases"))

    def test_options_instead_of_a_protocol(self):
        archive, store = self.archive("one"), self.folder / "store"
        options = ("--gtv", "GTV*", "--margin-mm", "4", "--prescription", "45Gy/5fx@75%", "--grid-mm", "5", "--count", "60", "--max-beams",
                   "20", "--collimators", "25")
        run("replan", "--archive", archive, "--store", store, *options, expect=0)
        self.assertEqual(set(self.cases(store)), {"one"})
        self.assertEqual(load(store / "protocol.json")["margin_mm"], 4)
        # Without options the store's own protocol holds.
        done = run("replan", "--archive", archive, "--store", store, expect=0)
        self.assertIn("1 finished", done.stdout)
        self.assert_refused("replan", "--archive", archive, "--store", self.folder / "new", mentions=["--gtv"])
        self.assert_refused("replan", "--archive", archive, "--store", self.folder / "new", "--protocol", store / "protocol.json", *options,
                            mentions=["--protocol"])

    def archived_plan(self, patient="one"):
        """A folder with CT, structures with a PTV, plan and dose, as a treatment leaves them."""
        phantom = self.archive(patient, name="phantoms")
        out = self.folder / "planned"
        run("plan", phantom, "--gtv", "GTV", "--margin-mm", "4", "--prescription", "45Gy/5fx@75%", "--grid-mm", "5", "--count", "60",
            "--max-beams", "20", "--collimators", "25", "--out", out, expect=0)
        archive = self.folder / "archive"
        archive.mkdir()
        for path in [*phantom.rglob("*CT*.dcm"), *(out / name for name in ("structures.dcm", "plan.dcm", "dose.dcm"))]:
            shutil.copy(path, archive)
        return archive

    def test_archived_plan_is_compared(self):
        archive, store = self.archived_plan(), self.folder / "store"
        # The same plan again: nothing differs beyond the steps in which the archive stores doses and angles.
        self.replan(archive, store)
        result = load(self.cases(store)["one"] / "case-result.json")
        self.assertEqual(result["archived"]["prescription"], {"dose_gy": 45, "fractions": 5, "from": "archived plan"})
        self.assertEqual(result["archived"]["beams"], result["replanned"]["beams"])
        self.assertAlmostEqual(result["archived"]["total_mu"], result["replanned"]["total_mu"], delta=1e-3)
        self.assertEqual(result["case"]["target"], "PTV_2")  # the archived PTV keeps its name
        self.assertEqual(result["comparison"]["gamma_pct"], 100)
        maximum = 60  # prescription over isodose [Gy]; half a step of 32 bits of it is far below what the indices show
        for index, value in result["comparison"]["index_differences"].items():
            self.assertAlmostEqual(value, 0, delta=1e-4 * maximum, msg=index)
            self.assertAlmostEqual(value, result["replanned"]["indices"][index] - result["archived"]["indices"][index], places=12)
        self.assertAlmostEqual(result["comparison"]["dvh"][result["case"]["target"]]["mean_gy"], 0, delta=1e-4)
        self.assertEqual(result["prescription"]["isodose_pct"], 75)

        # Another prescription, taken from the archived plan, by a rule for this size.
        other = self.protocol("from-plan.json", prescription="30Gy/3fx@80%",
                              rules=[{"from_diameter_mm": 15, "below_diameter_mm": 25, "margin_mm": 7,
                                      "prescription": {"from": "plan", "isodose_pct": 65}}])
        ptv_cc = result["lesion"]["ptv_cc"]
        self.replan(archive, self.folder / "from-plan", protocol=other)
        result = load(self.cases(self.folder / "from-plan")["one"] / "case-result.json")
        self.assertEqual({k: result["prescription"][k] for k in ("dose_gy", "fractions", "isodose_pct")},
                         {"dose_gy": 45, "fractions": 5, "isodose_pct": 65})
        # 3 mm more around a sphere of some 14 mm: (17/14)^3 of its volume.
        self.assertAlmostEqual(result["lesion"]["ptv_cc"] / ptv_cc, (17 / 14) ** 3, delta=0.1)
        self.assertGreater(result["comparison"]["index_differences"]["coverage_pct"], 1)

    def test_archived_dose_in_another_frame_is_said_and_not_compared(self):
        archive, store = self.archived_plan(), self.folder / "store"
        dose = pydicom.dcmread(archive / "dose.dcm")
        dose.FrameOfReferenceUID = generate_uid(entropy_srcs=["elsewhere"])
        dose.save_as(archive / "dose.dcm")
        self.replan(archive, store)
        result = load(self.cases(store)["one"] / "case-result.json")
        self.assertNotIn("comparison", result)
        self.assertIn("archived-dose-not-used", result["archived"]["warnings"])

    def test_bad_cases_are_listed_and_stop_nothing(self):
        archive, store = self.archive("good", "no-target", "no-ct", "two-ct", "broken"), self.folder / "store"
        folders = {pydicom.dcmread(next(f.rglob("*CT*.dcm"))).PatientID: f for f in archive.iterdir()}
        set_of = lambda patient: next(p for p in folders[patient].rglob("*.dcm") if pydicom.dcmread(p, stop_before_pixels=True).Modality == "RTSTRUCT")
        structures = pydicom.dcmread(set_of("no-target"))
        for roi in structures.StructureSetROISequence:
            roi.ROIName = roi.ROIName.replace("GTV", "Bolus")
        structures.save_as(set_of("no-target"))
        for path in folders["no-ct"].rglob("*CT*.dcm"):
            path.unlink()
        # A second CT of the same frame of reference, and a structure set that does not say which is meant.
        uid = generate_uid(entropy_srcs=["second"])
        for path in list(folders["two-ct"].rglob("*CT*.dcm")):
            ct = pydicom.dcmread(path)
            ct.SeriesInstanceUID = uid
            ct.SOPInstanceUID = ct.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[path.name])
            ct.save_as(path.with_name("second-" + path.name))
        structures = pydicom.dcmread(set_of("two-ct"))
        structures.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence = []
        for contours in structures.ROIContourSequence:
            for contour in contours.ContourSequence:
                del contour.ContourImageSequence
        structures.save_as(set_of("two-ct"))
        slices = sorted(folders["broken"].rglob("*CT*.dcm"))
        slices[len(slices) // 2].write_bytes(slices[len(slices) // 2].read_bytes()[:3000])

        done = self.replan(archive, store, "--jobs", "2", expect=3)
        self.assertEqual(set(self.cases(store)), {"good"})
        failures = self.failures(store)
        for patient, word in {"no-target": "no structure fits", "no-ct": "no CT", "two-ct": "several CT", "broken": "slice"}.items():
            self.assertIn(word, failures[patient])
            self.assertIn(failures[patient], done.stdout)
        self.assertIn("1 done, 4 failed", done.stdout)
        # Mended, it is planned by the next start, and its failure is forgotten.
        shutil.rmtree(folders["no-ct"])
        run("phantom", "sphere-in-water", "--out", folders["no-ct"], "--diameter-mm", 20, "--spacing-mm", CT_MM, "--patient-id", "no-ct",
            expect=0)
        self.replan(archive, store, expect=3)
        self.assertEqual(set(self.cases(store)), {"good", "no-ct"})
        self.assertEqual(set(self.failures(store)), {"no-target", "two-ct", "broken"})

    def test_copies_count_once_and_a_missing_date_is_no_date(self):
        archive, store = self.archive("one", "two"), self.folder / "store"
        shutil.copytree(archive / "p0", archive / "again")
        done = self.replan(archive, store, "--dry-run")
        self.assertIn("2 cases: 0 finished", done.stdout)
        self.assertIn("duplicate-files", done.stderr)
        for path in (archive / "p1").rglob("*.dcm"):
            ds = pydicom.dcmread(path)
            ds.StudyDate = ""
            ds.PatientID = "one"  # another study under the same name is another case
            ds.save_as(path)
        self.assertIn("2 cases: 0 finished", self.replan(archive, store, "--dry-run").stdout)
        self.assertIn("1 cases: 0 finished", self.replan(archive, store, "--dry-run", "--date", "19000101-").stdout)

    def test_hostile_names_stay_in_the_store(self):
        names = ["../../../escape", "/etc/passwd " + "x" * 52, "a;$(touch pwned)\tÜ患者", ""]
        archive, store = self.archive("template", name="template"), self.folder / "deep" / "store"
        target = self.folder / "archive"
        for n, name in enumerate(names):
            folder = target / f"p{n}"
            folder.mkdir(parents=True)
            # UIDs with path separators are no UIDs, but files may hold them.
            evil = f"../..//{n}" if n % 2 else f"1.2.{n}"
            for path in archive.rglob("*.dcm"):
                ds = pydicom.dcmread(path)
                ds.SpecificCharacterSet = "ISO_IR 192"
                ds.PatientID = name
                ds.PatientName = name
                frame = f"1.2.3.{n}"
                if ds.Modality == "RTSTRUCT":
                    ds.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = frame
                    for roi in ds.StructureSetROISequence:
                        roi.ReferencedFrameOfReferenceUID = frame
                    ds["SOPInstanceUID"]._value = evil
                    ds.StructureSetROISequence[-1].ROIName += "/../" if n == 1 else ""
                else:
                    ds.FrameOfReferenceUID = frame
                    ds.SOPInstanceUID = f"{ds.SOPInstanceUID[:50]}.{n}"
                ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID[:50]}.{n}"
                ds.save_as(folder / path.name)
        before = {p for p in self.folder.rglob("*") if (self.folder / "deep") not in p.parents}
        done = self.replan(target, store, "--jobs", "2", protocol=self.protocol(targets={"gtv": "GTV*"}), expect=None)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        self.assertEqual({p for p in self.folder.rglob("*") if (self.folder / "deep") not in p.parents} - before,
                         {self.folder / "deep", self.folder / "protocol.json"})
        self.assertEqual([p.name for p in (self.folder / "deep").iterdir()], ["store"])
        for part in ("cases", "failed"):
            for path in (store / part).iterdir():
                self.assertRegex(path.name, r"^[A-Za-z0-9_][A-Za-z0-9_-]*-[0-9a-f]{16}(\.json)?$")
        self.assertEqual(len(list((store / "cases").iterdir())) + len(list((store / "failed").iterdir())), len(names))
        self.assertGreaterEqual(len(list((store / "cases").iterdir())), 3, self.failures(store))

    def test_verify_and_changes(self):
        archive, store = self.archive("one"), self.folder / "store"
        self.replan(archive, store)
        done = self.replan(archive, store, "--verify")
        self.assertIn("verified: 1 of 1 finished cases are equal byte by byte", done.stdout)
        plan = self.cases(store)["one"] / "plan.json"
        good = plan.read_bytes()
        plan.write_bytes(good.replace(b"1", b"2", 1))
        done = self.replan(archive, store, "--verify", expect=1)
        self.assertIn(f"differs: {plan.parent.name}: plan.json: differs from byte", done.stdout)
        self.assertIn("0 of 1 finished cases are equal", done.stdout)
        plan.write_bytes(good)

        # A changed input is told, and replaced only when asked.
        before = contents(store / "cases")
        changed = sorted((archive / "p0").rglob("*CT*.dcm"))[0]
        ct = pydicom.dcmread(changed)
        ct.SeriesDescription = "changed"
        ct.save_as(changed)
        done = self.replan(archive, store)
        self.assertIn("made otherwise than now (inputs); --redo plans it again", done.stderr)
        self.assertIn("1 finished otherwise", done.stdout)
        self.assertEqual(contents(store / "cases"), before)
        done = self.replan(archive, store, "--redo")
        self.assertIn("1 done", done.stdout)
        self.assertNotEqual(contents(store / "cases"), before)
        self.assertIn("1 finished, 0 finished otherwise", self.replan(archive, store).stdout)

        # One store, one protocol.
        other = self.protocol("other.json", prescription="40Gy/5fx@75%")
        done = self.replan(archive, store, protocol=other, expect=3)
        self.assertIn("another protocol", done.stderr)
        self.replan(archive, store, "--redo", protocol=other)
        self.assertEqual({load(f / "case-result.json")["prescription"]["dose_gy"] for f in self.cases(store).values()}, {40})

    def test_objects_go_back_into_a_folder(self):
        archive, store, back = self.archive("one"), self.folder / "store", self.folder / "back"
        self.assert_refused("replan", "--archive", archive, "--store", store, "--protocol", self.protocol(), "--store-back",
                            mentions=["--store-into"])
        self.replan(archive, store, "--store-back", "--store-into", back)
        case = self.cases(store)["one"]
        stored = sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in back.rglob("*.dcm"))
        self.assertEqual(stored, sorted(hashlib.sha256((case / n).read_bytes()).hexdigest() for n in ("structures.dcm", "plan.dcm", "dose.dcm")))
        # Where they come back into the archive they are no new cases, and not what was delivered.
        shutil.copytree(back, archive / "back")
        self.assertIn("1 cases: 1 finished", self.replan(archive, store).stdout)

    def test_two_replans_of_one_store(self):
        archive, store = self.archive("one", "two"), self.folder / "store"
        protocol = self.protocol()
        first = subprocess.Popen([PROGRAM, "replan", "--archive", archive, "--store", store, "--protocol", protocol], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        refused = 0
        while first.poll() is None:
            done = self.replan(archive, store, protocol=protocol, expect=None)
            if done.returncode == 3:
                self.assertIn("another replan works on this store", done.stderr)
                refused += 1
        first.communicate()
        refused += first.returncode == 3  # where the second was quicker to the lock
        self.replan(archive, store, protocol=protocol)
        self.assertGreater(refused, 0)
        rows = [line.split(",")[0] for line in (store / "times.csv").read_text().splitlines()[1:]]
        self.assertEqual(len(rows), 2)
        self.assertEqual(len(set(rows)), 2)

    def test_usage(self):
        archive = self.archive("one")
        self.assert_refused("replan", "--archive", self.folder / "missing", "--store", self.folder / "s", "--protocol", self.protocol(),
                            mentions=["missing"])
        self.assert_refused("replan", "--archive", archive, "--store", archive / "inside", "--protocol", self.protocol(), mentions=["lies in the archive"])
        self.assert_refused("replan", "--archive", archive / "p0", "--store", archive, "--protocol", self.protocol(), mentions=["no store"])
        self.assert_refused("replan", "--archive", archive, "--store", self.folder / "s", "--protocol", self.protocol(), "--date", "4.3.2019",
                            mentions=["4.3.2019"])
        self.protocol("bad.json", margin=3)
        self.assert_refused("replan", "--archive", archive, "--store", self.folder / "s", "--protocol", self.folder / "bad.json",
                            mentions=["$.margin"])


if __name__ == "__main__":
    unittest.main()
