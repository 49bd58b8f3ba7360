"""Reports of cases that are large, or lack what others have."""
import copy
import shutil
import unittest

import pydicom

from program_case import load, run
from report_case import ReportCase

LARGEST_REPORT_BYTES = 25_000_000  # of the default phantom, issue of the report
NAMES = ["Rückenmark", "Лёгкое правое", "肝臓", "كبد", "Ε<&>\"'", "<script>window.pwned=1</script>", "</script><b>x", "<!--"]


class ReportCases(ReportCase):
    def with_many_names(self, path):
        """The RTSTRUCT with 40 more copies of the target's contours under names that pages get wrong."""
        data = pydicom.dcmread(path)
        first = next(c for c in data.ROIContourSequence)
        data.SpecificCharacterSet = "ISO_IR 192"
        for i in range(40):
            roi, contour, observation = (copy.deepcopy(s) for s in (data.StructureSetROISequence[0], first, data.RTROIObservationsSequence[0]))
            roi.ROINumber = contour.ReferencedROINumber = observation.ReferencedROINumber = 100 + i
            roi.ROIName = NAMES[i] if i < len(NAMES) else f"Organ {i}"
            contour.ROIDisplayColor = [37 * i % 256, 91 * i % 256, 255 - 5 * i]
            observation.ObservationNumber = 100 + i
            observation.RTROIInterpretedType = "ORGAN"
            data.StructureSetROISequence.append(roi)
            data.ROIContourSequence.append(contour)
            data.RTROIObservationsSequence.append(observation)
        data.save_as(path)

    def test_evaluate_without_ct_and_with_40_names(self):
        out = self.out
        case = self.folder / "dose-only"
        case.mkdir()
        for name in ("dose.dcm", "structures.dcm"):
            shutil.copy(out / name, case)
        self.with_many_names(case / "structures.dcm")
        page = self.folder / "evaluated"
        run("evaluate", case, "--target", "PTV", "--prescription", "45Gy/5fx", "--out", page, expect=0)
        report = load(page / "report.json")
        for name in NAMES:
            self.assertIn(name, report["structures"])
        # Drawn in software, 40 structures take minutes to turn over: that is tested on few.
        self.open(page / "report.html", page / "report.json", "--no-ct", "--numbers")
        # Structures alone.
        (case / "dose.dcm").unlink()
        self.assertIn("--without-dose", run("evaluate", case, expect=3).stderr)
        page = self.folder / "structures"
        run("evaluate", case, "--without-dose", "--out", page, expect=0)
        bare = load(page / "report.json")
        self.assertNotIn("dose_grid", bare)
        self.assertEqual({name: s["volume_cc"] for name, s in report["structures"].items()},
                         {name: s["volume_cc"] for name, s in bare["structures"].items()})
        self.open(page / "report.html", page / "report.json", "--no-ct", "--no-image", "--no-dose")
        for option, value in (("--query", "PTV:D95%"), ("--dose-interpolation", "linear"), ("--dvh", self.folder / "dvh.csv")):
            self.assert_refused("evaluate", case, "--without-dose", option, value, mentions=[f"{option} needs a dose"])

    def test_default_phantom_is_small_and_written_at_once(self):
        phantom = self.phantom("lung-lesion")
        out = self.folder / "plan"
        run("plan", phantom / "case.json", "--out", out, "--count", "600", expect=0)
        self.assertLessEqual((out / "report.html").stat().st_size, LARGEST_REPORT_BYTES)
        # With CT but without prescription.
        shutil.copytree(phantom, self.folder / "case")
        shutil.copy(out / "dose.dcm", self.folder / "case")
        page = self.folder / "judged"
        run("evaluate", self.folder / "case", "--out", page, expect=0)
        self.open(page / "report.html", page / "report.json", "--numbers")


if __name__ == "__main__":
    unittest.main()
