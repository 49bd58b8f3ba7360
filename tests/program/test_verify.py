"""The program's own checks of its installation."""
import re
import time
import unittest

from program_case import ProgramCase, load, run


class Verify(ProgramCase):
    def test_every_check_is_ok_and_quick(self):
        begin = time.monotonic()
        done = run("verify", "--json", self.folder / "verify.json", expect=0)
        seconds = time.monotonic() - begin
        report = load(self.folder / "verify.json")
        self.assertEqual(report["schema"], "sbrtplan-verify/1")
        self.assertTrue(report["ok"])
        self.assertGreaterEqual(len(report["checks"]), 100)
        for check in report["checks"]:
            self.assertLessEqual(abs(check["result"] - check["reference"]), check["tolerance"], check["test"])
            self.assertTrue(check["unit"], check["test"])
        count = len(report["checks"])
        self.assertRegex(done.stdout, re.compile(rf"{count} of {count} checks ok"))
        # 15 s on two idle cores; other tests may run beside this one.
        self.assertLess(seconds, 60)

    def test_results_do_not_depend_on_the_thread_count(self):
        for threads in (1, 3):
            run("verify", "--json", self.folder / f"{threads}.json", threads=threads, expect=0)
        self.assertEqual(load(self.folder / "1.json"), load(self.folder / "3.json"))

    def test_a_file_that_cannot_be_written_is_refused(self):
        self.assert_refused("verify", "--json", self.folder / "no" / "folder" / "verify.json", mentions=["verify.json"])


if __name__ == "__main__":
    unittest.main()
