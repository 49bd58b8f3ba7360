"""What archives hold, fetched and stored: a folder tree, and a real Orthanc over the network."""
import pathlib
import subprocess
import time
import unittest

import pydicom

from orthanc import AET, CALLER, STORE_PORT, Orthanc
from program_case import ProgramCase, load, run


def datasets(folder):
    """SOP instance UID -> data set without file meta information."""
    found = {}
    for path in pathlib.Path(folder).rglob("*.dcm"):
        data = pydicom.dcmread(path)
        found[str(data.SOPInstanceUID)] = data
    return found


class Archive(ProgramCase):
    def setUp(self):
        super().setUp()
        self.tree = self.folder / "tree"
        for patient, name in (("P001", "one"), ("P002", "two")):
            run("phantom", "sphere-in-water", "--spacing-mm", "4,4,4", "--patient-id", patient, "--out", self.tree / name,
                expect=0)


class FolderTree(Archive):
    def test_list_and_find(self):
        done = run("archive", "list", self.tree, "--structures", "--json", self.folder / "all.json", expect=0)
        for word in ("P001", "P002", "RTSTRUCT", "GTV", "2 patients, 2 studies, 4 series or RT objects"):
            self.assertIn(word, done.stdout)
        listing = load(self.folder / "all.json")
        self.assertEqual(listing["schema"], "sbrtplan-archive/1")
        self.assertEqual([e["modality"] for e in listing["entries"]], ["CT", "RTSTRUCT"] * 2)
        ct = sum(1 for p in (self.tree / "one").rglob("*.dcm")) - 1
        self.assertEqual(listing["entries"][0]["instances"], ct)

        done = run("archive", "find", self.tree, "--patient", "p*2", "--modality", "rtstruct", expect=0)
        self.assertIn("P002", done.stdout)
        self.assertNotIn("P001", done.stdout)
        self.assertIn("1 series or RT objects", done.stdout)
        done = run("archive", "find", self.tree, "--structure", "NoSuch*", "--modality", "RTSTRUCT", expect=0)
        self.assertIn("0 patients", done.stdout)

    def test_wrong_requests_are_usage(self):
        self.assert_refused("archive", "find", self.tree, mentions=("nothing to look for",))
        for date in ("2024", "20241301", "20240101-20230101", "-", "x-20240101"):
            self.assert_refused("archive", "find", self.tree, "--date=" + date, mentions=("--date", "yyyymmdd" if date != "20240101-20230101" else "before"))
        self.assert_refused("archive", "list", self.folder / "absent", mentions=("no such folder",))
        self.assert_refused("archive", "list", "dimse://A@127.0.0.1", mentions=("port",))
        self.assert_refused("archive", "list", "http://127.0.0.1", mentions=("http",))
        self.assert_refused("archive", "list", "dimse://A@127.0.0.1:1", "--timeout", "1", mentions=("does not answer",))


class Network(Archive):
    def setUp(self):
        super().setUp()
        (self.folder / "orthanc").mkdir()
        self.orthanc = Orthanc(self.folder / "orthanc")
        self.addCleanup(lambda: self.orthanc.stop())
        self.orthanc.store(self.tree)

    def archive(self, verb, *args, expect=0):
        return run("archive", verb, self.orthanc.source, *args, "--aet", CALLER, "--timeout", "5",
                   prefix=self.orthanc.prefix, expect=expect)

    def test_lists_what_the_folder_lists(self):
        self.archive("list", "--structures", "--json", self.folder / "network.json")
        run("archive", "list", self.tree, "--structures", "--json", self.folder / "tree.json", expect=0)
        network, tree = load(self.folder / "network.json"), load(self.folder / "tree.json")
        self.assertEqual(network["entries"], tree["entries"])

    def test_structure_sets_of_a_killed_listing_are_removed(self):
        temporary = self.folder / "tmp"
        (temporary / "sbrtplan-archive-killed").mkdir(parents=True)
        (temporary / "sbrtplan-archive-killed" / "patient.dcm").write_bytes(b"x")
        (temporary / "of-somebody-else").mkdir()
        run("archive", "list", self.orthanc.source, "--structures", "--aet", CALLER, prefix=self.orthanc.prefix, expect=0,
            env={"TMPDIR": str(temporary)})
        self.assertEqual(self.listing(temporary), ["of-somebody-else"])

    def test_fetched_objects_are_the_stored_ones(self):
        for way in ((), ("--store-port", str(STORE_PORT))):
            out = self.folder / ("moved" if way else "got")
            self.archive("fetch", "--patient", "P001", "--out", out, *way)
            got, wanted = datasets(out), datasets(self.tree / "one")
            self.assertEqual(got.keys(), wanted.keys())
            for uid, data in wanted.items():
                self.assertEqual(got[uid], data)
            self.assertFalse([p for p in out.rglob("*") if p.suffix == ".part"])

    def test_stores_what_findscu_finds(self):
        plan = self.folder / "plan"
        run("plan", self.tree / "one", "--gtv", "GTV", "--margin-mm", "3", "--prescription", "30Gy/3fx@75%", "--count", "150",
            "--grid-mm", "4", "--out", plan, expect=0)
        files = [plan / name for name in ("dose.dcm", "structures.dcm", "plan.dcm")]
        done = self.archive("store", *files)
        self.assertIn("3 files stored", done.stdout)
        self.archive("store", *files)  # a second time is no error
        out = self.folder / "back"
        self.archive("fetch", "--patient", "P001", "--out", out, "--modality", "RTDOSE,RTPLAN,RTSTRUCT")
        back = datasets(out)
        for path in files:
            data = pydicom.dcmread(path)
            self.assertEqual(back[str(data.SOPInstanceUID)], data)

    def test_unknown_caller_and_unknown_store_port_are_said(self):
        done = run("archive", "fetch", self.orthanc.source, "--patient", "P001", "--out", self.folder / "out", "--aet",
                   "STRANGER", "--store-port", str(STORE_PORT), prefix=self.orthanc.prefix, expect=3)
        self.assertIn("error: ", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_an_archive_that_goes_away_leaves_no_folder(self):
        self.orthanc.process.send_signal(19)  # it hangs
        begun = time.monotonic()
        done = run("archive", "fetch", self.orthanc.source, "--patient", "P001", "--out", self.folder / "out", "--timeout",
                   "2", prefix=self.orthanc.prefix, expect=3)
        self.assertLess(time.monotonic() - begun, 20)
        self.assertFalse((self.folder / "out").exists())
        self.assertIn("archive", done.stderr)
        self.orthanc.process.send_signal(18)


if __name__ == "__main__":
    unittest.main()
