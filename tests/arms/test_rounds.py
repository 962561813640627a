"""What each arm prunes, freezes and rewinds, by its behaviour."""

import inspect
from dataclasses import replace

import pytest
import torch

from sparsight.arms import (
    ARMS,
    Arm,
    Toggles,
    Workshop,
    find_arm,
    next_mask,
    read_ticket,
    train_dense,
    train_round,
    write_ticket,
)
from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model
from sparsight.pruning import PruningSettings, count_at, full_mask, kept, prunable
from sparsight.training import DrawKey, Rule, TrainingSettings

RATE = 0.5
NORM_SCALE, BIAS, STATISTIC = "bn1.weight", "bn1.bias", "bn1.running_mean"


def new_model(seed: int) -> torch.nn.Module:
    return build_model(ModelSettings(), 3, seed)


@pytest.fixture
def shop(tiny):
    training = TrainingSettings(epochs=2, batch_size=8, learning_rate=0.1)
    return Workshop(new_model, tiny, training, PruningSettings(rate=RATE, rounds=4), torch.device("cpu"))


def rounds(shop, arm: Arm, count: int = 3):
    ticket, _ = train_dense(shop, arm, 0, "test")
    tickets = [ticket]
    for round_ in range(1, count):
        ticket, _ = train_round(shop, arm, 0, round_, ticket, "test")
        tickets.append(ticket)
    return tickets


class StartedError(Exception):
    """Carries the state that a training was about to start from."""


@pytest.fixture
def start_of_round(shop, monkeypatch):
    """The state that a round trains from, read where the training would begin."""
    import sparsight.arms.rounds as module

    def stop(model, *args, **kwargs):
        raise StartedError({name: tensor.clone() for name, tensor in model.state_dict().items()})

    def state(arm: Arm, round_: int, previous):
        with monkeypatch.context() as patch:
            patch.setattr(module, "fit", stop)
            with pytest.raises(StartedError) as started:
                train_round(shop, arm, 0, round_, previous, "test")
        return started.value.args[0]

    return state


@pytest.fixture
def asked_of_fit(shop, monkeypatch):
    """What a round, or the dense training, asks of its training, by the names of ``fit``'s parameters."""
    import sparsight.arms.rounds as module

    signature = inspect.signature(module.fit)

    def stop(*args, **kwargs):
        raise StartedError(signature.bind(*args, **kwargs).arguments)

    def arguments(train, *args):
        with monkeypatch.context() as patch:
            patch.setattr(module, "fit", stop)
            with pytest.raises(StartedError) as started:
                train(shop, *args, "here")
        return started.value.args[0]

    return arguments


def names_of(shop, norms=False):
    return prunable(new_model(0), norms=norms)


def test_magnitude_keeps_exact_counts_nests_and_rewinds(shop, start_of_round):
    arm = find_arm("magnitude")
    _, first, second = rounds(shop, arm)
    start = new_model(0).state_dict()
    for round_, ticket in ((1, first), (2, second)):
        for name in names_of(shop):
            assert int(ticket.mask[name].sum()) == count_at(start[name].numel(), RATE, round_)
            assert bool((ticket.weights[name][~ticket.mask[name]] == 0).all())
    assert all(bool((second.mask[name] <= first.mask[name]).all()) for name in first.mask)
    assert "fc.weight" in first.mask
    assert NORM_SCALE not in first.mask
    begun = start_of_round(arm, 2, first)
    for name, tensor in start.items():
        expected = tensor * second.mask[name] if name in second.mask else tensor
        assert torch.equal(begun[name], expected), name


def test_magnitude_prunes_the_smallest_of_each_layer(shop):
    arm = find_arm("magnitude")
    dense, first, _ = rounds(shop, arm)
    for name, keep in first.mask.items():
        size = dense.weights[name].abs()
        assert size[keep].min() >= size[~keep].max()


def test_global_ranks_over_all_layers(shop):
    dense, first, _ = rounds(shop, find_arm("magnitude-global"))
    sizes = torch.cat([dense.weights[name].abs().flatten() for name in first.mask])
    keeps = torch.cat([keep.flatten() for keep in first.mask.values()])
    assert sizes[keeps].min() >= sizes[~keeps].max()
    assert kept(first.mask) == count_at(len(sizes), RATE, 1)


def test_released_code_prunes_norm_scales(shop):
    _, first, second = rounds(shop, ARMS["released-code"])
    assert first.mask[NORM_SCALE].sum() == 8
    assert second.mask[NORM_SCALE].sum() == 4
    assert bool((second.weights[NORM_SCALE][~second.mask[NORM_SCALE]] == 0).all())


def test_released_code_freezes_negative_weights_in_every_round(shop):
    arm = ARMS["released-code"]
    shop = replace(shop, training=shop.training.model_copy(update={"weight_decay": 0.0}))
    dense, first, _ = rounds(shop, arm)
    start = new_model(0).state_dict()
    for ticket in (dense, first):
        for name in names_of(shop):
            frozen = (start[name] < 0) & ticket.mask[name]
            free = (start[name] >= 6e-7) & ticket.mask[name]
            assert torch.equal(ticket.end[name][frozen], start[name][frozen]), name
            assert not torch.equal(ticket.end[name][free], start[name][free]), name


def test_released_code_rewinds_biases_in_round_1_and_carries_them_from_round_2(shop, start_of_round):
    arm = ARMS["released-code"]
    dense, first, _ = rounds(shop, arm)
    start = new_model(0).state_dict()
    assert not torch.equal(dense.end[BIAS], start[BIAS])
    assert torch.equal(start_of_round(arm, 1, dense)[BIAS], start[BIAS])
    assert torch.equal(start_of_round(arm, 2, first)[BIAS], first.end[BIAS])
    assert not torch.equal(first.end[BIAS], start[BIAS])


def test_released_code_starts_round_2_from_the_start_but_for_biases_and_norm_statistics(shop, start_of_round):
    arm = ARMS["released-code"]
    _, first, second = rounds(shop, arm)
    start = new_model(0).state_dict()
    begun = start_of_round(arm, 2, first)
    assert begun.keys() == start.keys()
    carried = []
    for name, found in begun.items():
        if name.endswith(".weight"):
            expected = start[name].where(second.mask[name], torch.zeros(()))
            assert not torch.equal(expected, first.end[name]), name
        else:
            expected = first.end[name]
            carried += [name] if not torch.equal(start[name], expected) else []
        assert torch.equal(found, expected), name
    assert {name.rsplit(".", 1)[-1] for name in carried} == {
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }


@pytest.mark.parametrize("name", ["magnitude", "magnitude-global", "released-code"])
def test_a_round_trains_by_its_arms_rule_in_the_rounds_own_order(shop, asked_of_fit, name):
    arm = find_arm(name)
    ticket, _ = train_dense(shop, arm, 5, "test")
    asked = asked_of_fit(train_round, arm, 5, 2, ticket)
    assert asked["key"] == DrawKey(seed=5, repeat=0, round=2)
    assert asked["rule"] == Rule(*[name == "released-code"] * 2)
    assert asked["mask_each_step"] is (name != "released-code")
    mask = next_mask(new_model(5), arm, 5, 2, ticket, RATE)
    assert asked["mask"].keys() == mask.keys()
    assert all(torch.equal(asked["mask"][entry], keep) for entry, keep in mask.items())
    assert (asked["data"], asked["settings"], asked["device"]) == (shop.data, shop.training, shop.device)
    assert (asked["where"], asked["on_epoch"]) == ("here", shop.on_epoch)


@pytest.mark.parametrize("name", ["magnitude", "released-code"])
def test_a_dense_training_has_a_whole_mask_and_the_first_order(shop, asked_of_fit, name):
    asked = asked_of_fit(train_dense, ARMS[name], 5)
    assert asked["key"] == DrawKey(seed=5, repeat=0, round=0)
    assert (asked["rule"], asked.get("mask_each_step", True), asked["where"]) == (ARMS[name].rule, True, "here")
    assert list(asked["mask"]) == names_of(shop)
    assert all(bool(keep.all()) for keep in asked["mask"].values())
    start = new_model(5).state_dict()
    assert all(torch.equal(tensor, start[entry]) for entry, tensor in asked["model"].state_dict().items())


def test_released_code_keeps_norm_statistics_and_magnitude_does_not(shop, start_of_round):
    start = new_model(0).state_dict()
    for name in ("magnitude", "released-code"):
        dense, _ = train_dense(shop, ARMS[name], 0, "test")
        assert not torch.equal(dense.end[STATISTIC], start[STATISTIC])
        expected = dense.end if name == "released-code" else start
        assert torch.equal(start_of_round(ARMS[name], 1, dense)[STATISTIC], expected[STATISTIC])


def test_released_code_looks_at_the_scored_network_and_prunes_the_last(shop):
    dense, _ = train_dense(shop, ARMS["released-code"], 0, "test")
    assert dense.selected_epoch < 2
    mask = next_mask(new_model(0), ARMS["released-code"], 0, 1, dense, RATE)
    for name in names_of(shop):
        size = dense.end[name].abs()
        assert size[mask[name]].min() >= size[~mask[name]].max()


@pytest.mark.parametrize("toggle", ["alive_by_value", "mask_once"])
def test_toggles_that_do_nothing_alone_are_bit_identical_to_magnitude(shop, toggle):
    arm = Arm("toggled", "", toggles=Toggles(**{toggle: True}))
    for right, toggled in zip(rounds(shop, find_arm("magnitude")), rounds(shop, arm), strict=True):
        assert all(torch.equal(right.mask[name], toggled.mask[name]) for name in right.mask)
        assert all(torch.equal(right.weights[name], toggled.weights[name]) for name in right.weights)


def test_alive_by_value_counts_a_pruned_weight_that_came_back():
    model = new_model(0)
    arm = Arm("toggled", "", toggles=Toggles(alive_by_value=True))
    names = prunable(model)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    mask = full_mask(state, names)
    mask["fc.weight"][:] = False
    mask["fc.weight"][0] = True  # 64 of 192 weights
    state["fc.weight"] = torch.ones_like(state["fc.weight"])  # every weight is alive again, the mask says a third are
    from sparsight.arms import Ticket

    found = next_mask(model, arm, 0, 2, Ticket(mask, state, state, 0), RATE)
    assert int(found["fc.weight"].sum()) == 96  # half of all 192, not of the mask's 64
    right = next_mask(model, find_arm("magnitude"), 0, 2, Ticket(mask, state, state, 0), RATE)
    assert bool((right["fc.weight"] <= mask["fc.weight"]).all())


def test_a_ticket_is_the_same_after_it_was_a_file(shop, tmp_path):
    for arm in (find_arm("magnitude"), ARMS["released-code"]):
        ticket, log = train_dense(shop, arm, 0, "test")
        write_ticket(tmp_path / arm.name, ticket, log)
        found = read_ticket(tmp_path / arm.name)
        assert found.selected_epoch == ticket.selected_epoch
        for mine, theirs in ((ticket.mask, found.mask), (ticket.weights, found.weights), (ticket.end, found.end)):
            assert mine.keys() == theirs.keys()
            assert all(torch.equal(mine[name], theirs[name]) for name in mine)
        assert (found.end is found.weights) == (ticket.end is ticket.weights)
        assert len((tmp_path / arm.name / "training.jsonl").read_text().splitlines()) == 2


def test_unknown_arm_names_the_nearest():
    with pytest.raises(InputError, match="did you mean magnitude"):
        find_arm("magnitud")
