"""Each of the released code's switches by the behaviour it describes, alone and with others."""

from dataclasses import replace

import pytest
import torch

from sparsight.arms import TOGGLES, Arm, Toggles, find_arm, train_round
from sparsight.pruning import count_at, prunable
from sparsight.training import steps_per_epoch
from tests.arms.conftest import RATE, new_model

NORM_SCALE, BIAS, STATISTIC = "bn1.weight", "bn1.bias", "bn1.running_mean"


def same(first, second) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def begun(shop, arm, round_, previous, monkeypatch):
    """The state that a round trains from."""
    return begun_by(lambda: train_round(shop, arm, 0, round_, previous, "test"), monkeypatch)


def begun_by(train, monkeypatch):
    """The state that ``train`` starts from: what a training without an epoch leaves."""
    import sparsight.arms.rounds as module

    def none(model, mask, data, settings, key, **how):
        how["epochs"] = range(0)
        how.pop("optimiser", None)
        return fit(model, mask, data, settings, key, **how)

    fit = module.fit
    with monkeypatch.context() as patch:
        patch.setattr(module, "fit", none)
        return train()[0].end


@pytest.mark.parametrize("switch", ["alive_by_value", "mask_once"])
def test_switches_that_do_nothing_alone_are_bit_identical_to_magnitude(shop, chain, switch):
    right, toggled = chain(shop, find_arm("magnitude"), 4), chain(shop, find_arm(f"toggle:{switch}"), 4)
    for ours, theirs in zip(right, toggled, strict=True):
        assert same(ours.mask, theirs.mask)
        assert same(ours.weights, theirs.weights)


def test_both_of_them_together_do_nothing_either(shop, chain):
    right, toggled = chain(shop, find_arm("magnitude")), chain(shop, find_arm("toggle:alive_by_value+mask_once"))
    assert all(same(ours.weights, theirs.weights) for ours, theirs in zip(right, toggled, strict=True))


@pytest.mark.parametrize("switch", sorted({*TOGGLES} - {"alive_by_value", "mask_once"}))
def test_every_other_switch_changes_something_alone(shop, chain, switch):
    right, toggled = chain(shop, find_arm("magnitude")), chain(shop, find_arm(f"toggle:{switch}"))
    assert not same(right[2].weights, toggled[2].weights)


def test_freeze_negative_alone_holds_negative_weights_and_prunes_no_norms(shop, chain):
    shop = replace(shop, training=shop.training.model_copy(update={"weight_decay": 0.0}))
    dense, first, _ = chain(shop, find_arm("toggle:freeze_negative"))
    start = new_model(0).state_dict()
    for name in prunable(new_model(0)):
        for ticket in (dense, first):
            frozen, free = (start[name] < 0) & ticket.mask[name], (start[name] >= 6e-7) & ticket.mask[name]
            assert torch.equal(ticket.weights[name][frozen], start[name][frozen])
            assert not torch.equal(ticket.weights[name][free], start[name][free])
    assert NORM_SCALE not in first.mask


def test_prune_norms_alone_prunes_scales_and_trains_negative_weights(shop, chain):
    _, first, second = chain(shop, find_arm("toggle:prune_norms"))
    assert [int(ticket.mask[NORM_SCALE].sum()) for ticket in (first, second)] == [8, 4]
    start = new_model(0).state_dict()
    negative = (start["conv1.weight"] < 0) & first.mask["conv1.weight"]
    assert not torch.equal(first.weights["conv1.weight"][negative], start["conv1.weight"][negative])


def test_alias_biases_alone_rewinds_biases_once(shop, chain, monkeypatch):
    arm = find_arm("toggle:alias_biases")
    dense, first, _ = chain(shop, arm)
    start = new_model(0).state_dict()
    assert torch.equal(begun(shop, arm, 1, dense, monkeypatch)[BIAS], start[BIAS])
    round_2 = begun(shop, arm, 2, first, monkeypatch)
    assert torch.equal(round_2[BIAS], first.end[BIAS])
    assert not torch.equal(first.end[BIAS], start[BIAS])
    assert torch.equal(round_2[STATISTIC], start[STATISTIC])


def test_keep_norm_statistics_alone_rewinds_everything_else(shop, chain, monkeypatch):
    arm = find_arm("toggle:keep_norm_statistics")
    dense, first, _ = chain(shop, arm)
    start = new_model(0).state_dict()
    for round_, previous in ((1, dense), (2, first)):
        state = begun(shop, arm, round_, previous, monkeypatch)
        assert torch.equal(state[STATISTIC], previous.end[STATISTIC])
        assert torch.equal(state[BIAS], start[BIAS])


def test_score_before_epoch_alone_never_looks_at_the_last_epoch(shop, chain):
    for ticket in chain(shop, find_arm("toggle:score_before_epoch")):
        assert ticket.selected_epoch < shop.training.epochs
        assert ticket.end is not ticket.weights


def test_keep_optimizer_hands_momentum_and_steps_from_round_to_round(shop, chain):
    tickets = chain(shop, find_arm("toggle:keep_optimizer"))
    steps = steps_per_epoch(shop.data, shop.training) * shop.training.epochs
    assert [ticket.optimiser.steps for ticket in tickets] == [steps, 2 * steps, 3 * steps]
    assert all(bool((ticket.optimiser.momentum["fc.weight"] != 0).any()) for ticket in tickets)
    assert same(tickets[0].weights, chain(shop, find_arm("magnitude"), 1)[0].weights)


def test_keep_optimizer_lets_the_learning_rate_fall_on(shop):
    settings = shop.training.model_copy(update={"schedule": "step", "step_epochs": 1})
    shop = replace(shop, training=settings)
    from sparsight.arms import train_dense

    arm = find_arm("toggle:keep_optimizer")
    dense, log = train_dense(shop, arm, 0, "test")
    _, next_log = train_round(shop, arm, 0, 1, dense, "test")
    assert [epoch.learning_rate for epoch in (*log, *next_log)] == pytest.approx([1e-1, 1e-2, 1e-3, 1e-4])


def test_keep_optimizer_and_mask_once_revive_weights_and_the_density_is_as_it_is(shop, chain):
    shop = replace(shop, training=shop.training.model_copy(update={"schedule": "constant"}))
    arm = find_arm("toggle:mask_once+keep_optimizer")
    _, first, second = chain(shop, arm)
    for round_, ticket in ((1, first), (2, second)):
        kept = sum(int(keep.sum()) for keep in ticket.mask.values())
        alive = sum(int(keep.sum()) for keep in ticket.alive.values())
        assert kept == sum(count_at(keep.numel(), RATE, round_) for keep in ticket.mask.values())
        assert alive > kept
    assert arm.revives
    assert not find_arm("toggle:keep_optimizer").revives


def test_what_is_revived_counts_as_alive_by_value(shop, chain):
    shop = replace(shop, training=shop.training.model_copy(update={"schedule": "constant"}))
    by_mask = chain(shop, find_arm("toggle:mask_once+keep_optimizer"))[2]
    by_value = chain(shop, find_arm("toggle:alive_by_value+mask_once+keep_optimizer"))[2]
    kept = [sum(int(keep.sum()) for keep in ticket.mask.values()) for ticket in (by_mask, by_value)]
    assert kept[1] > kept[0]


def test_keep_optimizer_alone_keeps_pruned_weights_at_zero(shop, chain):
    shop = replace(shop, training=shop.training.model_copy(update={"schedule": "constant"}))
    _, first, _ = chain(shop, find_arm("toggle:keep_optimizer"))
    assert all(bool((first.weights[name][~keep] == 0).all()) for name, keep in first.mask.items())


def test_released_code_is_its_seven_switches_and_without_one_the_other_six(shop, chain):
    released = find_arm("released-code")
    assert released.toggles.on == tuple(switch for switch in TOGGLES if switch != "keep_optimizer")
    spelt = find_arm("toggle:" + "+".join(reversed(released.toggles.on)))
    assert spelt.toggles == released.toggles
    for switch in released.toggles.on:
        without = find_arm(f"released-code-toggle:{switch}").toggles
        assert without == replace(released.toggles, **{switch: False})
    assert same(chain(shop, released)[2].weights, chain(shop, spelt)[2].weights)


def test_arms_of_all_switches_off_are_magnitude():
    assert replace(find_arm("magnitude"), name="", summary="") == Arm("", "", toggles=Toggles())
