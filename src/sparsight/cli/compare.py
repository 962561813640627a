"""``sparsight compare``."""

from pathlib import Path
from typing import Annotated

import typer

from sparsight.cli.options import run_folder
from sparsight.errors import InputError


def compare(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", parser=run_folder, help="The folder of a study of cub200 or ham10000.")
    ],
) -> None:
    """Print what the paper says beside what a run says: its claims, and how much its tables share with the run's."""
    from rich.table import Table

    from sparsight.cli.content import content_named
    from sparsight.cli.show import Screen
    from sparsight.report.published import DATA_SETS, claims_sheet, overlap_sheet, prints
    from sparsight.study import read_run

    with content_named(run):
        data = read_run(run)
        if not prints(data):
            raise InputError(f"{run}: a study of other data; the paper reports on {' and '.join(DATA_SETS)}")
        console = Screen()
        for sheet in (claims_sheet(data), overlap_sheet(data)):
            if sheet is None:
                continue
            for own in sheet.tables:
                shown = Table(title=f"{own.caption}: {sheet.caption}", title_justify="left")
                for i, heading in enumerate(own.header):
                    shown.add_column(
                        heading, justify="left" if i in (0, len(own.header) - 1) else "right", overflow="fold"
                    )
                for row in own.rows:
                    shown.add_row(*row)
                console.print(shown)
        if (cells := run / "report" / "tables" / "published-tables.csv").exists():
            console.unfolded(f"cell by cell: {cells}")
