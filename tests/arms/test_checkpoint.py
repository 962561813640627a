"""A training that was broken off between two epochs ends as one that was not."""

from dataclasses import replace

import pytest
import torch

from sparsight.arms import (
    CHECKPOINT,
    find_arm,
    read_checkpoint,
    remove_checkpoint,
    train_dense,
    train_dense_at,
    train_round,
    write_checkpoint,
)
from tests.arms.test_toggles import same

ORIGIN = {"network": "magnitude/seed-0/round-01", "data": "d"}


class KilledError(Exception):
    """The process is gone."""


def broken_off(shop, folder, after, train):
    """Train until the checkpoint after epoch ``after`` is written, then die; take it up from the file."""

    def save(checkpoint):
        write_checkpoint(folder, ORIGIN, checkpoint)
        if checkpoint.epoch == after:
            raise KilledError

    with pytest.raises(KilledError):
        train(replace(shop, on_checkpoint=save))
    found = read_checkpoint(folder, ORIGIN)
    assert found.epoch == after
    return train(replace(shop, resume=found))


@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize(
    "name", ["magnitude", "released-code", "toggle:mask_once+keep_optimizer", "finetune", "rewind:1"]
)
def test_a_round_goes_on_at_its_epoch_and_ends_the_same(shop, tmp_path, name, after):
    shop = replace(shop, training=shop.training.model_copy(update={"epochs": 4}))
    arm = find_arm(name)
    dense, _ = train_dense(shop, arm, 0, "test")
    if arm.rewind_epoch == after:
        after += 1

    def train(own):
        return train_round(own, arm, 0, 1, dense, "test")

    whole, log = train(shop)
    again, again_log = broken_off(shop, tmp_path, after, train)
    assert same(whole.weights, again.weights)
    assert same(whole.end, again.end)
    assert whole.selected_epoch == again.selected_epoch
    assert [epoch.loss for epoch in log] == [epoch.loss for epoch in again_log]
    if whole.optimiser is not None:
        assert whole.optimiser.steps == again.optimiser.steps
        assert same(whole.optimiser.momentum, again.optimiser.momentum)


def test_a_training_that_stops_at_an_accuracy_goes_on_as_well(shop, tmp_path):
    shop = replace(shop, training=shop.training.model_copy(update={"epochs": 4}))

    def train(own):
        return train_dense_at(own, 0, 2.0, "test")

    assert same(train(shop)[0].weights, broken_off(shop, tmp_path, 2, train)[0].weights)


def test_a_damaged_checkpoint_is_as_none(tmp_path):
    assert read_checkpoint(tmp_path, ORIGIN) is None
    (tmp_path / CHECKPOINT).write_bytes(b"\x00" * 64)
    assert read_checkpoint(tmp_path, ORIGIN) is None
    remove_checkpoint(tmp_path)
    remove_checkpoint(tmp_path)
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_checkpoint_holds_copies(shop):
    kept = []
    train_dense(replace(shop, on_checkpoint=kept.append), find_arm("toggle:keep_optimizer"), 0, "test")
    before = {name: value.clone() for name, value in kept[0].state.items()}
    assert same(before, kept[0].state)
    assert all(
        not torch.equal(kept[0].optimiser.momentum[name], value * 0)
        for name, value in before.items()
        if name == "fc.weight"
    )


def test_a_checkpoint_of_another_network_or_of_other_data_is_as_none(shop, tmp_path):
    def save(checkpoint):
        write_checkpoint(tmp_path, ORIGIN, checkpoint)

    train_dense(replace(shop, on_checkpoint=save), find_arm("magnitude"), 0, "test")
    assert read_checkpoint(tmp_path, ORIGIN) is not None
    for other in ({**ORIGIN, "network": "x"}, {**ORIGIN, "data": "e"}, {}):
        assert read_checkpoint(tmp_path, other) is None


def stopped_in_an_epoch(shop, folder, at, train):
    """Train until before step ``at``, counted over the epochs, keep that, and die; take it up from the file."""
    steps = 0

    def stop(make):
        nonlocal steps
        if make is not None and steps == at:
            write_checkpoint(folder, ORIGIN, make())
            raise KilledError
        steps += make is not None

    with pytest.raises(KilledError):
        train(replace(shop, at_batch=stop))
    return train(replace(shop, resume=read_checkpoint(folder, ORIGIN)))


@pytest.mark.parametrize("at", [0, 1, 4, 6, 8])
@pytest.mark.parametrize(
    "name", ["magnitude", "released-code", "toggle:mask_once+keep_optimizer", "finetune", "rewind:1"]
)
def test_a_round_goes_on_in_the_middle_of_an_epoch_and_ends_the_same(shop, tmp_path, name, at):
    shop = replace(shop, training=shop.training.model_copy(update={"epochs": 4}))
    arm = find_arm(name)
    dense, _ = train_dense(shop, arm, 0, "test")

    def train(own):
        return train_round(own, arm, 0, 1, dense, "test")

    (whole, log), (again, again_log) = train(shop), stopped_in_an_epoch(shop, tmp_path, at, train)
    assert same(whole.weights, again.weights)
    assert same(whole.end, again.end)
    assert whole.selected_epoch == again.selected_epoch
    assert [replace(epoch, seconds=0) for epoch in log] == [replace(epoch, seconds=0) for epoch in again_log]
    if whole.optimiser is not None:
        assert whole.optimiser.steps == again.optimiser.steps
        assert same(whole.optimiser.momentum, again.optimiser.momentum)


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_training_that_stops_at_an_accuracy_goes_on_in_the_middle_of_an_epoch(shop, tmp_path, at):
    shop = replace(shop, training=shop.training.model_copy(update={"epochs": 4}))

    def train(own):
        return train_dense_at(own, 0, 2.0, "test")

    (whole, log), (again, again_log) = train(shop), stopped_in_an_epoch(shop, tmp_path, at, train)
    assert same(whole.weights, again.weights)
    assert [replace(epoch, seconds=0) for epoch in log] == [replace(epoch, seconds=0) for epoch in again_log]
