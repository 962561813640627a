"""Several things that are wrong with one data set, told at once."""

from collections.abc import Mapping, Sequence

from jaxtyping import Int64
from torch import Tensor

from sparsight.data.dataset import SPLITS
from sparsight.errors import InputError


class DataError(InputError):
    """A data set that cannot be used; ``problems`` holds a line for each thing that is wrong, the first one first.

    As an ``InputError`` it is one line: the first problem, how many more there are, and the command that lists them.
    """

    def __init__(self, problems: Sequence[str], command: str) -> None:
        more = len(problems) - 1
        lister = f" (and {more} more: {command} lists them)" if more else ""
        super().__init__(problems[0] + lister)
        self.problems = tuple(problems)


def classes_without_images(
    name: str, class_names: Sequence[str], labels: Int64[Tensor, " n"], splits: Mapping[str, Int64[Tensor, " _"]]
) -> list[str]:
    """A line for each class that some split of a data set has no image of."""
    lines = []
    for k, label in enumerate(class_names):
        if empty := [split for split in SPLITS if not bool((labels[splits[split]] == k).any())]:
            lines.append(
                f"data set {name}: class {label!r} has no image for {', '.join(empty)}; a class needs one in each"
            )
    return lines
