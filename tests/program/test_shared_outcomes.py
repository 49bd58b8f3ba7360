"""Survival analyses of the program, from CSV to cohort.json, against the values that R's survival package printed."""
import csv
import unittest

from program_case import SHARED, ProgramCase, load, run
from series_store import result, write_store

# R 4.2.2, survival 3.5-3 (../shared/data/survival/README.md), printed to 10-13 digits.
AS_PRINTED = 1e-8


class Outcomes(ProgramCase):
    def analyse(self, name, time, event, columns, *options):
        """`event(row)` gives the event code; ids are row numbers. Returns the outcomes of cohort.json."""
        with open(SHARED / "data" / "survival" / f"{name}.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        store = write_store(self.folder / f"store-{name}", [result(f"c{n}", f"P{n}") for n in range(len(rows))])
        outcomes = self.folder / f"{name}.csv"
        with open(outcomes, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["case_id", "months", "event", *columns])
            for n, row in enumerate(rows):
                writer.writerow([f"c{n}", row[time], event(row), *(row[c] for c in columns)])
        out = self.folder / f"out-{name}"
        run("cohort", store, "--out", out, "--overwrite", "--outcomes", outcomes, *options, expect=0)
        found = load(out / "cohort.json")["outcomes"]
        self.assertEqual((found["subjects"], found["rows_without_case"], found["cases_without_row"]), (len(rows), [], []))
        return found

    def cox(self, found, kind, ties, covariates):
        return next(c for c in found["cox"] if (c["kind"], c["ties"], c["covariates"]) == (kind, ties, covariates))

    def assert_close(self, values, expected):
        self.assertEqual(len(values), len(expected))
        for value, wanted in zip(values, expected):
            self.assertAlmostEqual(value, wanted, delta=AS_PRINTED)

    def test_lung(self):
        found = self.analyse("lung", "time", lambda r: int(r["status"]) - 1, ["age", "sex", "ph.ecog"], "--group", "sex",
                             "--covariate", "age", "--covariate", "sex", "--covariate", "ph.ecog", "--confidence-type", "log-log")
        self.assertEqual((found["events"], found["confidence_type"]), (165, "log-log"))
        everybody, by_sex = found["kaplan_meier"]
        curve = everybody["curves"][0]
        self.assertEqual([curve[k] for k in ("median_months", "median_low_months", "median_high_months")], [310, 284, 361])
        at_180 = [s for s in curve["steps"] if s["months"] <= 180][-1]
        self.assert_close([at_180[k] for k in ("survival", "standard_error", "low", "high")],
                          [0.7216706534, 0.02981241947, 0.65830452845, 0.7753146907])
        self.assertEqual([(c["group"], c["median_months"], c["median_low_months"], c["median_high_months"]) for c in by_sex["curves"]],
                         [("1", 270, 210, 306), ("2", 426, 345, 524)])
        test = by_sex["log_rank"]
        self.assert_close([test["chi_square"], *test["expected"], test["variance"]],
                          [10.3267419549, 91.5817390296, 73.4182609704, 40.3714339796])
        self.assertEqual(test["observed"], [112, 53])
        for ties, coefficient, error, score in (("Efron", -0.531023540006, 0.167178583301, 10.3251484957),
                                                ("Breslow", -0.530396576883, 0.167180837456, 10.2999243232)):
            sex = self.cox(found, "univariate", ties, ["sex"])
            self.assert_close([sex["coefficients"][0]["coefficient"], sex["coefficients"][0]["standard_error"],
                               sex["score"]["chi_square"]], [coefficient, error, score])
        names = ["age", "sex", "ph.ecog"]
        efron, breslow = (self.cox(found, "multivariate", ties, names) for ties in ("Efron", "Breslow"))
        self.assertEqual((efron["subjects"], efron["events"], efron["left_out"]), (227, 164, 1))
        self.assert_close([c["coefficient"] for c in efron["coefficients"]], [0.0110667645961, -0.5526123955318, 0.4637284751157])
        self.assert_close([c["standard_error"] for c in efron["coefficients"]], [0.00926741101, 0.16773905378, 0.11357726616])
        self.assert_close([efron["log_likelihood_start"], efron["log_likelihood"]], [-744.480455761, -729.230121375])
        self.assert_close([c["coefficient"] for c in breslow["coefficients"]], [0.0110411363857, -0.5518895696377, 0.4629470403345])

    def test_ovarian(self):
        found = self.analyse("ovarian", "futime", lambda r: r["fustat"], ["age", "rx"], "--group", "rx",
                             "--covariate", "age", "--covariate", "rx")
        curve = found["kaplan_meier"][0]["curves"][0]
        self.assertEqual((curve["median_months"], curve["median_low_months"]), (638, 464))
        self.assertNotIn("median_high_months", curve)
        self.assert_close([found["kaplan_meier"][1]["log_rank"]["chi_square"]], [1.06273986129])
        both = self.cox(found, "multivariate", "Efron", ["age", "rx"])
        self.assert_close([c["coefficient"] for c in both["coefficients"]], [0.147326595469, -0.803973012665])
        self.assert_close([c["standard_error"] for c in both["coefficients"]], [0.0461470477, 0.6320493719])

    def test_leukaemia_by_a_text_column(self):
        found = self.analyse("aml", "time", lambda r: r["status"], ["x"], "--group", "x", "--covariate", "x")
        self.assertEqual([c["group"] for c in found["kaplan_meier"][1]["curves"]], ["Maintained", "Nonmaintained"])
        self.assert_close([found["kaplan_meier"][1]["log_rank"]["chi_square"]], [3.39638869898])
        for ties, coefficient in (("Efron", 0.915532575015), ("Breslow", 0.904219723686)):
            fit = self.cox(found, "univariate", ties, ["x"])["coefficients"][0]
            self.assertEqual(fit["name"], "x=Nonmaintained")
            self.assert_close([fit["coefficient"]], [coefficient])


if __name__ == "__main__":
    unittest.main()
