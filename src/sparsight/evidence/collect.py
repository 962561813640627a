"""Everything that is measured on one network, from one pass over the images."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from sparsight.concepts import ConceptSettings, probe_logits
from sparsight.data import SPLITS, ConceptDataset, normalise
from sparsight.errors import InputError
from sparsight.evidence.dead import dead_layers
from sparsight.evidence.explaining import Maps, explain
from sparsight.evidence.learning import ConceptEvidence, learn_concepts
from sparsight.evidence.seeing import Seen, batches, embed, see
from sparsight.evidence.settings import EvidenceSettings
from sparsight.models import Split, placed
from sparsight.saliency import Cascade, SaliencySettings, cascade

CASCADES = 4
"""Draws of random weights in the check of the saliency method."""


@dataclass(frozen=True)
class Evidence:
    """Evidence on one network.

    Attributes:
        seen: logits and embeddings by split.
        maps: saliency of the test images.
        probe: logits of a linear probe on the embedding, by split.
        concepts: what was learned of concepts; None where the data set has none.
        cascades: how far maps change when the network's layers are randomised one after the other, for several draws
            of the random weights; of a dense network only.
        dead_layers: layers whose output is the same for all images of the first test batch.
    """

    seen: Mapping[str, Seen]
    maps: Maps
    probe: Mapping[str, Float[Tensor, "n k"]]
    concepts: ConceptEvidence | None
    cascades: tuple[Cascade, ...]
    dead_layers: tuple[str, ...]


class NotFiniteError(InputError):
    """What a network makes of images is no number: its training has diverged, or its file is damaged."""


def collect(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    settings: EvidenceSettings,
    concepts: ConceptSettings,
    saliency: SaliencySettings,
    device: torch.device,
    dense_prediction: Int64[Tensor, " n"] | None,
) -> Evidence:
    """Look at one network. The model is left as it was found, but on ``device``.

    Args:
        model: the network.
        split: its feature map and head.
        data: concepts and g, if it has concepts, and the probe are learned on ``train``, and everything is measured on
            the other splits.
        settings: batch size.
        concepts: how concepts and g are learned.
        saliency: method, layer and reduction of the maps.
        device: where to run the network.
        dense_prediction: of the dense network on the test images; None where this network is the dense one.

    Raises:
        NotFiniteError: if a logit or an embedding is not finite.
    """
    placed(model, device)
    train, validation = (see(model, split, data, name, settings, device) for name in SPLITS[:2])
    test, maps = explain(model, split, data, settings, saliency, device, dense_prediction)
    seen = {"train": train, "validation": validation, "test": test}
    _check_finite(seen)

    is_dense = dense_prediction is None
    embeddings = {name: part.embedding for name, part in seen.items()}
    examples = None if data.example_images is None else embed(model, split, data, data.example_images, settings, device)
    probe = probe_logits(train.embedding, train.labels, len(data.class_names), concepts.C, tuple(embeddings.values()))
    return Evidence(
        seen=seen,
        maps=maps,
        probe=dict(zip(embeddings, probe[1:], strict=True)),
        concepts=learn_concepts(embeddings, examples, data, concepts, settings.refits if is_dense else 0),
        cascades=_randomise(model, split, data, settings, saliency, device) if is_dense and settings.sanity else (),
        dead_layers=dead_layers(model, next(batches(data, "test", settings, device))[1]),
    )


def _check_finite(seen: Mapping[str, Seen]) -> None:
    """Refuse also numbers so large that their squares, by which they are scaled, are none in single precision."""
    for name, part in seen.items():
        for what, values in (("logits", part.logits), ("embeddings", part.embedding)):
            if not bool(values.square().sum().isfinite()):
                raise NotFiniteError(f"its {what} on {name} are not finite numbers, or too large to compute with")


def _randomise(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    settings: EvidenceSettings,
    saliency: SaliencySettings,
    device: torch.device,
) -> tuple[Cascade, ...]:
    """The first test images, each explained for its label, while layer after layer is randomised.

    Several times, because one random head points somewhere, the same way for all images of a class.
    """
    chosen = data.splits["test"][: settings.sanity]
    images, labels = normalise(data.images[chosen], data, device), data.labels[chosen].to(device)
    return tuple(cascade(model, split, images, labels, saliency, seed) for seed in range(CASCADES))
