"""Pruning, rewinding and training, by the right rule and by that of the released code."""

import copy

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import prune

from benchmarks.speed.plain.material import BATCH, Bench, State
from sparsight.draws import key_seed

FREEZE_BELOW = 6e-7


def prune_layers(model: nn.Module, rate: float, norms: bool) -> None:
    """Mask the smallest weights of each layer among those that are left; the released code takes norms, too."""
    kinds: tuple[type[nn.Module], ...] = (nn.Conv2d, nn.Linear, *((nn.BatchNorm2d,) if norms else ()))
    for module in model.modules():
        if isinstance(module, kinds):
            prune.l1_unstructured(module, "weight", amount=rate)


def rewind(model: nn.Module, initial: State, released: bool, round_: int) -> None:
    """Back to the initial values; the released code keeps norm statistics and, from round 2 on, biases."""
    for name, value in model.state_dict().items():
        kept = "running" in name or "tracked" in name or (name.endswith("bias") and round_ > 1)
        plain = name.removesuffix("_orig")
        if plain in initial and not (released and kept):
            value.copy_(initial[plain])


def train(bench: Bench, model: nn.Module, draw: tuple[int, int, int], released: bool) -> State:
    """Train in place; the state to look at, which is the last one or, by the released code, the best of those scored
    before each epoch."""
    how, images, labels = bench.settings.training, bench.images["train"], bench.labels["train"]
    steps = len(images) // how.batch_size
    sgd = torch.optim.SGD(model.parameters(), how.learning_rate, how.momentum, weight_decay=how.weight_decay)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, how.epochs * steps)
    lot = torch.Generator().manual_seed(key_seed("script", *draw))
    best, selected = -1.0, model.state_dict()
    for _ in range(how.epochs):
        if released and (score := validated(bench, model)) > best:
            best, selected = score, copy.deepcopy(model.state_dict())
        model.train()
        for chosen in torch.randperm(len(images), generator=lot)[: steps * how.batch_size].split(how.batch_size):
            mirrored = torch.rand(len(chosen), 1, 1, 1, generator=lot) < 0.5
            batch = torch.where(mirrored, images[chosen].flip(3), images[chosen])
            loss = cross_entropy(model(batch), labels[chosen])
            sgd.zero_grad()
            loss.backward()
            if released:
                freeze_negative(model)
            sgd.step()
            cosine.step()
    return selected


def freeze_negative(model: nn.Module) -> None:
    """No gradient for weights below the released code's threshold."""
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if weight is not None:
            parameter = getattr(module, "weight_orig", weight)
            parameter.grad[weight.detach() < FREEZE_BELOW] = 0


@torch.no_grad()
def validated(bench: Bench, model: nn.Module) -> float:
    model.eval()
    predicted = torch.cat([model(batch).argmax(1) for batch in bench.images["validation"].split(BATCH)])
    return float((predicted == bench.labels["validation"]).float().mean())
