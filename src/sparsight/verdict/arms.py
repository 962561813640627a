"""The verdicts of all arms of a study, and which claims about an arm hold among all of them.

An arm's own words are rated for the arm. A study of many arms has as many chances, so a claim that is made above the
arms is made at a level that they share: the arms are selected first, then the metrics of each, then their rounds.

References:
    Benjamini and Bogomolov. Selective inference on multiple families of hypotheses. Journal of the Royal Statistical
    Society B 76, 2014.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from sparsight.verdict.decide import entries, rows_of, tests_of, too_few
from sparsight.verdict.measured import Drifted, Key, Levelled, Verdict
from sparsight.verdict.primary import ACCURACY
from sparsight.verdict.settings import VerdictSettings
from sparsight.verdict.test import Tested
from sparsight.verdict.walk import select, shared, simes, walk, walk_back


@dataclass(frozen=True)
class Arm:
    """One arm as it was measured; see `decide`."""

    rounds: Sequence[int]
    metrics: Sequence[Drifted | Levelled]
    void: Mapping[Key, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Claims:
    """Where each claim about an arm holds.

    Attributes:
        changed: primary metrics and rounds.
        preserved: rounds in which every primary metric is.
        wins, loses: of the accuracy of f: above, or below, minus its margin.
    """

    changed: frozenset[tuple[Key, int]] = frozenset()
    preserved: frozenset[int] = frozenset()
    wins: frozenset[int] = frozenset()
    loses: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Decided:
    """One arm's verdicts, and its claims.

    Attributes:
        verdicts: by metric and round, at the arm's own level.
        alone: claims at that level.
        together: claims at the level that it shares with the other arms; never more.
        arms: how many share it.
    """

    verdicts: tuple[Verdict, ...]
    alone: Claims
    together: Claims
    arms: int


def decide_arms(arms: Sequence[Arm], settings: VerdictSettings) -> tuple[Decided, ...]:
    """The verdicts of each arm, and the claims that hold among all of them.

    Each claim has one p an arm, and Benjamini-Hochberg over the A arms that have rounds selects R of them. In those,
    the claim is walked as in an arm alone, at the level times R / A. *Changed*: Simes' p over the primary metrics, each
    at its sparsest valid round. *Preserved*: the largest p of the primary metrics at the first round. *Wins*: that of
    the first round, walked towards sparser ones; *loses*: that of the last, walked towards denser ones.

    Args:
        arms: of one study.
        settings: margins and levels.
    """
    tests = [tests_of(arm.rounds, arm.metrics, settings) for arm in arms]
    walkers = [_Walker(arm, own) for arm, own in zip(arms, tests, strict=True)]
    judged = [walker for walker in walkers if len(walker.arm.rounds)]
    each = np.array([walker.p() for walker in judged]).reshape(len(judged), 4)
    levels = iter(np.stack([shared(p, settings.level) for p in each.T], axis=1) if judged else ())
    found = []
    for walker, own in zip(walkers, tests, strict=True):
        arm = walker.arm
        rows = rows_of(arm.rounds, arm.metrics, own, settings, arm.void)
        if not len(arm.rounds):
            found.append(Decided(rows, Claims(), Claims(), len(judged)))
            continue
        alone = walker.claims(np.full(4, settings.level))
        found.append(Decided(rows, alone, walker.claims(next(levels)), len(judged)))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Walker:
    arm: Arm
    tests: tuple[Tested, ...]

    def _accuracy(self) -> Tested | None:
        for metric, tested in zip(self.arm.metrics, self.tests, strict=True):
            if metric.key[:3] == ACCURACY and not too_few(tested):
                return tested
        return None

    def _absent(self) -> Float64[np.ndarray, " r"]:
        """By round, the largest p of no change of any primary metric; NaN where one may not be judged."""
        primary, _ = entries(self.arm.metrics, self.tests, self.arm.void)
        barred = any(self.arm.metrics[i].key in self.arm.void or too_few(self.tests[i]) for i in primary)
        if barred or not primary:
            return np.full(len(self.arm.rounds), np.nan)
        return np.asarray(np.max([self.tests[i].p_preserved for i in primary], axis=0))

    def p(self) -> tuple[float, float, float, float]:
        """Of the four claims, in the order of `Claims`."""
        accuracy = self._accuracy()
        return (
            simes(entries(self.arm.metrics, self.tests, self.arm.void)[1]),
            float(self._absent()[0]),
            float("nan") if accuracy is None else float(accuracy.p_above[0]),
            float("nan") if accuracy is None else float(accuracy.p_below[-1]),
        )

    def claims(self, levels: Float64[np.ndarray, " 4"]) -> Claims:
        """Where each holds at these levels, 0 of which is none."""
        rounds, accuracy = np.array(self.arm.rounds), self._accuracy()
        primary, p = entries(self.arm.metrics, self.tests, self.arm.void)
        changed, preserved, above, below = levels.tolist()
        chosen = select(p, changed) if changed else np.zeros(len(p), dtype=bool)
        level = changed * chosen.sum() / max(len(p), 1)
        moved = [
            (self.arm.metrics[i].key, int(number))
            for i in np.array(primary, dtype=np.int64)[chosen]
            for number in rounds[walk_back(self.tests[i].p_changed, self.tests[i].valid, level)]
        ]
        kept = rounds[walk(self._absent(), preserved)].tolist()
        if accuracy is None:
            return Claims(frozenset(moved), frozenset(kept))
        last_first = np.asarray(walk(accuracy.p_below[::-1], below)[::-1])
        return Claims(
            frozenset(moved),
            frozenset(kept),
            frozenset(rounds[walk(accuracy.p_above, above)].tolist()),
            frozenset(rounds[last_first].tolist()),
        )
