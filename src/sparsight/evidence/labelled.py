"""Images that are known to have concepts or lack them: those that concepts are learned from, and those to test on."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int8
from torch import Tensor

from sparsight.concepts import constant_concepts
from sparsight.data import ConceptDataset
from sparsight.draws import generator


@dataclass(frozen=True)
class Labelled:
    """Embeddings of images, and which of the usable concepts they have: 1, 0, or -1 for unknown.

    Attributes:
        embedding: one row an image.
        labels: one column a concept.
        examples: whether these are example images, and not images of the data set.
    """

    embedding: Float[Tensor, "n l"]
    labels: Int8[Tensor, "n c"]
    examples: bool

    def resampled(self, repeat: int, of_images: Tensor) -> "Labelled":
        """As many of them, drawn with replacement: the images that were drawn, or examples by a draw of their own."""
        n = len(self.embedding)
        drawn = of_images
        if self.examples:
            drawn = torch.randint(0, n, (n,), generator=generator("refit", repeat, n, "examples"))
        return Labelled(self.embedding[drawn], self.labels[drawn], self.examples)


def learned_and_tested(
    embeddings: Mapping[str, Float[Tensor, "_ l"]], examples: Float[Tensor, "m l"] | None, data: ConceptDataset
) -> tuple[Labelled, Labelled]:
    """What concepts are learned from, and what they are tested on.

    Training and test images, or where concepts come as example images, those that are not held out and those that are.

    Args:
        embeddings: of the data set's images, by split.
        examples: embeddings of its example images, if it has some.
        data: the data set.
    """
    usable = usable_concepts(data)
    if examples is None:
        train, test = (
            Labelled(embeddings[split], data.concepts[data.splits[split]][:, usable], False)
            for split in ("train", "test")
        )
        return train, test
    labels, held = _examples(data)
    return Labelled(examples[~held], labels[~held][:, usable], True), Labelled(
        examples[held], labels[held][:, usable], True
    )


def held_out_labels(data: ConceptDataset) -> Int8[Tensor, "n c"]:
    """Which of the usable concepts the images have that concepts are tested on."""
    if data.example_images is None:
        return data.concepts[data.splits["test"]][:, usable_concepts(data)]
    labels, held = _examples(data)
    return labels[held][:, usable_concepts(data)]


def usable_concepts(data: ConceptDataset) -> Bool[Tensor, " c"]:
    """The concepts that some of the images to learn from have and others lack; the rest cannot be learned."""
    if data.example_images is None:
        return constant_concepts(data.concepts[data.splits["train"]]).logical_not()
    labels, held = _examples(data)
    return constant_concepts(labels[~held]).logical_not()


def _examples(data: ConceptDataset) -> tuple[Int8[Tensor, "m c"], Bool[Tensor, " m"]]:
    assert data.example_concepts is not None
    assert data.example_held_out is not None
    return data.example_concepts, data.example_held_out
