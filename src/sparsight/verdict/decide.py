"""The verdicts of one arm: every metric at every round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from sparsight.verdict import reasons
from sparsight.verdict.drifts import compare_drifts
from sparsight.verdict.measured import Drifted, Key, Levelled, Verdict
from sparsight.verdict.settings import LEAST_RETRAINS, LEAST_SEEDS, VerdictSettings
from sparsight.verdict.test import Tested, compare_level
from sparsight.verdict.walk import shared, walk, walk_back


def decide(
    rounds: Sequence[int],
    metrics: Sequence[Drifted | Levelled],
    settings: VerdictSettings,
    void: Mapping[Key, str] | None = None,
) -> tuple[Verdict, ...]:
    """The verdicts of one arm, metric by metric and round by round.

    *Changed*: Benjamini-Hochberg over the M primary metrics, each at the sparsest round where it is finite in every
    seed, selects k of them, and each of those is followed towards denser rounds while p ≤ level k / M. Every other
    metric is followed by itself at the whole level. A change that vanishes at the sparsest round is missed.
    *Preserved*: followed from the first round towards sparser ones while p ≤ level. Where both hold, the metric is
    preserved after a small shift. Otherwise, and always with fewer than 3 seeds or without a control, *undecided*.

    Args:
        rounds: the numbers of the metrics' columns, rising; round 0 has no drift and is not among them.
        metrics: measured on this arm.
        settings: margins and levels.
        void: why a gate voids a metric: it is undecided throughout, and counts among M without being selected.

    Raises:
        ValueError: if rounds do not rise, a metric has another number of rounds, or two share one name.
    """
    void = void or {}
    return rows_of(rounds, metrics, tests_of(rounds, metrics, settings), settings, void)


def tests_of(
    rounds: Sequence[int], metrics: Sequence[Drifted | Levelled], settings: VerdictSettings
) -> tuple[Tested, ...]:
    """Each metric's tests; the primary ones tell their spread together, void or not.

    Raises:
        ValueError: as `decide` does.
    """
    if list(rounds) != sorted(set(rounds)) or any(number < 1 for number in rounds):
        raise ValueError(f"rounds rise from 1 on, not {list(rounds)}")
    if len({metric.key for metric in metrics}) < len(metrics):
        raise ValueError("two metrics share one family, metric, method and target")
    for metric in metrics:
        count = metric.drift.shape[1] if isinstance(metric, Drifted) else metric.ticket.shape[1]
        if count != len(rounds):
            raise ValueError(f"{metric.metric} has {count} rounds, not {len(rounds)}")
    drifts = [metric for metric in metrics if isinstance(metric, Drifted)]
    pooled = [i for i, metric in enumerate(drifts) if metric.primary]
    found = iter(compare_drifts(drifts, settings, pooled))
    return tuple(next(found) if isinstance(metric, Drifted) else compare_level(metric, settings) for metric in metrics)


def rows_of(
    rounds: Sequence[int],
    metrics: Sequence[Drifted | Levelled],
    tests: Sequence[Tested],
    settings: VerdictSettings,
    void: Mapping[Key, str],
) -> tuple[Verdict, ...]:
    """The verdicts that follow from the tests; see `decide`."""
    levels = np.full(len(metrics), settings.level)
    primary, p = entries(metrics, tests, void)
    levels[primary] = shared(p, settings.level)
    rows: list[Verdict] = []
    for metric, tested, level in zip(metrics, tests, levels.tolist(), strict=True):
        walks = _Walks(
            rounds=rounds,
            tested=tested,
            level=level,
            full=settings.level,
            changed=walk_back(tested.p_changed, tested.valid, level),
            preserved=walk(tested.p_preserved, settings.level),
        )
        rows += [_row(metric, walks, i, void.get(metric.key, "")) for i in range(len(rounds))]
    return tuple(rows)


def entries(
    metrics: Sequence[Drifted | Levelled], tests: Sequence[Tested], void: Mapping[Key, str]
) -> tuple[list[int], Float64[np.ndarray, " m"]]:
    """Places of the primary metrics, and their p of a change at the sparsest valid round; NaN where there is none."""
    primary = [i for i, metric in enumerate(metrics) if isinstance(metric, Drifted) and metric.primary]
    p = np.full(len(primary), np.nan)
    for place, i in enumerate(primary):
        if tests[i].valid.any() and metrics[i].key not in void and not too_few(tests[i]):
            p[place] = tests[i].p_changed[np.flatnonzero(tests[i].valid)[-1]]
    return primary, p


def too_few(tested: Tested) -> str:
    """What is missing for a verdict; empty where nothing is."""
    few = []
    if tested.seeds < LEAST_SEEDS:
        few.append(f"too few seeds: {tested.seeds}, and a verdict needs {LEAST_SEEDS}")
    if tested.retrains < LEAST_RETRAINS:
        few.append("no retrained control to compare with")
    return " and ".join(few)


@dataclass(frozen=True, eq=False)
class _Walks:
    """A metric's tests and where its two walks got; ``level`` is that of the change, ``full`` of the other."""

    rounds: Sequence[int]
    tested: Tested
    level: float
    full: float
    changed: Bool[np.ndarray, " r"]
    preserved: Bool[np.ndarray, " r"]

    def but_changed(self, i: int) -> str:
        """Why a small p of the change at round i does not count; empty where it is not small."""
        p = self.tested.p_changed
        if not p[i] <= self.full:
            return ""
        last = int(np.flatnonzero(self.tested.valid)[-1])
        if not self.level:
            return f"not selected among the primary metrics at round {self.rounds[last]}"
        if p[i] > self.level:
            return f"above the {self.level:.2g} that is its share of the level"
        stop = next(j for j in range(last, i, -1) if not p[j] <= self.level)
        return f"not at round {self.rounds[stop]}, which is sparser"

    def but_preserved(self, i: int) -> str:
        """Why a small p of no change at round i does not count; empty where it is not small."""
        p = self.tested.p_preserved
        if not p[i] <= self.full:
            return ""
        stop = next(j for j in range(i) if not p[j] <= self.full)
        return f"not at round {self.rounds[stop]}, which is denser"


def _row(metric: Drifted | Levelled, walks: _Walks, i: int, void: str) -> Verdict:
    tested = walks.tested
    row = Verdict(
        round=int(walks.rounds[i]),
        axis=metric.axis,
        family=metric.family,
        metric=metric.metric,
        method=metric.method,
        target=metric.target,
        drift=float(tested.drift[i]),
        floor=float(tested.floor[i]),
        excess=float(tested.excess[i]),
        ci_low=float(tested.ci_low[i]),
        ci_high=float(tested.ci_high[i]),
        margin=float(tested.margin[i]),
        p_changed=float(tested.p_changed[i]),
        p_preserved=float(tested.p_preserved[i]),
        seeds=tested.seeds,
        retrains=tested.retrains,
        seeds_needed=tested.needed[i].seeds,
        seeds_needed_low=tested.needed[i].low,
        seeds_needed_high=tested.needed[i].high,
        verdict="undecided",
        reason="",
    )
    interval = f"{100 * (1 - 2 * walks.full):.3g} %"
    if why := void or too_few(tested) or tested.undefined[i]:
        reason = why
    elif walks.preserved[i]:
        reason = reasons.preserved(row, interval, moved=bool(walks.changed[i]))
        row = replace(row, verdict="preserved")
    elif walks.changed[i]:
        reason = reasons.changed(row, interval, corrected=isinstance(metric, Drifted) and metric.primary)
        row = replace(row, verdict="changed")
    else:
        reason = reasons.undecided(
            row, interval, but_changed=walks.but_changed(i), but_preserved=walks.but_preserved(i)
        )
    return replace(row, reason=reason[:1].upper() + reason[1:])
