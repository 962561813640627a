"""Mean and deviation of columns, with constant columns made exactly zero."""

from jaxtyping import Float
from torch import Tensor


def column_moments(values: Float[Tensor, "n m"]) -> tuple[Float[Tensor, " m"], Float[Tensor, " m"]]:
    """Mean and population deviation of every column, so that ``(values - mean) / scale`` is standardised.

    A constant column gets its value as mean and 1 as scale: it becomes exactly zero, where a rounded mean would
    leave noise that dividing by a rounded deviation would blow up to unit size.
    """
    low, high = values.amin(0), values.amax(0)
    varies = high > low
    mean = values.mean(0).where(varies, low)
    deviation = (values - mean).square().mean(0).sqrt()
    return mean, deviation.where(varies & (deviation > 0), deviation.new_ones(()))
