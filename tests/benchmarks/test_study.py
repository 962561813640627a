"""The script that a study is timed against does the same work, and is refused where it does not."""

import pandas as pd
import pytest
import torch
from torch import nn

from benchmarks.speed.bench import DiffersError
from benchmarks.speed.plain.looking import density
from benchmarks.speed.plain.training import freeze_negative, prune_layers, rewind
from benchmarks.speed.profile import OTHER, Clock, table
from benchmarks.speed.study import _alike
from sparsight.draws import generator
from sparsight.models import CifarResNet
from sparsight.pruning import full_mask, magnitude, prunable, prune_by_layer


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CifarResNet(8, 5)


@pytest.mark.parametrize("norms", [False, True])
def test_the_script_prunes_what_a_study_prunes(model, norms):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()  # norms, too: scales that are all 1 fall by lot
    before = {name: value.clone() for name, value in model.state_dict().items()}
    names = prunable(model, norms)
    mask = full_mask(before, names)
    for round_ in (1, 2):
        mask = prune_by_layer(magnitude(before, names), mask, 0.25, round_, generator("ties", round_))
        prune_layers(model, 0.25, norms)
    buffers = dict(model.named_buffers())
    for name, keep in mask.items():
        other = buffers[f"{name}_mask"].bool()
        assert int((keep ^ other).sum()) <= 1, "shares are rounded once a round there"
    assert density(model) == pytest.approx(0.5625, abs=1e-3)


def test_the_script_rewinds_as_either_rule_does(model):
    initial = {name: value.clone() for name, value in model.state_dict().items()}
    for released, round_, kept in ((False, 2, ()), (True, 1, ("running_mean",)), (True, 2, ("running_mean", "bias"))):
        for value in model.state_dict().values():
            value.copy_(torch.full_like(value, 7))
        rewind(model, initial, released, round_)
        for name, value in model.state_dict().items():
            stays = name.endswith(kept) if kept else False
            if name.endswith(("weight", "bias", "running_mean")):
                assert torch.equal(value, torch.full_like(value, 7) if stays else initial[name]), (name, released)


def test_the_script_freezes_what_the_released_code_freezes(model):
    prune_layers(model, 0.5, norms=True)
    model(torch.randn(4, 3, 16, 16)).sum().backward()
    freeze_negative(model)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            assert not module.weight_orig.grad[module.weight < 6e-7].any()
            assert module.weight_orig.grad[module.weight >= 6e-7].any()


def tables(accuracy=0.9, weights=0.75, concepts=("a", "b", "c")):
    key = {"arm": "magnitude", "seed": 0, "repeat": None}
    rows = [
        {**key, "round": r, "weights_remaining": weights**r, "split": "test", "model": "f", "value": accuracy}
        for r in (0, 1)
    ]
    lists = [{**key, "round": 0, "class": "bird", "rank": i, "concept": name} for i, name in enumerate(concepts, 1)]
    return {"accuracy": pd.DataFrame(rows), "concepts": pd.DataFrame(lists)}


def test_answers_that_are_alike_are_said():
    assert _alike(tables(), tables(accuracy=0.88, concepts=("a", "d", "e"))).endswith(
        "33% of the dense networks' lists are shared"
    )


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (tables(accuracy=0.7), "mean accuracies of f and g by arm: apart by 0.2"),
        (tables(weights=0.7), "densities: apart by 0.05"),
        (tables(concepts=("x", "y", "z")), r"share 0\.00"),
        ({**tables(), "accuracy": tables()["accuracy"][:1]}, "other networks"),
    ],
)
def test_answers_that_differ_are_no_row(other, said):
    with pytest.raises(DiffersError, match=said):
        _alike(tables(), other)


def test_a_stage_does_not_count_what_it_hands_on(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr("benchmarks.speed.profile.time.process_time", lambda: float(next(now)))
    clock = Clock()
    inner = clock.timed("results: tables", lambda: "found")
    values = clock.timed("data set: drawn", lambda: iter([inner(), inner()]))()
    assert list(values) == ["found", "found"]
    clock.leave()
    assert clock.inside == []
    assert set(clock.spent) == {"start-up", OTHER, "results: tables", "data set: drawn"}
    assert clock.spent["results: tables"] == 2
    assert "| results: tables | 2.00 |" in table(clock.spent)
