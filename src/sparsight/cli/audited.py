"""What the terminal shows of an audit, and its settings from the command line."""

import math
import shlex
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from sparsight.audit import Audit
from sparsight.auditing import AuditSettings
from sparsight.cli.audited_models import models_table
from sparsight.cli.show import Screen
from sparsight.errors import InputError
from sparsight.report import enough_digits
from sparsight.report.audit import failed_gate, gate_words, row_words
from sparsight.report.names import SYMBOLS
from sparsight.unseen import visible
from sparsight.verdict import LEAST_FLOOR
from sparsight.wording import explain

_AXES = {"similarity": "how far from the original", "accuracy": "accuracy", "faithfulness": "faithfulness"}
_SIGNS = SYMBOLS


class Watching:
    """An audit's listener that prints. Use it as a context manager."""

    def __init__(self, every: float = 15.0) -> None:
        """Where nobody watches a bar, a line on stderr says every so many seconds how far a model is."""
        self.console, self.every = Screen(), every
        self.model, self.began, self.told = "", time.monotonic(), time.monotonic()
        self.bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=self.console,
            transient=True,
        )
        self.task = self.bar.add_task("reading the images", total=None, left="")
        self.heard: set[str] = set()

    def __enter__(self) -> "Watching":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def note(self, text: str) -> None:
        """Print it."""
        self.heard.add(text)
        self.console.unfolded(text)

    def decoded(self, done: int, total: int) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=done, total=total)

    def looking(self, name: str, place: int, models: int) -> None:
        """Move the bar."""
        self.model = f"model {place} of {models}, {name[:60]}"
        self.began = self.told = time.monotonic()
        self.bar.update(self.task, description=visible(f"looking at {self.model}"), completed=0, left="")

    def seen(self, done: int, total: int) -> None:
        """Move the bar; where there is none, print a line from time to time."""
        now = time.monotonic()
        if done == total:
            left, self.began = "", now  # another pass may follow
        else:
            left = f"about {math.ceil((now - self.began) / done * (total - done))} s left"
        self.bar.update(self.task, completed=done, total=total, left=left)
        if left and not self.console.is_terminal and now - self.told >= self.every:
            self.told = now
            print(visible(f"looking at {self.model}: {done:,} of {total:,} images, {left}"), file=sys.stderr)


def settings_of(rooms: Mapping[str, Mapping[str, Any]], **own: Any) -> AuditSettings:
    """The settings of an audit.

    Args:
        rooms: by room, from ``--set``.
        own: ``layer``, ``margin``, ``normalise``, ``method`` and ``device``, from options of their own; None for the
            default.

    Raises:
        InputError: naming the first key that is wrong.
    """
    document: dict[str, Any] = {room: dict(values) for room, values in rooms.items()}
    if own.get("method") is not None:
        document.setdefault("saliency", {})["method"] = own["method"]
    document |= {key: own[key] for key in ("layer", "margin", "normalise", "device") if own.get(key) is not None}
    try:
        default = AuditSettings().evidence
        document["evidence"] = {"batch_size": default.batch_size, **document.get("evidence", {})}
        return AuditSettings.model_validate(document)
    except ValidationError as error:
        options = {**{name: name for name in own}, "saliency.method": "method"}
        called = {key: f"--{name}" for key, name in options.items() if own.get(name) is not None}
        raise InputError(explain(error, AuditSettings, called=called)) from None


def command_line() -> str:
    """The command as it was given."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def print_audit(found: Audit, page: Path, heard: Collection[str] = ()) -> None:
    """Print each model's verdict, the measures that made it, what a reader must know, and where the report is.

    Args:
        found: the audit.
        page: of the report.
        heard: notices that were printed before.
    """
    console = Screen()
    console.print(models_table(found.data))
    for line in found.data.void:
        console.unfolded(f"CAUTION: {line}")
    for name, one in found.headlines.items():
        console.unfolded(f"{_SIGNS[one.word]} {one.word}: {one.sentence}")
        console.print(_measures(found, name))
        for text in _undecided(found, name):
            console.unfolded(text)
    for notice in found.data.notices:
        if notice not in heard:
            console.unfolded(f"note: {notice}")
    console.unfolded(f"report: {page}")


def _shown(found: Audit, name: str) -> list[dict[str, Any]]:
    rows = found.verdicts[found.verdicts["model"] == name]
    return [
        {str(key): value for key, value in row.items()}
        for row in rows[rows["primary"].astype(bool) | (rows["axis"] != "similarity")].to_dict("records")
    ]


def _undecided(found: Audit, name: str) -> list[str]:
    """Why measures are undecided: failed gates, what the numbers lack, or how far they scatter; not that nothing was
    given to test with."""
    rows = [row for row in _shown(found, name) if row["verdict"] == "undecided"]
    void = {row["metric"]: gate for row in rows if (gate := failed_gate(found.data, row))}
    texts = [
        f"{_SIGNS['gate']} {gate['name']}: {gate_words(found.data, gate)}"
        for gate in found.data.gates
        if any(void.get(metric) == gate["name"] for metric in gate["voids"]) and not gate["passed"]
    ]
    given = found.data.settings["margin"] is not None or len(found.data.floor) >= LEAST_FLOOR
    texts += [
        f"{_SIGNS['undecided']} {row_words(found.data, row)}: {row['reason']}"
        for row in rows
        if (given or row["axis"] != "similarity") and not failed_gate(found.data, row)
    ]
    return texts


def _measures(found: Audit, name: str) -> Table:
    table = Table()
    floor = bool(len(found.data.floor))
    interval = f"{100 - 200 * found.data.settings['verdict']['level']:g} % interval"
    for column in ("measure", "drift", interval, "way", *(["floor"] if floor else []), "margin", "verdict"):
        table.add_column(column, justify="left" if column in ("measure", "verdict") else "right")
    axis = None
    for row in _shown(found, name):
        if row["axis"] != axis:
            table.add_section()
            axis = row["axis"]
            table.add_row(_AXES[axis] + ("" if axis == "similarity" else ", less the original's"), style="bold")
        floors = [_number(row["floor"] if axis == "similarity" else math.nan)] if floor else []
        table.add_row(
            f"  {row_words(found.data, row)}",
            _number(row["drift"], signed=axis != "similarity"),
            _ends(row["low"], row["high"]),
            _way(row["share"]),
            *floors,
            _number(row["margin"]),
            f"{_SIGNS['gate']} gate: {gate}"
            if (gate := failed_gate(found.data, row))
            else f"{_SIGNS[row['verdict']]} {row['verdict']}",
        )
    return table


def _number(value: float, *, signed: bool = False) -> str:
    value = round(value, 3) + 0.0  # and never -0.000
    return "" if math.isnan(value) else f"{value:+.3f}" if signed else f"{value:.3f}"


def _way(share: float) -> str:
    """Of the way to nothing in common."""
    return "" if math.isnan(share) else f"{share:.0%}"


def _ends(low: float, high: float) -> str:
    if math.isnan(low):
        return ""
    digits = enough_digits(low, high, 2)
    return " to ".join(f"{round(value, digits) + 0.0:.{digits}f}" for value in (low, high))
