"""``sparsight tensorboard``."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from sparsight.cli.options import run_folder


def tensorboard(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", parser=run_folder, help="A run's folder; the run need not have ended.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A new folder, or one written before for the same run; exports/<run>/tensorboard by default."
        ),
    ] = None,
) -> None:
    """Write a run's numbers for TensorBoard: each training by epoch, accuracies and drifts by round.

    Needs the extra tensorboard. Of a run that has not ended it writes what is trained by now; the same command writes
    it anew.
    """
    from sparsight.cli.content import content_named
    from sparsight.cli.show import Screen
    from sparsight.exporting import export_scalars

    with content_named(run):
        made = export_scalars(run, out)
    console = Screen()
    tables = "and the result tables" if made.results else "no result tables yet: the run has not ended"
    console.print(f"{made.points:,} numbers: {made.trained} of {made.planned} trainings, {tables}")
    console.unfolded(f"look at them: tensorboard --logdir {shlex.quote(str(made.folder))}")
