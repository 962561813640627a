"""Arms that differ from magnitude in one thing."""

from dataclasses import replace

import pytest
import torch

from sparsight.arms import find_arm, read_ticket, train_dense, train_dense_at, train_round, write_ticket
from sparsight.pruning import count_at
from sparsight.training import fit
from tests.arms.conftest import RATE, new_model
from tests.arms.test_toggles import begun, same

MAGNITUDE = find_arm("magnitude")


def masked_start(state, mask):
    return {name: value * mask[name] if name in mask else value for name, value in state.items()}


def test_random_has_magnitudes_layer_sizes_nests_and_rewinds(shop, chain, monkeypatch):
    arm = find_arm("random")
    _, first, second = chain(shop, arm)
    for round_, ticket in ((1, first), (2, second)):
        for keep in ticket.mask.values():
            assert int(keep.sum()) == count_at(keep.numel(), RATE, round_)
    assert all(bool((second.mask[name] <= first.mask[name]).all()) for name in first.mask)
    magnitude = chain(shop, find_arm("magnitude"), 2)[1]
    assert not same(magnitude.mask, first.mask)
    assert same(begun(shop, arm, 2, first, monkeypatch), masked_start(new_model(0).state_dict(), second.mask))


@pytest.mark.parametrize("name", ["finetune", "lr-rewind"])
def test_without_rewinding_the_kept_weights_go_on_from_where_they_ended(shop, chain, monkeypatch, name):
    arm = find_arm(name)
    dense, first, second = chain(shop, arm)
    assert same(begun(shop, arm, 1, dense, monkeypatch), masked_start(dense.end, first.mask))
    assert same(begun(shop, arm, 2, first, monkeypatch), masked_start(first.end, second.mask))


def test_finetune_has_a_small_constant_rate_and_lr_rewind_the_whole_schedule(shop):
    dense, log = train_dense(shop, MAGNITUDE, 0, "test")
    rates = {name: train_round(shop, find_arm(name), 0, 1, dense, "test")[1] for name in ("finetune", "lr-rewind")}
    assert [epoch.learning_rate for epoch in rates["lr-rewind"]] == [epoch.learning_rate for epoch in log]
    assert [epoch.learning_rate for epoch in rates["finetune"]] == pytest.approx([0.01, 0.01])
    own = replace(shop, training=shop.training.model_copy(update={"finetune_rate": 0.003}))
    _, found = train_round(own, find_arm("finetune"), 0, 1, dense, "test")
    assert [epoch.learning_rate for epoch in found] == pytest.approx([0.003, 0.003])


def test_reinit_trains_magnitudes_masks_from_another_start_the_same_in_every_round(shop, chain, monkeypatch):
    arm = find_arm("reinit")
    dense, *tickets = chain(shop, find_arm("magnitude"))
    other = new_model(0, "reinit").state_dict()
    assert not torch.equal(other["conv1.weight"], new_model(0).state_dict()["conv1.weight"])
    previous = dense
    for round_, ticket in enumerate(tickets, start=1):
        found, _ = train_round(shop, arm, 0, round_, previous, "test", ticket.mask)
        assert same(found.mask, ticket.mask)
        assert not same(found.weights, ticket.weights)
        previous = found
    assert arm.masks_from == "magnitude"


def test_rewind_k_goes_back_to_the_dense_network_after_k_epochs_and_trains_what_is_left(shop, chain, monkeypatch):
    arm = find_arm("rewind:1")
    dense, first, second = chain(shop, arm)
    model = new_model(0)
    from sparsight.pruning import full_mask, prunable
    from sparsight.training import DrawKey

    mask = full_mask(model.state_dict(), prunable(model))
    after = fit(
        model, mask, shop.data, shop.training, DrawKey(0, 0, 0), epochs=range(1), device=torch.device("cpu")
    ).end
    assert same(first.start, after)
    assert same(second.start, after)
    assert same(begun(shop, arm, 2, first, monkeypatch), masked_start(after, second.mask))
    _, log = train_round(shop, arm, 0, 1, dense, "test")
    assert [epoch.epoch for epoch in log] == [1]


def test_the_first_epochs_are_the_dense_networks_own(shop):
    """A dense network that is trained for one epoch, and then the rest, is the dense network."""
    from sparsight.pruning import full_mask, prunable
    from sparsight.training import DrawKey

    dense, _ = train_dense(shop, MAGNITUDE, 0, "test")
    model = new_model(0)
    mask = full_mask(model.state_dict(), prunable(model))
    still = shop.training.model_copy(update={"momentum": 0.0})
    parts = [range(1), range(1, 2)]
    for part in parts:
        end = fit(model, mask, shop.data, still, DrawKey(0, 0, 0), epochs=part, device=torch.device("cpu")).end
    plain = replace(shop, training=still)
    assert same(end, train_dense(plain, MAGNITUDE, 0, "test")[0].end)
    assert not same(end, dense.end)


@pytest.mark.parametrize(("accuracy", "epochs"), [(0.0, 0), (2.0, 2)])
def test_dense_at_stops_at_once_or_never(shop, accuracy, epochs):
    stopped, log = train_dense_at(shop, 0, accuracy, "test")
    assert stopped.selected_epoch == epochs
    assert len(log) == epochs
    expected = new_model(0).state_dict() if not epochs else train_dense(shop, MAGNITUDE, 0, "test")[0].weights
    assert same(stopped.weights, expected)


def test_dense_at_stops_where_validation_reaches_the_accuracy(shop):
    long = replace(shop, training=shop.training.model_copy(update={"epochs": 12}))
    stopped, log = train_dense_at(long, 0, 0.6, "test")
    assert 0 < stopped.selected_epoch < 12
    assert log[-1].validation_accuracy >= 0.6
    assert all(epoch.validation_accuracy < 0.6 for epoch in log[:-1])
    assert all(bool(keep.all()) for keep in stopped.mask.values())


@pytest.mark.parametrize("name", ["toggle:keep_optimizer", "rewind:1"])
def test_what_an_arm_hands_on_is_the_same_after_it_was_a_file(shop, tmp_path, name):
    arm = find_arm(name)
    dense, _ = train_dense(shop, arm, 0, "test")
    ticket, log = train_round(shop, arm, 0, 1, dense, "test")
    write_ticket(tmp_path, ticket, log)
    found = read_ticket(tmp_path)
    assert (found.start is None) == (ticket.start is None)
    assert found.start is None or same(found.start, ticket.start)
    assert (found.optimiser is None) == (ticket.optimiser is None)
    if ticket.optimiser is not None:
        assert found.optimiser.steps == ticket.optimiser.steps
        assert same(found.optimiser.momentum, ticket.optimiser.momentum)
