"""The page above the verdicts: winning ticket or not, against explanation preserved or not.

The paper's hypotheses are claims about every pruned network. A: it keeps its explanation, hence tickets win. B: its
explanation changes, hence no ticket wins.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float64

from sparsight.stats import row_spearman, t_interval
from sparsight.verdict import reasons
from sparsight.verdict.measured import Key, Verdict, Word
from sparsight.verdict.places import BRIGHTEST

Winning = Literal["yes", "no", "undecided"]
Hypothesis = Literal["A", "B", "neither", "undecided"]


@dataclass(frozen=True)
class RoundHeadline:
    """One round: whether its tickets are as accurate as unpruned networks, and what became of the explanation.

    Attributes:
        round: its number.
        winning: from the interval of f's accuracy: *yes* where it lies above minus the margin, *no* where below.
        explanation: *preserved* if every primary metric is, *changed* if any has, else *undecided*; of coarse
            maps the brightest places alone are no change.
        why_winning: why it is undecided; empty where it is not.
        why_explanation: the reason of each primary metric that is undecided, by its name; empty where the explanation
            is not.
    """

    round: int
    winning: Winning
    explanation: Word
    why_winning: str = ""
    why_explanation: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Headline:
    """One arm: its rounds, which hypothesis describes all of them, and a sentence.

    Attributes:
        hypothesis: *A* where every round wins with its explanation preserved, *B* where every round has lost and
            changed, *neither* where some round contradicts A and some round B, else *undecided*.
    """

    rounds: tuple[RoundHeadline, ...]
    hypothesis: Hypothesis
    sentence: str


@dataclass(frozen=True, eq=False)
class Association:
    """Whether explanations move where accuracy is lost: Spearman's correlation over the rounds of each seed.

    Attributes:
        by_seed: NaN where a seed has fewer than three finite rounds or one side is constant.
        mean: over the seeds that have one.
        ci_low, ci_high: 90 % t interval of the mean, cut at -1 and 1; NaN with fewer than two seeds.
    """

    by_seed: Float64[np.ndarray, " s"]
    mean: float
    ci_low: float
    ci_high: float


def headline(arm: str, verdicts: Sequence[Verdict], primary: Collection[Key], coarse: bool = False) -> Headline:
    """What the verdicts of one arm say together.

    Args:
        arm: its name, for the sentence.
        verdicts: of all its metrics and rounds.
        primary: the primary similarity metrics; without any, the explanation is undecided.
        coarse: whether maps are so coarse that their brightest places alone decide nothing (``places``).
    """
    by_round: dict[int, list[Verdict]] = {}
    for row in verdicts:
        by_round.setdefault(row.round, []).append(row)
    rounds = tuple(
        RoundHeadline(
            number,
            _winning(rows),
            _explanation(rows, primary, coarse),
            _why_winning(rows),
            _why_explanation(rows, primary, coarse),
        )
        for number, rows in sorted(by_round.items())
    )
    kinds = {(found.winning, found.explanation) for found in rounds}
    against_a = any(winning == "no" or explanation == "changed" for winning, explanation in kinds)
    against_b = any(winning == "yes" or explanation == "preserved" for winning, explanation in kinds)
    hypothesis: Hypothesis = "undecided"
    if kinds == {("yes", "preserved")}:
        hypothesis = "A"
    elif kinds == {("no", "changed")}:
        hypothesis = "B"
    elif against_a and against_b:
        hypothesis = "neither"
    return Headline(rounds, hypothesis, _sentence(arm, rounds, hypothesis))


def association(lost: Float64[np.ndarray, "s r"], drift: Float64[np.ndarray, "s r"]) -> Association:
    """Correlation of the accuracy lost with the drift, over the rounds of each seed.

    Both tend to grow as weights go, so a high correlation does not say that one causes the other.

    Args:
        lost: accuracy of the dense network less the ticket's.
        drift: of the same tickets.
    """
    by_seed = np.full(len(lost), np.nan)
    for i, (x, y) in enumerate(zip(lost, drift, strict=True)):
        finite = np.isfinite(x) & np.isfinite(y)
        if finite.sum() >= 3:
            by_seed[i] = row_spearman(x[None, finite], y[None, finite])[0]
    return Association(by_seed, *t_interval(by_seed[~np.isnan(by_seed)], 0.9, -1.0, 1.0))


def _winning(rows: Sequence[Verdict]) -> Winning:
    for row in rows:
        if (row.axis, row.metric, row.method) == ("accuracy", "accuracy", "f"):
            if row.seeds < 3 or row.retrains < 1:
                return "undecided"
            if row.ci_low >= -row.margin:
                return "yes"
            return "no" if row.ci_high < -row.margin else "undecided"
    return "undecided"


def _why_winning(rows: Sequence[Verdict]) -> str:
    """The number of seeds, the spread between them, or that nothing was measured."""
    if _winning(rows) != "undecided":
        return ""
    row = next((row for row in rows if (row.axis, row.metric, row.method) == ("accuracy", "accuracy", "f")), None)
    if row is None:
        return "no accuracy was measured"
    if row.seeds < 3 or row.retrains < 1 or not (math.isfinite(row.ci_low) and math.isfinite(row.ci_high)):
        return row.reason
    most = reasons.needed(row)
    needed = f"; {most} would tell, and it has {row.seeds}" if most else ""
    low, high, margin = (reasons.number(value) for value in (row.ci_low, row.ci_high, -row.margin))
    return (
        f"the interval of f's accuracy, {low} to {high} beside the unpruned networks, holds the margin of "
        f"{margin}{needed}"
    )


def _why_explanation(rows: Sequence[Verdict], primary: Collection[Key], coarse: bool) -> dict[str, str]:
    if _explanation(rows, primary, coarse) != "undecided":
        return {}
    own = [row for row in rows if row.axis == "similarity" and row.key in primary and row.verdict != "preserved"]
    alone = "the maps are coarse, and nothing else has changed"
    return {row.metric: f"{alone}: {row.reason}" if row.verdict == "changed" else row.reason for row in own}


def _explanation(rows: Sequence[Verdict], primary: Collection[Key], coarse: bool) -> Word:
    own = [row for row in rows if row.axis == "similarity" and row.key in primary]
    words = [row.verdict for row in own]
    if "changed" in words:
        alone = {row.metric for row in own if row.verdict == "changed"} == {BRIGHTEST}
        return "undecided" if coarse and alone else "changed"
    return "preserved" if words and len(words) == len(primary) and set(words) == {"preserved"} else "undecided"


def _spans(numbers: Sequence[int], all_numbers: Sequence[int]) -> str:
    """``round 3``, ``rounds 1 to 4 and 7``: neighbours are those that follow each other in the study."""
    place = {number: i for i, number in enumerate(all_numbers)}
    groups: list[list[int]] = []
    for number in numbers:
        if groups and place[number] == place[groups[-1][-1]] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    texts = [text for g in groups for text in ([f"{g[0]} to {g[-1]}"] if len(g) > 2 else map(str, g))]
    joined = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
    return f"round{'s' if len(numbers) > 1 else ''} {joined}"


_WINNING = {"yes": "tickets win", "no": "tickets lose", "undecided": "it is undecided whether tickets win"}
_EXPLANATION = {
    "preserved": "their explanation is preserved",
    "changed": "their explanation has changed",
    "undecided": "their explanation is undecided",
}
_OPENINGS = {
    "A": "Hypothesis A holds",
    "B": "Hypothesis B holds",
    "neither": "neither hypothesis holds in all rounds",
    "undecided": "neither hypothesis is shown",
}


def _sentence(arm: str, rounds: Sequence[RoundHeadline], hypothesis: Hypothesis) -> str:
    numbers = [found.round for found in rounds]
    if not rounds:
        return f"{arm}: undecided, no round was judged."
    parts = []
    for winning, wins in _WINNING.items():
        for explanation, moves in _EXPLANATION.items():
            those = [found.round for found in rounds if (found.winning, found.explanation) == (winning, explanation)]
            if not those:
                continue
            nothing = winning == explanation == "undecided"
            parts.append(f"in {_spans(those, numbers)} {'nothing is decided' if nothing else f'{wins} and {moves}'}")
    return f"{arm}: {_OPENINGS[hypothesis]}; {'; '.join(parts)}."
