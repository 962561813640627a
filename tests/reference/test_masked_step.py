"""Training under a mask against torch's own pruning, and against weight and gradient times the mask at every step."""

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import prune

from sparsight.models import ModelSettings, build_model
from sparsight.pruning import full_mask, masked, prunable
from sparsight.training import DrawKey, TrainingSettings, fit, training_batches

CPU, KEY = torch.device("cpu"), DrawKey(0, 0, 1)
SETTINGS = TrainingSettings(epochs=2, batch_size=8, learning_rate=0.1, weight_decay=0.01, schedule="constant")


@pytest.fixture
def start():
    """A CIFAR ResNet, 3 in 10 of its weights, and its state with zeros in the place of the others."""
    net = build_model(ModelSettings(name="resnet8"), 3, 0)
    lot = torch.Generator().manual_seed(0)
    ones = full_mask(net.state_dict(), prunable(net))
    mask = {name: torch.rand(keep.shape, generator=lot) < 0.3 for name, keep in ones.items()}
    net.load_state_dict(masked(net.state_dict(), mask))
    return net.to(memory_format=torch.channels_last), mask


def plain(net, data, after_backward, after_step):
    net.train()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    for epoch in range(SETTINGS.epochs):
        for images, labels in training_batches(data, SETTINGS, KEY, epoch, CPU):
            sgd.zero_grad()
            cross_entropy(net(images), labels).backward()
            after_backward()
            sgd.step()
            after_step()


def test_training_under_a_mask_is_that_of_torchs_own_pruning_to_the_bit(tiny, start):
    net, mask = start
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    theirs = build_model(ModelSettings(name="resnet8"), 3, 0).to(memory_format=torch.channels_last)
    theirs.load_state_dict(state)
    for name, keep in mask.items():
        prune.custom_from_mask(theirs.get_submodule(name.rpartition(".")[0]), "weight", keep)
    plain(theirs, tiny, lambda: None, lambda: None)
    for name in mask:
        prune.remove(theirs.get_submodule(name.rpartition(".")[0]), "weight")
    ours = fit(net, mask, tiny, SETTINGS, KEY, device=CPU).end
    assert all(torch.equal(tensor, ours[name]) for name, tensor in theirs.state_dict().items())


def test_training_under_a_mask_is_that_of_weight_and_gradient_times_the_mask_to_the_bit(tiny, start):
    net, mask = start
    theirs = build_model(ModelSettings(name="resnet8"), 3, 0).to(memory_format=torch.channels_last)
    theirs.load_state_dict(net.state_dict())

    @torch.no_grad()
    def gradients():
        for name, keep in mask.items():
            theirs.get_parameter(name).grad.mul_(keep)

    @torch.no_grad()
    def weights():
        for name, keep in mask.items():
            theirs.get_parameter(name).mul_(keep)

    plain(theirs, tiny, gradients, weights)
    ours = fit(net, mask, tiny, SETTINGS, KEY, device=CPU).end
    assert all(torch.equal(tensor, ours[name]) for name, tensor in theirs.state_dict().items())
