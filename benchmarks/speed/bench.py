"""What every row of the table is made with: alternating runs, the ratio of each pair, and a check of the answers."""

import importlib
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any


class MissingPeerError(Exception):
    """A peer is not installed, or the machine lacks what a row needs: the row is skipped, and it is said."""


class DiffersError(Exception):
    """Ours and the reference disagree: speed is not bought with a wrong answer, so the benchmark fails."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        work: what is done, with its sizes.
        against: what it is held against.
        pairs: seconds of each pair of runs, ours and the other's.
        target: what the ratio has to be: at most, or where ``faster`` at least.
        faster: whether the ratio says how many times faster ours is, or else how many times as long it takes.
        checked: how the answers were held against each other.
    """

    work: str
    against: str
    pairs: tuple[tuple[float, float], ...]
    target: float
    faster: bool
    checked: str

    @property
    def ratios(self) -> tuple[float, ...]:
        return tuple(other / ours if self.faster else ours / other for ours, other in self.pairs)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool:
        return self.ratio >= self.target if self.faster else self.ratio <= self.target

    def cells(self) -> tuple[str, ...]:
        spread = f"{_short(self.ratio)} [{_short(min(self.ratios))}, {_short(max(self.ratios))}]"
        target = f"{'at least' if self.faster else 'at most'} {self.target:g}"
        ours, other = (f"{statistics.median(side):.3g}" for side in zip(*self.pairs, strict=True))
        return (self.work, self.against, ours, other, spread, target, "met" if self.met else "missed", self.checked)


HEAD = ("work", "against", "ours, s", "other, s", "ratio [least, most]", "target", "", "answers")


def compare(
    work: str,
    against: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    *,
    target: float,
    faster: bool,
    checked: str,
    repeats: int,
    warm: bool = True,
) -> Row:
    """Run ours and the other by turns, in alternating order, ``repeats`` times each, after one of each unmeasured."""
    if warm:
        ours()
        other()
    own, others = [], []
    for turn in range(repeats):
        for job, seconds in ((ours, own), (other, others))[:: 1 if turn % 2 == 0 else -1]:
            start = time.perf_counter()
            job()
            seconds.append(time.perf_counter() - start)
    return Row(work, against, tuple(zip(own, others, strict=True)), target, faster, checked)


PACKAGES = {"sklearn": "scikit-learn", "pytorch_grad_cam": "grad-cam"}
"""Peers whose package has another name."""


def peer(name: str) -> ModuleType:
    """A library that ours is held against.

    Raises:
        MissingPeerError: if it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        package = name.split(".")[0]
        raise MissingPeerError(f"{PACKAGES.get(package, package)} is not installed: pip install '.[bench]'") from None


def attempt(work: str, make: Callable[[], Row]) -> Row | MissingPeerError:
    """A row; where its peer is missing, that in words, so that the rows after it are made."""
    try:
        return make()
    except MissingPeerError as why:
        return MissingPeerError(f"{work}: {why}")


def same(what: str, difference: float, allowed: float) -> str:
    """How near two answers are, in words.

    Raises:
        DiffersError: if they are further apart than is allowed.
    """
    if not difference <= allowed:
        raise DiffersError(f"{what}: apart by {difference:.2g}, allowed is {allowed:.2g}")
    return f"{what} within {difference:.1g}"


def markdown(rows: Sequence[Row]) -> str:
    """The table."""
    lines: list[Sequence[Any]] = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"
