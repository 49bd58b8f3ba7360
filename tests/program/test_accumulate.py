"""BED and EQD2 doses, sums of plans, and biological queries, as a user runs them."""
import json
import pathlib
import subprocess
import unittest

import numpy
import pydicom
from pydicom.uid import generate_uid

from program_case import ProgramCase, load, run

BEAMS = ('{"schema": "sbrtplan-beams/1", "collimator_kind": "fixed", "beams": ['
         '{"id": "1", "node": "n", "source_mm": [0, -800, 0], "aim_mm": [0, 0, 0], "collimator_mm": 20, "weight_mu": %g},'
         '{"id": "2", "node": "m", "source_mm": [800, 0, 0], "aim_mm": [0, 0, 0], "collimator_mm": 20, "weight_mu": %g}]}')
# Half a step of 32 bits, single precision on the way.
RELATIVE = 2e-6


def dose_of(path):
    data = pydicom.dcmread(path)
    return data.pixel_array.astype(float) * float(data.DoseGridScaling)


def dciodvfy_errors(path, copy):
    """Its 32-bit doses are judged as 16-bit ones of twice the columns: the tool aborts on 32 bits."""
    data = pydicom.dcmread(path)
    data.BitsAllocated, data.BitsStored, data.HighBit, data.Columns = 16, 16, 15, 2 * data.Columns
    data.save_as(copy)
    done = subprocess.run(["dciodvfy", "-new", copy], capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if line.startswith("Error")]


class Accumulate(ProgramCase):
    def setUp(self):
        super().setUp()
        self.case = self.phantom("sphere-in-water", "--spacing-mm", "4,4,4")
        self.a = self.dose("a.dcm", 3000, 1500, "3")
        self.b = self.dose("b.dcm", 900, 2100, "4")

    def beams(self, name, first_mu, second_mu):
        path = self.folder / name
        path.write_text(BEAMS % (first_mu, second_mu))
        return path

    def dose(self, name, first_mu, second_mu, grid_mm, *options):
        out = self.folder / name
        run("dose", self.case, "--beams", self.beams(name + ".json", first_mu, second_mu), "--grid-mm", grid_mm, "--out", out,
            *options, expect=0)
        return out

    def accumulate(self, *inputs, expect=0, **options):
        out = self.folder / "sum.dcm"
        listed = [text for key, value in options.items() for text in ("--" + key.replace("_", "-"), value)]
        done = run("accumulate", *inputs, "--out", out, "--overwrite", "--json", self.folder / "sum.json", *listed,
                   expect=expect)
        return out, load(self.folder / "sum.json"), done

    def test_one_dose_becomes_a_valid_effective_dose(self):
        out, record, done = self.accumulate(f"{self.a}:5", quantity="bed", alpha_beta_gy=3, bio_source="a textbook")
        physical, bed = dose_of(self.a), dose_of(out)
        numpy.testing.assert_allclose(bed, physical * (1 + physical / 5 / 3), rtol=RELATIVE, atol=1e-6)
        data = pydicom.dcmread(out)
        self.assertEqual((data.DoseType, data.DoseUnits, data.DoseSummationType), ("EFFECTIVE", "GY", "PLAN"))
        self.assertIn("BED a/b 3 LQ", data.DoseComment)
        self.assertIn("a textbook", data.DerivationDescription)
        self.assertEqual(data.FrameOfReferenceUID, pydicom.dcmread(self.a).FrameOfReferenceUID)
        self.assertEqual(dciodvfy_errors(out, self.folder / "copy.dcm"), [])
        self.assertEqual(record["schema"], "sbrtplan-accumulation/1")
        self.assertEqual(record["radiobiology"], {"alpha_beta_gy": 3, "model": "LQ", "source": "a textbook"})
        self.assertEqual(record["inputs"][0]["fractions"], 5)
        self.assertIn("5 fractions", done.stdout)

    def test_sum_of_two_plans_is_the_sum_of_their_eqd2(self):
        same = self.dose("same.dcm", 900, 2100, "3")
        out, record, _ = self.accumulate(f"{self.a}:5", f"{same}:3", alpha_beta_gy=3)
        expected = sum(d * (d / n + 3) / 5 for d, n in ((dose_of(self.a), 5), (dose_of(same), 3)))
        numpy.testing.assert_allclose(dose_of(out), expected, rtol=RELATIVE, atol=1e-6)
        data = pydicom.dcmread(out)
        self.assertEqual(data.DoseSummationType, "MULTI_PLAN")
        self.assertEqual(len(data.ReferencedRTPlanSequence), 2)
        self.assertEqual(dciodvfy_errors(out, self.folder / "copy.dcm"), [])
        self.assertEqual(record["quantity"], "eqd2")

    def test_lql_and_the_choice_of_grid(self):
        out, record, _ = self.accumulate(f"{self.b}:1", f"{self.a}:1", quantity="bed", bio_model="lql", transition_gy=6,
                                         grid="finest", outside="zero")
        self.assertEqual(record["grid"]["spacing_mm"], [3, 3, 3])
        self.assertEqual(record["radiobiology"]["transition_gy"], 6)
        self.assertEqual(dose_of(out).shape, dose_of(self.a).shape)
        by_file, _, _ = self.accumulate(f"{self.b}:1", f"{self.a}:1", quantity="bed", bio_model="lql", transition_gy=6,
                                        grid=self.a, outside="zero")
        numpy.testing.assert_array_equal(dose_of(out), dose_of(by_file))

    def test_what_is_not_covered_is_left_out_and_told(self):
        def cut(data):
            keep = data.NumberOfFrames // 2
            data.PixelData = data.PixelData[:len(data.PixelData) * keep // data.NumberOfFrames]
            data.GridFrameOffsetVector = data.GridFrameOffsetVector[:keep]
            data.NumberOfFrames = keep
        half = self.changed(self.a, "half.dcm", cut)
        _, record, done = self.accumulate(f"{self.a}:5", f"{half}:3")
        self.assertEqual(record["grid"]["size"][2], pydicom.dcmread(half).NumberOfFrames)
        self.assertIn("accumulate-cropped", [w["code"] for w in record["warnings"]])
        self.assertIn("accumulate-cropped", done.stderr)
        self.assertGreater(record["inputs"][0]["max_outside_result_gy"], 0)
        _, record, _ = self.accumulate(f"{self.a}:5", f"{half}:3", outside="zero")
        self.assertIn("accumulate-outside", [w["code"] for w in record["warnings"]])
        self.assert_refused("accumulate", f"{self.a}:5", f"{half}:3", "--outside", "refuse", "--out", self.folder / "x.dcm",
                            mentions=("does not cover", "--outside"))

    def changed(self, path, name, change):
        data = pydicom.dcmread(path)
        data.SOPInstanceUID = generate_uid()
        change(data)
        out = self.folder / name
        data.save_as(out)
        return out

    def refused(self, *inputs, mentions=(), options=()):
        self.assert_refused("accumulate", *inputs, *options, "--out", self.folder / "x.dcm", mentions=mentions)

    def test_refuses_what_cannot_be_added(self):
        def other_patient(data):
            data.PatientID = "somebody else"

        def other_frame(data):
            data.FrameOfReferenceUID = generate_uid()

        def one_beam(data):
            data.DoseSummationType = "BEAM"

        def relative(data):
            data.DoseUnits = "RELATIVE"
        a = f"{self.a}:5"
        self.refused(a, f"{self.changed(self.a, 'p.dcm', other_patient)}:3", mentions=("different patients", "p.dcm"))
        self.refused(a, f"{self.changed(self.a, 'f.dcm', other_frame)}:3", mentions=("frames of reference", "f.dcm"))
        self.refused(f"{self.changed(self.a, 'o.dcm', one_beam)}:3", mentions=("BEAM", "o.dcm"))
        self.refused(f"{self.changed(self.a, 'r.dcm', relative)}:3", mentions=("RELATIVE", "r.dcm"))
        self.refused(a, a, mentions=("twice",))
        self.refused(self.a, mentions=("fractions", "a.dcm:5"))
        self.refused(f"{self.a}:0", mentions=("1 to 1000",))
        self.refused(f"{self.a}:as-is", mentions=("as it is",))
        self.refused(self.folder / "a.dcm.json", mentions=("no RTDOSE",))
        self.refused(a, mentions=("--transition-gy",), options=("--bio-model", "lql"))

    def test_effective_doses_are_not_converted_twice(self):
        out, _, _ = self.accumulate(f"{self.a}:5", alpha_beta_gy=3)
        eqd2 = self.folder / "eqd2.dcm"
        out.rename(eqd2)
        self.refused(f"{eqd2}:5", mentions=("as-is",))
        out, _, _ = self.accumulate(f"{eqd2}:as-is", f"{self.dose('c.dcm', 900, 2100, '3')}:3", alpha_beta_gy=3)
        d = dose_of(self.folder / "c.dcm")
        numpy.testing.assert_allclose(dose_of(out), dose_of(eqd2) + d * (d / 3 + 3) / 5, rtol=RELATIVE, atol=1e-6)

    def test_fractions_come_from_the_plan_beside_the_dose(self):
        beside = self.folder / "beside"
        beside.mkdir()
        data = pydicom.dcmread(self.a)
        data.save_as(beside / "dose.dcm")
        plan = pydicom.Dataset()
        for tag in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
            setattr(plan, tag, getattr(data, tag))
        plan.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.5"
        plan.SOPInstanceUID = data.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID
        plan.Modality, plan.RTPlanLabel = "RTPLAN", "test"
        group = pydicom.Dataset()
        group.FractionGroupNumber, group.NumberOfFractionsPlanned, group.NumberOfBeams = 1, 4, 0
        plan.FractionGroupSequence = [group]
        plan.is_little_endian, plan.is_implicit_VR = True, False
        plan.file_meta = pydicom.dataset.FileMetaDataset()
        plan.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        plan.save_as(beside / "plan.dcm", write_like_original=False)
        out, record, _ = self.accumulate(beside / "dose.dcm", quantity="bed")
        self.assertEqual(record["inputs"][0]["fractions"], 4)
        self.assertTrue(record["inputs"][0]["fractions_from"].endswith("plan.dcm"))
        d = dose_of(self.a)
        numpy.testing.assert_allclose(dose_of(out), d * (1 + d / 40), rtol=RELATIVE, atol=1e-6)

    def test_the_sum_can_be_evaluated_and_says_what_it_is(self):
        out, record, _ = self.accumulate(f"{self.a}:5", alpha_beta_gy=10)
        rtstruct = next(p for p in self.case.rglob("*.dcm") if pydicom.dcmread(p, stop_before_pixels=True).Modality == "RTSTRUCT")
        report = self.folder / "report.json"
        run("evaluate", rtstruct, out, "--target", "GTV", "--prescription", "20Gy/1fx", "--query", "GTV:BED(Mean)", "--query",
            "GTV:NTCP(td50=20,m=0.2,n=1,as-is)", "--json", report, expect=0)
        result = load(report)
        codes = [w["code"] for w in result["warnings"]]
        self.assertIn("effective-dose", codes)
        self.assertIn("query-without-value", codes)
        self.assertNotIn("radiobiology", result)
        self.assertNotIn("BED(Mean)", result["structures"]["GTV"]["queries"])
        self.assertIn("NTCP(td50=20,m=0.2,n=1,as-is)", result["structures"]["GTV"]["queries"])
        # The mean EQD2 is that of the physical dose, converted point by point.
        run("evaluate", rtstruct, self.a, "--fractions", "5", "--query", "GTV:EQD2(Mean)", "--json", report, "--overwrite",
            "--alpha-beta-gy", "10", expect=0)
        self.assertAlmostEqual(result["structures"]["GTV"]["mean_gy"], load(report)["structures"]["GTV"]["queries"]["EQD2(Mean)"],
                               delta=0.02 * result["structures"]["GTV"]["mean_gy"])

    def test_fractions_that_disagree_are_refused(self):
        self.assert_refused("evaluate", self.case, self.a, "--target", "GTV", "--prescription", "20Gy/5fx", "--fractions", "3",
                            mentions=("--fractions", "GTV"))

    def test_protraction_lowers_the_bed_of_a_plan(self):
        slow = self.dose("slow.dcm", 3000, 1500, "4", "--quantity", "bed", "--fractions", "1", "--alpha-beta-gy", "3",
                         "--repair-half-time-min", "1")
        never = self.dose("never.dcm", 3000, 1500, "4", "--quantity", "bed", "--fractions", "1", "--alpha-beta-gy", "3")
        self.assertIn("half-time 1 min", pydicom.dcmread(slow).DerivationDescription)
        self.assertEqual(pydicom.dcmread(slow).DoseType, "EFFECTIVE")
        self.assertEqual(dciodvfy_errors(slow, self.folder / "copy.dcm"), [])
        physical = dose_of(self.dose("p.dcm", 3000, 1500, "4"))
        hot = physical > 0.3 * physical.max()
        self.assertTrue((dose_of(slow)[hot] < dose_of(never)[hot]).all())
        self.assertTrue((dose_of(slow)[hot] > physical[hot]).all())

    def test_any_thread_count_gives_the_same_bytes(self):
        written = []
        for threads in (1, 3):
            out = self.folder / f"{threads}.dcm"
            run("accumulate", f"{self.a}:5", f"{self.b}:3", "--out", out, threads=threads, expect=0)
            written.append(out.read_bytes())
        self.assertEqual(*written)


class Biology(ProgramCase):
    def test_report_names_model_parameters_and_source(self):
        case = self.phantom("sphere-in-water", "--spacing-mm", "4,4,4")
        beams = self.folder / "beams.json"
        beams.write_text(BEAMS % (3000, 3000))
        dose = self.folder / "dose.dcm"
        run("dose", case, "--beams", beams, "--grid-mm", "4", "--out", dose, expect=0)
        biology = self.folder / "biology.json"
        biology.write_text(json.dumps({
            "schema": "sbrtplan-biology/1",
            "default": {"alpha_beta_gy": 10, "source": "convention"},
            "structures": {
                "GTV": {"model": "lql", "alpha_beta_gy": 10, "transition_gy": 5, "source": "paper A",
                        "tcp": {"model": "poisson", "d50_gy": 40, "gamma50": 2, "reference_fraction_gy": 2, "source": "paper B"}},
                "External": {"alpha_beta_gy": 3, "source": "paper C",
                             "ntcp": {"td50_gy": 24.5, "m": 0.18, "n": 0.87, "reference_fraction_gy": 2, "source": "paper D"}},
                "Misspelt": {"alpha_beta_gy": 2, "source": "paper E"}}}))
        report = self.folder / "report.json"
        done = run("evaluate", case, dose, "--target", "GTV", "--prescription", "30Gy/3fx", "--biology", biology, "--query", "GTV:TCP",
                   "--query", "External:NTCP", "--goal", "External:NTCP <= 50 %", "--json", report, expect=0)
        result = load(report)
        block = result["radiobiology"]
        self.assertEqual((block["model"], block["alpha_beta_gy"], block["transition_gy"]), ("LQ-L", 10, 5))
        self.assertAlmostEqual(block["prescription_bed_gy"], 3 * (5 * 1.5 + 2 * 5), places=9)
        self.assertAlmostEqual(block["prescription_eqd2_gy"], 52.5 / 1.2, places=9)
        self.assertEqual(block["structures"]["External"]["ntcp"]["source"], "paper D")
        self.assertIn("TCP", result["structures"]["GTV"]["queries"])
        self.assertIn("NTCP", result["structures"]["External"]["queries"])
        self.assertTrue(result["goals"][0]["met"])
        self.assertIn("biology-unused", [w["code"] for w in result["warnings"]])
        for text in ("paper A", "paper B", "paper C", "paper D", "Misspelt"):
            self.assertIn(text, done.stdout)

    def test_the_documented_example_can_be_used(self):
        example = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples" / "biology.json"
        case = self.phantom("sphere-in-water", "--spacing-mm", "4,4,4")
        beams = self.folder / "beams.json"
        beams.write_text(BEAMS % (3000, 3000))
        out = self.folder / "eqd2.dcm"
        done = run("dose", case, "--beams", beams, "--grid-mm", "5", "--quantity", "eqd2", "--fractions", "3", "--biology", example,
                   "--tissue", "GTV", "--out", out, expect=0)
        self.assertIn("USC", done.stdout)
        self.assertIn("Park", done.stdout)
        self.assert_refused("dose", case, "--beams", beams, "--quantity", "eqd2", "--fractions", "3", "--biology", example,
                            "--tissue", "Skin", "--out", self.folder / "x.dcm", mentions=("Skin", "SpinalCord"))


if __name__ == "__main__":
    unittest.main()
