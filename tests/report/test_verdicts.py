"""Verdicts as tables, gates in their place, and what they are read with."""

import io
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sparsight.report import write_report
from sparsight.report.answers import answers_sheet
from sparsight.report.association import association_sheet
from sparsight.report.export import csv, latex
from sparsight.report.floor import floor_sheet
from sparsight.report.gates import failed_gates, gates_sheet
from sparsight.report.moved import movers_sheet, truth_sheet
from sparsight.report.names import metric_name
from sparsight.report.parts import parts_sheet
from sparsight.report.sheet import signed, signed_interval
from sparsight.report.verdicts import is_primary, other_tables, reason_tables, verdict_sheet
from sparsight.verdict import PRIMARY
from tests.report.judged import GATE
from tests.report.test_page import read


@pytest.fixture
def data(report_data):
    return report_data(rounds=3, strips=0)


def test_differences_carry_their_sign():
    assert signed(0.125) == "+0.12"
    assert signed(-0.5) == "−0.50"
    assert signed(-0.0001) == "0.00"
    assert signed(math.nan) == "–"
    assert signed_interval(0.1, -0.2, 0.4) == "+0.10 [−0.20 to +0.40]"
    assert signed_interval(0.1, math.nan, math.nan) == "+0.10"
    assert signed_interval(0.012, 0.0101, 0.0138) == "+0.012 [+0.010 to +0.014]", "ends that can be told apart"


def test_a_verdict_is_a_word_with_its_interval_by_round_and_metric(data):
    table, other = verdict_sheet(data).tables
    assert table.header[:4] == ("Round", "Weights", "Top 3 concepts (Jaccard)", "Weights of g (Spearman)")
    first = dict(zip(table.header, table.rows[0], strict=True))
    assert first["Top 3 concepts (Jaccard)"] == "= preserved\n−0.02 [−0.27 to +0.23]"
    assert first["Concept values (Pearson)"] == "≠ changed\n+0.35 [+0.10 to +0.60]"
    assert {row[2].partition("\n")[0] for row in other.rows} == {"? undecided"}


def test_a_page_states_the_level_of_its_look_and_what_holds_among_all_arms(data, tmp_path):
    write_report(data, tmp_path / "one")
    text = (tmp_path / "one" / "index.html").read_text(encoding="utf-8")
    assert "share a false-alarm rate of 5\xa0%" in text
    assert "[90\xa0% interval]" in text
    assert "These answers hold among all 2 arms together" in text
    look = replace(data, judged={**data.judged, "looks": {"level": 0.0108}})
    write_report(look, tmp_path / "look")
    text = (tmp_path / "look" / "index.html").read_text(encoding="utf-8")
    assert "share a false-alarm rate of 1.08\xa0%" in text
    assert "[97.8\xa0% interval]" in text


def test_a_failed_gate_stands_in_the_verdicts_place(data):
    table = verdict_sheet(data).tables[0]
    assert [row[3] for row in table.rows] == ["⊘ gate failed: random bank\n"] * 2
    (said,) = failed_gates(data)
    assert said == (
        "The floor of “Weights of g (Spearman)” (0.68) is not below that of a bank of random directions (0.67). "
        "Not judged: Weights of g (Spearman)."
    )
    failed, passed = gates_sheet(data).tables[0].rows
    assert failed[:2] == ("Random bank", "✗ failed")
    assert passed == ("Few images", "✓ passed", "600 images (limit 30).", "all primary metrics")


def test_an_undecided_verdict_for_another_reason_is_not_the_gates(data):
    table = data.verdict.copy()
    table.loc[table["metric"] == "weight_spearman", "reason"] = "Not shown"
    rows = verdict_sheet(replace(data, verdict=table)).tables[0].rows
    assert rows[0][3].startswith("? undecided\n")


def test_every_verdict_has_its_reason(data):
    tables = reason_tables(data)
    assert [len(table.rows) for table in tables] == [12, 12]
    said = GATE.replace("weight_spearman", "“Weights of g (Spearman)”")
    assert ("1", "Weights of g (Spearman)", f"⊘ gate failed: random bank. {said}.") in tables[0].rows


def test_what_makes_no_headline_stands_apart(data):
    assert is_primary(data.verdict).sum() == 2 * 2 * 6
    drifts, levels = (other_tables(data, absolute=absolute)[0] for absolute in (False, True))
    assert drifts.header == ("Metric", "75\u00a0%", "56.2\u00a0%")
    assert [row[0] for row in drifts.rows] == [
        "Ranking of concepts (rank-biased overlap)",
        "Grad-CAM (Spearman), label",
        "Truth: what concepts do (logits as they are)",
        "Truth: what parts do (logits less their mean)",
    ]
    assert [row[0] for row in levels.rows] == [
        "Accuracy of f",
        "Accuracy of g on random concepts",
        "Energy in the mask",
    ]
    assert levels.rows[0][1] == "= preserved\n−0.001 [−0.014 to +0.011]"


def test_a_metric_that_is_not_known_keeps_its_name(data):
    assert metric_name(data, "other\nmetric", "x") == "other metric, x"
    assert len({metric_name(data, metric) for _, metric, _ in PRIMARY}) == 6


def test_the_floor_stands_beside_what_it_is_not(data):
    first, second = floor_sheet(data).tables
    jaccard = first.rows[0]
    assert first.header == (
        "Mean drift",
        "Retrained: the floor",
        "Another seed",
        "Same network, other images",
        "Inheritance, magnitude",
    )
    assert jaccard == ("Top 3 concepts (Jaccard)", "0.300", "0.500", "0.400", "+0.125")
    assert first.rows[3][1:] == ("0.300", "–", "–", "+0.125"), "maps are not compared between seeds"
    assert second.rows[0][1:] == ("–", "0.500", "0.400", "–"), "no control, so no floor"


def test_the_floor_of_a_seed_counts_once_a_control_and_inheritance_is_of_one_ticket(data):
    drift = data.drift.copy()
    own = (drift["arm"] == "magnitude") & (drift["metric"] == "linear_cka") & (drift["unit"] == "all")
    own &= drift["reference_arm"] == "dense:right"
    drift.loc[own & (drift["seed"] == 1), "value"] = np.nan
    first = floor_sheet(replace(data, drift=drift)).tables[0]
    assert first.rows[5][4] == "+0.125", "the pairs that are known"


def test_where_the_method_moved_it_is_said(data):
    table = truth_sheet(data).tables[0]
    assert table.rows[0] == (
        "1 (75\u00a0%)",
        "Concept values (Pearson)",
        "The explanation moved and the truth did not: the method moved.",
        "≠ changed\n+0.35",
        "= preserved\n–",
    )


def test_what_moved_most_is_named(data):
    rows = movers_sheet(data).tables[0].rows
    assert rows == (("part belly", "0.250", "−0.125"), ("habitat", "0.062", "+0.500"))
    whole = {"kind": "habitat", "name": "habitat", "round": 1, "moved": 0.5, "change": 0.5}  # as a run has it
    group = {**whole, "kind": "concept group"}
    judged = {**data.judged, "movers": {"magnitude": [whole, group]}}
    rows = movers_sheet(replace(data, judged=judged)).tables[0].rows
    assert [row[0] for row in rows] == ["habitat", "concept group habitat"]


def test_correlations_that_are_defined_stand_with_their_interval(data):
    (row,) = association_sheet(data).tables[0].rows
    assert row == ("Concept values (Pearson)", "+0.65 [+0.34 to +0.96]", "–", "+0.60", "+0.70")
    frame = association_sheet(data).frame
    assert len(frame) == 2 * 6 * 3


def test_energy_in_a_part_stands_beside_its_area(data):
    table = parts_sheet(data).tables[0]
    assert table.header == ("Part", "Area", "100\u00a0%", "75\u00a0%", "56.2\u00a0%")
    assert table.rows == (
        ("bill", "0.062", "0.125", "0.125", "0.125"),
        ("<i>wing</i>", "0.062", "0.250", "0.250", "0.250"),
    )


def test_maps_are_told_apart_by_what_became_of_the_answers(data):
    table = answers_sheet(data).tables[0]
    assert table.header[2:5] == ("Spearman, both right", "Spearman, flipped", "Spearman, both wrong")
    assert table.rows[1][2:5] == ("0.30", "0.50", "0.40")
    assert table.rows[-1][0] == "retrained, not pruned"


def test_sections_stand_only_where_there_is_something_to_say(tmp_path, data):
    empty = replace(data, verdict=data.verdict.iloc[:0], judged={}, drift=data.drift.iloc[:0])
    made = (maker(empty) for maker in (verdict_sheet, floor_sheet, gates_sheet, truth_sheet, movers_sheet))
    assert set(made) == {None}
    assert association_sheet(empty) is None
    assert answers_sheet(empty) is None
    page = read(write_report(empty, tmp_path))
    assert not {"drift", "floor", "gates", "moved", "association"} & set(page.values("id"))


def test_a_page_that_decides_nothing_is_no_evidence_of_no_change(tmp_path, report_data):
    text = read(write_report(report_data(rounds=3, strips=0, seeds=(0,)), tmp_path)).text
    assert "Nothing can be decided: 1 seed, and a verdict needs 3" in text
    assert "Whether an explanation or the truth has changed is not known. Nothing can be decided: 1 seed" in text
    assert "In no round" not in text
    assert "false-alarm" not in text
    assert "Test accuracy of one seed." in text


def test_what_is_not_shown_is_no_sign_of_no_change(tmp_path, data):
    arms = {arm: {**one, "truth": []} for arm, one in data.judged["arms"].items()}
    text = read(write_report(replace(data, judged={**data.judged, "arms": arms}), tmp_path)).text
    assert (
        "In no round is an explanation or the truth shown to have changed, which is no sign that they have not." in text
    )


def test_the_page_holds_the_whole_story(report_page):
    page = read(report_page)
    assert {"drift", "floor", "gates", "moved", "association"} <= set(page.values("id"))
    for said in ("≠ changed", "⊘ gate failed: random bank", "reported and never tested with", "1 gate failed"):
        assert said in page.text, said
    assert "A linear probe is a fresh head" in page.text
    assert "<i>wing</i>" in page.text, "a name is text"


def test_the_tables_beside_the_page_hold_the_numbers(report_page, report_data):
    folder = report_page.parent / "tables"
    frame = pd.read_csv(folder / "verdict.csv")
    assert len(frame) == len(report_data().verdict)
    assert frame["verdict"].tolist() == report_data().verdict["verdict"].tolist()
    text = (folder / "verdict.tex").read_text(encoding="utf-8")
    assert r"$\neq$ changed +0.35 [+0.10 to +0.60]" in text
    assert "gate failed: random bank" in text
    assert not set("✓✗≠⊘−“”") & set(text + (folder / "gates.tex").read_text(encoding="utf-8"))


def test_a_sheet_is_text_and_numbers(data):
    sheet = floor_sheet(data)
    frame = pd.read_csv(io.BytesIO(csv(sheet.frame)))
    assert frame.columns.tolist() == ["arms", "metric", "kind", "value"]
    assert latex(list(sheet.tables)).count(rb"\begin{tabular}") == 2
