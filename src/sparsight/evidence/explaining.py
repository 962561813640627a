"""Saliency maps of the test images, from the pass that gives their logits and embeddings as well."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from sparsight.data import ConceptDataset, normalise
from sparsight.evidence.gathered import Told, gathered
from sparsight.evidence.seeing import Seen, batches
from sparsight.evidence.settings import EvidenceSettings
from sparsight.evidence.shown import maps_beside
from sparsight.models import Split
from sparsight.saliency import SaliencySettings, closed_form_holds, dead, maps_of, mask_energy

TARGETS = ("label", "prediction", "dense")
"""The explained classes of an image: its label, the network's own prediction, the dense network's prediction."""
CHECKED = 8
"""Images on which it is checked that Grad-CAM's closed form holds."""


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
    told: Told | None = None,
) -> tuple[Seen, Maps]:
    """Logits, embeddings and maps of the test images, in single precision whatever the network's.

    Args:
        model: the network, on ``device``.
        split: its feature map and head.
        data: the images.
        settings: batch size.
        saliency: method, layer and reduction of the maps.
        device: where to run the network.
        dense_prediction: of the dense network on the test images; None where this network is the dense one.
        told: is told how many images are explained.

    Raises:
        InputError: if maps cannot be made (``maps_of``).
    """
    labels = data.labels[data.splits["test"]]
    last = saliency.method == "gradcam" and saliency.layer in (None, split.features)
    some = normalise(data.images[data.splits["test"][:CHECKED]], data, device)
    closed = last and closed_form_holds(model, split, some)

    def passes() -> Iterator[tuple[Tensor, ...]]:
        for places, images in batches(data, "test", settings, device):
            label = labels[places].to(device)
            dense = None if dense_prediction is None else dense_prediction[places].to(device)

            def targets(logits: Tensor, label: Tensor = label, dense: Tensor | None = dense) -> Tensor:
                own = logits.argmax(1)
                return torch.stack([label, own, own if dense is None else dense], dim=1)

            found = maps_of(model, split, images, targets, saliency, closed_form=closed)
            yield found.logits, found.embedding, found.maps, found.classes

    logits, embedding, signed, classes = gathered(len(labels), passes(), told)
    energy = None
    if data.object_masks is not None:
        masks = data.object_masks[data.splits["test"]]
        energy = torch.stack([mask_energy(signed[:, t], masks) for t in range(len(TARGETS))], dim=1)
    seen = Seen(labels, logits, embedding)
    beside = maps_beside(model, split, data, settings, saliency, device)
    return seen, Maps(classes, signed, dead(signed), energy, closed, beside)
