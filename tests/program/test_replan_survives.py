"""Kills, a full disk, an archive that goes away: the next start continues, repeats no finished case and loses none."""
import ctypes
import os
import pathlib
import random
import subprocess
import time
import unittest

from program_case import PROGRAM, run
from replan_case import KilledRuns, ReplanCase, contents

KILLS = int(os.environ.get("SBRT_REPLAN_KILLS", "30"))


class Survives(ReplanCase):
    def test_kills_at_random_moments(self):
        patients = [f"patient {n}" for n in range(3)]
        archive, protocol = self.archive(*patients), self.protocol()
        whole = self.folder / "whole"
        start = time.monotonic()
        self.replan(archive, whole, "--jobs", "2", protocol=protocol)
        takes = time.monotonic() - start
        random.seed(1)
        kills = rounds = 0
        while kills < KILLS:
            store = self.folder / f"store-{rounds}"
            runs = KilledRuns(archive, protocol, store)
            # Until the store is done. Two of three kills come early, so that more of them fit; the others at any moment.
            while kills < KILLS and len(runs.seen) < len(patients):
                kills += runs.kill_after(takes * random.choice((0.3, 0.3, 1.2)) * random.random())
            runs.finish()
            self.assertEqual(contents(store / "cases"), contents(whole / "cases"))
            self.assertEqual([p.name for p in store.glob(".work-*")], [])
            self.assertEqual(list((store / "failed").iterdir()), [])
            rounds += 1
            print(f"{kills} kills over {rounds} stores", flush=True)

    def test_killed_case_stops_no_other(self):
        archive, store = self.archive("one", "two"), self.folder / "store"
        # So little memory that every case fails by itself; the run goes on to its end and says so.
        done = self.replan(archive, store, "--job-memory-gb", "0.03", expect=3)
        self.assertIn("0 done, 2 failed", done.stdout)
        self.assertEqual(len(self.failures(store)), 2)
        self.replan(archive, store)
        self.assertEqual(set(self.cases(store)), {"one", "two"})
        self.assertEqual(self.failures(store), {})

    def full_disk(self, archive, store):
        """Runs into the end of a small disk, then with room."""
        whole = self.folder / "whole"
        self.replan(archive, whole)
        done = self.replan(archive, store, expect=None)
        self.assertNotEqual(done.returncode, 0)
        done_before = contents(store / "cases") if (store / "cases").exists() else {}
        return whole, done, done_before

    def test_full_disk(self):
        archive = self.archive("one", "two")
        disk = self.folder / "disk"
        disk.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)
        size = 6  # [MB]: room for one case and a half
        mounted = libc.mount(b"tmpfs", str(disk).encode(), b"tmpfs", 0, f"size={size}m".encode()) == 0
        store = disk / "store"
        if mounted:
            self.addCleanup(lambda: libc.umount2(str(disk).encode(), 2))
            whole, done, before = self.full_disk(archive, store)
            self.assertIn("stopped early; nothing is lost", done.stderr)
            libc.mount(b"none", str(disk).encode(), None, 32, b"size=200m")  # 32: MS_REMOUNT
            self.replan(archive, store)
        else:
            # Without the right to mount: files may not grow beyond 64 kB.
            whole = self.folder / "whole"
            self.replan(archive, whole)
            done = self.replan(archive, store, expect=None, prefix=("prlimit", "--fsize=65536"))
            self.assertNotEqual(done.returncode, 0)
            before = contents(store / "cases")
            self.replan(archive, store)
        after = contents(store / "cases")
        self.assertEqual(after, contents(whole / "cases"))
        self.assertLessEqual(before.items(), after.items())

    def test_archive_goes_away(self):
        archive, store = self.archive("one", "two", "three"), self.folder / "store"
        process = subprocess.Popen([PROGRAM, "replan", "--archive", archive, "--store", store, "--protocol", self.protocol()],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not (store / "cases").exists() or not any((store / "cases").glob("*/case-result.json")):
            if process.poll() is not None:
                break
        away = self.folder / "unmounted"
        archive.rename(away)
        process.communicate()
        self.assertNotEqual(process.returncode, 0)
        self.assertGreaterEqual(len(self.cases(store)), 1)
        away.rename(archive)
        self.replan(archive, store)
        self.assertEqual(len(self.cases(store)), 3)


if __name__ == "__main__":
    unittest.main()
