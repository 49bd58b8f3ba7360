"""Runs the built program as a user would. Shared by the test_*.py files of this folder."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SBRTPLAN"]
SHARED = pathlib.Path(os.environ.get("SBRT_SHARED_DIR", ""))


def run(*args, threads=None, expect=None, env=None, cwd=None, prefix=()):
    """Runs the program; returns the completed process. `expect` is the exit code that must come back."""
    command = [*prefix, PROGRAM, *map(str, args)]
    if threads:
        command += ["--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=280, cwd=cwd,
                          env={**os.environ, **(env or {})})
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"{' '.join(command)}\nexit {done.returncode}, expected {expect}\n{done.stdout}\n{done.stderr}")
    return done


class ProgramCase(unittest.TestCase):
    """A test case with an empty folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sbrtplan-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def phantom(self, name="sphere-in-water", *options):
        folder = self.folder / f"phantom-{name}"
        run("phantom", name, "--out", folder, *options, expect=0)
        return folder

    def listing(self, folder):
        return sorted(p.relative_to(folder).as_posix() for p in pathlib.Path(folder).rglob("*"))

    def assert_refused(self, *args, mentions=()):
        """Exit 3 (2 when the message is about an option by itself), a message that names every word, and no new file
        anywhere in the test's folder."""
        before = self.listing(self.folder)
        done = run(*args)
        usage = re.search(r"^error: (?:(?! - ).)*\(--[a-z-]+\)", done.stderr, re.MULTILINE)
        self.assertEqual(done.returncode, 2 if usage else 3, done.stderr)
        for word in mentions:
            self.assertIn(word.lower(), done.stderr.lower())
        self.assertTrue(done.stderr.startswith("error: ") or "\nerror: " in done.stderr, done.stderr)
        self.assertEqual(before, self.listing(self.folder))
        return done


def load(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
