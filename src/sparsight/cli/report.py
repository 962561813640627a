"""``sparsight report``."""

from pathlib import Path
from typing import Annotated

import typer

from sparsight.cli.options import run_folder


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", parser=run_folder, help="The folder of a run that has ended.")],
) -> None:
    """Write a run's report again from its result tables, and print its summary."""
    from sparsight.cli.content import content_named
    from sparsight.cli.summary import print_summary
    from sparsight.study import report_run

    with content_named(run):
        print_summary(report_run(run))
