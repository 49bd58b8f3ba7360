"""A hand-written store of replanned cases. Shared by the test_*.py files of this folder."""
import json


def result(case_id, patient="P", site="LUNG", diameter=30.0, dose=45.0, fractions=5, ci=1.1, archived=None):
    bed = dose * (1 + dose / fractions / 10)
    document = {
        "schema": "sbrtplan-case-result/1",
        "case": {"id": case_id, "patient_id": patient, "rtstruct_uid": "1.2", "ct_series_uid": "1.3", "target": "PTV",
                 "gtv": ["GTV"], "site": site, "study_date": "20200101"},
        "lesion": {"largest_diameter_mm": diameter, "gtv_cc": 9.0, "ptv_cc": 20.0},
        "prescription": {"dose_gy": dose, "fractions": fractions, "alpha_beta_gy": 10, "bed_gy": bed, "eqd2_gy": bed / 1.2},
        "replanned": {"indices": {"coverage_pct": 95.0, "ci": ci, "nci": ci / 0.95, "hi": 1.3, "isodose_pct": 77.0},
                      "beams": 100, "nodes": 50, "total_mu": 20000.0, "minutes_per_fraction": 25.0, "goals_met": 2,
                      "goals_missed": 0, "warnings": []},
        "hashes": {},
    }
    if archived:
        document["archived"] = {"indices": {"ci": archived, "coverage_pct": 80.0}, "beams": 120, "total_mu": 30000.0}
    return document


def write_store(folder, results, failed=()):
    (folder / "cases").mkdir(parents=True)
    for one in results:
        case = folder / "cases" / one["case"]["id"]
        case.mkdir()
        (case / "case-result.json").write_text(json.dumps(one), encoding="utf-8")
        (case / "report.html").write_text("report", encoding="utf-8")
    (folder / "failed").mkdir()
    for name, reason in failed:
        (folder / "failed" / f"{name}.json").write_text(json.dumps({"reason": reason}), encoding="utf-8")
    return folder
