"""Grad-CAM beside a bare forward pass, grad-cam and Captum."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torchvision.models import resnet50

from benchmarks.speed.bench import MissingPeerError, Row, attempt, compare, peer, same
from sparsight.models import Split, evaluating
from sparsight.saliency import SaliencySettings, closed_form_holds, grad_cam

SPLIT = Split(features="layer4", head="fc")
EARLIER = "layer4.1"
"""Another layer of the last stage."""
APART = 1e-4
"""What maps may differ by, over the largest value."""


@dataclass(frozen=True)
class Work:
    """A ResNet-50 and a batch of images with a class each."""

    model: nn.Module
    batch: Float[Tensor, "n 3 h w"]
    one: Int64[Tensor, "n 1"]
    classes: int

    def __str__(self) -> str:
        return f"ResNet-50, {len(self.batch)} images of {self.batch.shape[-1]} px"

    def bare(self) -> Tensor:
        with torch.no_grad(), evaluating(self.model):
            return self.model(self.batch)

    def closed(self) -> Tensor:
        return grad_cam(self.model, SPLIT, self.batch, self.one, closed_form=True).maps

    def general(self, layer: str | None = None) -> Tensor:
        return grad_cam(self.model, SPLIT, self.batch, self.one, SaliencySettings(layer=layer)).maps


def rows(repeats: int, quick: bool) -> Iterator[Row | MissingPeerError]:
    images, pixels, classes = (2, 32, 3) if quick else (16, 224, 200)
    torch.manual_seed(0)
    model = resnet50(num_classes=classes).eval().to(memory_format=torch.channels_last)
    batch = torch.randn(images, 3, pixels, pixels).contiguous(memory_format=torch.channels_last)
    one = torch.randint(classes, (images, 1), generator=torch.Generator().manual_seed(1))
    work = Work(model, batch, one, classes)
    assert closed_form_holds(model, SPLIT, batch[:4])
    near = same("maps of both paths", _apart(work.closed(), work.general()), APART)
    yield compare(
        f"Grad-CAM, one class each, closed form; {work}", "bare forward pass", work.closed, work.bare,
        target=1.05, faster=False, checked=near, repeats=repeats,
    )  # fmt: skip
    yield compare(
        f"Grad-CAM at {EARLIER}, one class each; {work}", "bare forward pass", lambda: work.general(EARLIER), work.bare,
        target=1.35, faster=False, checked="by tests/reference", repeats=repeats,
    )  # fmt: skip
    yield attempt("one class each, beside grad-cam", lambda: beside_library(work, repeats))
    yield attempt("one class each, beside Captum", lambda: beside_captum(work, repeats))
    yield attempt("every class, beside grad-cam", lambda: every_class(work, repeats))


def by_library(work: Work, images: Tensor, classes: Sequence[Int64[Tensor, " n"]]) -> list[Tensor]:
    """The maps of each turn by grad-cam, as they are before it scales them to 0..1; a class an image in each turn."""

    class Keeping(peer("pytorch_grad_cam").GradCAM):  # type: ignore[misc]
        def get_cam_image(self, *arguments: object) -> np.ndarray:
            self.unscaled: np.ndarray = super().get_cam_image(*arguments)
            return self.unscaled

    target_of = peer("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget
    found = []
    with Keeping(model=work.model, target_layers=[work.model.get_submodule("layer4")]) as cam:
        for turn in classes:
            cam(input_tensor=images, targets=[target_of(int(k)) for k in turn])
            found.append(torch.from_numpy(cam.unscaled))
    return found


def beside_library(work: Work, repeats: int) -> Row:
    def library() -> list[Tensor]:
        return by_library(work, work.batch, [work.one[:, 0]])

    near = same("maps", _apart(work.closed()[:, 0], library()[0]), APART)
    return compare(
        f"Grad-CAM, one class each, closed form; {work}", "grad-cam", work.closed, library,
        target=2.5, faster=True, checked=near, repeats=repeats,
    )  # fmt: skip


def beside_captum(work: Work, repeats: int) -> Row:
    captum = peer("captum.attr")

    def library() -> Tensor:
        layer = work.model.get_submodule("layer4")
        return captum.LayerGradCam(work.model, layer).attribute(work.batch, target=work.one[:, 0])

    near = same("maps", _apart(work.closed()[:, 0], library()[:, 0].detach()), APART)
    return compare(
        f"Grad-CAM, one class each, closed form; {work}", "Captum's LayerGradCam", work.closed, library,
        target=1.0, faster=True, checked=near, repeats=repeats,
    )  # fmt: skip


def every_class(work: Work, repeats: int) -> Row:
    few = work.batch[:2]
    every = torch.arange(work.classes).expand(len(few), -1)

    def ours() -> Tensor:
        return grad_cam(work.model, SPLIT, few, every, closed_form=True).maps

    def library() -> Tensor:
        return torch.stack(by_library(work, few, list(every.T)), dim=1)

    peer("pytorch_grad_cam")
    seconds, found = [], []
    for job in (library, *[ours] * (repeats + 1)):
        start = time.perf_counter()
        found.append(job())
        seconds.append(time.perf_counter() - start)
    return Row(
        f"Grad-CAM of all {work.classes} classes; ResNet-50, {len(few)} images of {few.shape[-1]} px",
        "grad-cam, class by class (one run of it)",
        tuple((own, seconds[0]) for own in seconds[2:]), 50, True,
        same("maps", _apart(found[1], found[0]), APART),
    )  # fmt: skip


def _apart(first: Tensor, second: Tensor) -> float:
    """Largest difference over the largest value."""
    return float((first - second).abs().max() / second.abs().max())
