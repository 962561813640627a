"""What the terminal shows of an audit, and its settings from the command line."""

import math
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from sparsight.audit import Audit
from sparsight.auditing import AuditSettings
from sparsight.errors import InputError

_AXES = {
    "similarity": "how far from the original",
    "accuracy": "accuracy, less the original's",
    "faithfulness": "faithfulness, less the original's",
}
_SIGNS = {"preserved": "=", "changed": "≠", "undecided": "?"}


class Watching:
    """An audit's listener that prints. Use it as a context manager."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self.bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        self.task = self.bar.add_task("reading the images", total=None)

    def __enter__(self) -> "Watching":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def note(self, text: str) -> None:
        """Print it."""
        self.console.print(text, markup=False, soft_wrap=True)

    def decoded(self, done: int, total: int) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=done, total=total)

    def looking(self, name: str, place: int, models: int) -> None:
        """Move the bar."""
        self.bar.update(self.task, description=f"looking at {name[:60]}", completed=place - 1, total=models)


def settings_of(rooms: Mapping[str, Mapping[str, Any]], **own: Any) -> AuditSettings:
    """The settings of an audit.

    Args:
        rooms: by room, from ``--set``.
        own: ``layer``, ``margin``, ``method`` and ``device``, from options of their own; None for the default.

    Raises:
        InputError: naming the first key that is wrong.
    """
    document: dict[str, Any] = {room: dict(values) for room, values in rooms.items()}
    if own.get("method") is not None:
        document.setdefault("saliency", {})["method"] = own["method"]
    document |= {key: own[key] for key in ("layer", "margin", "device") if own.get(key) is not None}
    try:
        default = AuditSettings().evidence
        document["evidence"] = {"batch_size": default.batch_size, **document.get("evidence", {})}
        return AuditSettings.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "settings"
        cause = (first.get("ctx") or {}).get("error")
        said = str(cause) if isinstance(cause, Exception) else first["msg"][0].lower() + first["msg"][1:]
        raise InputError(f"{key}: {said}") from None


def command_line() -> str:
    """The command as it was given."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def print_audit(found: Audit, page: Path) -> None:
    """Print each model's verdict, the measures that made it, what a reader must know, and where the report is."""
    console = Console(highlight=False)
    for name, one in found.headlines.items():
        console.print(Text(f"{_SIGNS[one.word]} {one.word}: {one.sentence}"), soft_wrap=True)
        console.print(_measures(found, name))
    for notice in found.data.notices:
        console.print(f"note: {notice}", markup=False, soft_wrap=True)
    console.print(f"report: {page}", markup=False, soft_wrap=True)


def _measures(found: Audit, name: str) -> Table:
    rows = found.verdicts[found.verdicts["model"] == name]
    shown = rows[rows["primary"].astype(bool) | (rows["axis"] != "similarity")]
    table = Table()
    floor = bool(len(found.data.floor))
    interval = f"{100 - 200 * found.data.settings['verdict']['level']:g} % interval"
    for column in ("measure", "drift", interval, *(["floor"] if floor else []), "margin", "verdict"):
        table.add_column(column, justify="left" if column in ("measure", "verdict") else "right")
    axis = None
    for row in shown.to_dict("records"):
        if row["axis"] != axis:
            table.add_section()
            table.add_row(_AXES[row["axis"]], style="bold")
            axis = row["axis"]
        of = f" of {row['method']}" if axis == "accuracy" else ""
        floors = [_number(row["floor"] if axis == "similarity" else math.nan)] if floor else []
        table.add_row(
            f"  {row['metric']}{of}",
            _number(row["drift"], signed=axis != "similarity"),
            "" if math.isnan(row["low"]) else f"{row['low']:.2f} to {row['high']:.2f}",
            *floors,
            _number(row["margin"]),
            f"{_SIGNS[row['verdict']]} {row['verdict']}",
        )
    return table


def _number(value: float, *, signed: bool = False) -> str:
    return "" if math.isnan(value) else f"{value:+.3f}" if signed else f"{value:.3f}"
