"""Which answers changed, and what kind of image each one is by them."""

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

STRATA = ("both right", "flipped", "both wrong")
"""Names of the numbers that ``strata`` gives."""


def flips(first: Int64[Tensor, " n"], second: Int64[Tensor, " n"]) -> Bool[Tensor, " n"]:
    """Whether an image's answer changed, right or wrong."""
    return first != second


def strata(labels: Int64[Tensor, " n"], dense: Int64[Tensor, " n"], own: Int64[Tensor, " n"]) -> Int64[Tensor, " n"]:
    """Each image's place in ``STRATA``: one of the three, and only one.

    Args:
        labels: the right answers.
        dense: the dense network's.
        own: the other network's.

    Returns:
        0 where both are right, 1 where the answer changed (also from one wrong answer to another), 2 where both give
        the same wrong answer.
    """
    kept = torch.where(own == labels, 0, 2)
    return torch.where(flips(dense, own), 1, kept)
