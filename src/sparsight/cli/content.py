"""Files of a run whose hashes fit, but not what they hold: they are the run's fault, not the program's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from sparsight.errors import InputError


@contextmanager
def content_named(run: Path) -> Iterator[None]:
    """After an error that nobody has foreseen, look into the run that was read in the block: where something in it is
    not what a study writes, that is named in place of the error.

    Raises:
        InputError: naming what; an error that does not come from the run's files passes.
    """
    try:
        yield
    except (InputError, OSError, typer.Exit, typer.Abort):
        raise
    except Exception as error:
        flaw = _flaw(run)
        if flaw is None:
            raise
        raise InputError(
            f"{run}: {flaw}; delete the file that is named, or the folder, and run the study's command again to have "
            "it made"
        ) from error


def _flaw(run: Path) -> str | None:
    from sparsight.verifying import content_flaw

    return content_flaw(run) if (run / "study.yaml").is_file() else None
