"""Several things that are wrong with one data set, told at once."""

from collections.abc import Sequence

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
