"""Small archives and stores, shared by the tests of replan."""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

from program_case import PROGRAM, ProgramCase, load, run

# A coarse CT and grid and few candidates: a case takes a second; its plan is no good one.
PROTOCOL = {"schema": "sbrtplan-replan/1", "targets": {"gtv": "GTV*"}, "margin_mm": 4, "prescription": "45Gy/5fx@75%",
            "grid_mm": 5, "count": 60, "max_beams": 20, "collimators_mm": [25]}
CT_MM = "5,5,5"


def contents(folder):
    """Relative path -> hash of every file below."""
    folder = pathlib.Path(folder)
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


class ReplanCase(ProgramCase):
    def archive(self, *patients, name="archive", diameter_mm=20, spacing_mm=CT_MM):
        folder = self.folder / name
        for patient in patients:
            run("phantom", "sphere-in-water", "--out", folder / f"p{len(list(folder.glob('*')))}", "--diameter-mm", diameter_mm,
                "--spacing-mm", spacing_mm, "--patient-id", patient, expect=0)
        return folder

    def protocol(self, name="protocol.json", **changes):
        path = self.folder / name
        path.write_text(json.dumps({**PROTOCOL, **changes}))
        return path

    def replan(self, archive, store, *options, protocol=None, expect=0, env=None, prefix=()):
        return run("replan", "--archive", archive, "--store", store, "--protocol", protocol or self.protocol(), *options,
                   expect=expect, env=env, prefix=prefix)

    def cases(self, store):
        """Patient ID -> folder of each finished case."""
        return {load(folder / "case-result.json")["case"]["patient_id"]: folder for folder in sorted((store / "cases").iterdir())}

    def failures(self, store):
        return {f["case"]["patient_id"]: f["reason"] for f in (load(p) for p in (store / "failed").glob("*.json"))}


class KilledRuns:
    """Starts replan again and again on one store and kills it, with all its processes, at a random moment."""

    def __init__(self, archive, protocol, store, jobs=2):
        self.command = [PROGRAM, "replan", "--archive", str(archive), "--protocol", str(protocol), "--store", str(store), "--jobs",
                        str(jobs)]
        self.store = store
        self.seen = {}  # finished case -> identity of its folder when it was first seen

    def look(self):
        """Every case there is whole, and is the one that was first there: it was neither lost nor done again."""
        cases = self.store / "cases"
        now = {p.name: (p.stat().st_ino, (p / "case-result.json").stat().st_mtime_ns) for p in (cases.iterdir() if cases.is_dir() else ())}
        for name, identity in self.seen.items():
            assert name in now, f"{name} was lost"
            assert now[name] == identity, f"{name} was done again"
        for name in now:
            load(cases / name / "case-result.json")
        self.seen = now

    def kill_after(self, seconds):
        """True when the run was still going."""
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(timeout=seconds)
            killed = False
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed = True
        self.look()
        return killed

    def finish(self):
        end = time.monotonic() + 250
        # Processes of the last killed run may take a moment to go.
        while (done := subprocess.run(self.command, capture_output=True, text=True)).returncode != 0:
            assert time.monotonic() < end, done.stdout + done.stderr
            time.sleep(0.1)
        self.look()
