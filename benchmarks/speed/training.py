"""A training step under a mask beside the dense step in plain PyTorch, and on CUDA one that masks through numpy."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.speed.bench import MissingPeerError, Row, compare, same
from sparsight.models import ModelSettings, build_model
from sparsight.pruning import Mask, full_mask, masked, prunable
from sparsight.training import FREEZE_BELOW, RIGHT, Rule, TrainingSettings
from sparsight.training.step import held, training_step

SETTINGS = TrainingSettings(learning_rate=0.01, momentum=0.9, weight_decay=1e-4)
KEPT = 0.3
CHECKED = 3
"""Steps after which both sides must hold the same weights."""
Step = Callable[[], object]
Masking = Callable[[nn.Module, Mask], None]


@dataclass(frozen=True)
class Work:
    """A network, and images of a batch, their side and the steps of a run, on a CPU and on CUDA."""

    model: str
    classes: int
    cpu: tuple[int, int, int]
    cuda: tuple[int, int, int]


WORKS = (
    Work("torchvision:resnet50", 200, (8, 160, 1), (32, 448, 10)),
    Work("torchvision:inception_v3", 200, (4, 299, 1), (32, 299, 10)),
    Work("torchvision:mobilenet_v2", 200, (16, 160, 1), (32, 448, 20)),
    Work("resnet20", 10, (128, 32, 2), (128, 32, 50)),
)
QUICK = (Work("torchvision:mobilenet_v2", 10, (4, 32, 1), (4, 32, 1)), Work("resnet8", 10, (4, 32, 1), (4, 32, 1)))


def rows(repeats: int, quick: bool) -> Iterator[Row | MissingPeerError]:
    works = QUICK if quick else WORKS
    for work in works:
        yield beside_dense(work, torch.device("cpu"), repeats)
    if not torch.cuda.is_available():
        yield MissingPeerError("the steps on a GPU: this machine has no CUDA device")
        return
    for work in works:
        yield beside_dense(work, torch.device("cuda"), repeats)
    for work in works:
        yield beside_numpy(work, torch.device("cuda"), repeats)


def beside_dense(work: Work, device: torch.device, repeats: int) -> Row:
    start = _Start(work, device)
    return compare(
        f"training step under a mask; {start.size}", "the dense step in plain PyTorch",
        start.repeated(start.ours(RIGHT)[1]), start.repeated(start.plain()[1]),
        target=1.02, faster=False, checked=start.check(RIGHT, _times_mask), repeats=repeats,
    )  # fmt: skip


def beside_numpy(work: Work, device: torch.device, repeats: int) -> Row:
    start, rule = _Start(work, device), Rule(freeze_negative=True)
    return compare(
        f"the same by the released code's rule; {start.size}", "weights and gradients to numpy and back, as released",
        start.repeated(start.ours(rule)[1]), start.repeated(start.plain(_through_numpy)[1]),
        target=5, faster=True, checked=start.check(rule, _through_numpy), repeats=repeats,
    )  # fmt: skip


class _Start:
    """A network with 30 % of its weights and a batch, from which all steps start; single precision, channels-last."""

    def __init__(self, work: Work, device: torch.device) -> None:
        self.device = device
        images, pixels, self.steps = work.cuda if device.type == "cuda" else work.cpu
        self.size = f"{work.model}, {images} images of {pixels} px, {self.steps} steps, {device.type}"
        draw = torch.Generator().manual_seed(0)
        net = build_model(ModelSettings(name=work.model), work.classes, 0)
        ones = full_mask(net.state_dict(), prunable(net))
        self.mask = {name: torch.rand(keep.shape, generator=draw) < KEPT for name, keep in ones.items()}
        net.load_state_dict(masked(net.state_dict(), self.mask))
        self.net = net.to(device).to(memory_format=torch.channels_last).train()
        shown = torch.randn(images, 3, pixels, pixels, generator=draw)
        self.images = shown.to(device).contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(work.classes, (images,), generator=draw).to(device)

    def ours(self, rule: Rule) -> tuple[nn.Module, Step]:
        """The very step that ``fit`` makes."""
        net = deepcopy(self.net)
        sgd, still = _sgd(net), held(net, self.mask, rule, again=False)
        return net, lambda: training_step(net, sgd, self.images, self.labels, still, SETTINGS, None)

    def plain(self, masking: Masking | None = None) -> tuple[nn.Module, Step]:
        """A step as in any tutorial; ``masking`` comes between the gradients and the step."""
        net = deepcopy(self.net)
        sgd = _sgd(net)
        mask = {name: keep.to(self.device) for name, keep in self.mask.items()}

        def step() -> None:
            sgd.zero_grad()
            _loss(net(self.images), self.labels).backward()
            if masking is not None:
                masking(net, mask)
            sgd.step()

        return net, step

    def repeated(self, step: Step) -> Step:
        """The steps of a run; on CUDA all that was queued is waited for."""

        def steps() -> None:
            for _ in range(self.steps):
                step()
            if self.device.type == "cuda":
                torch.cuda.synchronize()

        return steps

    def check(self, rule: Rule, masking: Masking) -> str:
        """Hold our step against the plain one that masks; on CUDA no two runs are alike to the bit."""
        ends = []
        for net, step in (self.ours(rule), self.plain(masking)):
            torch.manual_seed(0)  # of dropout
            for _ in range(CHECKED):
                step()
            ends.append(net.state_dict())
        apart = max(float((tensor - ends[1][name]).abs().max()) for name, tensor in ends[0].items())
        return same(f"weights after {CHECKED} masked steps", apart, 1e-4 if self.device.type == "cuda" else 0)


@torch.no_grad()
def _times_mask(net: nn.Module, mask: Mask) -> None:
    """Weight and gradient times the mask."""
    for name, keep in mask.items():
        weight = net.get_parameter(name)
        weight.mul_(keep)
        assert weight.grad is not None
        weight.grad.mul_(keep)


def _through_numpy(net: nn.Module, mask: Mask) -> None:
    """Row 1 of the released code's departures: every weight below a threshold gets no gradient, found in numpy."""
    for name, parameter in net.named_parameters():
        if name.endswith("weight") and parameter.grad is not None:
            weight, gradient = parameter.detach().cpu().numpy(), parameter.grad.cpu().numpy()
            kept = np.where(weight < FREEZE_BELOW, 0, gradient)
            parameter.grad.copy_(torch.from_numpy(kept).to(parameter.device))


def _sgd(net: nn.Module) -> torch.optim.SGD:
    return torch.optim.SGD(
        net.parameters(), lr=SETTINGS.learning_rate, momentum=SETTINGS.momentum, weight_decay=SETTINGS.weight_decay
    )


def _loss(output: Tensor | tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
    """Inception-V3 has an auxiliary classifier."""
    if isinstance(output, Tensor):
        return cross_entropy(output, labels)
    return cross_entropy(output[0], labels) + SETTINGS.auxiliary_weight * cross_entropy(output[1], labels)
