"""What each switch costs, from accuracies that are set by hand."""

import math

import pytest

from sparsight.networks import Network
from sparsight.results.ablation import ablation_rows
from sparsight.results.tables import Looked

SCORES = {
    "magnitude": 0.9,
    "released-code": 0.4,
    "toggle:freeze_negative": 0.6,
    "toggle:keep_optimizer": 0.2,
    "released-code-toggle:freeze_negative": 0.75,
    "released-code-toggle:prune_norms": 0.5,
}


def looked(arm: str, score: float, seed: int, round_: int) -> Looked:
    accuracy = {
        model: {"test": {"accuracy": score - shift + 0.01 * seed}} for model, shift in (("f", 0.0), ("g", 0.05))
    }
    return Looked(
        Network(arm, seed, None, round_), (arm, seed, None, round_, 0.5**round_), {"accuracy": accuracy}, {}, {}
    )


def rows(scores, seeds=(0, 1), rounds=(0, 1, 2)):
    everything = [looked(arm, score, s, r) for arm, score in scores.items() for s in seeds for r in rounds]
    return list(ablation_rows(everything))


def test_differences_are_of_one_seed_and_round_and_losses_are_positive():
    found = rows(SCORES)
    assert len(found) == 3 * 2 * 2 * 2  # switches, seeds, rounds after the dense one, models
    assert list(dict.fromkeys(row[0] for row in found)) == ["freeze_negative", "prune_norms", "keep_optimizer"]
    for switch, released, seed, round_, model, collapse, alone, left_out in found:
        assert released == (switch != "keep_optimizer")
        assert seed in (0, 1)
        assert round_ in (1, 2)
        assert model in ("f", "g")
        assert collapse == pytest.approx(0.5)
        assert alone == pytest.approx(
            {"freeze_negative": 0.3, "keep_optimizer": 0.7}.get(switch, math.nan), nan_ok=True
        )
        expected = {"freeze_negative": 0.35, "prune_norms": 0.1}.get(switch, math.nan)
        assert left_out == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("missing", ["magnitude", "released-code"])
def test_without_both_ends_there_is_nothing_to_explain(missing):
    assert rows({arm: score for arm, score in SCORES.items() if arm != missing}) == []


def test_arms_that_differ_in_more_than_switches_are_none():
    plain = {"magnitude": 0.9, "released-code": 0.4}
    assert rows({**plain, "random": 0.5, "magnitude-global": 0.8, "toggle:mask_once+keep_optimizer": 0.3}) == []


def test_a_switch_that_is_given_as_all_the_others_is_left_out():
    others = "toggle:prune_norms+alive_by_value+mask_once+alias_biases+keep_norm_statistics+score_before_epoch"
    found = rows({"magnitude": 0.9, "released-code": 0.4, others: 0.8})
    assert {row[0] for row in found} == {"freeze_negative"}
    assert all(row[-1] == pytest.approx(0.4) for row in found)
