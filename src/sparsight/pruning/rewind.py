"""Back to the values that the training started from."""

from collections.abc import Mapping

from torch import Tensor

from sparsight.pruning.mask import Mask, masked

NORM_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def is_norm_statistic(name: str) -> bool:
    """Whether a state dict's entry is a running statistic of a norm."""
    return name.rsplit(".", 1)[-1] in NORM_STATISTICS


def is_bias(name: str) -> bool:
    """Whether a state dict's entry is a bias or the shift of a norm."""
    return name.rsplit(".", 1)[-1] == "bias"


def rewind(start: Mapping[str, Tensor], mask: Mask, carried: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
    """The state that a round trains from: the start's values under the mask, norm statistics included.

    Args:
        start: the network's state before the first training (Frankle and Carbin 2019, step 4).
        mask: the round's mask.
        carried: entries that a faulty rule does not rewind, which override the start's.
    """
    return masked({**start, **(carried or {})}, mask)
