"""What the page says where something is missing, void or has not moved."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from sparsight.report.audit import AuditHeadline, gate_words
from sparsight.report.audit.pictures import picture_figure
from tests.report.audit.made import show


def test_a_single_pair_says_nothing_about_chance(audit_data):
    text = show(audit_data(models={"m": 0.3}, margin=None, pictures=1)).text
    assert "a single pair says nothing about chance" in text
    assert "No margin was asked for either, so drifts are undecided" in text
    assert "? undecided m Whether m decides" in text
    assert "Student's t" not in text


def test_with_a_floor_the_page_says_what_it_holds_for(audit_data):
    floor = ("again-1", "again-2", "again-3", "again-4")
    text = show(audit_data(models={"m": 0.3}, floor=floor, pictures=1)).text
    assert "Student's t on 3 degrees of freedom" in text
    assert "That holds for this one original alone" in text
    assert "says nothing about chance" not in text
    assert "Difference [90" in text
    few = show(audit_data(models={"m": 0.3}, floor=floor[:2], pictures=1)).text
    assert "A verdict against a floor needs 3, so drift is compared with the margin alone, 20 % of the way" in few
    assert "shown to lie below the margin. " in few
    without = show(audit_data(models={"m": 0.3}, floor=floor[:2], margin=None, pictures=1)).text
    assert "A verdict against a floor needs 3, so no drift is decided." in without


def test_what_a_model_cannot_give_is_not_available_and_the_rest_goes_on(audit_data):
    data = audit_data(models={"m": 0.3, "int8": 0.04}, mapless=("int8",), pictures=1)
    text = show(data).text
    assert "int8: no maps, because an int8 network has no gradients" in text
    assert "No map can be made of int8: not available here." in text
    assert "Similarity to the original ≤ within the margin within the margin: 4 of 4" in text
    assert [picture_figure(data, name) is None for name in ("m", "int8")] == [False, True]
    assert "nan" not in text.lower().split()


def test_an_audit_without_concepts_masks_and_maps(audit_data):
    data = audit_data(models={"m": 0.3}, concepts=[], masks=False, mapless=("m",), pictures=0)
    shown = show(data)
    assert "No images are shown: no two maps could be compared." in shown.text
    assert "No drift is known by class; classes are sorted by accuracy." in shown.text
    assert "Faithfulness to what is true – not available" in shown.text
    assert "#concepts" not in shown.values("href")
    assert "nan" not in shown.text.lower().split()


def test_a_failed_gate_stands_in_the_place_of_the_verdicts_it_voids(audit_data):
    data = audit_data(models={"m": 0.3, "n": 0.3}, pictures=1)
    why = "64 % of the maps of gradcam are dead in m (limit 20 %)"
    gate = {**data.gates[1], "passed": False, "reason": why, "value": 0.64}
    void = (data.verdicts["model"] == "m") & data.verdicts["metric"].str.startswith("map_")
    verdicts = data.verdicts.assign(
        verdict=data.verdicts["verdict"].mask(void, "undecided"),
        reason=data.verdicts["reason"].mask(void, f"drift 0.48: {why}"),
    )
    text = show(replace(data, gates=(data.gates[0], gate), verdicts=verdicts)).text
    assert text.count("⊘ gate failed: dead maps") == 2 * 3, "three metrics of m, in a table and as a reason"
    assert "a gate failed: 2 of 6" in text
    assert "✗ failed" in text
    assert re.search(r"Measure: .* under n \(", text[: text.index("Class: ")])


def test_a_gate_calls_a_metric_what_the_page_calls_it(audit_data):
    data = audit_data(models={"m": 0.3}, pictures=0)
    why = "The floor of top_k_jaccard (0.68) is not below that of a bank of random directions (0.67)"
    own = {"name": "random bank", "subject": "top_k_jaccard", "voids": ["top_k_jaccard"], "passed": False}
    void = data.verdicts["metric"] == "top_k_jaccard"
    verdicts = data.verdicts.assign(reason=data.verdicts["reason"].mask(void, f"drift 0.01: {why}"))
    data = replace(data, gates=({**data.gates[0], **own, "reason": why},), verdicts=verdicts)
    text = show(data).text
    said = why.replace("top_k_jaccard", "“Top 3 concepts (Jaccard)”")
    assert text.count(said) == 2, "as a gate, and as a reason"
    assert f"⊘ gate failed: random bank. Drift 0.01: {said}." in text
    assert "top_k_jaccard" not in text
    assert gate_words(data, data.gates[0]) == said


def test_a_model_against_itself_moves_nothing(audit_data):
    data = audit_data(models={"same": 0.0}, pictures=1)
    still = {name: data.verdicts[name].mask(data.verdicts["drift"].notna(), 0.0) for name in ("drift", "low", "high")}
    classes = data.classes_table
    moved = classes["metric"] != "accuracy"
    images = data.images.assign(map_spearman=0.0, map_iou_20=0.0)
    shown = show(
        replace(
            data,
            verdicts=data.verdicts.assign(**still, verdict="preserved"),
            classes_table=classes.assign(value=classes["value"].mask(moved, 0.0)),
            images=images,
        )
    )
    assert "Nowhere: no measure, class or image moved." in shown.text


def test_what_moved_and_can_be_pointed_at_nowhere_is_not_said_to_stand_still(audit_data):
    data = audit_data(models={"m": 0.3}, concepts=[], masks=False, mapless=("m",), pictures=0)
    why = "20 images for the test images (limit 30)"
    gate = {**data.gates[0], "passed": False, "reason": why, "voids": ["linear_cka", "flips"]}
    reasons = [f"drift 0.29: {why}" for _ in range(len(data.verdicts))]
    text = show(replace(data, gates=(gate,), verdicts=data.verdicts.assign(verdict="undecided", reason=reasons))).text
    assert "Nowhere" not in text
    assert "At every verdict: no measure that a gate lets through" in text


def test_undefined_numbers_are_dashes(audit_data):
    data = audit_data(models={"m": 0.3}, pictures=1)
    names = ["drift", "low", "high", "floor", "margin", "p_changed", "p_preserved"]
    verdicts = data.verdicts.assign(**dict.fromkeys(names, math.nan), verdict="undecided", units=0)
    blank = {name: getattr(data, name).assign(value=np.nan) for name in ("accuracy", "classes_table")}
    images = data.images.assign(map_spearman=np.nan, map_iou_20=np.nan)
    shown = show(replace(data, verdicts=verdicts, images=images, **blank))
    assert "nan" not in shown.text.lower().split()
    assert "0 images" in shown.text


@pytest.mark.parametrize("word", ["preserved", "changed", "undecided"])
def test_no_verdict_is_told_by_its_colour_alone(audit_data, word):
    data = replace(audit_data(models={"m": 0.3}, pictures=0), headlines={"m": AuditHeadline(word, "So it is.")})
    text = show(data).text
    sign = {"preserved": "=", "changed": "≠", "undecided": "?"}[word]
    assert f"{sign} {word} m So it is." in text


def test_where_to_look_names_the_measure_that_the_headline_names(audit_data):
    """Both go by the floor: 6 floors of the one measure, whose margin is wide, are more than 4 of the other."""
    data = audit_data(models={"m": 0.3}, floor=("a", "b", "c"), pictures=1)
    numbers = {"linear_cka": (0.06, 0.01, 0.2), "map_spearman": (0.4, 0.1, 0.15)}
    similar = data.verdicts[(data.verdicts["axis"] == "similarity") & data.verdicts["primary"]]
    one = similar[similar["metric"].isin(numbers)].copy()
    for column, place in (("drift", 0), ("floor", 1), ("margin", 2)):
        one[column] = [numbers[metric][place] for metric in one["metric"]]
    text = show(replace(data, verdicts=one.assign(verdict="changed"))).text
    assert "Measure: Embedding (linear CKA, debiased) (≠ changed, drift 0.060" in text


def test_the_first_screen_says_what_was_looked_at_and_what_f_and_g_are(audit_data):
    data = audit_data(models={"m": 0.3}, pictures=1)
    maps = data.verdicts["metric"].str.startswith("map_")
    data = replace(data, verdicts=data.verdicts.assign(method=data.verdicts["method"].mask(maps, "gradcam@3x3")))
    text = show(data).text
    first = text[: text.index("Where to look first")]
    assert "toybirds: 120 of 64 x 64 pixels. Grad-CAM at 3 x 3 positions. f: the model itself; g: a linear" in first
    assert "Maps are compared at 3 x 3 positions" in text
    without = show(audit_data(models={"m": 0.3}, concepts=[], mapless=("m",), pictures=0)).text
    assert "f: the model itself." in without
    assert "positions." not in without


@pytest.mark.parametrize(("drift", "way"), [(-0.4, "lower"), (0.4, "higher")])
def test_a_level_that_has_changed_has_a_direction(audit_data, drift, way):
    data = audit_data(models={"m": 0.3}, pictures=0)
    f = data.verdicts["method"] == "f"
    own = data.verdicts.assign(
        drift=data.verdicts["drift"].mask(f, drift), verdict=data.verdicts["verdict"].mask(f, "changed")
    )
    text = show(replace(data, verdicts=own)).text
    assert f"Accuracy of f: 0.900, {way} (original 0.930)" in text
