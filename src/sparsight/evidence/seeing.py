"""What a network makes of images: logits and embeddings, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from sparsight.data import ConceptDataset, normalise
from sparsight.evidence.gathered import Told, gathered
from sparsight.evidence.settings import EvidenceSettings
from sparsight.models import Split, evaluating, forward_embedding


@dataclass(frozen=True)
class Seen:
    """What the network makes of the images of one split."""

    labels: Int64[Tensor, " n"]
    logits: Float[Tensor, "n k"]
    embedding: Float[Tensor, "n l"]


def batches(
    data: ConceptDataset, name: str, settings: EvidenceSettings, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Places within the split, and the images there, normalised."""
    indices = data.splits[name]
    for places in torch.arange(len(indices)).split(settings.batch_size):
        yield places, normalise(data.images[indices[places]], data, device)


@torch.no_grad()
def see(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    name: str,
    settings: EvidenceSettings,
    device: torch.device,
    told: Told | None = None,
) -> Seen:
    """Logits and embeddings of a split in single precision, from one pass in evaluation mode."""
    labels = data.labels[data.splits[name]]
    with evaluating(model):
        passes = (forward_embedding(model, split, images) for _, images in batches(data, name, settings, device))
        logits, embedding = gathered(len(labels), passes, told)
    return Seen(labels, logits, embedding)


@torch.no_grad()
def embed(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    images: UInt8[Tensor, "n 3 h w"],
    settings: EvidenceSettings,
    device: torch.device,
    told: Told | None = None,
) -> Float[Tensor, "n l"]:
    """Embeddings of other images than the data set's own."""
    with evaluating(model):
        parts = (
            (forward_embedding(model, split, normalise(own, data, device))[1],)
            for own in images.split(settings.batch_size)
        )
        return gathered(len(images), parts, told)[0]
