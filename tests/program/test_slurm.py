"""Cases handed to a real Slurm of one node as a job array; a plain replan on the same store takes over."""
import os
import pathlib
import shutil
import tempfile
import unittest

from program_case import load
from replan_case import ReplanCase, contents
from slurm_node import SlurmNode


class Slurm(ReplanCase):
    def setUp(self):
        super().setUp()
        # The path of munge's socket must be short.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sbrtplan-slurm-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.node = SlurmNode(folder / "node")
        self.addCleanup(self.node.stop)

    def test_array_and_continuation(self):
        archive, store, whole = self.archive("one", "two", "three"), self.folder / "store", self.folder / "whole"
        self.replan(archive, whole)
        env = {"SLURM_CONF": self.node.environment["SLURM_CONF"]}
        # Arrays of two: three cases are two arrays.
        done = self.replan(archive, store, "--slurm", "--slurm-array-size", "2", "--slurm-option=--cpus-per-task=1", env=env)
        self.assertRegex(done.stdout, r"3 cases are with Slurm: \d+, \d+\n")
        self.assertEqual(len((store / "slurm" / "array-1.txt").read_text().splitlines()), 2)
        self.node.wait_for_empty_queue()
        logs = "\n".join(p.read_text() for p in (store / "logs").iterdir())
        self.assertEqual(set(self.cases(store)), {"one", "two", "three"}, logs)
        self.assertIn("3 cases: 3 finished", self.replan(archive, store).stdout)
        self.assertEqual(contents(store / "cases"), contents(whole / "cases"))

        # What Slurm left undone - here an array that was cancelled - a plain replan does.
        self.archive("four", "five")
        self.replan(archive, store, "--slurm", "--slurm-option=--hold", env=env)
        self.node.command("scancel", "--name=sbrtplan")
        self.node.wait_for_empty_queue()
        self.assertIn("2 done", self.replan(archive, store).stdout)
        self.assertEqual(len(self.cases(store)), 5)

    def test_refusal_is_told(self):
        archive, store = self.archive("one"), self.folder / "store"
        env = {"SLURM_CONF": self.node.environment["SLURM_CONF"]}
        done = self.replan(archive, store, "--slurm", "--slurm-option=--partition=none", env=env, expect=3)
        self.assertIn("sbatch refused the array", done.stderr)
        self.replan(archive, store)
        self.assertEqual(len(self.cases(store)), 1)


if __name__ == "__main__":
    unittest.main()
