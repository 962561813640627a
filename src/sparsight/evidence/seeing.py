"""What a network makes of images: logits and embeddings, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from sparsight.data import ConceptDataset, normalise
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
    model: nn.Module, split: Split, data: ConceptDataset, name: str, settings: EvidenceSettings, device: torch.device
) -> Seen:
    """Logits and embeddings of a split, from one pass in evaluation mode."""
    logits, embeddings = [], []
    with evaluating(model):
        for _, images in batches(data, name, settings, device):
            own, embedding = forward_embedding(model, split, images)
            logits.append(own.cpu())
            embeddings.append(embedding.cpu())
    return Seen(data.labels[data.splits[name]], torch.cat(logits), torch.cat(embeddings))


@torch.no_grad()
def embed(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    images: UInt8[Tensor, "n 3 h w"],
    settings: EvidenceSettings,
    device: torch.device,
) -> Float[Tensor, "n l"]:
    """Embeddings of other images than the data set's own."""
    with evaluating(model):
        parts = [
            forward_embedding(model, split, normalise(own, data, device))[1].cpu()
            for own in images.split(settings.batch_size)
        ]
    return torch.cat(parts)
