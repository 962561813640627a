"""Grad-CAM beside a bare forward pass, grad-cam and Captum."""

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torchvision.models import resnet50

from benchmarks.speed.bench import Row, compare, peer, same
from sparsight.models import Split, evaluating
from sparsight.saliency import SaliencySettings, closed_form_holds, grad_cam

EARLIER = "layer4.1"
"""Another layer of the last stage."""
APART = 1e-4
"""What maps may differ by, over the largest value."""


def rows(repeats: int, quick: bool) -> Iterator[Row]:
    images, pixels, classes = (2, 32, 3) if quick else (16, 224, 200)
    torch.manual_seed(0)
    model = resnet50(num_classes=classes).eval().to(memory_format=torch.channels_last)
    split = Split(features="layer4", head="fc")
    batch = torch.randn(images, 3, pixels, pixels).contiguous(memory_format=torch.channels_last)
    one = torch.randint(classes, (images, 1), generator=torch.Generator().manual_seed(1))
    assert closed_form_holds(model, split, batch[:4])

    def bare() -> Tensor:
        with torch.no_grad(), evaluating(model):
            return model(batch)

    def closed(targets: Tensor = one) -> Tensor:
        return grad_cam(model, split, batch, targets, closed_form=True).maps

    def general(layer: str | None = None) -> Tensor:
        return grad_cam(model, split, batch, one, SaliencySettings(layer=layer)).maps

    size = f"ResNet-50, {images} images of {pixels} px"
    near = same("maps of both paths", _apart(closed(), general()), APART)
    yield compare(
        f"Grad-CAM, one class each, closed form; {size}", "bare forward pass", closed, bare,
        target=1.05, faster=False, checked=near, repeats=repeats,
    )  # fmt: skip
    yield compare(
        f"Grad-CAM at {EARLIER}, one class each; {size}", "bare forward pass", lambda: general(EARLIER), bare,
        target=1.35, faster=False, checked="by tests/reference", repeats=repeats,
    )  # fmt: skip

    class Library(peer("pytorch_grad_cam").GradCAM):  # type: ignore[misc]
        """grad-cam that keeps its maps as they are before it scales them to 0..1, for the check."""

        def get_cam_image(self, *arguments: object) -> np.ndarray:
            self.unscaled: np.ndarray = super().get_cam_image(*arguments)
            return self.unscaled

    target_of = peer("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget

    def by_library(targets: Tensor) -> Tensor:
        with Library(model=model, target_layers=[model.layer4]) as cam:
            cam(input_tensor=batch, targets=[target_of(int(k)) for k in targets])
        return torch.from_numpy(cam.unscaled)

    near = same("maps", _apart(closed()[:, 0], by_library(one[:, 0])), APART)
    yield compare(
        f"Grad-CAM, one class each, closed form; {size}", "grad-cam", closed, lambda: by_library(one[:, 0]),
        target=2.5, faster=True, checked=near, repeats=repeats,
    )  # fmt: skip

    captum = peer("captum.attr")

    def by_captum() -> Tensor:
        return captum.LayerGradCam(model, model.layer4).attribute(batch, target=one[:, 0])

    near = same("maps", _apart(closed()[:, 0], by_captum()[:, 0].detach()), APART)
    yield compare(
        f"Grad-CAM, one class each, closed form; {size}", "Captum's LayerGradCam", closed, by_captum,
        target=1.0, faster=True, checked=near, repeats=repeats,
    )  # fmt: skip

    few = batch[:2]
    every = torch.arange(classes).expand(len(few), -1)

    def ours_every() -> Tensor:
        return grad_cam(model, split, few, every, closed_form=True).maps

    def library_every() -> Tensor:
        found = []
        with Library(model=model, target_layers=[model.layer4]) as cam:
            for k in range(classes):
                cam(input_tensor=few, targets=[target_of(k)] * len(few))
                found.append(torch.from_numpy(cam.unscaled))
        return torch.stack(found, dim=1)

    seconds, found = [], []
    for job in (library_every, *[ours_every] * (repeats + 1)):
        start = time.perf_counter()
        found.append(job())
        seconds.append(time.perf_counter() - start)
    yield Row(
        f"Grad-CAM of all {classes} classes; ResNet-50, {len(few)} images of {pixels} px",
        "grad-cam, class by class (one run of it)",
        tuple((own, seconds[0]) for own in seconds[2:]), 50, True,
        same("maps", _apart(found[1], found[0]), APART),
    )  # fmt: skip


def _apart(first: Tensor, second: Tensor) -> float:
    """Largest difference over the largest value."""
    return float((first - second).abs().max() / second.abs().max())
