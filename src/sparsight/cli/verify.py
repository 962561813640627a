"""``sparsight verify``."""

from pathlib import Path
from typing import Annotated

import typer

from sparsight.cli.options import run_folder


def verify(
    run: Annotated[Path, typer.Argument(metavar="RUN", parser=run_folder, help="The folder of a run that has ended.")],
    deep: Annotated[
        bool, typer.Option("--deep", help="Pass the images through every network again, too; takes longer.")
    ] = False,
) -> None:
    """Check a run's files against their hashes, and compute its numbers again from what is stored.

    The last line of the table says what was not looked at. Nothing is written.

    Exit code 0: all is well; 1: a check failed; 2: the folder holds no run that has ended.
    """
    from rich.table import Table

    from sparsight.cli.show import Screen
    from sparsight.verifying import verify_run

    checks = verify_run(run, deep=deep)
    console = Screen()
    table = Table(title="checks")
    for column in ("check", "looked at", "result"):
        table.add_column(column)
    for check in checks:
        result = "skipped" if check.skipped else f"{len(check.failures)} failed" if check.failures else "well"
        table.add_row(check.name, check.looked, result)
    console.print(table)
    for check in checks:
        for failure in check.failures:
            console.unfolded(f"{check.name}: {failure}")
    if any(check.failures for check in checks):
        raise typer.Exit(1)
