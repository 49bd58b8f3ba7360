"""An archive behind a DICOM network node replanned: fetched, planned, stored back, continued after it was away."""
import unittest

from orthanc import CALLER, Orthanc
from program_case import load, run
from replan_case import ReplanCase


class ReplanNetwork(ReplanCase):
    def setUp(self):
        super().setUp()
        (self.folder / "orthanc").mkdir()
        self.orthanc = Orthanc(self.folder / "orthanc")
        self.addCleanup(lambda: self.orthanc.stop())

    def network_replan(self, store, *options, expect=0):
        return self.replan(self.orthanc.source, store, "--aet", CALLER, "--timeout", "5", *options, expect=expect,
                           prefix=self.orthanc.prefix)

    def test_the_network_gives_the_plans_of_the_folder(self):
        tree = self.archive("one", "two")
        self.orthanc.store(tree)
        self.replan(tree, self.folder / "from-folder", "--jobs", "2")
        store = self.folder / "from-network"
        self.network_replan(store, "--jobs", "2", "--store-back")
        here, there = self.cases(self.folder / "from-folder"), self.cases(store)
        self.assertEqual(here.keys(), there.keys())
        for patient, folder in here.items():
            for name in ("structures.dcm", "plan.dcm", "dose.dcm"):
                self.assertEqual((folder / name).read_bytes(), (there[patient] / name).read_bytes(), name)
            self.assertEqual(load(folder / "case-result.json")["replanned"], load(there[patient] / "case-result.json")["replanned"])

        # What was stored back is in the archive, and is no new case.
        listing = self.folder / "archive.json"
        run("archive", "list", self.orthanc.source, "--aet", CALLER, "--json", listing, prefix=self.orthanc.prefix, expect=0)
        kinds = [entry["modality"] for entry in load(listing)["entries"]]
        self.assertEqual({kind: kinds.count(kind) for kind in set(kinds)}, {"CT": 2, "RTSTRUCT": 4, "RTDOSE": 2, "RTPLAN": 2})
        self.assertIn("2 cases: 2 finished", self.network_replan(store).stdout)

    def test_an_archive_that_is_away_blames_no_case(self):
        self.orthanc.store(self.archive("one"))
        self.orthanc.stop()
        store = self.folder / "store"
        if self.orthanc.alone:  # its network went with it
            done = self.replan(self.orthanc.source, store, "--aet", CALLER, "--timeout", "2", expect=3)
        else:
            done = self.network_replan(store, expect=3)
        self.assertIn("does not answer", done.stderr)
        self.assertFalse((store / "failed").is_dir() and list((store / "failed").iterdir()))
        self.orthanc.start()
        self.network_replan(store)
        self.assertEqual(set(self.cases(store)), {"one"})


if __name__ == "__main__":
    unittest.main()
