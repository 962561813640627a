"""Whether a network's evidence is what its weights make of the images: a forward pass with the stored ticket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.arms import read_ticket
from sparsight.concepts import concept_values, objective, predict
from sparsight.config import StudySettings
from sparsight.data import SPLITS, ConceptDataset, ToyBirdsSettings, normalise
from sparsight.data.toybirds import Interventions, intervene
from sparsight.evidence import dead_layers, effects, maps_beside, read_evidence, read_metrics
from sparsight.models import Split, build_model, evaluating, find_split, forward_parts, placed
from sparsight.networks import Network
from sparsight.saliency import maps_of
from sparsight.training import one_thread, resolve_device
from sparsight.verifying.evidence import stored_bank, stored_pcbm

SCENES, MAPS = 4, 16
"""Scenes whose interventions, and images whose maps, are made again."""
CLOSE = 1e-4
"""What float32 may differ by, as a share of the largest number, when sums are taken in another order."""


@dataclass(frozen=True)
class Forward:
    """What all forward passes of a run share.

    Attributes:
        model: a network of the run's architecture; it is given each ticket's weights in turn.
        data: the run's.
        settings: the run's.
    """

    model: nn.Module
    data: ConceptDataset
    settings: StudySettings

    @cached_property
    def device(self) -> torch.device:
        """Where the evidence was made.

        Raises:
            InputError: if this machine has no such device.
        """
        return resolve_device(self.settings.training.device)

    @cached_property
    def split(self) -> Split:
        """Its feature map and head, asked of initial weights: pruned ones may show nothing any more."""
        drawn = self.settings.model.model_copy(update={"weights": None})
        initial = build_model(drawn, len(self.data.class_names), 0)
        some = self.data.images[self.data.splits["test"][:2]]
        return find_split(self.settings.model, initial, normalise(some, self.data, torch.device("cpu")))

    @cached_property
    def scenes(self) -> Interventions | None:
        """The first scenes with one thing changed; None where the evidence has none."""
        scenes, count = self.settings.data, min(SCENES, self.settings.evidence.interventions)
        return intervene(scenes, count) if isinstance(scenes, ToyBirdsSettings) and count else None

    def images(self, chosen: Tensor) -> Float[Tensor, "b 3 h w"]:
        """Images of the data set, normalised."""
        return normalise(self.data.images[chosen], self.data, self.device)


def deep_faults(folder: Path, network: Network, forward: Forward) -> Iterator[str]:
    """What the ticket's weights do not give: logits and embeddings of every split, scores of f and, where there are
    concepts, g and g's objective in training, dead layers, the first maps, the first scenes' interventions.

    Raises:
        InputError: if a file is missing or damaged, or the device on which the evidence was made is absent.
    """
    home = folder / network.folder
    arrays, metrics = read_evidence(home), read_metrics(home)
    with one_thread(forward.device):
        forward.model.load_state_dict(read_ticket(home).weights)
        placed(forward.model, forward.device)
        yield from _seen_faults(arrays, metrics, forward)
        yield from _map_faults(arrays, metrics, forward)
        yield from _scene_faults(arrays, metrics, forward)


def _seen_faults(arrays: Mapping[str, Tensor], metrics: Mapping[str, Any], forward: Forward) -> Iterator[str]:
    for name in SPLITS:
        logits, embedding = _see(forward, name)
        for kind, words, made in (("logits", "f's logits", logits), ("embedding", "the embeddings", embedding)):
            if name == "train" and f"{kind}/{name}" not in arrays:  # those of training need not be kept
                continue
            if not _close(made, arrays[f"{kind}/{name}"]):
                yield f"{words} on {name} are not what the weights give"
        if name == "train":
            yield from _training_faults(logits, embedding, arrays, metrics, forward)


def _training_faults(
    logits: Tensor, embedding: Tensor, arrays: Mapping[str, Tensor], metrics: Mapping[str, Any], forward: Forward
) -> Iterator[str]:
    """Of what was learned on the training images, whose embeddings are not kept."""
    labels, concepts = forward.data.labels[forward.data.splits["train"]], forward.settings.concepts
    if not _scores(logits, labels, metrics["accuracy"]["f"]["train"]["accuracy"]):
        yield "the accuracy of f on train is not what the weights give"
    if not forward.data.concept_names:
        return
    g = stored_pcbm(arrays, metrics)
    values = concept_values(stored_bank(arrays, metrics), embedding, concepts.value)
    if not _scores(predict(g, values), labels, metrics["accuracy"]["g"]["train"]["accuracy"]):
        yield "the accuracy of g on train is not what the weights give"
    if abs(objective(g, values, labels, concepts) - g.objective) > CLOSE * abs(g.objective):
        yield "g's objective is not what its weights give"


def _map_faults(arrays: Mapping[str, Tensor], metrics: Mapping[str, Any], forward: Forward) -> Iterator[str]:
    chosen, saliency = forward.data.splits["test"], forward.settings.saliency
    batch = forward.images(chosen[: forward.settings.evidence.batch_size])
    if list(dead_layers(forward.model, batch)) != metrics["dead_layers"]:
        yield "its dead layers are not those of the weights"
    images, classes = forward.images(chosen[:MAPS]), arrays["saliency/classes"][:MAPS].to(forward.device)
    closed = metrics["saliency"]["closed_form"]
    made = maps_of(forward.model, forward.split, images, classes, saliency, closed_form=closed)
    if not _close(made.maps.cpu(), arrays["saliency/maps"][:MAPS]):
        yield f"the maps of the first {len(images)} test images are not what the weights give"
    rooms = (forward.settings.evidence, saliency)
    beside = maps_beside(forward.model, forward.split, forward.data, *rooms, forward.device)
    if beside is not None and ("saliency/beside" not in arrays or not _close(beside, arrays["saliency/beside"])):
        yield f"the maps by {saliency.beside} of the images shown are not what the weights give"


def _scene_faults(arrays: Mapping[str, Tensor], metrics: Mapping[str, Any], forward: Forward) -> Iterator[str]:
    if forward.scenes is None:
        return
    made = effects(forward.model, forward.scenes, forward.data, forward.settings.evidence.batch_size, forward.device)
    if {key: list(own) for key, own in made.names.items()} != metrics["interventions"]:
        yield "its interventions are not those of the scenes"
    for name, values in made.tensors().items():
        if not _close(values, arrays[name][: len(values)]):
            yield f"{name} of the first {len(values)} scenes are not what the weights give"


@torch.no_grad()
def _see(forward: Forward, name: str) -> tuple[Tensor, Tensor]:
    """Logits and embeddings of a split, by batches as the evidence was made."""
    logits, embeddings = [], []
    with evaluating(forward.model):
        for chosen in forward.data.splits[name].split(forward.settings.evidence.batch_size):
            parts = forward_parts(forward.model, forward.split, forward.images(chosen))
            logits.append(parts.logits.cpu())
            embeddings.append(parts.embedding.cpu())
    return torch.cat(logits), torch.cat(embeddings)


def _close(made: Tensor, stored: Tensor) -> bool:
    if made.shape != stored.shape:
        return False
    largest = float(stored.abs().max()) if stored.numel() else 0.0
    return torch.allclose(made, stored, rtol=0, atol=CLOSE * largest)


def _scores(logits: Tensor, labels: Tensor, stated: float) -> bool:
    """Whether the accuracy is as stated, up to images between whose first two classes rounding decides."""
    first, second = logits.double().topk(2, dim=1).values.T
    finite = logits[logits.isfinite()].abs()
    undecided = int((first - second <= CLOSE * float(finite.max())).sum())
    made = int((logits.argmax(1) == labels).sum())
    return abs(made - stated * len(labels)) <= undecided + 1e-6
