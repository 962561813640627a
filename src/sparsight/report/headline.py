"""The first screen: winning ticket or not, against explanation preserved or not, by arm and round."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.names import SYMBOLS, short_name
from sparsight.report.sheet import Sheet, known
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, listing, percent, plain
from sparsight.stats import spread
from sparsight.verdict import LEAST_RETRAINS, LEAST_SEEDS

HYPOTHESES = ("A", "B", "neither", "undecided")
_WORDS_FIT = 8


@dataclass(frozen=True)
class Answer:
    """A sign and the word that it stands for, and why it is undecided."""

    symbol: str
    word: str
    why: str = ""


@dataclass(frozen=True)
class ArmAnswers:
    """One arm: which hypothesis it speaks for, and two answers a round."""

    arm: str
    hypothesis: str
    winning: tuple[Answer, ...]
    explanation: tuple[Answer, ...]


@dataclass(frozen=True)
class Grid:
    """The answers of all arms.

    Attributes:
        columns: number and weights of each round.
        arms: in the order of the study.
        words: whether there is room for words beside the signs.
    """

    columns: tuple[tuple[int, str], ...]
    arms: tuple[ArmAnswers, ...]
    words: bool


def grid(data: ReportData) -> Grid | None:
    """The grid of the first screen; None where no round was judged."""
    found = {arm: {int(one["round"]): one for one in _rounds(data, arm)} for arm in data.arms}
    rounds = sorted({round_ for own in found.values() for round_ in own})
    if not rounds:
        return None
    columns = []
    for round_ in rounds:
        low, high = spread([known(own[round_]["weights_remaining"]) for own in found.values() if round_ in own])
        one = percent(high)
        columns.append((round_, one if one == percent(low) else f"{percent(low)} to {one}"))
    arms = tuple(
        ArmAnswers(
            arm,
            _hypothesis(data, arm),
            _answers(data, own, rounds, "winning"),
            _answers(data, own, rounds, "explanation"),
        )
        for arm, own in found.items()
        if own
    )
    return Grid(tuple(columns), arms, len(rounds) <= _WORDS_FIT)


def headline_sheet(data: ReportData) -> Sheet | None:
    """The grid as a table, one an arm, with the sentence of each arm in its numbers."""
    shown = grid(data)
    if shown is None:
        return None
    tables = []
    for one in shown.arms:
        rows = [
            (str(round_), weights, winning.word, explanation.word)
            for (round_, weights), winning, explanation in zip(shown.columns, one.winning, one.explanation, strict=True)
        ]
        tables.append(Table(one.arm, ("Round", "Weights", "Winning ticket?", "Explanation"), tuple(rows)))
    numbers = [
        (arm, _hypothesis(data, arm), own["round"], known(own["weights_remaining"]), own["winning"], own["explanation"])
        for arm in data.arms
        for own in _rounds(data, arm)
    ]
    columns = ["arm", "hypothesis", "round", "weights_remaining", "winning", "explanation"]
    caption = "Winning ticket or not, explanation preserved or not, by arm and round."
    return Sheet("headline", caption, tuple(tables), pd.DataFrame(numbers, columns=columns))


def arm_sentence(data: ReportData, arm: str) -> str:
    """What the verdicts of an arm say together, without its name; empty where nothing was judged."""
    said = str(data.judged.get("arms", {}).get(arm, {}).get("sentence", ""))
    return said.removeprefix(f"{arm}: ") if _rounds(data, arm) else ""


def undecidable(data: ReportData) -> tuple[str, str]:
    """What is missing for a verdict, and for which arms that is so: empty where every arm has what it takes.

    Where no arm has, the arms are not named.
    """
    if not len(data.verdict):
        return ("No round was judged: a verdict needs a pruned round.", "")
    few = len(data.seeds) < LEAST_SEEDS
    bare = [arm for arm in data.arms if not _controlled(data, arm)]
    lacks = []
    if few:
        lacks.append(f"{len(data.seeds)} seed{'s' * (len(data.seeds) > 1)}, and a verdict needs {LEAST_SEEDS}")
    if bare:
        lacks.append("no retrained control to compare with")
    if not lacks:
        return ("", "")
    whose = "" if few or len(bare) == len(data.arms) else listing([plain(arm, 40) for arm in bare])
    return (f"{f'Of {whose} nothing' if whose else 'Nothing'} can be decided: {'; '.join(lacks)}.", whose)


def _controlled(data: ReportData, arm: str) -> bool:
    own = data.verdict[data.verdict["arm"] == arm]
    return not len(own) or bool((own["retrains"] >= LEAST_RETRAINS).any())


def _rounds(data: ReportData, arm: str) -> list[dict[str, Any]]:
    return list(data.judged.get("arms", {}).get(arm, {}).get("rounds", ()))


def _hypothesis(data: ReportData, arm: str) -> str:
    found = str(data.judged.get("arms", {}).get(arm, {}).get("hypothesis", "undecided"))
    return found if found in HYPOTHESES else "undecided"


def _answers(data: ReportData, own: dict[int, dict[str, Any]], rounds: list[int], question: str) -> tuple[Answer, ...]:
    words = [str(own[round_][question]) if round_ in own else "" for round_ in rounds]
    return tuple(
        Answer(SYMBOLS.get(word, "?"), word, _why(data, own[round_], question)) if word else Answer(NO_VALUE, "none")
        for round_, word in zip(rounds, words, strict=True)
    )


def _why(data: ReportData, row: dict[str, Any], question: str) -> str:
    """Of the explanation, each metric's reason, those that share one together."""
    why = row.get(f"why_{question}") or ""
    if isinstance(why, str):
        return why
    shared: dict[str, list[str]] = {}
    for metric, reason in why.items():
        shared.setdefault(str(reason), []).append(short_name(data, metric))
    return "; ".join(f"{listing(metrics)}: {reason}" for reason, metrics in shared.items())


def whys(shown: Grid) -> tuple[tuple[str, str], ...]:
    """Why answers are undecided, each with the arms and rounds of which that is so."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in shown.arms:
        for question, answers in (("winning ticket", one.winning), ("explanation", one.explanation)):
            for (_, weights), answer in zip(shown.columns, answers, strict=True):
                if answer.why:
                    found.setdefault((one.arm, question, answer.why), []).append(weights)
    return tuple(
        (f"{plain(arm, 60)}, {question}, at {listing(weights)} of the weights", why)
        for (arm, question, why), weights in found.items()
    )
