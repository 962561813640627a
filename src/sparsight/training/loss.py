"""What a training lowers: cross entropy, weighted by class if asked, plus that of auxiliary classifiers."""

from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import cross_entropy

from sparsight.data import ConceptDataset
from sparsight.models import separated
from sparsight.training.settings import TrainingSettings


def training_loss(
    output: Any, labels: Int64[Tensor, " b"], settings: TrainingSettings, weights: Float[Tensor, " k"] | None
) -> tuple[Float[Tensor, ""], Float[Tensor, "b k"]]:
    """The loss of a batch, and the network's own logits.

    With class weights it is the weighted mean over the batch's images, as torch has it. Auxiliary classifiers add
    theirs, times ``auxiliary_weight``.

    Args:
        output: what the network gives in training.
        labels: of the images.
        settings: the weight of auxiliary classifiers.
        weights: of the classes; None weighs all images the same.

    References:
        C. Szegedy et al. Going deeper with convolutions. CVPR 2015 (with 0.3 for each of two auxiliary classifiers).
        C. Szegedy et al. Rethinking the Inception Architecture for Computer Vision. CVPR 2016; torchvision's reference
        and tutorial train its Inception-V3 with 0.4.
    """
    logits, auxiliary = separated(output)
    loss = cross_entropy(logits, labels, weights)
    for each in auxiliary:
        loss = loss + settings.auxiliary_weight * cross_entropy(each, labels, weights)
    return loss, logits


def class_weights(data: ConceptDataset, settings: TrainingSettings) -> Float[Tensor, " k"] | None:
    """n / (K n_k) for each class, where n_k of the n training images are of class k; None if not asked for.

    A class without a training image has weight 0, and counts among the K.
    """
    if settings.class_weights == "none":
        return None
    labels = data.labels[data.splits["train"]]
    counts = torch.bincount(labels, minlength=len(data.class_names))
    return torch.where(counts > 0, len(labels) / (len(counts) * counts.clamp(min=1).double()), 0.0).float()
