"""A bank of random directions in place of concepts: what g and its rows are worth without any meaning."""

import torch
from jaxtyping import Float, Int8
from torch import Tensor

from sparsight.concepts._standard import column_moments
from sparsight.concepts.bank import ConceptBank, vectors_only
from sparsight.draws import generator


def random_bank(embeddings: Float[Tensor, "n l"], names: tuple[str, ...]) -> ConceptBank:
    """As many directions as there are concepts, normal in the standardised embedding space.

    The same draw for every network of one width, so that networks are compared on the same random directions.

    Args:
        embeddings: of the training images; they give the standardisation.
        names: of the concepts whose places the directions take.
    """
    _, scale = column_moments(embeddings.double())
    shape = (len(names), embeddings.shape[1])
    Q = torch.randn(shape, generator=generator("random bank", *shape), dtype=torch.float64) / scale
    return vectors_only(Q, torch.zeros(len(names), dtype=torch.float64), names)


def shuffled_labels(concepts: Int8[Tensor, "n c"], split: str) -> Int8[Tensor, "n c"]:
    """The images' concept labels in random order, row by row: as many of each, and nothing to see in the image."""
    return concepts[torch.randperm(len(concepts), generator=generator("random labels", split, len(concepts)))]
