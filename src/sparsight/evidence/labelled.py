"""Images that are known to have concepts or lack them: those that concepts are learned from, and those to test on."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int8
from torch import Tensor

from sparsight.data import ConceptDataset
from sparsight.draws import generator
from sparsight.evidence.in_use import concepts_in_use, learned_labels, merged, tested_labels


@dataclass(frozen=True)
class Labelled:
    """Embeddings of images, and which of the concepts in use they have: 1, 0, or -1 for unknown.

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
    in_use = concepts_in_use(data)
    learned, tested = merged(learned_labels(data), in_use), merged(tested_labels(data), in_use)
    if examples is None:
        return Labelled(embeddings["train"], learned, False), Labelled(embeddings["test"], tested, False)
    assert data.example_held_out is not None
    held = data.example_held_out
    return Labelled(examples[~held], learned, True), Labelled(examples[held], tested, True)
