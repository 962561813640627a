"""What two networks' concepts say of the same images."""

from jaxtyping import Float
from torch import Tensor

from sparsight.drift._rows import pearson


def value_agreement(first: Float[Tensor, "n c"], second: Float[Tensor, "n c"]) -> Float[Tensor, " c"]:
    """Drift of each concept's values: 1 - Pearson's correlation over the images that both networks saw.

    Neither scale nor offset counts, as they do not for g. NaN for a concept whose values are constant in either
    network, as those of a dropped concept are.
    """
    return 1 - pearson(first.T, second.T)
