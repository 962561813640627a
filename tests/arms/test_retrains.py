"""The controls: each arm's own sequence with a mask of ones, in another data order."""

import pytest
import torch

from sparsight.arms import find_arm, find_control, train_control, train_dense
from tests.arms.conftest import new_model
from tests.arms.test_toggles import begun_by, same

NAMES = {
    "magnitude": ("right", "right", False),
    "magnitude-global": ("right", "right", False),
    "random": ("right", "right", False),
    "dense-at:magnitude:1": ("right", "right", False),
    "rewind:1": ("right", "rewind:1", False),
    "reinit": ("reinit", "reinit", False),
    "finetune": ("right", "finetune", True),
    "lr-rewind": ("right", "lr-rewind", True),
    "toggle:freeze_negative": ("freeze_negative", "freeze_negative", False),
    "toggle:prune_norms+alive_by_value+mask_once": ("right", "right", False),
    "toggle:score_before_epoch": ("score_before_epoch", "score_before_epoch", False),
    "toggle:alias_biases": ("right", "alias_biases", True),
    "toggle:keep_norm_statistics": ("right", "keep_norm_statistics", True),
    "toggle:keep_optimizer+mask_once": ("keep_optimizer", "keep_optimizer", True),
    "released-code": (
        "freeze_negative+score_before_epoch",
        "freeze_negative+alias_biases+keep_norm_statistics+score_before_epoch",
        True,
    ),
}
"""Arm, parent, control, and whether the control is a sequence: the table of the statistics page."""


@pytest.mark.parametrize("name", NAMES)
def test_every_arm_has_the_parent_and_the_control_of_the_table(name):
    arm = find_arm(name)
    assert (arm.parent, arm.control, arm.carries) == NAMES[name]
    unpruned = find_control(arm.control)
    assert unpruned == arm.unpruned == unpruned.unpruned
    assert (unpruned.rule, unpruned.carries) == (arm.rule, arm.carries)


def test_a_retrain_starts_where_the_parent_did_and_sees_another_order(shop):
    arm = find_arm("magnitude")
    parent, _ = train_dense(shop, arm, 0, "test")
    one, again, two = (train_control(shop, arm, 0, j, 1, parent, "test")[0] for j in (1, 1, 2))
    assert all(bool(keep.all()) for keep in one.mask.values())
    assert same(one.weights, again.weights)
    assert not torch.equal(one.weights["fc.weight"], parent.weights["fc.weight"])
    assert not torch.equal(one.weights["fc.weight"], two.weights["fc.weight"])


def starts(shop, name: str, monkeypatch) -> list[dict[str, torch.Tensor]]:
    """What the first two rounds of an arm's control start from, after the parent's end and the first round's."""
    arm = find_arm(name)
    dense, _ = train_dense(shop, arm, 0, "test")
    first, _ = train_control(shop, arm, 0, 1, 1, dense, "test")
    return [
        dense.end,
        begun_by(lambda: train_control(shop, arm, 0, 1, 1, dense, "test"), monkeypatch),
        first.end,
        begun_by(lambda: train_control(shop, arm, 0, 1, 2, first, "test"), monkeypatch),
    ]


def test_what_an_arm_carries_its_control_carries(shop, monkeypatch):
    initial = new_model(0).state_dict()
    dense, begin_1, first, begin_2 = starts(shop, "finetune", monkeypatch)
    assert same(begin_1, dense)
    assert same(begin_2, first)
    _, begin_1, first, begin_2 = starts(shop, "toggle:alias_biases", monkeypatch)
    assert same(begin_1, initial)  # biases are kept from the second rewinding on
    assert torch.equal(begin_2["bn1.bias"], first["bn1.bias"])
    assert torch.equal(begin_2["fc.weight"], initial["fc.weight"])
    dense, begin_1, first, begin_2 = starts(shop, "released-code", monkeypatch)
    assert torch.equal(begin_1["bn1.running_mean"], dense["bn1.running_mean"])
    assert torch.equal(begin_2["bn1.running_mean"], first["bn1.running_mean"])
    assert torch.equal(begin_2["conv1.weight"], initial["conv1.weight"])  # not pruned, and rewound


def test_another_initialisation_has_a_parent_and_a_control_from_there(shop, monkeypatch):
    arm = find_arm("reinit")
    other = new_model(0, "reinit").state_dict()
    dense = begun_by(lambda: train_dense(shop, arm, 0, "test"), monkeypatch)
    assert same(dense, other)
    parent, _ = train_dense(shop, arm, 0, "test")
    assert same(begun_by(lambda: train_control(shop, arm, 0, 1, 1, parent, "test"), monkeypatch), other)


def test_a_control_rewound_to_an_epoch_goes_on_from_that_epoch(shop, monkeypatch):
    arm = find_arm("rewind:1")
    parent, _ = train_dense(shop, arm, 0, "test")
    control, log = train_control(shop, arm, 0, 1, 1, parent, "test")
    assert [epoch.epoch for epoch in log] == [1]
    assert all(bool(keep.all()) for keep in control.mask.values())
    assert not torch.equal(control.weights["fc.weight"], parent.weights["fc.weight"])
