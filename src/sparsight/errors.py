"""The errors that a user can mend: one line each, exit code 2."""

from pathlib import Path


class InputError(Exception):
    """Something that the user gave cannot be used.

    The message is one line that says what is wrong, where, and what to do. The command line prints it
    without a traceback and exits with 2.
    """


class DamagedError(InputError):
    """A file of a run is not what was written there: damaged, emptied, edited, or another one."""

    def __init__(
        self, path: Path, why: str = "damaged", remedy: str = "run the study's command again to have it made"
    ) -> None:
        super().__init__(f"{path}: {why}; {remedy}")
        self.path, self.why = path, why
