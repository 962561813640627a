"""Why a check that ``sparsight audit --fail-on`` asked for fails: a line each."""

from collections.abc import Iterator
from typing import Any

from sparsight.audit import Audit
from sparsight.errors import InputError
from sparsight.report.audit import reason_words, row_words
from sparsight.verdict import BEYOND, LEAST_FLOOR, MOVED

WORDS = ("changed", "beyond", "undecided")


def check_fail_on(word: str | None, floor: int, margin: object) -> None:
    """Refuse a check that always fails, or that a reader would take for another.

    A loss of accuracy needs neither a floor nor a margin to be *changed*.

    Raises:
        InputError: if the word is unknown, the floor is too small, or nothing is there to decide evidence against.
    """
    if word is None:
        return
    if word == BEYOND:
        word = "beyond"
    if word not in WORDS:
        raise InputError(f"--fail-on {word!r}: must be changed, beyond or undecided")
    if floor >= LEAST_FLOOR or margin is not None or (word == "changed" and not floor):
        return
    what = f"{floor} given by --floor is too few" if floor else "nothing is there"
    raise InputError(
        f"--fail-on {word}: {what} to decide against; give --floor with the original trained again {LEAST_FLOOR} times "
        "or more, or --margin with a share of the way to evidence with nothing in common, as 0.3, or default"
    )


def only_levels(word: str | None, floor: int, margin: object) -> bool:
    """Whether a check can fail by accuracy and faithfulness alone, as nothing is there to decide evidence against."""
    return word is not None and margin is None and floor < LEAST_FLOOR


def failures(found: Audit, word: str) -> list[str]:
    """Why the check fails; nothing where it passes.

    An original at chance fails every check: nothing can be concluded from it. Without a floor nothing but a loss of
    accuracy is *changed*: lest a check pass that could not fail, what is beyond the margin fails it as well.

    Args:
        found: the audit.
        word: ``changed`` or ``beyond``, which are the same; or ``undecided``, which includes them.
    """
    return [*found.data.void, *_moved(found), *(_undecided(found) if word == "undecided" else ())]


def _rows(found: Audit, verdict: str) -> list[dict[str, Any]]:
    own = found.verdicts[found.verdicts["verdict"] == verdict]
    return [{str(key): value for key, value in row.items()} for row in own.to_dict("records")]


def _moved(found: Audit) -> Iterator[str]:
    for word in MOVED:
        for row in _rows(found, word):
            head = found.headlines[row["model"]].word
            if row["axis"] != "similarity" or (row["primary"] and head in MOVED):
                yield _line(found, row)


def _undecided(found: Audit) -> Iterator[str]:
    rows = _rows(found, "undecided")
    for model, head in found.headlines.items():
        own = [row for row in rows if row["model"] == model]
        primary = [row for row in own if row["primary"]] if head.word == "undecided" else []
        if head.word == "undecided" and not primary:
            yield head.sentence
        for row in (*primary, *(row for row in own if (row["axis"], row["method"]) == ("accuracy", "f"))):
            yield _line(found, row)


def _line(found: Audit, row: dict[str, Any]) -> str:
    return f"{row['model']}: {row_words(found.data, row)}, {row['verdict']}: {reason_words(found.data, row)}"
