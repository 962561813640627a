"""Layers whose output no longer depends on the image."""

import pytest
import torch
from torch import nn

from sparsight.evidence import dead_layers

IMAGES = torch.rand(3, 3, 6, 6, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    """An auxiliary layer runs in training alone."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc, self.auxiliary = nn.Conv2d(3, 4, 3), nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x):
        x = self.conv(x).mean((2, 3))
        return (self.fc(x), self.auxiliary(x)) if self.training else self.fc(x)


@pytest.mark.parametrize(("emptied", "dead"), [((), ()), (("fc",), ("fc",)), (("conv",), ("conv", "fc"))])
def test_dead_is_what_runs_and_gives_the_same_for_all_images(emptied, dead):
    net = Net().train()
    for name in (*emptied, "auxiliary"):
        nn.init.zeros_(getattr(net, name).weight)
    assert dead_layers(net, IMAGES) == dead
    assert net.training
