"""report.html opened in the system's Chromium; shared by the tests of the report."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from program_case import ProgramCase, run

CHECK = pathlib.Path(__file__).parent.parent / "web" / "check_report.mjs"
MODULES = os.environ["SBRT_PAGE_MODULES"]
NODE = os.environ["SBRT_NODE"]


class ReportCase(ProgramCase):
    """A small plan that all tests of a class share."""
    plan_options = ()

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="sbrtplan-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.ct = cls.shared / "phantom"
        run("phantom", "sphere-in-water", "--out", cls.ct, "--diameter-mm", "20", "--spacing-mm", "2,2,2", expect=0)
        cls.out = cls.make_plan(cls.shared / "plan", *cls.plan_options)

    @classmethod
    def make_plan(cls, out, *options):
        run("plan", cls.ct, "--gtv", "GTV", "--margin-mm", "3", "--prescription", "45Gy/5fx@75%", "--out", out, "--grid-mm", "2.5",
            "--count", "600", "--goal", "External:D0.03cc <= 100 Gy", "--goal", "GTV:D95% >= 90 Gy", *options, expect=0)
        return out

    def open(self, html, json, *options):
        done = subprocess.run([NODE, CHECK, MODULES, html, json, *options], capture_output=True, text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
