"""Random pairs of networks, judged by the package and by ``second_pair``.

``python -m tests.verdict.agreement_pair --pairs 2000``
"""

import argparse
from typing import Literal

import numpy as np
from jaxtyping import Float64

from sparsight.verdict import (
    Compared,
    Estimate,
    Share,
    VerdictSettings,
    decide_level,
    decide_pair,
    jackknifed,
    over_units,
)
from tests.verdict import second_pair as second
from tests.verdict.agreement import Outcome

# Default margins, from the table of docs/audit.md.
DEFAULTS = {
    "top_k_jaccard": 0.7,
    "weight_spearman": 0.6,
    "value_agreement": 0.25,
    "map_spearman": 0.6,
    "map_iou_20": 0.75,
    "linear_cka": 0.1,
    "flips": 0.85,
    "do_part": 0.5,
}


def pair(key: int, number: int, outcome: Outcome) -> None:
    """Compare the two on the random pair of that number."""
    draw = np.random.Generator(np.random.Philox(key=[key, number]))
    floors = int(draw.choice([0, 0, 2, 3, 5, 9]))
    rules = second.PairRules(
        float(draw.choice([0.05, 0.05, 0.01, 0.1])),
        float(draw.choice([0.5, 0.5, 1.0, 3.0])),
        float(draw.choice([0.02, 0.02, 0.0, 0.1])),
    )
    measures, compared = [], []
    for i in range(draw.integers(1, 8)):
        one, same = _measure(draw, i, floors)
        measures.append(one)
        compared.append(same)
    void = frozenset(one.name for one in measures if draw.random() < 0.08)
    names = [one.name[1] for one in measures]
    margin: float | Literal["default"] | dict[str, float] | None = None
    shares: dict[str, float] | None = None
    if (way := draw.random()) < 0.4:
        margin = float(draw.choice([0.1, 0.3, 0.5, 0.8, 1.0]))
        shares = dict.fromkeys(names, margin)
    elif way < 0.7:
        margin = {name: float(draw.uniform(0.05, 1)) for name in names if draw.random() < 0.8}
        shares = DEFAULTS | margin
    elif way < 0.8:
        margin, shares = "default", DEFAULTS
    settings = VerdictSettings(level=rules.level, margin=rules.margin, least_margin=rules.least_margin)
    ours = decide_pair(compared, settings, margin, dict.fromkeys(void, "a gate"))
    for row, again in zip(ours, second.judge_pair(measures, rules, shares, void), strict=True):
        where = f"pair {number} {row.compared.metric}, floor of {floors}, margin {margin}"
        outcome.words[row.verdict] += 1
        outcome.compare("words", row.verdict, again.word, where)
        compare_p("p_changed", row.p_changed, again.changed, where, outcome)
        compare_p("p_preserved", row.p_preserved, again.preserved, where, outcome)
    for row, one in zip(ours, measures, strict=True):
        where = f"pair {number} {row.compared.metric}"
        if one.identical:
            continue
        if isinstance(one.drift, second.Jackknife):
            low, high = one.drift.ends(rules.level)
            compare_p("low", row.low, low, where, outcome)
            compare_p("high", row.high, high, where, outcome)
        elif np.isfinite(row.low):  # at an end of the interval the test has just the level, or it is the last there is
            if row.low > 1e-6:
                compare_p("p at the low end", rules.level, one.drift.above(row.low), where, outcome, 1e-6)
            if row.high < (one.drift.most if isinstance(one.drift, second.Units) else 1.0) - 1e-6:
                compare_p("p at the high end", rules.level, one.drift.below(row.high), where, outcome, 1e-6)


def _measure(draw: np.random.Generator, i: int, floors: int) -> tuple[second.Measure, Compared]:
    n = int(draw.choice([1, 2, 8, 30, 60]))
    size = float(draw.choice([0.02, 0.1, 0.3, 0.6]))
    values = np.clip(size * draw.gamma(2, 0.5, n), 0, 1)
    estimate: second.Estimate
    given: Estimate
    match int(draw.integers(0, 4)):
        case 0:
            if draw.random() < 0.2:
                values[draw.integers(0, n)] = np.nan
            most = float(draw.choice([1, 2]))
            estimate = second.Units(tuple(values[np.isfinite(values)]), 0.0, most)
            given = over_units(values, 0.0, most)
        case 1:
            count = int(draw.binomial(n, size))
            estimate, given = second.Counted(count, n), Share(count, n)
        case 2 if n > 1:
            left_out = size + draw.normal(0, 0.3 * size / n, n)
            if draw.random() < 0.2:
                left_out[0] = draw.choice([np.nan, 0.0, -0.01])
            estimate, given = second.Jackknife(size, tuple(left_out), 2.0), jackknifed(size, left_out, 2.0)
        case _:
            values = draw.choice([0.0, 0.5, 1.0], size=n, p=[1 - size, size / 2, size / 2])
            estimate, given = second.Units(tuple(values), 0.0, 1.0), over_units(values, 0.0, 1.0)
    scale = size * float(draw.choice([0.4, 1, 1, 2]))
    floor = scale * (1 + float(draw.choice([0.05, 0.1, 0.3])) * draw.normal(size=floors))
    match int(draw.integers(0, 12)):
        case 0:
            floor = floor * 0 + scale
        case 1:
            floor = floor * 0.01
        case 2 if floors:
            floor[0] = draw.choice([np.nan, -0.01, 0.0])
    ceiling = float(draw.choice([np.inf, np.nan, 0.0, 1.0, 0.7, 0.3]))
    name = ("concepts", list(DEFAULTS)[i], "", "")
    primary, identical = bool(draw.random() < 0.6), bool(draw.random() < 0.05)
    control = tuple(float(one) for one in floor)
    return (
        second.Measure(name, primary, estimate, control, ceiling, identical),
        Compared(*name, primary, "image", given, control, ceiling, identical),
    )


def level(key: int, number: int, outcome: Outcome) -> None:
    """Compare the two on one random accuracy or faithfulness."""
    draw = np.random.Generator(np.random.Philox(key=[key + 1000, number]))
    n = int(draw.choice([2, 10, 60, 300]))
    right = float(draw.choice([0.5, 0.9, 1.0]))
    original: Float64[np.ndarray, n]
    if draw.random() < 0.6:
        original = (draw.random(n) < right).astype(float)
        moved = draw.random(n) < float(draw.choice([0.0, 0.01, 0.1, 0.4]))
        lost = float(draw.choice([0.0, 0.5, 1.0]))
        other = np.where(moved, np.where(draw.random(n) < lost, 0.0, 1.0), original)
    else:
        original = np.clip(right * draw.beta(5, 2, n), 0, 1)
        other = np.clip(original + draw.normal(float(draw.choice([0, 0.1, -0.1])), 0.02, n), 0, 1)
    if draw.random() < 0.15:
        other[draw.integers(0, n)] = np.nan
    if draw.random() < 0.1:
        other = original.copy()
    j = int(draw.choice([0, 0, 2, 3, 5, 9]))
    again = original.mean() + float(draw.choice([0.0, 0.003, 0.02])) * draw.normal(size=j)
    margin, alpha = float(draw.choice([0.02, 0.05, 0.1])), float(draw.choice([0.05, 0.01]))
    control = tuple(float(one) for one in again)
    ours = decide_level(original, other, control, margin, alpha)
    word, changed, within = second.judge_level(original, other, control, margin, alpha)
    where = f"level {number}, {n} units, floor of {j}"
    outcome.words[f"level {ours.verdict}"] += 1
    outcome.compare("words", ours.verdict, word, where)
    compare_p("p_changed", ours.p_changed, changed, where, outcome)
    compare_p("p_preserved", ours.p_preserved, within, where, outcome)


def compare_p(what: str, ours: float, second_one: float, where: str, outcome: Outcome, close: float = 1e-10) -> None:
    """P values: the inversion of ``second_pair`` is exact to 1e-10 in all, not in proportion."""
    outcome.counts["numbers"] += 1
    if not np.isclose(ours, second_one, rtol=1e-9, atol=close, equal_nan=True):
        outcome.differences.append(f"{where}: {what} {ours!r}, a second time {second_one!r}")


def run(key: int, count: int) -> Outcome:
    """Compare so many pairs and levels."""
    outcome = Outcome()
    for number in range(count):
        pair(key, number, outcome)
        level(key, number, outcome)
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--key", type=int, default=1)
    asked = parser.parse_args()
    outcome = run(asked.key, asked.pairs)
    for counted in (outcome.counts, outcome.words):
        print(", ".join(f"{what}: {count:,}" for what, count in sorted(counted.items())))
    print(f"{len(outcome.differences):,} differences")
    for difference in outcome.differences[:60]:
        print(difference)


if __name__ == "__main__":
    main()
