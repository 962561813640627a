"""The page above the verdicts: winning ticket or not, against explanation preserved or not.

The paper's hypotheses are claims about every pruned network. A: it keeps its explanation, hence tickets win. B: its
explanation changes, hence no ticket wins.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float64

from sparsight.stats import row_spearman, t_interval
from sparsight.verdict import reasons
from sparsight.verdict.arms import Claims, Decided
from sparsight.verdict.measured import Key, Verdict, Word
from sparsight.verdict.places import BRIGHTEST
from sparsight.verdict.winning import Winning, why_winning, winning

Hypothesis = Literal["A", "B", "neither", "undecided"]


@dataclass(frozen=True)
class RoundHeadline:
    """One round: whether its tickets are as accurate as unpruned networks, and what became of the explanation.

    Attributes:
        round: its number.
        winning: *yes* where f's accuracy is shown to lie above minus the margin in this round and all denser ones,
            *no* where it is shown to lie below in this and all sparser ones.
        explanation: *preserved* if every primary metric is, *changed* if any has, else *undecided*; of coarse
            maps the brightest places alone are no change. All at the level that the arms of a study share.
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


def headline(arm: str, decided: Decided, primary: Collection[Key], coarse: bool = False) -> Headline:
    """What the verdicts of one arm say together.

    Args:
        arm: its name, for the sentence.
        decided: of all its metrics and rounds, and the claims that hold among the arms of its study.
        primary: the primary similarity metrics; without any, the explanation is undecided.
        coarse: whether maps are so coarse that their brightest places alone decide nothing (``places``).
    """
    by_round: dict[int, list[Verdict]] = {}
    for row in decided.verdicts:
        by_round.setdefault(row.round, []).append(row)
    rounds = tuple(
        RoundHeadline(
            number,
            winning(number, decided.together),
            _word(rows, decided.together, primary, coarse),
            why_winning(number, rows, decided),
            _why_explanation(rows, decided, primary, coarse),
        )
        for number, rows in sorted(by_round.items())
    )
    kinds = {(found.winning, found.explanation) for found in rounds}
    against_a = any(wins == "no" or explanation == "changed" for wins, explanation in kinds)
    against_b = any(wins == "yes" or explanation == "preserved" for wins, explanation in kinds)
    hypothesis: Hypothesis = "undecided"
    if kinds == {("yes", "preserved")}:
        hypothesis = "A"
    elif kinds == {("no", "changed")}:
        hypothesis = "B"
    elif against_a and against_b:
        hypothesis = "neither"
    only = [
        found.round
        for found in rounds
        if found.explanation != "changed" and _word(by_round[found.round], decided.alone, primary, coarse) == "changed"
    ]
    return Headline(rounds, hypothesis, _sentence(arm, rounds, hypothesis, only, decided.arms))


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


def _why_explanation(
    rows: Sequence[Verdict], decided: Decided, primary: Collection[Key], coarse: bool
) -> dict[str, str]:
    if _word(rows, decided.together, primary, coarse) != "undecided":
        return {}
    found = {}
    only = rows[0].round in decided.alone.preserved
    for row in rows:
        if row.axis != "similarity" or row.key not in primary:
            continue
        if (row.key, row.round) in decided.together.changed and row.verdict == "changed":
            found[row.metric] = f"the maps are coarse, and nothing else has changed: {row.reason}"
        elif row.verdict == "changed" or (row.verdict == "preserved" and only):
            found[row.metric] = reasons.not_together(row.verdict, decided.arms, row.reason)
        elif row.verdict == "undecided":
            found[row.metric] = row.reason
    return found


def _word(rows: Sequence[Verdict], claims: Claims, primary: Collection[Key], coarse: bool) -> Word:
    own = [row for row in rows if row.axis == "similarity" and row.key in primary]
    changed = {row.metric for row in own if row.verdict == "changed" and (row.key, row.round) in claims.changed}
    if changed:
        return "undecided" if coarse and changed == {BRIGHTEST} else "changed"
    kept = len(own) == len(primary) and all(row.verdict == "preserved" for row in own)
    return "preserved" if own and kept and own[0].round in claims.preserved else "undecided"


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


def _sentence(arm: str, rounds: Sequence[RoundHeadline], hypothesis: Hypothesis, only: Sequence[int], arms: int) -> str:
    numbers = [found.round for found in rounds]
    if not rounds:
        return f"{arm}: undecided, no round was judged."
    parts = []
    for answer, wins in _WINNING.items():
        for explanation, moves in _EXPLANATION.items():
            those = [found.round for found in rounds if (found.winning, found.explanation) == (answer, explanation)]
            if not those:
                continue
            nothing = answer == explanation == "undecided"
            parts.append(f"in {_spans(those, numbers)} {'nothing is decided' if nothing else f'{wins} and {moves}'}")
    if only:
        which = _spans(only, numbers)
        parts.append(
            f"in {which} the explanation has changed if this arm is taken alone, not in the study of {arms} arms"
        )
    return f"{arm}: {_OPENINGS[hypothesis]}; {'; '.join(parts)}."
