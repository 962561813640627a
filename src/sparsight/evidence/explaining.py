"""Saliency maps of the test images, from the pass that gives their logits and embeddings as well."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from sparsight.data import ConceptDataset
from sparsight.evidence.seeing import Seen, batches
from sparsight.evidence.settings import EvidenceSettings
from sparsight.evidence.shown import maps_beside
from sparsight.models import Split
from sparsight.saliency import SaliencySettings, closed_form_holds, dead, maps_of, mask_energy

TARGETS = ("label", "prediction", "dense")
"""The explained classes of an image: its label, the network's own prediction, the dense network's prediction."""


@dataclass(frozen=True)
class Maps:
    """Saliency maps of the test images.

    Attributes:
        classes: explained class by target (``TARGETS``).
        signed: raw maps by ``saliency.method``, at the resolution of the layer or, of Captum, on a grid over the image.
        dead: whether a map is nowhere positive.
        mask_energy: share of each positive map inside the object's mask; NaN where dead; None without masks.
        closed_form: whether they needed no backward pass.
        beside: maps of the labels of the images that a report shows, by ``saliency.beside``; None without.
    """

    classes: Int64[Tensor, "n t"]
    signed: Float[Tensor, "n t h w"]
    dead: Bool[Tensor, "n t"]
    mask_energy: Float[Tensor, "n t"] | None
    closed_form: bool
    beside: Float[Tensor, "m h2 w2"] | None


def explain(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    settings: EvidenceSettings,
    saliency: SaliencySettings,
    device: torch.device,
    dense_prediction: Int64[Tensor, " n"] | None,
) -> tuple[Seen, Maps]:
    """Logits, embeddings and maps of the test images.

    Args:
        model: the network, on ``device``.
        split: its feature map and head.
        data: the images.
        settings: batch size.
        saliency: method, layer and reduction of the maps.
        device: where to run the network.
        dense_prediction: of the dense network on the test images; None where this network is the dense one.

    Raises:
        InputError: if maps cannot be made (``maps_of``).
    """
    labels = data.labels[data.splits["test"]]
    closed = None
    found = []
    for places, images in batches(data, "test", settings, device):
        if closed is None:
            last = saliency.method == "gradcam" and saliency.layer in (None, split.features)
            closed = last and closed_form_holds(model, split, images[:8])
        label = labels[places].to(device)
        dense = None if dense_prediction is None else dense_prediction[places].to(device)

        def targets(logits: Tensor, label: Tensor = label, dense: Tensor | None = dense) -> Tensor:
            own = logits.argmax(1)
            return torch.stack([label, own, own if dense is None else dense], dim=1)

        found.append(maps_of(model, split, images, targets, saliency, closed_form=closed))
    signed = torch.cat([batch.maps.cpu() for batch in found])
    energy = None
    if data.object_masks is not None:
        masks = data.object_masks[data.splits["test"]]
        energy = torch.stack([mask_energy(signed[:, t], masks) for t in range(len(TARGETS))], dim=1)
    seen = Seen(labels, torch.cat([b.logits.cpu() for b in found]), torch.cat([b.embedding.cpu() for b in found]))
    classes = torch.cat([batch.classes.cpu() for batch in found])
    beside = maps_beside(model, split, data, settings, saliency, device)
    return seen, Maps(classes, signed, dead(signed), energy, bool(closed), beside)
