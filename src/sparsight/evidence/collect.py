"""Everything that is measured on one network, from one pass over the images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor, nn

from sparsight.concepts import (
    PCBM,
    ConceptBank,
    ConceptSettings,
    HeldOut,
    concept_values,
    fit_pcbm,
    held_out,
    learn_bank,
    predict,
    probe_logits,
)
from sparsight.data import SPLITS, ConceptDataset, normalise
from sparsight.evidence.controls import Controls, learn_controls
from sparsight.evidence.dead import dead_layers
from sparsight.evidence.labelled import learned_and_tested, usable_concepts
from sparsight.evidence.settings import EvidenceSettings
from sparsight.evidence.shown import maps_beside
from sparsight.models import Split, evaluating, forward_parts
from sparsight.saliency import (
    Cascade,
    SaliencySettings,
    cascade,
    closed_form_holds,
    dead,
    maps_of,
    mask_energy,
)

CASCADES = 4
"""Draws of random weights in the check of the saliency method."""

TARGETS = ("label", "prediction", "dense")
"""The explained classes of an image: its label, the network's own prediction, the dense network's prediction."""


@dataclass(frozen=True)
class Seen:
    """What the network makes of the images of one split."""

    labels: Int64[Tensor, " n"]
    logits: Float[Tensor, "n k"]
    embedding: Float[Tensor, "n l"]


@dataclass(frozen=True)
class Maps:
    """Saliency maps of the test images.

    Attributes:
        classes: explained class by target (``TARGETS``).
        signed: raw maps at the resolution of the layer, by ``saliency.method``.
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
    beside: Float[Tensor, "m h w"] | None


@dataclass(frozen=True)
class ConceptEvidence:
    """What a network's embedding says of concepts, and g.

    Attributes:
        bank: the concept vectors, of the concepts that are not constant in training.
        held_out: how well the bank tells concepts on test images, or on the examples that are held out.
        examples: embeddings of the examples that are held out, where concepts come as examples.
        pcbm: g.
        logits: g's, by split.
        controls: what concepts and g are read against.
    """

    bank: ConceptBank
    held_out: HeldOut
    examples: Float[Tensor, "m l"] | None
    pcbm: PCBM
    logits: Mapping[str, Float[Tensor, "n k"]]
    controls: Controls


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
        ValueError: if an embedding is not finite.
    """
    model.to(device).to(memory_format=torch.channels_last)
    train, validation = (_see(model, split, data, name, settings, device) for name in SPLITS[:2])
    test, maps = _explain(model, split, data, settings, saliency, device, dense_prediction)
    seen = {"train": train, "validation": validation, "test": test}

    is_dense = dense_prediction is None
    embeddings = {name: part.embedding for name, part in seen.items()}
    examples = (
        None if data.example_images is None else _embed(model, split, data, data.example_images, settings, device)
    )
    probe = probe_logits(train.embedding, train.labels, len(data.class_names), concepts.C, tuple(embeddings.values()))
    return Evidence(
        seen=seen,
        maps=maps,
        probe=dict(zip(embeddings, probe[1:], strict=True)),
        concepts=_concepts(embeddings, examples, data, concepts, settings.refits if is_dense else 0),
        cascades=_randomise(model, split, data, settings, saliency, device) if is_dense and settings.sanity else (),
        dead_layers=dead_layers(model, next(_batches(data, "test", settings, device))[1]),
    )


def _concepts(
    embeddings: Mapping[str, Float[Tensor, "_ l"]],
    examples: Float[Tensor, "m l"] | None,
    data: ConceptDataset,
    settings: ConceptSettings,
    refits: int,
) -> ConceptEvidence | None:
    """Concepts, learned on training embeddings or on examples, and g; None where the data set has no concepts."""
    if not data.concept_names:
        return None
    usable, classes = usable_concepts(data), len(data.class_names)
    learned, tested = learned_and_tested(embeddings, examples, data)
    names = tuple(data.concept_names[i] for i in usable.nonzero().flatten().tolist())
    answers = data.labels[data.splits["train"]]
    bank = learn_bank(learned.embedding, learned.labels, names, settings)
    values = {name: concept_values(bank, own, settings.value) for name, own in embeddings.items()}
    pcbm = fit_pcbm(values["train"], answers, classes, settings)
    return ConceptEvidence(
        bank=bank,
        held_out=held_out(bank, tested.embedding, tested.labels),
        examples=tested.embedding if tested.examples else None,
        pcbm=pcbm,
        logits={name: predict(pcbm, value) for name, value in values.items()},
        controls=learn_controls(embeddings, learned, tested, answers, names, classes, settings, refits),
    )


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


def _batches(
    data: ConceptDataset, name: str, settings: EvidenceSettings, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Places within the split, and the images there, normalised."""
    indices = data.splits[name]
    for places in torch.arange(len(indices)).split(settings.batch_size):
        yield places, normalise(data.images[indices[places]], data, device)


@torch.no_grad()
def _embed(
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
            forward_parts(model, split, normalise(own, data, device)).embedding.cpu()
            for own in images.split(settings.batch_size)
        ]
    return torch.cat(parts)


@torch.no_grad()
def _see(
    model: nn.Module, split: Split, data: ConceptDataset, name: str, settings: EvidenceSettings, device: torch.device
) -> Seen:
    logits, embeddings = [], []
    with evaluating(model):
        for _, images in _batches(data, name, settings, device):
            parts = forward_parts(model, split, images)  # its feature map is not kept: of a split it would take GiBs
            logits.append(parts.logits.cpu())
            embeddings.append(parts.embedding.cpu())
    return Seen(data.labels[data.splits[name]], torch.cat(logits), torch.cat(embeddings))


def _explain(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    settings: EvidenceSettings,
    saliency: SaliencySettings,
    device: torch.device,
    dense_prediction: Int64[Tensor, " n"] | None,
) -> tuple[Seen, Maps]:
    labels = data.labels[data.splits["test"]]
    closed = None
    found = []
    for places, images in _batches(data, "test", settings, device):
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
