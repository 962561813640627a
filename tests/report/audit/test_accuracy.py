"""What stands beside each model: its accuracy, what it holds and what it was shown."""

import json
import math
from dataclasses import replace

import pandas as pd

from sparsight.report.audit import AuditInput, write_audit_report
from sparsight.report.audit.accuracy import accuracy_sheet, models_sheet
from sparsight.report.constant import ConstantAnswer

HALF = (0.5, 0.5, 0.5)


def test_the_constant_answer_is_the_last_row_on_the_page_and_in_its_table(audit_data, tmp_path):
    data = replace(audit_data(models={"m": 0.1}, pictures=0), constant=ConstantAnswer("=Tern", 0.625, 0.25))
    page = write_audit_report(data, tmp_path / "report")
    table = pd.read_csv(page.parent / "tables" / "accuracy.csv")
    own = table[table["role"] == "constant"]
    shown = accuracy_sheet(data).tables[0]
    pairs = list(dict.fromkeys(zip(data.accuracy["of"], data.accuracy["metric"], strict=True)))
    scores = {"accuracy": 0.625, "balanced_accuracy": 0.25}
    scored = [(of, metric, scores[metric]) for of, metric in pairs if of in ("f", "g") and metric in scores]
    assert list(own[["of", "metric", "value"]].itertuples(index=False, name=None)) == scored != []
    assert set(own["model"]) == {"always =Tern"}
    assert len(table) == len(data.accuracy) + len(own)
    assert table.index[table["role"] == "constant"].tolist() == list(range(len(data.accuracy), len(table)))
    assert shown.rows[-1][:2] == ("always =Tern", "the constant answer")
    assert shown.rows[-1][2:].count("0.625") + shown.rows[-1][2:].count("0.250") == len(scored)
    without = write_audit_report(replace(data, constant=None), tmp_path / "without")
    assert len(pd.read_csv(without.parent / "tables" / "accuracy.csv")) == len(data.accuracy)


def test_parameters_and_zeros_stand_beside_each_model_on_the_page_and_for_programs(audit_data, tmp_path):
    data = audit_data(models={"m": 0.1, "=closed": 0.0}, pictures=0)
    rows = (
        (data.original, "original", (32, 48), (0.1, 0.2, 0.3), "known from a", 224, 11_689_512, 0.0),
        ("m", "model", (32, 48), HALF, "guessed: b", None, 11_689_512, 0.9025),
        ("=closed", "model", (32, 48), HALF, "", None, None, math.nan),
    )
    inputs = tuple(
        AuditInput(name, role, 0.5, 3, size, mean, HALF, source, expected, parameters, zeros)
        for name, role, size, mean, source, expected, parameters, zeros in rows
    )
    data = replace(data, inputs=inputs)
    page = write_audit_report(data, tmp_path / "report")
    shown = models_sheet(data).tables[0].rows
    assert shown[0] == (data.original, "11,689,512", "0\xa0%", "32 x 48", "224", "0.1 0.2 0.3", "0.5", "Known from a")
    assert shown[1] == ("m", "11,689,512", "90.2\xa0%", "32 x 48", "–", "0.5", "0.5", "Guessed: b")
    assert shown[2] == ("=closed", "–", "–", "32 x 48", "–", "0.5", "0.5", "–")
    assert all(words in page.read_text(encoding="utf-8") for words in ("11,689,512", "90.2\xa0%", "Guessed: "))
    table = pd.read_csv(page.parent / "tables" / "models.csv")
    assert table["zeros"].tolist()[:2] == [0.0, 0.9025]
    assert table["parameters"].tolist()[:2] == [11_689_512, 11_689_512]
    assert table["model"][2] == "'=closed", "no formula to a spreadsheet"
    written = json.loads((page.parent / "report.json").read_text())["inputs"]
    assert [one["zeros"] for one in written] == [0.0, 0.9025, None]
    assert [one["expected"] for one in written] == [224, None, None]
