"""Concepts and g, learned from one network's embeddings."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

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
)
from sparsight.data import ConceptDataset
from sparsight.evidence.controls import Controls, learn_controls
from sparsight.evidence.in_use import ConceptInUse, concepts_in_use
from sparsight.evidence.labelled import learned_and_tested


@dataclass(frozen=True)
class ConceptEvidence:
    """What a network's embedding says of concepts, and g.

    Attributes:
        concepts: those in use: not constant in the images that they are learned from, equal columns once.
        bank: their vectors.
        held_out: how well the bank tells concepts on test images, or on the examples that are held out.
        examples: embeddings of the examples that are held out, where concepts come as examples.
        pcbm: g.
        logits: g's, by split.
        controls: what concepts and g are read against.
    """

    concepts: tuple[ConceptInUse, ...]
    bank: ConceptBank
    held_out: HeldOut
    examples: Float[Tensor, "m l"] | None
    pcbm: PCBM
    logits: Mapping[str, Float[Tensor, "n k"]]
    controls: Controls


def learn_concepts(
    embeddings: Mapping[str, Float[Tensor, "_ l"]],
    examples: Float[Tensor, "m l"] | None,
    data: ConceptDataset,
    settings: ConceptSettings,
    refits: int,
) -> ConceptEvidence | None:
    """Concepts, learned on training embeddings or on examples, and g; None where the data set has no concepts.

    Args:
        embeddings: by split; of ``train`` and ``test`` at least.
        examples: those of the data set's example images, where concepts come as examples.
        data: concepts and labels.
        settings: how concepts and g are learned.
        refits: how often they are learned again on other images.

    Raises:
        ValueError: if an embedding is not finite.
    """
    if not data.concept_names:
        return None
    in_use, classes = concepts_in_use(data), len(data.class_names)
    learned, tested = learned_and_tested(embeddings, examples, data)
    names = tuple(one.name for one in in_use)
    answers = data.labels[data.splits["train"]]
    bank = learn_bank(learned.embedding, learned.labels, names, settings)
    values = {name: concept_values(bank, own, settings.value) for name, own in embeddings.items()}
    pcbm = fit_pcbm(values["train"], answers, classes, settings)
    return ConceptEvidence(
        concepts=in_use,
        bank=bank,
        held_out=held_out(bank, tested.embedding, tested.labels),
        examples=tested.embedding if tested.examples else None,
        pcbm=pcbm,
        logits={name: predict(pcbm, value) for name, value in values.items()},
        controls=learn_controls(embeddings, learned, tested, answers, names, classes, settings, refits),
    )
