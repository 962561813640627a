"""Networks that were once trained, pruned or audited wrongly, or ended in a traceback, by the number of classes."""

import sys

import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm


def _net(*between: nn.Module, classes: int = 2) -> nn.Sequential:
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes))
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), *between, *head)


def plain(num_classes: int) -> nn.Module:
    return _net(nn.Conv2d(8, 8, 3), nn.ReLU(), classes=num_classes)


def no_statistics(num_classes: int) -> nn.Module:
    """Images mix within a batch in evaluation: the norm keeps no statistics."""
    return _net(nn.BatchNorm2d(8, track_running_stats=False), nn.Conv2d(8, 8, 3), nn.ReLU(), classes=num_classes)


class Centred(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps - maps.mean(0, keepdim=True)


def centred(num_classes: int) -> nn.Module:
    """Images mix within a batch in evaluation: the batch's mean is subtracted."""
    return _net(Centred(), nn.Conv2d(8, 8, 3), nn.ReLU(), classes=num_classes)


class Shifted(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps + 0.5 * maps.roll(1, 0)


def shifted(num_classes: int) -> nn.Module:
    """Images mix within a batch in evaluation: each gets some of the one before it."""
    return _net(Shifted(), nn.Conv2d(8, 8, 3), nn.ReLU(), classes=num_classes)


def weight_norm(num_classes: int) -> nn.Module:
    """The largest layer has no plain weight."""
    return _net(parametrizations.weight_norm(nn.Conv2d(8, 8, 3)), nn.ReLU(), classes=num_classes)


def old_weight_norm(num_classes: int) -> nn.Module:
    """The same by torch's older function."""
    return _net(torch.nn.utils.weight_norm(nn.Conv2d(8, 8, 3)), nn.ReLU(), classes=num_classes)


def old_spectral_norm(num_classes: int) -> nn.Module:
    return _net(spectral_norm(nn.Conv2d(8, 8, 3)), nn.ReLU(), classes=num_classes)


def pruned_before(num_classes: int) -> nn.Module:
    """A layer that carries torch's own pruning."""
    layer = nn.Conv2d(8, 8, 3)
    prune.l1_unstructured(layer, "weight", 0.5)
    return _net(layer, nn.ReLU(), classes=num_classes)


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        tokens = maps.flatten(2).transpose(1, 2)
        return maps + self.attention(tokens, tokens, tokens)[0].transpose(1, 2).reshape(maps.shape)


def transposed(num_classes: int) -> nn.Module:
    """Layers of other kinds with weights, and norms within each image, in which images do not mix."""
    norms = (nn.GroupNorm(2, 8), nn.InstanceNorm2d(8))
    return _net(*norms, nn.ConvTranspose2d(8, 8, 3), nn.ReLU(), nn.MaxPool2d(4), Attending(), classes=num_classes)


def tied(num_classes: int) -> nn.Module:
    """Two layers with one weight, and one layer under two names."""
    first, second, again = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(3))
    second.weight = first.weight
    return _net(first, nn.ReLU(), second, nn.ReLU(), again, nn.ReLU(), again, nn.ReLU(), classes=num_classes)


def nothing_to_prune(num_classes: int) -> nn.Module:
    first, last = (parametrizations.weight_norm(layer) for layer in (nn.Conv2d(3, 8, 3), nn.Linear(8, num_classes)))
    return nn.Sequential(first, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)


def softmax(num_classes: int) -> nn.Module:
    return nn.Sequential(plain(num_classes), nn.Softmax(1))


def log_softmax(num_classes: int) -> nn.Module:
    return nn.Sequential(plain(num_classes), nn.LogSoftmax(1))


def sigmoid(num_classes: int) -> nn.Module:
    return nn.Sequential(plain(num_classes), nn.Sigmoid())


class Leaves(nn.Module):
    def __init__(self, num_classes: int, code: object) -> None:
        super().__init__()
        self.net, self.code = plain(num_classes), code

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        sys.exit(self.code)


def leaves(num_classes: int) -> nn.Module:
    """Ends the program when it is asked, as if all were well."""
    return Leaves(num_classes, 0)


def leaves_without_a_code(num_classes: int) -> nn.Module:
    return Leaves(num_classes, None)


def leaves_when_built(num_classes: int) -> nn.Module:
    raise SystemExit
