import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune as torch_prune

from sparsight.draws import generator
from sparsight.pruning import count_at, full_mask, kept, magnitude, prunable, prune_by_layer, prune_globally


@pytest.mark.parametrize(
    ("total", "rate", "round_", "expected"),
    [
        (100, 0.1, 0, 100),
        (100, 0.1, 1, 90),
        (100, 0.1, 2, 81),
        (1000, 0.1, 14, 229),
        (8, 0.5, 2, 2),
        (3, 0.5, 1, 2),
        (2, 0.9, 5, 1),
    ],
)
def test_count_at(total, rate, round_, expected):
    assert count_at(total, rate, round_) == expected


def numbered() -> nn.Sequential:
    """Weights 0..7 in the first layer and 8..15 in the second."""
    net = nn.Sequential(nn.Linear(2, 4, bias=False), nn.Linear(4, 2, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.arange(8.0).view(4, 2))
        net[1].weight.copy_(torch.arange(8.0, 16.0).view(2, 4))
    return net


def masks(net: nn.Module, prune, rounds: int, rate: float):
    names = prunable(net)
    mask = full_mask(net.state_dict(), names)
    for round_ in range(1, rounds):
        mask = prune(magnitude(net.state_dict(), names), mask, rate, round_, generator("ties", round_))
        yield mask


def test_by_layer_by_hand():
    first, second = masks(numbered(), prune_by_layer, 3, 0.5)
    assert first["0.weight"].flatten().tolist() == [False] * 4 + [True] * 4
    assert first["1.weight"].flatten().tolist() == [False] * 4 + [True] * 4
    assert second["0.weight"].flatten().tolist() == [False] * 6 + [True] * 2
    assert second["1.weight"].flatten().tolist() == [False] * 6 + [True] * 2


def test_globally_by_hand_and_a_layer_may_lose_all():
    first, second = masks(numbered(), prune_globally, 3, 0.5)
    assert not first["0.weight"].any()
    assert first["1.weight"].all()
    assert not second["0.weight"].any()
    assert second["1.weight"].flatten().tolist() == [False] * 4 + [True] * 4


def test_magnitude_is_blind_to_the_sign():
    net = numbered()
    with torch.no_grad():
        net[0].weight.neg_()
    (mask,) = masks(net, prune_by_layer, 2, 0.5)
    assert mask["0.weight"].flatten().tolist() == [False] * 4 + [True] * 4


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_as_torch_prune(scope):
    """Three rounds of 30 % against ``torch.nn.utils.prune`` asked for the same counts."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 3), nn.Linear(4, 10))
    theirs = copy.deepcopy(net)
    layers = [theirs[0], theirs[1], theirs[2]]
    total = sum(layer.weight.numel() for layer in layers)
    prune = prune_by_layer if scope == "layer" else prune_globally
    for round_, mask in enumerate(masks(net, prune, 4, 0.3), start=1):
        if scope == "layer":
            for layer in layers:
                n = layer.weight.numel()
                amount = count_at(n, 0.3, round_ - 1) - count_at(n, 0.3, round_)
                torch_prune.l1_unstructured(layer, "weight", amount=amount)
        else:
            amount = count_at(total, 0.3, round_ - 1) - count_at(total, 0.3, round_)
            torch_prune.global_unstructured(
                [(layer, "weight") for layer in layers], torch_prune.L1Unstructured, amount=amount
            )
        for i, layer in enumerate(layers):
            assert torch.equal(mask[f"{i}.weight"], layer.weight_mask.bool())


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    rate=st.floats(0.05, 0.95),
    seed=st.integers(0, 100),
    values=st.sampled_from(["continuous", "ties"]),
    prune=st.sampled_from([prune_by_layer, prune_globally]),
)
def test_exact_counts_nested_and_repeatable(sizes, rate, seed, values, prune):
    draw = generator("test", seed)
    make = torch.rand if values == "continuous" else lambda n, generator: torch.randint(0, 3, (n,), generator=generator)
    scores = {str(i): make(n, generator=draw).float() for i, n in enumerate(sizes)}
    mask = full_mask(scores, scores)
    for round_ in range(1, 5):
        new = prune(scores, mask, rate, round_, generator("ties", seed, round_))
        assert all(bool((new[name] <= mask[name]).all()) for name in scores)
        again = prune(scores, mask, rate, round_, generator("ties", seed, round_))
        assert all(torch.equal(new[name], again[name]) for name in scores)
        if prune is prune_by_layer:
            assert [int(new[str(i)].sum()) for i in range(len(sizes))] == [count_at(n, rate, round_) for n in sizes]
        else:
            assert kept(new) == count_at(sum(sizes), rate, round_)
        mask = new


def test_where_more_are_alive_than_scheduled_the_share_is_kept():
    scores = {"w": torch.arange(100.0)}
    everything = {"w": torch.ones(100, dtype=torch.bool)}
    mask = prune_by_layer(scores, everything, 0.5, 3, generator("t"))
    assert int(mask["w"].sum()) == 52  # all 100 alive, times the schedule's 13 of 25
