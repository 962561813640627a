import re
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn
from torchvision.models.inception import InceptionOutputs

from sparsight.pruning import full_mask, prunable
from sparsight.training import (
    Checkpoint,
    DrawKey,
    Optimiser,
    Rule,
    TrainingDivergedError,
    TrainingSettings,
    fit,
    learning_rate,
    training_batches,
)

CPU = torch.device("cpu")
KEY = DrawKey(seed=0, repeat=0, round=0)


def small_net(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=2),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, 3),
        )


def half_mask(net: nn.Module) -> dict[str, torch.Tensor]:
    mask = full_mask(net.state_dict(), prunable(net))
    for keep in mask.values():
        keep.flatten()[::2] = False
    return mask


def trained(tiny, net=None, mask=None, key=KEY, settings=None, **kwargs):
    net = net or small_net()
    mask = mask if mask is not None else full_mask(net.state_dict(), prunable(net))
    settings = settings or TrainingSettings(epochs=3, batch_size=8, learning_rate=0.1)
    return fit(net, mask, tiny, settings, key, device=CPU, **kwargs)


def same(first, second) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_it_learns(tiny):
    fitted = trained(tiny, settings=TrainingSettings(epochs=30, batch_size=8, learning_rate=0.1))
    assert fitted.log[-1].loss < fitted.log[0].loss / 2
    assert fitted.log[-1].accuracy > 0.8
    assert fitted.selected is fitted.end
    assert fitted.selected_epoch == 30


def test_against_a_plain_loop(tiny):
    """Without a mask the loop is SGD as written in any tutorial, bit for bit."""
    settings = TrainingSettings(
        epochs=2, batch_size=8, learning_rate=0.1, momentum=0.9, weight_decay=0.01, schedule="constant"
    )
    fitted = trained(tiny, settings=settings)
    net = small_net().to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    for epoch in range(2):
        for images, labels in training_batches(tiny, settings, KEY, epoch, CPU):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(images), labels).backward()
            optimiser.step()
    assert same(fitted.end, net.state_dict())


@pytest.mark.parametrize("remembers", [False, True])
def test_pruned_weights_are_zero_at_every_step_whatever_the_optimiser_remembers(tiny, monkeypatch, remembers):
    """Pruned weights start at huge values, and momentum may remember them: no step finds or leaves one standing."""
    net = small_net()
    mask = half_mask(net)
    momentum = {name: torch.ones_like(parameter) for name, parameter in net.named_parameters()}
    seen = []
    step = torch.optim.SGD.step

    def watch(self, *args, **kwargs):
        seen.extend(bool((net.get_parameter(name)[~keep] == 0).all()) for name, keep in mask.items())
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.SGD, "step", watch)
    with torch.no_grad():
        for name in mask:
            net.get_parameter(name).add_(5.0)
    fitted = trained(tiny, net, mask, optimiser=Optimiser(momentum) if remembers else None)
    assert len(seen) == 3 * 3 * len(mask)
    assert all(seen)
    assert all(bool((fitted.end[name][~keep] == 0).all()) for name, keep in mask.items())
    assert all(bool((fitted.end[name][keep] != 0).all()) for name, keep in mask.items())


def test_without_the_mask_at_each_step_remembered_momentum_revives_pruned_weights(tiny):
    net = small_net()
    mask = half_mask(net)
    momentum = {name: torch.ones_like(parameter) for name, parameter in net.named_parameters()}
    end = trained(tiny, net, mask, optimiser=Optimiser(momentum), mask_each_step=False).end
    assert all(bool((end[name][~keep] != 0).all()) for name, keep in mask.items())


def test_the_same_key_gives_the_same_bits_and_another_key_does_not(tiny):
    first, again = trained(tiny), trained(tiny)
    assert same(first.end, again.end)
    for other in (DrawKey(1, 0, 0), DrawKey(0, 1, 0), DrawKey(0, 0, 1)):
        assert not same(first.end, trained(tiny, key=other).end)


def test_frozen_negative_weights_get_no_gradient_but_decay_goes_on(tiny):
    net = small_net()
    start = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    settings = TrainingSettings(epochs=2, batch_size=8, learning_rate=0.1, weight_decay=0, schedule="constant")
    end = trained(tiny, net, settings=settings, rule=Rule(freeze_negative=True)).end
    for name in ("0.weight", "5.weight"):
        negative = start[name] < 0
        assert torch.equal(end[name][negative], start[name][negative])
        assert (end[name][~negative] != start[name][~negative]).any()
    assert not torch.equal(end["0.bias"], start["0.bias"]), "biases are not weights"

    decaying = settings.model_copy(update={"weight_decay": 0.01, "momentum": 0.0})
    end = trained(tiny, small_net(), settings=decaying, rule=Rule(freeze_negative=True)).end
    negative = start["5.weight"] < 0
    steps = 2 * (24 // 8)
    assert torch.allclose(end["5.weight"][negative], start["5.weight"][negative] * (1 - 0.1 * 0.01) ** steps)


def test_freezing_holds_norm_scales_that_fall_below_the_threshold(tiny):
    net = small_net()
    with torch.no_grad():
        net[1].weight[0] = -0.5
    settings = TrainingSettings(epochs=1, batch_size=8, weight_decay=0)
    end = trained(tiny, net, settings=settings, rule=Rule(freeze_negative=True)).end
    assert float(end["1.weight"][0]) == -0.5
    assert float(end["1.weight"][1]) != 1.0


def test_masking_once_changes_nothing_under_a_fresh_optimiser(tiny):
    results = []
    for each_step in (True, False):
        net = small_net()
        mask = half_mask(net)
        with torch.no_grad():
            for name, keep in mask.items():
                net.get_parameter(name).mul_(keep)
        results.append(trained(tiny, net, mask, mask_each_step=each_step).end)
    assert same(*results)


def test_best_epoch_is_the_first_best_on_validation_and_never_looks_at_test(tiny):
    settings = TrainingSettings(epochs=6, batch_size=8, learning_rate=0.1, selection="best")
    fitted = trained(tiny, settings=settings)
    scores = [epoch.validation_accuracy for epoch in fitted.log]
    assert fitted.selected_epoch == scores.index(max(scores)) + 1
    broken = tiny.labels.clone()
    broken[tiny.splits["test"]] = 0
    assert same(fitted.selected, trained(replace(tiny, labels=broken), settings=settings).selected)


def test_scoring_before_the_epoch_can_keep_the_untrained_network(tiny):
    """A learning rate that ruins the network makes the untrained one the best; right scoring cannot choose it."""
    net = small_net()
    start = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    labels = tiny.labels.clone()
    with torch.no_grad():
        from sparsight.data import normalise

        net.eval()
        validation = tiny.splits["validation"]
        labels[validation] = net(normalise(tiny.images[validation], tiny, CPU)).argmax(1)
    data = replace(tiny, labels=labels)
    fitted = trained(data, net, rule=Rule(score_before_epoch=True))
    assert fitted.selected_epoch == 0
    assert same(fitted.selected, start)
    assert not same(fitted.end, start)
    assert len(fitted.log) == 3


def test_scoring_before_the_epoch_never_chooses_the_last(tiny):
    fitted = trained(tiny, rule=Rule(score_before_epoch=True))
    assert fitted.selected_epoch < 3


def test_a_loss_that_is_no_number_stops_naming_place_epoch_and_step(tiny):
    settings = TrainingSettings(epochs=3, batch_size=8, learning_rate=1e30)
    with pytest.raises(
        TrainingDivergedError,
        match=r"^magnitude, seed 0, round 2, epoch \d, step \d: .*training\.learning_rate .*--out",
    ):
        trained(tiny, settings=settings, where="magnitude, seed 0, round 2")


@pytest.mark.parametrize("name", ["5.weight", "1.running_var"])
def test_a_weight_or_statistic_that_is_no_number_at_the_end_is_named(tiny, name, monkeypatch):
    """A step that leaves the loss a number, as the last one of a training that diverges does."""
    module = sys.modules[TrainingDivergedError.__module__]

    def step(model, *rest):
        found = training_step(model, *rest)
        model.state_dict()[name].flatten()[:2] = float("inf")
        return found

    training_step = module.training_step
    monkeypatch.setattr(module, "training_step", step)
    with pytest.raises(TrainingDivergedError, match=rf"not finite numbers: {re.escape(name)} \(2 of [\d,]+ infinite\)"):
        trained(tiny, settings=TrainingSettings(epochs=1, batch_size=len(tiny), learning_rate=0.01))


def test_schedules():
    constant = TrainingSettings(schedule="constant", learning_rate=0.1)
    assert learning_rate(constant, 999, 10) == 0.1
    step = TrainingSettings(schedule="step", learning_rate=0.1, step_epochs=2, step_factor=0.1)
    assert [round(learning_rate(step, s, 10), 6) for s in (0, 19, 20, 39, 40)] == [0.1, 0.1, 0.01, 0.01, 0.001]
    cosine = TrainingSettings(schedule="cosine", learning_rate=0.1, epochs=2)
    assert learning_rate(cosine, 0, 10) == 0.1
    assert learning_rate(cosine, 10, 10) == pytest.approx(0.05)
    assert 0 < learning_rate(cosine, 19, 10) < 0.002


def test_rule_names():
    assert Rule().name == "right"
    assert Rule(True, True).name == "freeze_negative+score_before_epoch"


def test_no_epoch_leaves_the_network_as_it_was(tiny):
    net = small_net()
    fitted = trained(tiny, net=net, epochs=range(0))
    assert same(fitted.end, small_net().state_dict())
    assert fitted.log == ()


def test_the_first_round_may_have_epochs_of_its_own():
    settings = TrainingSettings(epochs=5, first_round_epochs=2)
    assert [settings.of_round(round_).epochs for round_ in (0, 1, 7)] == [2, 5, 5]
    assert TrainingSettings(epochs=5).of_round(0).epochs == 5


def test_a_schedule_that_was_never_started_again_goes_on_beyond_its_end():
    step = TrainingSettings(epochs=2, learning_rate=1.0, schedule="step", step_epochs=1)
    cosine = TrainingSettings(epochs=2, learning_rate=1.0, schedule="cosine")
    assert [learning_rate(step, at, 10) for at in (0, 10, 20, 30)] == pytest.approx([1, 0.1, 0.01, 0.001])
    assert [learning_rate(cosine, at, 10) for at in (20, 25, 400)] == pytest.approx([0, 0, 0])


def test_what_the_optimiser_remembers_is_taken_up(tiny):
    first = trained(tiny)
    net = small_net()
    net.load_state_dict(first.end)
    fresh = trained(tiny, net=net, settings=TrainingSettings(epochs=1, batch_size=8, schedule="constant"))
    net.load_state_dict(first.end)
    kept = trained(
        tiny,
        net=net,
        optimiser=first.optimiser,
        settings=TrainingSettings(epochs=1, batch_size=8, schedule="constant"),
    )
    assert not same(fresh.end, kept.end)
    assert kept.optimiser.steps == first.optimiser.steps + fresh.optimiser.steps


def test_class_weights_change_a_training_of_unequal_classes(tiny):
    labels = tiny.labels.clone()
    labels[tiny.splits["train"][:12]] = 0
    settings = TrainingSettings(epochs=2, batch_size=8, learning_rate=0.1)
    balanced = settings.model_copy(update={"class_weights": "balanced"})
    unequal = replace(tiny, labels=labels)
    assert not same(trained(unequal, settings=settings).end, trained(unequal, settings=balanced).end)


class Assisted(nn.Module):
    """An auxiliary classifier on the first layer, as torchvision's Inception-V3 has one."""

    def __init__(self):
        super().__init__()
        self.stem, self.aux, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, x):
        x = self.stem(x).mean((2, 3))
        return InceptionOutputs(self.fc(x.relu()), self.aux(x)) if self.training else self.fc(x.relu())


def test_an_auxiliary_classifier_is_trained_by_its_weight_and_nothing_else_without(tiny):
    ends = []
    for share in (0.0, 0.4):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            net = Assisted()
        start = net.aux.weight.detach().clone()
        settings = TrainingSettings(
            epochs=2, batch_size=8, learning_rate=0.1, weight_decay=0, auxiliary_weight=share, selection="best"
        )
        ends.append(trained(tiny, net, settings=settings).end)
        assert torch.equal(ends[-1]["aux.weight"], start) == (share == 0)
    assert not torch.equal(ends[0]["stem.weight"], ends[1]["stem.weight"])


def test_dropout_is_drawn_by_the_key_and_goes_on_after_a_break(tiny):
    def net():
        made = small_net()
        made.insert(5, nn.Dropout(0.5))
        return made

    before = torch.get_rng_state()
    kept = []
    first = trained(tiny, net(), on_checkpoint=kept.append)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(5)  # what the process has drawn before does not matter
    assert same(first.end, trained(tiny, net()).end)
    assert same(first.end, trained(tiny, net(), resume=kept[0]).end)
    within: list[Checkpoint] = []
    trained(tiny, net(), at_batch=lambda make: within.append(make()))
    assert within[1].within is not None
    torch.rand(5)
    for place in (0, 1, len(within) - 1):
        assert same(first.end, trained(tiny, net(), resume=within[place]).end)


def test_it_learns_in_bfloat16_and_goes_on_after_a_break(tiny):
    settings = TrainingSettings(epochs=8, batch_size=8, learning_rate=0.1, precision="bfloat16")
    kept = []
    fitted = trained(tiny, settings=settings, on_checkpoint=kept.append)
    single = trained(tiny, settings=settings.model_copy(update={"precision": "float32"}))
    assert {tensor.dtype for tensor in fitted.end.values()} == {torch.float32, torch.int64}
    assert not same(fitted.end, single.end)
    assert [epoch.loss for epoch in fitted.log] == pytest.approx([epoch.loss for epoch in single.log], rel=0.05)
    assert same(fitted.end, trained(tiny, settings=settings, resume=kept[3]).end)
