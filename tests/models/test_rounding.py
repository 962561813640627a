"""How far two answers of one network may lie apart."""

import math

import pytest
import torch
from torch import nn

from sparsight.models.rounding import batch_rounding, repeats, rounding

LOGITS = torch.tensor([[1.0, -8.0], [0.5, 2.0]])


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda z: z, True),
        (lambda z: z + 8 * 0.9e-4, True),  # of the largest logit, as a small one is a difference of large ones
        (lambda z: z + 8 * 1.1e-4, False),
        (lambda z: torch.where(z == 2, math.nan, z), False),
        (lambda z: torch.where(z == 2, math.inf, z), False),
    ],
)
def test_two_answers_may_differ_by_rounding(change, same):
    assert repeats(nn.Linear(2, 2), LOGITS, change(LOGITS)) == same


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_twice_is_the_same(value):
    logits = torch.full((2, 2), value)
    assert repeats(nn.Linear(2, 2), logits, logits)
    logits = torch.tensor([[value, 1.0]])
    assert not repeats(nn.Linear(2, 2), logits, logits + torch.tensor([[0.0, 0.1]]))


def test_zeros_are_compared_exactly():
    zeros = torch.zeros(2, 2)
    assert repeats(nn.Linear(2, 2), zeros, zeros)
    assert not repeats(nn.Linear(2, 2), zeros, zeros + 1e-9)


def test_half_precision_rounds_more():
    single, half = nn.Linear(2, 2), nn.Linear(2, 2).half()
    assert rounding(single) < rounding(half) < rounding(nn.Linear(2, 2).bfloat16())
    assert batch_rounding(single, torch.zeros(1)) == rounding(single)
    assert repeats(half, LOGITS.half(), LOGITS.half() * (1 + 2e-3))
    assert rounding(nn.Identity()) == rounding(single)
