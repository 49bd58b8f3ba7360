"""The linear programme, goals that contradict, MU limits, reduction and robustness, through the built program."""
import json
import re
import signal
import subprocess
import time
import unittest

from program_case import PROGRAM, ProgramCase, load, run

# A small plan: few candidates and a coarse grid.
SMALL = ("--count", "110", "--grid-mm", "2", "--max-beams", "40")
PRESCRIPTION = ("--target", "GTV", "--prescription", "20Gy/5fx@75%")


def codes(report):
    return [warning["code"] for warning in report["warnings"]]


class Solver(ProgramCase):
    def plan(self, phantom, *options, name="plan", expect=0):
        out = self.folder / name
        done = run("plan", phantom, *PRESCRIPTION, *SMALL, *options, "--out", out, expect=expect)
        return load(out / "report.json"), done

    def test_linear_programme_and_its_file(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "16", "--spacing-mm", "2,2,2")
        mps = self.folder / "lp.mps"
        report, done = self.plan(phantom, "--solver", "lp", "--write-mps", mps)
        solver = report["solver"]
        self.assertEqual([stage["stage"] for stage in solver["stages"]], ["coverage", "conformity", "mu"])
        for stage in solver["stages"] + solver["plan_stages"]:
            self.assertAlmostEqual(stage["primal"], stage["dual_bound"], delta=1e-6 * max(1, stage["primal"]))
        self.assertIn("ordered linear programme", done.stdout)
        plan = load(self.folder / "plan/plan.json")
        self.assertEqual(plan["options"]["solver"], "lp")
        self.assertIn("dual", plan["options"]["lp_mu"])
        self.assertLessEqual(len(plan["beams"]), 40)
        self.assertAlmostEqual(report["targets"]["GTV"]["coverage_pct"]["value"], 95, delta=0.2)
        self.assertLess(report["targets"]["GTV"]["ci"]["value"], 1.15)
        # The primal simplex of the same library's own program, from the file alone.
        other = subprocess.run(["clp", mps, "-primalsimplex"], capture_output=True, text=True, check=True).stdout
        optimum = float(re.search(r"Optimal objective (\S+)", other).group(1))
        self.assertAlmostEqual(optimum, solver["stages"][-1]["primal"], delta=1e-6 * optimum)

    def test_write_mps_needs_the_linear_programme(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "16", "--spacing-mm", "2,2,2")
        self.assert_refused("plan", phantom, *PRESCRIPTION, "--write-mps", self.folder / "lp.mps", "--out",
                            self.folder / "plan", mentions=["--solver lp"])

    def test_contradictory_goals_are_named(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "16", "--spacing-mm", "2,2,2")
        report, _ = self.plan(phantom, "--goal", "GTV:Max <= 15 Gy", "--prove-goals", "--strict", expect=1)
        texts = [w["text"] for w in report["warnings"] if w["code"] == "goals-contradict"]
        self.assertTrue(any("5.00 Gy" in text for text in texts), texts)  # 20 Gy asked, 15 Gy allowed
        self.assertTrue(any("dual bound" in text for text in texts), texts)
        report, _ = self.plan(phantom, "--goal", "GTV:Max <= 40 Gy", "--strict", name="fine")
        self.assertNotIn("goals-contradict", codes(report))

    def test_limits_reduction_and_robustness(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "16", "--spacing-mm", "2,2,2")
        free, _ = self.plan(phantom, name="free")
        limit_node = 0.8 * free["delivery"]["largest_node_mu_per_fraction"]
        limit_beam = 0.8 * free["delivery"]["largest_beam_mu_per_fraction"]
        held, _ = self.plan(phantom, "--max-mu-per-node", f"{limit_node:.2f}", "--max-mu-per-beam", f"{limit_beam:.2f}",
                            name="held")
        self.assertNotIn("mu-limit-exceeded", codes(held))
        self.assertLessEqual(held["delivery"]["largest_node_mu_per_fraction"], limit_node + 0.01)
        self.assertLessEqual(held["delivery"]["largest_beam_mu_per_fraction"], limit_beam + 0.01)
        few, _ = self.plan(phantom, "--max-nodes", "20", name="few")
        self.assertLessEqual(few["delivery"]["nodes"], 20)
        reduced, done = self.plan(phantom, "--reduce", "5%", "--robustness", name="reduced")
        self.assertLess(reduced["delivery"]["beams"], free["delivery"]["beams"])
        self.assertLess(reduced["targets"]["GTV"]["ci"]["value"], 1.08 * free["targets"]["GTV"]["ci"]["value"])
        bands = {band["text"]: band for band in reduced["robustness"]["bands"]}
        coverage = bands["GTV coverage"]
        self.assertAlmostEqual(coverage["nominal"], reduced["targets"]["GTV"]["coverage_pct"]["value"], delta=1)
        self.assertLess(coverage["low"], coverage["nominal"])
        self.assertEqual(reduced["robustness"]["scenarios"], 12 + 6 + 2 + 2 + 20)
        self.assertIn("robustness", done.stdout)
        for option in (["--reduce", "50%"], ["--reduce", "little"], ["--max-mu-per-node", "-3"]):
            self.assertIn(run("plan", phantom, *PRESCRIPTION, *option, "--out", self.folder / "no").returncode, (2, 3))

    def test_case_file_chooses_the_solver(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "16", "--spacing-mm", "2,2,2")
        case = self.folder / "case.json"
        case.write_text(json.dumps({"schema": "sbrtplan-case/1", "dicom": phantom.name, "target": "GTV",
                                    "prescription": "20Gy/5fx@75%", "count": 110, "grid_mm": 2, "max_beams": 40,
                                    "solver": "lp", "reduce_pct": 5, "robustness": True}))
        run("plan", case, "--out", self.folder / "file", expect=0)
        by_file = load(self.folder / "file/report.json")
        by_option, _ = self.plan(phantom, "--solver", "lp", "--reduce", "5%", "--robustness", name="option")
        for key in ("solver", "robustness", "targets", "delivery"):
            self.assertEqual(by_file[key], by_option[key], key)
        run("plan", case, "--solver", "penalty", "--out", self.folder / "penalty", expect=0)
        self.assertNotIn("solver", load(self.folder / "penalty/report.json"))

    def test_compare_takes_no_file_of_one_programme(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "16", "--spacing-mm", "2,2,2")
        sets = self.folder / "sets.json"
        sets.write_text(json.dumps({"schema": "sbrtplan-sets/1", "sets": [{"name": "a"}]}))
        done = run("compare", phantom, *PRESCRIPTION, *SMALL, "--solver", "lp", "--write-mps", self.folder / "lp.mps",
                   "--sets", sets, "--out", self.folder / "out", expect=2)
        self.assertIn("--write-mps", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_interrupt_ends_the_linear_programme_soon(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "40", "--spacing-mm", "2,2,2")
        process = subprocess.Popen([PROGRAM, "plan", phantom, *PRESCRIPTION, "--grid-mm", "3", "--solver", "lp", "--out",
                                    self.folder / "out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(20)  # the guide takes some of it, the first programme minutes
        self.assertIsNone(process.poll())
        start = time.time()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.time() - start, 5)
        self.assertFalse((self.folder / "out").exists())

    def test_priorities_are_strict(self):
        phantom = self.phantom("sphere-in-water", "--diameter-mm", "16", "--spacing-mm", "2,2,2")
        goals = self.folder / "goals.json"
        goals.write_text(json.dumps({"schema": "sbrtplan-goals/1",
                                     "goals": [{"goal": "GTV:Max <= 40 Gy", "priority": 2}, "GTV:Min >= 10 Gy"]}))
        report, _ = self.plan(phantom, "--goals", goals)
        self.assertEqual([goal["text"] for goal in report["goals"]], ["GTV:Max <= 40 Gy", "GTV:Min >= 10 Gy"])
        for bad, word in (({"goal": "GTV:Max <= 40 Gy", "priority": 0}, "priority"),
                          ({"goal": "GTV:Max <= 40 Gy", "prio": 1}, "prio"), ({"priority": 1}, "goal")):
            goals.write_text(json.dumps({"schema": "sbrtplan-goals/1", "goals": [bad]}))
            self.assert_refused("plan", phantom, *PRESCRIPTION, "--goals", goals, "--out", self.folder / "no",
                                mentions=[word])


if __name__ == "__main__":
    unittest.main()
