"""The first screen: a verdict a model, its three axes, and where to look first."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sparsight.report.audit.by_class import ByClass
from sparsight.report.audit.data import AuditData
from sparsight.report.audit.images import ShownPicture
from sparsight.report.audit.words import (
    AXES,
    Row,
    failed_gate,
    metric_of,
    numbers_of,
    row_words,
    share_of,
    verdict_rows,
)
from sparsight.report.names import SYMBOLS
from sparsight.report.quantity import select
from sparsight.report.sheet import signed
from sparsight.report.text import number
from sparsight.verdict import KEPT, LEAST_FLOOR, MOVED

_WORDS = (*MOVED, "undecided", *reversed(KEPT))
"""Of several verdicts on one axis the first of these that occurs."""


_LEVELS = {"concept_auroc": ("concepts", "auroc"), "mask_energy": ("maps", "mask_energy")}
"""Where the table of accuracies has what ``verdicts`` call by another name."""


@dataclass(frozen=True)
class Axis:
    """One axis of one model: its verdict in a word, and its numbers, each with a name."""

    title: str
    symbol: str
    word: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Card:
    """One model's verdict."""

    name: str
    symbol: str
    word: str
    sentence: str
    axes: tuple[Axis, ...]


@dataclass(frozen=True)
class Pointer:
    """Where to look: what it is, a link to it, its name, the model, and its drift."""

    kind: str
    href: str
    name: str
    model: str
    text: str


def cards(data: AuditData) -> list[Card]:
    """A card a model, in the order of the audit."""
    found = []
    for model in data.models:
        head = data.headlines[model]
        axes = tuple(_axis(data, model, axis, head.word) for axis in AXES)
        found.append(Card(model, SYMBOLS.get(head.word, "?"), head.word, head.sentence, axes))
    return found


def pointers(data: AuditData, found: ByClass, pictures: Sequence[ShownPicture]) -> list[Pointer]:
    """The measure, the class and the image that moved most in any model; those that did not move are left out."""
    return [*_measure(data), *_class(data, found), *_image(data, pictures)]


def nowhere(data: AuditData) -> str:
    """What stands where there are no pointers: that nothing moved, or that what moved can be pointed at nowhere."""
    if bool((data.verdicts[data.verdicts["axis"] == "similarity"]["drift"].fillna(1.0) == 0).all()):
        return "Nowhere: no measure, class or image moved."
    return "At every verdict: no measure that a gate lets through, no class and no image stands out."


def _axis(data: AuditData, model: str, axis: str, headline: str) -> Axis:
    rows = list(verdict_rows(data, model, axis=axis))
    if axis == "similarity":
        rows = [row for row in rows if row["primary"]]
        words = [str(row["verdict"]) for row in rows if not failed_gate(data, row)]
        void = len(rows) - len(words)
        counts = [(word, f"{words.count(word)} of {len(rows)}") for word in _WORDS if word in words]
        lines = (*counts, *([("a gate failed", f"{void} of {len(rows)}")] if void else []))
        return Axis(AXES[axis], SYMBOLS.get(headline, "?"), headline, lines)
    word = next((word for word in _WORDS if any(row["verdict"] == word for row in rows)), "not available")
    lines = tuple((row_words(data, row), _level(data, row)) for row in rows)
    return Axis(AXES[axis], SYMBOLS.get(word, "–"), word, lines)


def _level(data: AuditData, row: Row) -> str:
    """What the model has, and the original; where they are not in the table of accuracies, the difference."""
    of, metric = _LEVELS.get(row["metric"], (row["method"], row["metric"]))
    found = [
        select(data.accuracy, model=model, of=of, metric=metric)["value"] for model in (row["model"], data.original)
    ]
    if any(own.empty for own in found):
        return signed(float(row["drift"]), 3)
    own, original = (number(float(values.iloc[0])) for values in found)
    if row["verdict"] not in MOVED:
        return f"{own} (original {original})"
    return f"{own}, {'lower' if float(row['drift']) < 0 else 'higher'} (original {original})"


def _measure(data: AuditData) -> Iterator[Pointer]:
    rows = [
        (place, row)
        for place, model in enumerate(data.models)
        for row in verdict_rows(data, model, axis="similarity", primary=True)
        if not failed_gate(data, row) and float(row["drift"]) > 0
    ]
    if rows:
        place, row = max(rows, key=lambda one: _severity(one[1]))
        text = f"{SYMBOLS.get(row['verdict'], '?')} {row['verdict']}, drift {numbers_of(row)}{share_of(row)}"
        yield Pointer("Measure", f"#verdicts-{place}", row_words(data, row), row["model"], text)


def _severity(row: Row) -> tuple[int, float]:
    """What moved before what is undecided before what did not; then by drift in units of the floor, or else of the
    margin, as the headline's sentence has it."""
    allowed, drift = float(row["floor" if row["retrains"] >= LEAST_FLOOR else "margin"]), float(row["drift"])
    excess = drift if math.isnan(allowed) else drift / allowed if allowed > 0 else math.inf
    return -_WORDS.index(row["verdict"]), excess


def _class(data: AuditData, found: ByClass) -> Iterator[Pointer]:
    moved = found.moved()
    if moved and found.most(moved[0]) > 0:
        label = moved[0]
        model = found.worst_model(label)
        text = f"{metric_of(data, found.lead)}: drift {number(found.most(label), 2)}"
        yield Pointer("Class", f"#classes-{data.models.index(model)}", label, model, text)


def _image(data: AuditData, pictures: Sequence[ShownPicture]) -> Iterator[Pointer]:
    if not pictures:
        return
    one = next(own for own in data.pictures if own.place == pictures[0].place)
    moved = {name: own.moved for name, own in one.models.items() if math.isfinite(own.moved) and own.moved > 0}
    if moved:
        model = max(moved, key=lambda name: moved[name])
        right = all(own.prediction == one.label for own in (one.original, *one.models.values()))
        answers = "all models answer it right" if right else "some model answers it wrong"
        text = f"{answers}, drift {number(moved[model], 2)}"
        yield Pointer("Image", "#image-0", f"number {one.place}, {one.label}", model, text)
