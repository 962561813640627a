"""What two networks' concepts say of the same images."""

from jaxtyping import Float
from torch import Tensor

from sparsight.drift._rows import drift_of, pearson


def value_agreement(first: Float[Tensor, "n c"], second: Float[Tensor, "n c"]) -> Float[Tensor, " c"]:
    """Drift of each concept's values: 1 - Pearson's correlation over the images that both networks saw.

    Neither scale nor offset counts, as they do not for g. A concept whose values are constant in one network alone, as
    those of one that it no longer tells, has nothing in common: 1. NaN where they are in both.
    """
    return drift_of(pearson, first.T, second.T)
