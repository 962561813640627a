"""What a step leaves alone."""

import torch
from torch import nn

from sparsight.training import RIGHT, Rule, TrainingSettings
from sparsight.training.step import held, training_step

SETTINGS = TrainingSettings()
MIXED = TrainingSettings(precision="bfloat16")


def net_and_mask() -> tuple[nn.Module, dict[str, torch.Tensor]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 4, 2)).to(memory_format=torch.channels_last)
    half = torch.arange(net[0].weight.numel()).view(net[0].weight.shape) % 2 == 0
    return net, {"0.weight": half, "2.weight": torch.ones(2, 16, dtype=torch.bool)}


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(6, 3, 4, 4, generator=torch.Generator().manual_seed(1)), torch.arange(6) % 2


def test_only_weights_of_which_something_is_pruned_are_held_in_their_own_memory_format():
    net, mask = net_and_mask()
    still = held(net, mask, RIGHT, again=False)
    assert [weight is net[0].weight for weight in still.weights] == [True]
    assert still.keep[0].stride() == net[0].weight.stride() != mask["0.weight"].stride()
    assert torch.equal(still.keep[0].bool(), mask["0.weight"])
    assert held(net, {}, Rule(freeze_negative=True), again=False).frozen_below == [net[0].weight, net[2].weight]


def test_a_step_moves_what_is_kept_and_nothing_else_and_a_zero_never_becomes_minus_zero():
    net, mask = net_and_mask()
    with torch.no_grad():
        net[0].weight.masked_fill_(~mask["0.weight"], 0)
    before = net[0].weight.detach().clone()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0)
    still = held(net, mask, RIGHT, again=False)
    for _ in range(3):
        loss, logits = training_step(net, sgd, *batch(), still, SETTINGS, None)
    pruned = net[0].weight.detach()[~mask["0.weight"]]
    assert torch.equal(pruned.view(torch.int32), torch.zeros_like(pruned, dtype=torch.int32))
    assert bool((net[0].weight != before)[mask["0.weight"]].all())
    assert not loss.requires_grad
    assert logits.shape == (6, 2)


def test_a_parameter_that_the_loss_does_not_reach_is_passed_over():
    net, mask = net_and_mask()
    net.unused = nn.Linear(3, 3)
    net.forward = lambda images: nn.Sequential.forward(net[:3], images)
    mask["unused.weight"] = torch.zeros(3, 3, dtype=torch.bool)
    start = net.unused.weight.detach().clone()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    training_step(net, sgd, *batch(), held(net, mask, Rule(freeze_negative=True), again=False), SETTINGS, None)
    assert torch.equal(net.unused.weight, start)


def test_a_step_in_bfloat16_is_a_plain_step_under_autocast_and_its_weights_stay_single():
    net, mask = net_and_mask()
    plain, _ = net_and_mask()
    with torch.no_grad():
        for each in (net, plain):
            each[0].weight.masked_fill_(~mask["0.weight"], 0)
    start = net[0].weight.detach().clone()
    images, labels = batch()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    loss, logits = training_step(net, sgd, images, labels, held(net, mask, RIGHT, again=False), MIXED, None)
    with torch.autocast("cpu", torch.bfloat16):
        expected = nn.functional.cross_entropy(plain(images), labels)
    expected.backward()
    stepped = start - 0.1 * plain[0].weight.grad * mask["0.weight"]
    assert (logits.dtype, loss.dtype, net[0].weight.dtype) == (torch.bfloat16, torch.float32, torch.float32)
    assert torch.equal(loss, expected.detach())
    torch.testing.assert_close(net[0].weight.detach(), stepped, rtol=0, atol=1e-7)
    with torch.no_grad():
        plain[0].weight.copy_(start)
        assert not torch.equal(loss, nn.functional.cross_entropy(plain(images), labels))
