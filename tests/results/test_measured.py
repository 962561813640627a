"""What verdicts are made of, from numbers that say which network they are of."""

import math

import numpy as np
import pytest

from sparsight.comparison import Drift
from sparsight.config import StudySettings
from sparsight.results.measured import drifted, levelled, levels, rounds_of
from sparsight.results.pairs import Pair

nan = math.nan
ARMS = ["magnitude", "released-code", "finetune", "dense-at:magnitude:2"]
SEQUENCE = "retrain:freeze_negative+alias_biases+keep_norm_statistics+score_before_epoch"
SETTINGS = StudySettings.model_validate(
    {
        "data": {"name": "toybirds"},
        "pruning": {"rounds": 4},
        "study": {"arms": ARMS, "seeds": [4, 7], "retrains": 2},
        "verdict": {"accuracy_margin": 0.03, "energy_margin": 0.07},
    }
)


def drift(values, metric="weight_spearman", family="concepts", target="", unit="class"):
    return Drift(family, metric, "pcbm", target, "train", unit, (), np.array(values, dtype=np.float64))


def pair(kind, arm, seed, repeat, round_, *drifts):
    return Pair(kind, (arm, seed, repeat, round_, 0.5), ("dense:right", seed, 0, 0), drifts, {})


def number(seed, repeat, round_):
    """One that says where it comes from."""
    return seed + repeat / 10 + round_ / 100


def study_of(arm, control, serves_all):
    """The arm's pairs, in no order, with others that do not belong to it."""
    found = [
        pair("ticket", arm, seed, None, r, drift([number(seed, 0, r), nan, number(seed, 0, r)]))
        for r in (3, 0, 2, 1)
        for seed in (7, 4)
    ]
    for seed in (4, 7):
        for j in (2, 1):
            rounds = (0,) if serves_all else (1, 2, 3)
            found += [pair("retrain", control, seed, j, r, drift([number(seed, j, r)])) for r in rounds]
        found.append(pair("inheritance", arm, seed, None, 1, drift([99.0])))
        found.append(pair("seed", f"dense:{seed}", seed, 0, 0, drift([98.0])))
        found.append(pair("refit", "refit:right", seed, 1, 0, drift([97.0])))
        found.append(pair("ticket", "random", seed, None, 1, drift([96.0])))
        found.append(pair("retrain", "retrain:lr-rewind", seed, 1, 1, drift([95.0])))
    return found


@pytest.mark.parametrize(
    ("arm", "control", "serves_all"),
    [
        ("magnitude", "retrain:right", True),
        ("released-code", SEQUENCE, False),
        ("finetune", "retrain:finetune", False),
    ],
)
def test_drifts_and_floors_stand_at_their_seed_round_and_repeat(arm, control, serves_all):
    (one,) = drifted(
        arm, study_of(arm, control, serves_all), SETTINGS, {("weight_spearman", ""): 1.25, ("other", ""): 3.0}
    )
    assert one.key == ("concepts", "weight_spearman", "pcbm", "")
    assert one.primary
    assert one.ceiling == 1.25
    for i, seed in enumerate((4, 7)):
        for k, r in enumerate((1, 2, 3)):
            assert one.drift[i, k] == pytest.approx(number(seed, 0, r)), "the mean leaves out what is undefined"
            expected = [number(seed, j, 0 if serves_all else r) for j in (1, 2)]
            assert one.floor[i, k].tolist() == pytest.approx(expected)
    assert one.drift.shape == (2, 3)
    assert one.floor.shape == (2, 3, 2)


def test_an_arm_of_one_round_has_one_column():
    pairs = [pair("ticket", ARMS[3], seed, None, 2, drift([seed / 10])) for seed in (4, 7)]
    pairs += [pair("retrain", "retrain:right", seed, j, 0, drift([seed + j])) for seed in (4, 7) for j in (1, 2)]
    (one,) = drifted(ARMS[3], pairs, SETTINGS, {})
    assert one.drift.tolist() == [[0.4], [0.7]]
    assert one.floor.tolist() == [[[5, 6]], [[8, 9]]]
    assert one.ceiling == math.inf
    assert [rounds_of(arm, SETTINGS) for arm in ARMS] == [[1, 2, 3]] * 3 + [[2]]


def test_what_was_not_compared_is_undefined_and_each_target_has_a_ceiling_of_its_own():
    maps = [drift([0.5], "map_iou_20", "pixels", target, "image") for target in ("dense", "label")]
    pairs = [pair("ticket", "magnitude", 4, None, 1, *maps)]
    dense, label = drifted("magnitude", pairs, SETTINGS, {("map_iou_20", "dense"): 0.8, ("map_iou_20", "label"): 0.7})
    assert (dense.target, dense.primary, dense.ceiling) == ("dense", True, 0.8)
    assert (label.target, label.primary, label.ceiling) == ("label", False, 0.7)
    np.testing.assert_array_equal(dense.drift, [[0.5, nan, nan], [nan] * 3])
    assert dense.floor.shape == (2, 3, 2)
    assert np.isnan(dense.floor).all()


def test_without_controls_there_is_no_floor():
    alone = SETTINGS.model_copy(update={"study": SETTINGS.study.model_copy(update={"retrains": 0})})
    (one,) = drifted("magnitude", [pair("ticket", "magnitude", 4, None, 1, drift([0.5]))], alone, {})
    assert one.floor.shape == (2, 3, 0)


def accuracy(arm, seed, repeat, round_, value, split="test", model="f", metric="accuracy"):
    return (arm, seed, repeat, round_, 0.5, split, model, metric, value)


def faith(arm, seed, repeat, round_, metric, value, target="", unit="all", name=""):
    return (arm, seed, repeat, round_, 0.5, metric, "gradcam", target, unit, name, value)


def test_levels_are_of_test_images_and_means_over_concepts():
    found = levels(
        [
            accuracy("magnitude", 4, None, 1, 0.5),
            accuracy("magnitude", 4, None, 1, 0.6, split="validation"),
            accuracy("magnitude", 4, None, 1, 0.7, model="g"),
            accuracy("magnitude", 7, None, 1, 0.8),
        ],
        [
            faith("magnitude", 4, None, 1, "concept_auroc", 0.5, unit="concept", name="red"),
            faith("magnitude", 4, None, 1, "concept_auroc", nan, unit="concept", name="blue"),
            faith("magnitude", 4, None, 1, "concept_auroc", 0.9, unit="concept", name="green"),
            faith("magnitude", 4, None, 1, "concept_accuracy", 0.1, unit="concept", name="red"),
            faith("magnitude", 4, None, 1, "mask_energy", 0.3, target="dense"),
            faith("magnitude", 4, None, 1, "mask_energy", 0.2, target="dense", unit="class", name="jay"),
            faith("magnitude", 4, None, 1, "mask_energy", 0.1, target="label"),
            faith("magnitude", 4, None, 1, "dead_maps", 0.1, target="dense"),
            faith("magnitude", 4, None, 1, "weights_truth", 0.4),
        ],
    )
    place = ("magnitude", 4, None, 1)
    assert {key: dict(own) for key, own in found.items()} == {
        ("accuracy", "accuracy", "f", ""): {place: 0.5, ("magnitude", 7, None, 1): 0.8},
        ("accuracy", "accuracy", "g", ""): {place: 0.7},
        ("faithfulness", "concept_auroc", "gradcam", ""): {place: pytest.approx(0.7)},
        ("faithfulness", "mask_energy", "gradcam", "dense"): {place: 0.3},
        ("faithfulness", "weights_truth", "gradcam", ""): {place: 0.4},
    }


@pytest.mark.parametrize(
    ("arm", "dense", "control", "serves_all"),
    [
        ("magnitude", "dense:right", "retrain:right", True),
        ("released-code", "dense:freeze_negative+score_before_epoch", SEQUENCE, False),
        ("finetune", "dense:right", "retrain:finetune", False),
    ],
)
def test_levels_of_an_arm_stand_beside_their_dense_network_and_controls(arm, dense, control, serves_all):
    rows = [accuracy(name, s, 0, 0, s + 0.5) for name in (dense, "dense:other") for s in (7, 4)]
    rows += [accuracy(arm, s, None, r, number(s, 0, r)) for s in (4, 7) for r in (0, 1, 2, 3)]
    rounds = (0,) if serves_all else (1, 2, 3)
    rows += [accuracy(control, s, j, r, number(s, j, r)) for s in (4, 7) for j in (1, 2) for r in rounds]
    (one,) = levelled(arm, levels(rows, []), SETTINGS)
    assert (one.axis, one.key, one.margin) == ("accuracy", ("accuracy", "accuracy", "f", ""), 0.03)
    assert one.dense.tolist() == [4.5, 7.5]
    np.testing.assert_allclose(one.ticket, [[number(s, 0, r) for r in (1, 2, 3)] for s in (4, 7)])
    expected = [[[number(s, j, 0 if serves_all else r) for j in (1, 2)] for r in (1, 2, 3)] for s in (4, 7)]
    np.testing.assert_allclose(one.controls, expected)


def test_margins_of_aurocs_are_those_of_accuracies_and_the_rest_have_the_energies():
    rows = [
        faith("magnitude", 4, None, 1, name, 0.5, target)
        for name, target in (
            ("concept_auroc", ""),
            ("mask_energy", "dense"),
            ("pointing_game", "dense"),
            ("weights_truth", ""),
            ("energy_truth", "dense"),
        )
    ]
    margins = {one.metric: (one.axis, one.margin) for one in levelled("magnitude", levels([], rows), SETTINGS)}
    assert margins == {
        "concept_auroc": ("faithfulness", 0.03),
        **dict.fromkeys(("mask_energy", "pointing_game", "weights_truth", "energy_truth"), ("faithfulness", 0.07)),
    }
    one = next(levelled("magnitude", levels([], rows[:1]), SETTINGS))
    np.testing.assert_array_equal(one.ticket, [[0.5, nan, nan], [nan] * 3])
    assert np.isnan(one.dense).all()
    assert np.isnan(one.controls).all()
