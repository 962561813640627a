import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sparsight.draws import generator
from sparsight.pruning import full_mask, kept, largest, masked, prunable


def toy() -> nn.Sequential:
    """A network whose weights are 0, 1, 2, ... in order, layer by layer, so that masks can be written by hand."""
    net = nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 4))
    with torch.no_grad():
        net[0].weight.copy_(torch.arange(8.0).view(2, 1, 2, 2))
        net[3].weight.copy_(torch.arange(8.0, 16.0).view(4, 2))
    return net


def test_prunable_are_convolutions_and_linear_layers_the_classifier_among_them():
    assert prunable(toy()) == ["0.weight", "3.weight"]


def test_norm_scales_are_prunable_on_request():
    assert prunable(toy(), norms=True) == ["0.weight", "1.weight", "3.weight"]
    assert prunable(nn.BatchNorm2d(2, affine=False), norms=True) == []


def test_masked_writes_plus_zero_and_copies():
    state = {"w": torch.tensor([-1.0, 2.0]), "b": torch.tensor([3.0])}
    out = masked(state, {"w": torch.tensor([False, True])})
    assert out["w"].tolist() == [0.0, 2.0]
    assert not torch.signbit(out["w"]).any()
    assert state["w"].tolist() == [-1.0, 2.0]


def test_counts():
    mask = full_mask(toy().state_dict(), ["0.weight", "3.weight"])
    assert kept(mask) == 16
    mask["3.weight"][:, 0] = False
    assert kept(mask) == 12


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=40), st.integers(0, 45), st.integers(0, 5))
def test_largest_takes_exactly_the_count_and_nothing_smaller_is_kept_before_larger(scores, count, seed):
    tensor, candidates = torch.tensor(scores), torch.ones(len(scores), dtype=torch.bool)
    chosen = largest(tensor, candidates, count, generator("t", seed))
    assert int(chosen.sum()) == min(count, len(scores))
    if chosen.any() and not chosen.all():
        assert tensor[chosen].min() >= tensor[~chosen].max()
    assert torch.equal(chosen, largest(tensor, candidates, count, generator("t", seed)))


def test_ties_fall_by_the_draw():
    everything = torch.ones(100, dtype=torch.bool)
    draws = {tuple(largest(torch.zeros(100), everything, 50, generator("t", s)).tolist()) for s in range(5)}
    assert len(draws) == 5


def test_only_candidates_are_kept_even_if_others_score_higher():
    chosen = largest(torch.tensor([9.0, 1.0, 5.0]), torch.tensor([False, True, True]), 3, generator("t"))
    assert chosen.tolist() == [False, True, True]


def test_a_nan_score_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        largest(torch.tensor([float("nan"), 1.0]), torch.tensor([True, True]), 1, generator("t"))
