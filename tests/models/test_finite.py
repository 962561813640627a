"""Weights that are no numbers are named with their tensors, and how many they are."""

import math

import pytest
import torch
from torch import nn

from sparsight.models import ModelSettings, broken_weights, broken_words, build_model
from sparsight.models.finite import broken_tensors


@pytest.fixture
def model():
    return build_model(ModelSettings(), 3, 0)


def test_a_whole_network_has_none(model):
    assert broken_weights(model) == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("conv1.weight", math.nan, "conv1.weight (2 of 432 NaN)"),
        ("fc.bias", math.inf, "fc.bias (2 of 3 infinite)"),
        ("bn1.weight", -math.inf, "bn1.weight (2 of 16 infinite)"),
        ("bn1.running_var", math.inf, "bn1.running_var (2 of 16 infinite)"),
        ("bn1.running_mean", math.nan, "bn1.running_mean (2 of 16 NaN)"),
    ],
)
def test_a_parameter_or_a_norms_statistic_is_named(model, name, value, said):
    state = model.state_dict()
    state[name].flatten()[:2] = value
    assert broken_weights(model) == broken_words(state) == said


def test_both_kinds_are_counted_and_many_tensors_are_short(model):
    state = model.state_dict()
    state["conv1.weight"].flatten()[:5] = torch.tensor([math.nan, math.inf, -math.inf, math.nan, math.nan])
    assert broken_tensors(state) == {"conv1.weight": (3, 2)}
    for value in state.values():
        if value.is_floating_point():
            value.fill_(math.nan)
    words = broken_weights(model)
    assert words.startswith("conv1.weight (432 of 432 NaN), bn1.weight (16 of 16 NaN), ")
    assert words.endswith(f" and {sum(value.is_floating_point() for value in state.values()) - 3} more")


def test_infinity_in_a_mask_of_attention_and_whole_numbers_are_no_fault():
    masked = nn.Linear(2, 2)
    masked.register_buffer("attn_mask", torch.full((3, 3), -math.inf).triu(1))
    masked.register_buffer("count", torch.tensor(3))
    assert broken_weights(masked) == ""
    masked.scale = nn.Parameter(torch.tensor([1.0, math.inf]))
    masked.attn_mask[0, 0] = math.nan
    assert broken_weights(masked) == "scale (1 of 2 infinite)", "a buffer may hold what is not filled yet"
    assert broken_words({"attn_mask": masked.attn_mask}) == "attn_mask (1 of 9 NaN, 3 of 9 infinite)", (
        "of a file it is a fault"
    )
    assert broken_weights(nn.LazyLinear(3)) == ""


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
def test_of_a_sparse_weight_what_is_stored_is_looked_at(layout):
    weight = torch.tensor([[0.0, math.nan], [2.0, 0.0]])
    assert broken_tensors({"weight": weight.to_sparse(layout=layout)}) == {"weight": (1, 0)}
    assert broken_tensors({"weight": torch.eye(2).to_sparse(layout=layout)}) == {}
