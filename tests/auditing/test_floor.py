"""What is refused as a floor, and what is named."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from sparsight.auditing import FloorSettings, Look, check_accuracy, check_answers, check_drifts, check_weights
from sparsight.comparison import Drift
from sparsight.errors import InputError
from sparsight.evidence import Seen
from sparsight.models import Given
from sparsight.verdict import VerdictSettings

LIMITS, LEVELS = FloorSettings(), VerdictSettings()


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.LazyLinear(2))


def made(seed):
    found = network(seed).eval()
    found(torch.zeros(1, 3, 8, 8))
    return found


class Wrapped(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.module = network


def other_statistics(model):
    found = copy.deepcopy(model)
    found[1].running_mean += 1
    return found


@pytest.mark.parametrize(
    "alike",
    [
        copy.deepcopy,
        lambda model: copy.deepcopy(model).half(),
        lambda model: copy.deepcopy(model).half().float(),
        lambda model: copy.deepcopy(model).bfloat16().float(),
        lambda model: copy.deepcopy(model).double(),
        lambda model: Wrapped(copy.deepcopy(model)),
        other_statistics,
    ],
    ids=["copy", "half", "half and back", "bfloat16 and back", "double", "prefix", "other statistics"],
)
@pytest.mark.parametrize("of", [0, 1, 2], ids=["the original", "a model", "another of the floor"])
def test_a_network_that_is_there_already_is_no_floor(alike, of):
    models = [made(0), made(1), made(2)]
    given = [Given(name, model) for name, model in zip(("o", "m", "again"), models, strict=True)]
    check_weights(given, 1)
    with pytest.raises(InputError, match=rf"^twice and {given[of].name}: hold the same weights; .* leave one out$"):
        check_weights([*given, Given("twice", alike(models[of]))], 2)


def test_networks_of_other_shapes_or_without_parameters_are_not_taken_for_each_other():
    wide = nn.Sequential(nn.Conv2d(3, 9, 3), nn.Flatten())
    check_weights([Given("o", made(0)), Given("a", wide), Given("b", nn.Flatten()), Given("c", nn.Flatten())], 3)


def looked(name, right, count=60, seed=0):
    labels = torch.arange(count) % 2
    answers = labels.clone()
    answers[right:] = 1 - answers[right:]
    logits = torch.eye(2)[answers] + 0.01 * torch.rand(count, 2, generator=torch.Generator().manual_seed(seed))
    return Look(name, Seen(labels, logits, logits), None, None, {})


def test_numbers_that_are_the_same_are_one_network():
    looks = [looked("o", 60), looked("m", 60, seed=1), looked("a", 60, seed=2)]
    check_answers(looks, 1)
    with pytest.raises(InputError, match=r"^b and o: give the same numbers for every test image"):
        check_answers([*looks, looked("b", 60)], 2)
    near = looked("b", 60)
    near = replace(near, seen=replace(near.seen, logits=near.seen.logits * (1 + 1e-6) + 1e-5))
    with pytest.raises(InputError, match=r"^b and o: give the same numbers"):
        check_answers([*looks, near], 2)


def accuracies(*right, limits=LIMITS):
    again = [looked(f"again-{k}", one) for k, one in enumerate(right)]
    return list(check_accuracy(looked("o", 60), again, limits, LEVELS))


def test_a_network_that_lacks_the_originals_accuracy_is_no_floor():
    assert accuracies(60, 59, 57) == []
    with pytest.raises(
        InputError, match=r"^again-2, of the floor, answers 0\.500 .* the original 1\.000: further apart"
    ):
        accuracies(60, 59, 30)
    (said,) = accuracies(60, 59, 30, limits=FloorSettings(most_lost=0.6))
    assert said.startswith("CAUTION: again-2, of the floor, answers 0.500")
    (said,) = accuracies(58, 59, 52, limits=FloorSettings(most_lost=1.0))
    assert said.startswith("CAUTION: again-2, of the floor, answers 0.867"), "also where more is allowed"


def test_a_difference_that_chance_makes_is_no_reason_to_refuse():
    few = [looked(f"again-{k}", 8, count=10) for k in range(3)]
    assert list(check_accuracy(looked("o", 10, count=10), few, LIMITS, LEVELS)) == [], "0.2, of ten images"


def drifted(*values):
    primary = (
        ("pixels", "map_spearman", "dense"),
        ("pixels", "map_iou_20", "dense"),
        ("representation", "linear_cka", ""),
    )
    return [
        Drift(f, m, "", t, "test", "all", (), np.array([value]))
        for (f, m, t), value in zip(primary, values, strict=True)
    ]


def apart(*drifts, limits=LIMITS):
    again = [SimpleNamespace(name=f"again-{k}") for k in range(len(drifts))]
    return list(check_drifts(again, [drifted(*own) for own in drifts], limits, LEVELS))


ALIKE = [(0.2, 0.3, 0.05), (0.25, 0.24, 0.09), (0.18, 0.35, 0.06)]


def test_drifts_that_scatter_as_retraining_does_are_a_floor():
    assert apart(*ALIKE) == []
    assert apart((0.001, 0.002, 0.001), (0.01, 0.001, 0.002), (0.004, 0.01, 0.0)) == [], "all below the least margin"
    assert apart(*ALIKE[:2]) == [], "two are no floor"
    assert apart(*ALIKE, (0.9, 0.3, 0.06)) == [], "one metric alone"


@pytest.mark.parametrize(
    ("outlier", "most"), [((0.95, 0.99, 0.8), 6.0), ((0.01, 0.02, 0.001), 50.0)], ids=["far", "near"]
)
def test_a_network_far_from_the_others_is_no_floor(outlier, most):
    with pytest.raises(InputError, match=r"^again-3, of the floor, is (\S+ times|1/\S+ of) as far from the original"):
        apart(*ALIKE, outlier)
    (said,) = apart(*ALIKE, outlier, limits=FloorSettings(most_apart=most))
    assert said.startswith("CAUTION: again-3")


def test_nan_is_no_outlier():
    assert apart(*ALIKE, (float("nan"),) * 3) == []
