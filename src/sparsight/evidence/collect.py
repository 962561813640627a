"""Everything that is measured on one network, from one pass over the images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from sparsight.concepts import (
    PCBM,
    ConceptBank,
    ConceptSettings,
    HeldOut,
    concept_values,
    constant_concepts,
    fit_pcbm,
    held_out,
    learn_bank,
    predict,
)
from sparsight.data import SPLITS, ConceptDataset, normalise
from sparsight.evidence.controls import Controls, learn_controls
from sparsight.evidence.dead import dead_layers
from sparsight.evidence.settings import EvidenceSettings
from sparsight.models import Split, evaluating, forward_parts
from sparsight.saliency import (
    Cascade,
    SaliencySettings,
    cascade,
    closed_form_holds,
    dead,
    grad_cam,
    mask_energy,
    released_maps,
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
    """

    classes: Int64[Tensor, "n t"]
    signed: Float[Tensor, "n t h w"]
    dead: Bool[Tensor, "n t"]
    mask_energy: Float[Tensor, "n t"] | None
    closed_form: bool


@dataclass(frozen=True)
class Evidence:
    """Evidence on one network.

    Attributes:
        seen: logits and embeddings by split.
        maps: saliency of the test images.
        bank: the concept vectors, of the concepts that are not constant in training.
        held_out: how well the bank tells concepts on test images.
        pcbm: g.
        g_logits: g's logits by split.
        controls: what concepts and g are read against.
        cascades: how far maps change when the network's layers are randomised one after the other, for several draws
            of the random weights; of a dense network only.
        dead_layers: layers whose output is the same for all images of the first test batch.
    """

    seen: Mapping[str, Seen]
    maps: Maps
    bank: ConceptBank
    held_out: HeldOut
    pcbm: PCBM
    g_logits: Mapping[str, Float[Tensor, "n k"]]
    controls: Controls
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
        data: concepts and g are learned on ``train``, and everything is measured on the other splits.
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

    usable = usable_concepts(data)
    labels = {name: data.concepts[data.splits[name]][:, usable] for name in SPLITS}
    names = tuple(data.concept_names[i] for i in usable.nonzero().flatten().tolist())
    bank = learn_bank(train.embedding, labels["train"], names, concepts)
    values = {name: concept_values(bank, part.embedding, concepts.value) for name, part in seen.items()}
    pcbm = fit_pcbm(values["train"], train.labels, len(data.class_names), concepts)
    is_dense = dense_prediction is None
    controls = learn_controls(
        {name: part.embedding for name, part in seen.items()},
        labels,
        train.labels,
        names,
        len(data.class_names),
        concepts,
        settings.refits if is_dense else 0,
    )
    return Evidence(
        seen=seen,
        maps=maps,
        bank=bank,
        held_out=held_out(bank, test.embedding, labels["test"]),
        pcbm=pcbm,
        g_logits={name: predict(pcbm, value) for name, value in values.items()},
        controls=controls,
        cascades=_randomise(model, split, data, settings, saliency, device) if is_dense and settings.sanity else (),
        dead_layers=dead_layers(model, next(_batches(data, "test", settings, device))[1]),
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


def usable_concepts(data: ConceptDataset) -> Bool[Tensor, " c"]:
    """The concepts that are present in some training images and absent in others; the rest cannot be learned."""
    return constant_concepts(data.concepts[data.splits["train"]]).logical_not()


def _batches(
    data: ConceptDataset, name: str, settings: EvidenceSettings, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Places within the split, and the images there, normalised."""
    indices = data.splits[name]
    for places in torch.arange(len(indices)).split(settings.batch_size):
        yield places, normalise(data.images[indices[places]], data, device)


@torch.no_grad()
def _see(
    model: nn.Module, split: Split, data: ConceptDataset, name: str, settings: EvidenceSettings, device: torch.device
) -> Seen:
    with evaluating(model):
        parts = [forward_parts(model, split, images) for _, images in _batches(data, name, settings, device)]
    return Seen(
        data.labels[data.splits[name]],
        torch.cat([part.logits.cpu() for part in parts]),
        torch.cat([part.embedding.cpu() for part in parts]),
    )


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

        if saliency.method == "released":
            found.append(released_maps(model, split, images, targets, saliency))
        else:
            found.append(grad_cam(model, split, images, targets, saliency, closed_form=closed))
    signed = torch.cat([batch.maps.cpu() for batch in found])
    energy = None
    if data.object_masks is not None:
        masks = data.object_masks[data.splits["test"]]
        energy = torch.stack([mask_energy(signed[:, t], masks) for t in range(len(TARGETS))], dim=1)
    seen = Seen(labels, torch.cat([b.logits.cpu() for b in found]), torch.cat([b.embedding.cpu() for b in found]))
    classes = torch.cat([batch.classes.cpu() for batch in found])
    return seen, Maps(classes, signed, dead(signed), energy, bool(closed))
