"""What a weight is worth."""

from collections.abc import Iterable, Mapping

from torch import Tensor


def magnitude(state: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """The absolute value of each named weight (Han et al. 2015)."""
    return {name: state[name].detach().cpu().abs() for name in names}
