"""Everything that one model under audit shows of the images."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from textwrap import shorten

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from sparsight.auditing.subject import Subject
from sparsight.concepts import ConceptSettings
from sparsight.data import ConceptDataset, normalise
from sparsight.errors import InputError
from sparsight.evidence import (
    TARGETS,
    ConceptEvidence,
    EvidenceSettings,
    Maps,
    Seen,
    Told,
    embed,
    explain,
    learn_concepts,
    see,
)
from sparsight.models import UserCodeError, gradient_flaw, users_code
from sparsight.saliency import CAPTUM, SaliencySettings

EXPLAINED = TARGETS.index("dense")
"""The place of the original's prediction among the explained classes."""
_WITHOUT = f"{CAPTUM}Occlusion"
"""A method that needs neither a layer nor gradients."""


@dataclass(frozen=True, eq=False)
class Look:
    """What a model shows.

    Attributes:
        name: of the model.
        seen: logits and embeddings of the test images.
        maps: of the test images; None where none can be made.
        concepts: what was learned from its embeddings; None where the data set has none.
        missing: what is not available, and why: ``maps``, ``embedding``, ``concepts``, or nothing. With something
            missing the whole may not be called preserved.
    """

    name: str
    seen: Seen
    maps: Maps | None
    concepts: ConceptEvidence | None
    missing: Mapping[str, str]

    @property
    def predictions(self) -> Int64[Tensor, " n"]:
        """The class that it gives each test image; ties go to the first."""
        return self.seen.logits.argmax(1)

    def arrays(self) -> dict[str, Tensor]:
        """By the names of a study's evidence, which is what comparisons read."""
        found = {"logits/test": self.seen.logits}
        if self.seen.embedding.shape[1]:
            found["embedding/test"] = self.seen.embedding
        if self.maps is not None:
            found |= {"saliency/maps": self.maps.signed, "saliency/classes": self.maps.classes}
            if self.maps.mask_energy is not None:
                found["saliency/mask_energy"] = self.maps.mask_energy
        if self.concepts is not None:
            found |= {
                "bank/Q": self.concepts.bank.Q,
                "bank/intercepts": self.concepts.bank.intercepts,
                "concepts/auroc": self.concepts.held_out.auroc,
                "concepts/accuracy": self.concepts.held_out.accuracy,
                "g/weights": self.concepts.pcbm.weights,
                "g/intercepts": self.concepts.pcbm.intercepts,
                "g/logits/test": self.concepts.logits["test"],
                "g-random/Q": self.concepts.controls.random_directions,
                "g-random/weights": self.concepts.controls.random_weights,
                "gates/shuffled_auroc": self.concepts.controls.shuffled_auroc,
            }
        return found


def look(
    subject: Subject,
    data: ConceptDataset,
    evidence: EvidenceSettings,
    concepts: ConceptSettings,
    saliency: SaliencySettings,
    device: torch.device,
    explained: Int64[Tensor, " n"] | None,
    told: Told | None = None,
) -> Look:
    """Look at a model once: one pass over the test images, and one over those that concepts are learned from.

    Args:
        subject: the model.
        data: the images; concepts are learned on ``train``, if there are some, and all else is measured on ``test``.
        evidence: batch size.
        concepts: how concepts and g are learned.
        saliency: method and reduction of the maps.
        device: where to run it.
        explained: the original's predictions, whose maps are compared; None where this model is the original.
        told: is told how many images of a pass are done: of the test images first.

    Raises:
        InputError: if the model fails on these images, its embedding is not finite, or it is the original and its maps
            cannot be made although it has gradients.
    """
    if subject.normalisation is not None:
        data = replace(data, mean=subject.normalisation[0], std=subject.normalisation[1])
    model = subject.model.to(device)
    with looking_at(subject.name):
        seen, maps, why = _seen(subject, model, data, evidence, saliency, device, explained, told)
        train, examples = None, None
        if data.concept_names and not subject.headless:
            train = see(model, subject.split, data, "train", evidence, device, told)
            if data.example_images is not None:
                examples = embed(model, subject.split, data, data.example_images, evidence, device, told)
    if not bool(seen.embedding.isfinite().all() and seen.logits.isfinite().all()):
        raise InputError(f"{subject.name}: its logits or embeddings are not finite on these images; give a whole model")
    learned = None
    if train is not None:
        try:
            both = {"train": train.embedding, "test": seen.embedding}
            learned = learn_concepts(both, examples, data, concepts, 0)
        except ValueError as error:
            raise InputError(f"{subject.name}: concepts cannot be learned from its embeddings ({error})") from None
    missing = {"maps": why, "embedding": subject.headless, "concepts": subject.headless if data.concept_names else ""}
    return Look(subject.name, seen, maps, learned, {what: reason for what, reason in missing.items() if reason})


def _seen(
    subject: Subject,
    model: nn.Module,
    data: ConceptDataset,
    evidence: EvidenceSettings,
    saliency: SaliencySettings,
    device: torch.device,
    explained: Int64[Tensor, " n"] | None,
    told: Told | None,
) -> tuple[Seen, Maps | None, str]:
    """What it sees of the test images; its maps, or why there are none."""
    captum = saliency.method.startswith(CAPTUM)
    why = f"{subject.mapless}; {_WITHOUT} needs none" if subject.mapless and not captum else ""
    if not why:
        try:
            layer = own_layer(saliency)
            return *explain(model, subject.split, data, evidence, layer, device, explained, told), ""
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # a user's own function may raise anything in its backward pass
            why = _short(error)
            if flaw := gradient_flaw(model, normalise(data.images[data.splits["test"][:2]], data, device)):
                why = f"{flaw}; {_WITHOUT} needs none"
            elif isinstance(error, UserCodeError):
                raise
            elif explained is None:  # a mistaken method is found with the first model
                another = "another method" if captum else "another layer or method"
                raise InputError(f"{subject.name}: no maps by {saliency.method}: {why}; take {another}") from error
            else:
                why = f"{saliency.method} does not work with it: {why}"
    return see(model, subject.split, data, "test", evidence, device, told), None, why


@contextmanager
def looking_at(name: str) -> Iterator[None]:
    """Inside, a model is looked at: what its code raises becomes one line.

    Raises:
        InputError: for any exception.
    """
    try:
        with users_code(f"{name}: looking at it on these images"):
            yield
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"{name}: the device's memory is too small ({_short(error)}); lower evidence.batch_size, as to 8"
        ) from error


def _short(error: Exception) -> str:
    return shorten(" ".join(str(error).split()), 160, placeholder=" ...")


def own_layer(saliency: SaliencySettings) -> SaliencySettings:
    """The settings without a layer: a subject is cut at its own, which has another name in another network."""
    return saliency.model_copy(update={"layer": None, "beside": None})
