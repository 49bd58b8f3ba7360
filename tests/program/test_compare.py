"""One case over several candidate sets: table, front, resumption."""
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from program_case import PROGRAM, ProgramCase, load, run

OPTIONS = ("--gtv", "GTV", "--margin-mm", "3", "--prescription", "45Gy/5fx@75%", "--grid-mm", "2.5", "--count", "400")
CHECK = pathlib.Path(__file__).parent.parent / "web" / "check_comparison.mjs"
RESULTS = {"comparison.json", "comparison.csv", "pareto.svg", "report.html"}


class Compare(ProgramCase):
    def setUp(self):
        super().setUp()
        self.ct = self.phantom("sphere-in-water", "--diameter-mm", "20", "--spacing-mm", "2,2,2")
        self.out = self.folder / "out"

    def sets(self, **content):
        path = self.folder / "sets.json"
        path.write_text(json.dumps({"schema": "sbrtplan-sets/1", **content}))
        return path

    def compare(self, sets, *options, expect=0):
        return run("compare", self.ct, *OPTIONS, "--sets", sets, "--out", self.out, *options, expect=expect)

    def test_a_case_file_is_compared_as_its_options_would_be(self):
        case = self.ct / "case.json"
        case.write_text(json.dumps({"schema": "sbrtplan-case/1", "dicom": ".", "gtv": "GTV", "margin_mm": 3, "prescription": "45Gy/5fx@75%",
                                    "grid_mm": 2.5, "count": 400}))
        sets = self.sets(vary={"placement": ["isocentric", "non-isocentric"]})
        run("compare", case, "--sets", sets, "--out", self.folder / "by-case", expect=0)
        self.compare(sets)
        for result in (by_case := load(self.folder / "by-case/comparison.json"), by_options := load(self.out / "comparison.json")):
            self.assertEqual(len(result["sets"]), 2)
        for one, other in zip(by_case["sets"], by_options["sets"]):
            self.assertEqual(one["values"], other["values"])
        # What the case is for: aim points of their own make the plan more conformal.
        nci = {row["name"]: row["values"]["nci"] for row in by_options["sets"]}
        self.assertLess(nci["non-isocentric"], nci["isocentric"])

    def test_table_front_and_resumption(self):
        sets = self.sets(sets=[{"name": "few nodes", "every_node": 4}],
                         vary={"placement": ["isocentric", "non-isocentric"]})
        done = self.compare(sets)
        names = {"few nodes", "isocentric", "non-isocentric"}
        self.assertEqual({p.name for p in self.out.iterdir()}, RESULTS | names)
        result = load(self.out / "comparison.json")
        self.assertEqual(result["schema"], "sbrtplan-comparison/1")
        rows = {row["name"]: row for row in result["sets"]}
        self.assertEqual(set(rows), names)
        self.assertTrue(any(row["front"] for row in rows.values()))
        self.assertLessEqual(rows["few nodes"]["nodes"], 40)
        for name in names:
            # The table repeats what the plan's own report says.
            report = load(self.out / name / "report.json")
            self.assertEqual(rows[name]["targets"][0]["nci"], report["targets"]["PTV"]["nci"]["value"])
            self.assertEqual(rows[name]["total_mu"], report["delivery"]["total_mu"])
            self.assertIn(name, done.stdout)
        # All beams of an isocentric plan aim at one point.
        aims = {tuple(beam["aim_mm"]) for beam in load(self.out / "isocentric/plan.json")["beams"]}
        self.assertEqual(len(aims), 1)
        with open(self.out / "comparison.csv", newline="") as file:
            self.assertEqual([row["set"] for row in csv.DictReader(file)], [row["name"] for row in result["sets"]])
        self.assertTrue((self.out / "pareto.svg").read_text().startswith("<svg"))
        done = subprocess.run([os.environ["SBRT_NODE"], CHECK, os.environ["SBRT_PAGE_MODULES"], self.out / "report.html",
                               self.out / "comparison.json"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)

        # A second start plans nothing again and writes the same bytes.
        before = {p: p.stat().st_mtime_ns for p in self.out.rglob("plan.json")}
        text = (self.out / "comparison.json").read_bytes()
        self.assertIn("kept", self.compare(sets).stdout)
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in self.out.rglob("plan.json")})
        self.assertEqual(text, (self.out / "comparison.json").read_bytes())
        # A set that is gone is planned again, the others stay.
        shutil.rmtree(self.out / "isocentric")
        (self.out / "isocentric").mkdir()
        self.compare(sets)
        self.assertEqual(text, (self.out / "comparison.json").read_bytes())
        # Other settings do not mix with finished sets.
        done = self.compare(sets, "--coverage-pct", "97", expect=3)
        self.assertIn("planned before with something else", done.stderr)

    def test_killed_comparison_goes_on(self):
        sets = self.sets(vary={"seed": [1, 2, 3]})
        process = subprocess.Popen([PROGRAM, "compare", self.ct, *OPTIONS, "--sets", sets, "--out", self.out],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.time() + 120
        while not (self.out / "seed-1" / "set.json").exists() and time.time() < deadline and process.poll() is None:
            time.sleep(0.02)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        first = (self.out / "seed-1" / "set.json").stat().st_mtime_ns
        self.compare(sets)
        self.assertEqual(first, (self.out / "seed-1" / "set.json").stat().st_mtime_ns)
        self.assertEqual(len(load(self.out / "comparison.json")["sets"]), 3)

    def test_strict_exits_1_where_no_set_meets_every_goal(self):
        sets = self.sets(sets=[{"name": "no such cone", "collimators_mm": [17]}, {"name": "good"}])
        goal = ("--goal", "PTV:Max <= 200 Gy")
        self.compare(sets, *goal, "--strict")
        # How the program exits is no setting of a plan: finished sets are kept.
        self.assertIn("kept", self.compare(sets, *goal).stdout)
        missed = ("--goal", "PTV:Max <= 46 Gy")
        self.out = self.folder / "missed"
        self.compare(sets, *missed, "--strict", expect=1)
        self.compare(sets, *missed)
        self.compare(sets, *missed, "--strict-minor", expect=1)
        self.assertEqual([row.get("goals_missed") for row in load(self.out / "comparison.json")["sets"]], [None, 1])

    def test_strict_minor_counts_minor_deviations(self):
        protocol = self.folder / "minor.json"
        # An index is judged, not planned for: no plan brings nCI to 1.
        protocol.write_text(json.dumps({"schema": "sbrtplan-protocol/1", "name": "mine", "source": "here", "goals": [
            {"structure": "target", "goal": "nci <= 1.0001", "minor": "1000"}]}))
        sets, goal = self.sets(sets=[{"name": "good"}]), ("--protocol", protocol)
        self.compare(sets, *goal, "--strict")
        self.compare(sets, *goal, "--strict-minor", expect=1)
        self.assertEqual(load(self.out / "comparison.json")["sets"][0]["goals_minor"], 1)

    def test_a_set_without_plan_does_not_stop_the_others(self):
        done = self.compare(self.sets(sets=[{"name": "no such cone", "collimators_mm": [17]}, {"name": "good"}]))
        rows = {row["name"]: row for row in load(self.out / "comparison.json")["sets"]}
        self.assertIn("17", rows["no such cone"]["failure"])
        self.assertIn("nci", rows["good"]["targets"][0])
        self.assertIn("no plan: no such cone", done.stdout)
        self.assertFalse((self.out / "no such cone").exists())

    def test_bad_input_is_refused(self):
        sets = self.sets(sets=[{"name": "a"}])
        self.assert_refused("compare", self.ct, *OPTIONS, "--sets", sets, "--out", self.out, "--pareto", "beauty",
                            mentions=["beauty"])
        self.assert_refused("compare", self.ct, *OPTIONS, "--sets", sets, "--out", self.ct, mentions=["output folder"])


if __name__ == "__main__":
    import unittest
    unittest.main()
