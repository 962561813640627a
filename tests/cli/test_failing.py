"""Why ``--fail-on`` exits with 1."""

import math
from dataclasses import replace

import pytest

from sparsight.audit import Audit
from sparsight.cli.audited_models import models_table
from sparsight.cli.failing import check_fail_on, failures, only_levels
from sparsight.cli.show import Screen
from sparsight.errors import InputError
from sparsight.report import ConstantAnswer
from sparsight.report.audit import AuditInput
from sparsight.verdict import BEYOND, MOVED
from tests.report.audit.made import make_audit


def audit(changed=(), undecided=(), beyond=(), **more):
    data = make_audit(models={"m": 0.0}, pictures=0)
    rows = data.verdicts.assign(verdict="preserved")
    for word, places in (("changed", changed), ("undecided", undecided), (BEYOND, beyond)):
        for axis, metric, method in places:
            here = (rows["axis"] == axis) & (rows["metric"] == metric) & (rows["method"] == method)
            assert here.any()
            rows.loc[here, ["verdict", "reason"]] = [word, f"{metric} is {word}"]
    words = set(rows[rows["primary"].astype(bool)]["verdict"])
    word = next(word for word in ("changed", BEYOND, "undecided", "preserved") if word in words)
    heads = {"m": replace(data.headlines["m"], word=word)}
    return Audit(replace(data, verdicts=rows, headlines=heads, **more), {}, {})


F, MAPS = ("accuracy", "accuracy", "f"), ("similarity", "map_spearman", "")
FLIPS, ENERGY = ("similarity", "flips", ""), ("faithfulness", "mask_energy", "gradcam")


@pytest.mark.parametrize(
    ("found", "on_changed", "on_undecided"),
    [
        ({}, [], []),
        ({"changed": [F]}, ["m: Accuracy of f, changed: accuracy is changed"], None),
        ({"changed": [ENERGY]}, ["m: Energy in the mask, changed: mask_energy is changed"], None),
        ({"changed": [FLIPS]}, [], []),
        ({"beyond": [MAPS]}, ["m: Grad-CAM (Spearman), beyond the margin: map_spearman is beyond the margin"], None),
        ({"beyond": [F]}, ["m: Accuracy of f, beyond the margin: accuracy is beyond the margin"], None),
        ({"undecided": [F]}, [], ["m: Accuracy of f, undecided: accuracy is undecided"]),
        ({"undecided": [FLIPS, ENERGY]}, [], []),
        ({"void": ("o answers at chance",)}, ["o answers at chance"], None),
    ],
    ids=[
        "nothing",
        "accuracy",
        "faithfulness",
        "no headline",
        "beyond",
        "accuracy beyond",
        "undecided",
        "undecided beside it",
        "at chance",
    ],
)
def test_each_failure_is_a_line_with_its_reason(found, on_changed, on_undecided):
    one = audit(**found)
    assert failures(one, "changed") == failures(one, "beyond") == on_changed
    assert failures(one, "undecided") == (on_changed if on_undecided is None else on_undecided)
    assert bool(on_changed) == (one.word in MOVED or bool(one.data.void))


def test_an_explanation_that_is_undecided_names_its_measures_and_their_reasons():
    lines = failures(audit(undecided=[MAPS]), "undecided")
    assert lines == ["m: Grad-CAM (Spearman), undecided: map_spearman is undecided"]
    data = make_audit(models={"m": 0.0}, pictures=0)
    data = replace(data, headlines={"m": replace(data.headlines["m"], word="undecided", sentence="No maps.")})
    data = replace(data, verdicts=data.verdicts.assign(verdict="preserved"))
    assert failures(Audit(data, {}, {}), "undecided") == ["No maps."]


@pytest.mark.parametrize(
    ("word", "floor", "margin", "says"),
    [
        ("worse", 3, 0.1, "must be changed, beyond or undecided"),
        ("undecided", 0, None, "nothing is there to decide against"),
        ("beyond", 0, None, "nothing is there to decide against"),
        ("undecided", 2, None, "2 given by --floor is too few"),
        ("changed", 2, None, "2 given by --floor is too few"),
    ],
)
def test_a_check_that_always_fails_or_is_taken_for_another_is_refused(word, floor, margin, says):
    with pytest.raises(InputError, match=says):
        check_fail_on(word, floor, margin)


def test_a_loss_of_accuracy_needs_neither_floor_nor_margin():
    check_fail_on("changed", 0, None)
    assert only_levels("changed", 0, None)
    assert not only_levels("changed", 3, None)
    assert not only_levels("changed", 0, 0.1)
    assert not only_levels(None, 0, None)


def test_every_model_is_shown_with_what_it_was_given_in_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    names = ("hf:/a/very/long/path/to/a/folder/of/checkpoints/dense", "torchvision:mobilenet_v2@" + "w" * 60, "m")
    roles = ("original", "model", "floor")
    inputs = tuple(
        AuditInput(
            name,
            role,
            0.95,
            1 if role == "floor" else 9,
            (1024, 1024),
            mean,
            deviation,
            expected=224,
            parameters=count,
            zeros=zeros,
        )
        for name, role, count, zeros in zip(
            names, roles, (1_888_888_888, 11_689_512, None), (0.0, 0.98765, math.nan), strict=True
        )
    )
    data = replace(make_audit(models={names[1]: 0.1}, original=names[0], pictures=0), inputs=inputs)
    data = replace(data, constant=ConstantAnswer("a species with a long name of its own", 0.731, 0.5))
    Screen().print(models_table(data))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert not any("\\x0a" in line for line in lines)
    text = "\n".join(lines)
    for words in (
        "0.485 0.456 0.406",
        "0.229 0.224 0.225",
        "0.950",
        "1024 x 1024",
        "made for 224",
        "one class",
        "always",
        "0.731",
        "1.889 G",
        "0.0% zero",
        "11.69 M",
        "98.8% zero",
    ):
        assert words in text
