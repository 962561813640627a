"""Grad-CAM by the library."""

import numpy as np
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from benchmarks.speed.plain.material import BATCH


def grad_cam(model: nn.Module, images: Tensor, classes: np.ndarray) -> np.ndarray:
    """grad-cam's maps: the positive part, each scaled to its range, at the size of the image."""
    found = []
    with GradCAM(model=model, target_layers=[model.layer3]) as cam:
        for start in range(0, len(classes), BATCH):
            chosen = slice(start, start + BATCH)
            targets = [ClassifierOutputTarget(int(k)) for k in classes[chosen]]
            found.append(cam(input_tensor=images[chosen], targets=targets))
    return np.concatenate(found)
