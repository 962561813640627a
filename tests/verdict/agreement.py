"""Random studies, judged by the package and by ``second``: ``python -m tests.verdict.agreement --studies 10000``.

Words are to be equal, and numbers to 1e-9 of their size, or to 1e-14 where that is more: the two
take sums and quantiles in different ways, which rounds differently. A word that differs although a p value of its
metric lies within 1e-12 of a level would be a tie that rounding decides; such are counted apart.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from sparsight.verdict import Arm as Given
from sparsight.verdict import Drifted, Levelled, VerdictSettings, decide, decide_arms, headline, look_levels
from tests.verdict import second

CLOSE, FINEST = 1e-9, 1e-14
TIE = 1e-12
NUMBERS = ("drift", "floor", "excess", "ci_low", "ci_high", "margin", "p_changed", "p_preserved")
THEIRS = ("drift", "floor", "excess", "low", "high", "margin", "changed", "preserved")
COUNTS = ("seeds_needed", "seeds_needed_low", "seeds_needed_high")
THEIR_COUNTS = ("needed", "needed_low", "needed_high")


@dataclass(frozen=True)
class Study:
    """What both are given."""

    arms: tuple[second.Arm, ...]
    rules: second.Rules
    looks: tuple[int, ...]


@dataclass
class Outcome:
    """How many of what were compared, and where the two differ."""

    counts: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def compare(self, what: str, ours: object, second_one: object, where: str) -> None:
        self.counts[what] += 1
        if ours != second_one:
            self.differences.append(f"{where}: {what} {ours!r}, a second time {second_one!r}")

    def compare_numbers(self, what: str, ours: float, second_one: float, where: str) -> None:
        self.counts["numbers"] += 1
        if not near(ours, second_one):
            self.differences.append(f"{where}: {what} {ours!r}, a second time {second_one!r}")


def near(first: float, other: float) -> bool:
    """Whether both are undefined, or equal but for rounding."""
    if np.isnan(first) or np.isnan(other):
        return bool(np.isnan(first) and np.isnan(other))
    return first == other or abs(first - other) <= CLOSE * max(abs(first), abs(other)) + FINEST


def study(key: int, number: int) -> Study:
    """The random study of that number."""
    draw = np.random.Generator(np.random.Philox(key=[key, number]))
    seeds, controls = int(draw.integers(1, 9)), int(draw.integers(0, 4))
    if draw.random() < 0.6:
        seeds, controls = max(seeds, 3), max(controls, 1)
    looks: tuple[int, ...] = ()
    level = 0.05
    if draw.random() < 0.3:
        looks = tuple(sorted({int(one) for one in draw.integers(3, 11, size=draw.integers(1, 5))}))
        level = second.look_level(looks, seeds, level)
    elif draw.random() < 0.2:
        level = float(draw.choice([0.01, 0.1, 0.2]))
    rules = second.Rules(
        margin=float(draw.choice([0.5, 0.5, 0.5, 0.2, 1.0])),
        least_margin=float(draw.choice([0.02, 0.02, 0.02, 0.0, 0.1])),
        window=int(draw.choice([5, 5, 5, 1, 2, 3, 4, 20])),
        level=level,
    )
    arms = tuple(_arm(draw, seeds, controls) for _ in range(draw.choice([1, 1, 2, 3, 5])))
    return Study(arms, rules, looks)


def _arm(draw: np.random.Generator, seeds: int, controls: int) -> second.Arm:
    count = int(draw.integers(1, 16)) if draw.random() > 0.03 else 0
    rounds = tuple(sorted(int(one) for one in draw.choice(np.arange(1, 31), size=count, replace=False)))
    effect = float(draw.choice([1.0, 1.0, 1.1, 1.5, 2.0, 4.0]))
    noise = float(draw.choice([0.02, 0.05, 0.1, 0.3]))
    whole = bool(draw.random() < 0.2)  # all rounds of all metrics alike, so that hypotheses are decided
    loss = float(draw.choice([0.0, 0.0, 0.02, 0.1]))
    if whole:
        effect, loss, noise = (1.0, 0.0, 0.02) if draw.random() < 0.5 else (4.0, 0.1, 0.05)
    metrics: list[second.Drift | second.Level] = []
    for number in range(draw.integers(1, 9)):
        if draw.random() < 0.75:
            metrics.append(_drift(draw, number, (seeds, count, controls), (effect, noise), whole))
        else:
            metrics.append(_level(draw, number, (seeds, count, controls), loss, whole))
    if draw.random() < 0.8:
        metrics.append(_level(draw, -1, (seeds, count, controls), loss, whole))
    if draw.random() < 0.1 and isinstance(first := metrics[0], second.Drift):  # one metric twice: all p values tie
        metrics.append(replace(first, name=("concepts", "twice", "", "")))
    void = frozenset(
        one.name for one in metrics if draw.random() < (0.01 if whole else 0.08) and one.name[0] != "accuracy"
    )
    return second.Arm(rounds, tuple(metrics), void, bool(draw.random() < 0.3))


def _drift(
    draw: np.random.Generator,
    number: int,
    shape: tuple[int, int, int],
    moved_and_noise: tuple[float, float],
    whole: bool,
) -> second.Drift:
    seeds, rounds, controls = shape
    effect, noise = moved_and_noise
    floor = float(draw.choice([0.3, 0.1, 0.7, 0.03, 0.005]))
    growing = np.linspace(1, float(draw.choice([1, 1, 3])), max(rounds, 1))[:rounds]
    seed = 1 + noise * draw.normal(size=(seeds, 1, 1))
    networks = 1 + noise * draw.normal(size=(seeds, rounds, controls + 1))
    moved = (
        np.where(np.arange(rounds) >= draw.integers(0, max(rounds, 1)), effect, 1.0)
        if not whole and draw.random() < 0.5
        else effect
    )
    values = floor * growing[:, None] * seed * networks
    if draw.random() < 0.9:
        values = np.abs(values)
    tickets, others = values[:, :, 0] * moved, values[:, :, 1:].copy()
    if draw.random() < 0.4:
        others = np.repeat(others[:, :1], rounds, axis=1)
    match 24 if whole else int(draw.integers(0, 24)):
        case 0:
            tickets, others = tickets.round(2), others.round(2)
        case 1:
            tickets = np.repeat(tickets[:1], seeds, axis=0)
            others = np.repeat(others[:1], seeds, axis=0)
        case 2 if rounds:
            others[:, draw.integers(0, rounds)] = 0
        case 3:
            others[:] = 0
        case 4:
            tickets = tickets * 1e-3
        case 5 if controls:
            tickets = others.mean(axis=2) * effect
        case 6 if rounds:
            tickets = tickets - tickets.mean() * float(draw.choice([1, 2]))
        case 7 if controls and rounds:
            others[:, draw.integers(0, rounds)] *= -1
        case 8:
            scale = float(draw.choice([1e-13, 1e-4]))
            tickets, others = tickets * scale, others * scale
    if not whole:
        _spoil(draw, tickets)
        _spoil(draw, others)
    name = (
        ("pixels", second.BRIGHTEST_PLACES, "gradcam", "dense") if number == 0 else ("concepts", f"m{number}", "", "")
    )
    ceiling = float(draw.choice([np.inf, 1.0, 1.2 * floor, 1.7 * floor, 3 * floor, 0.9 * floor]))
    most, least = (float(draw.choice([np.inf, 1.0, 2.0])), float(draw.choice([0.0, 0.0, -np.inf])))
    return second.Drift(name, bool(draw.random() < 0.7), tickets, others, ceiling, most, least)


def _level(
    draw: np.random.Generator, number: int, shape: tuple[int, int, int], most_lost: float, whole: bool
) -> second.Level:
    seeds, rounds, controls = shape
    noise = 0.001 if whole else float(draw.choice([0.001, 0.01, 0.03]))
    loss = most_lost * np.linspace(0.5, 1.5, max(rounds, 1))[:rounds]
    level = float(draw.choice([0.8, 0.99, 0.0]))
    tickets = level - loss + noise * draw.normal(size=(seeds, rounds))
    dense = level + noise * draw.normal(size=seeds)
    others = level + noise * draw.normal(size=(seeds, rounds, controls))
    match 12 if whole else int(draw.integers(0, 12)):
        case 0:
            tickets, dense, others = tickets.round(2), dense.round(2), others.round(2)
        case 1:
            tickets, dense, others = tickets * 0 + 0.5, dense * 0 + 0.5, others * 0 + 0.5
        case 2:
            tickets = np.repeat(tickets[:1], seeds, axis=0)
            dense, others = dense * 0 + level, others * 0 + level
        case 3:
            dense[draw.integers(0, seeds)] = np.nan
    if not whole:
        _spoil(draw, tickets)
        _spoil(draw, others)
    axis, name = (
        ("accuracy", ("accuracy", "accuracy", "f", ""))
        if number < 0
        else ("faithfulness", ("faithfulness", f"l{number}", "g", ""))
    )
    least, most = ((0.0, 1.0), (-1.0, 1.0), (-np.inf, np.inf))[draw.integers(0, 3)]
    return second.Level(axis, name, float(draw.choice([0.02, 0.05])), tickets, dense, others, least, most)


def _spoil(draw: np.random.Generator, values: np.ndarray) -> None:
    """Undefined numbers, in few metrics and few places."""
    if values.size and draw.random() < 0.12:
        for _ in range(draw.integers(1, 4)):
            values.flat[draw.integers(0, values.size)] = draw.choice([np.nan, np.inf, -np.inf])


def given(one: second.Arm) -> Given:
    """The same for the package."""
    metrics: list[Drifted | Levelled] = []
    for own in one.metrics:
        if isinstance(own, second.Drift):
            metrics.append(Drifted(*own.name, own.primary, own.tickets, own.controls, own.ceiling, own.most, own.least))
        else:
            metrics.append(
                Levelled(own.axis, *own.name, own.margin, own.tickets, own.dense, own.controls, own.least, own.most)
            )
    return Given(one.rounds, metrics, dict.fromkeys(one.void, "a gate"))


def compare(one: Study, name: str, outcome: Outcome) -> None:
    """Both judge that study."""
    rules = one.rules
    settings = VerdictSettings(
        margin=rules.margin, least_margin=rules.least_margin, window=rules.window, level=rules.level
    )
    arms = [given(arm) for arm in one.arms]
    decided = decide_arms(arms, settings)
    judged = second.judge(one.arms, rules)
    if one.looks:
        levels = zip(look_levels(one.looks, 0.05), second.planned_levels(one.looks, 0.05), strict=True)
        for ours, again in levels:
            outcome.compare_numbers("level of a look", ours, again, f"{name} {one.looks}")
    for i, (arm, product, own) in enumerate(zip(one.arms, decided, judged, strict=True)):
        where = f"{name} arm {i}"
        outcome.compare("rows", len(product.verdicts), len(own.rows), where)
        for row in product.verdicts:
            at = f"{where} {row.metric} round {row.round}"
            other = own.rows[(row.family, row.metric, row.method, row.target), row.round]
            outcome.words[row.verdict] += 1
            outcome.compare("words", row.verdict, other.word, at)
            outcome.compare("shifts", "a small shift" in row.reason.lower(), other.shift, at)
            for number, theirs in zip(NUMBERS, THEIRS, strict=True):
                outcome.compare_numbers(number, getattr(row, number), getattr(other, theirs), at)
            for count, theirs in zip(COUNTS, THEIR_COUNTS, strict=True):
                outcome.compare("seeds needed", getattr(row, count), getattr(other, theirs), f"{at} {count}")
        primary = [metric.name for metric in arm.metrics if isinstance(metric, second.Drift) and metric.primary]
        said = headline("an arm", product, primary, arm.coarse)
        for spoken in said.rounds:
            at = f"{where} round {spoken.round}"
            outcome.words[f"winning {spoken.winning}"] += 1
            outcome.words[f"explanation {spoken.explanation}"] += 1
            outcome.compare("winning words", spoken.winning, own.winning[spoken.round], at)
            outcome.compare("explanation words", spoken.explanation, own.explanation[spoken.round], at)
        outcome.words[f"hypothesis {said.hypothesis}"] += 1
        outcome.compare("hypotheses", said.hypothesis, own.hypothesis, where)
        if any(metric.name in arm.void for metric in arm.metrics):
            outcome.words["arms with a void metric"] += 1
        alone = decide(arm.rounds, arms[i].metrics, settings, arms[i].void)
        outcome.compare("arms alone", [row.verdict for row in alone], [row.verdict for row in product.verdicts], where)


def studies(key: int, count: int, first: int = 0) -> Iterator[tuple[str, Study]]:
    """So many studies from that number on."""
    for number in range(first, first + count):
        yield f"study {number}", study(key, number)


def tied(one: Study) -> bool:
    """Whether some p value lies so near a level that rounding decides."""
    p = [
        value
        for judged in second.judge(one.arms, one.rules)
        for row in judged.rows.values()
        for value in (row.changed, row.preserved, row.changed / 2)
        if not np.isnan(value)
    ]
    arms = range(1, len(one.arms) + 1)
    metrics = range(1, max(len(arm.metrics) for arm in one.arms) + 1)
    shares = {k / m * r / a for m in metrics for k in range(1, m + 1) for a in arms for r in range(1, a + 1)}
    return any(abs(value - one.rules.level * share) < TIE for value in p for share in shares)


def run(key: int, count: int, first: int = 0) -> Outcome:
    """Compare them all."""
    outcome = Outcome()
    for name, one in studies(key, count, first):
        before = len(outcome.differences)
        compare(one, name, outcome)
        if len(outcome.differences) > before and tied(one):
            outcome.counts["studies with a tie"] += 1
            del outcome.differences[before:]
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--key", type=int, default=1)
    asked = parser.parse_args()
    outcome = run(asked.key, asked.studies, asked.first)
    for counted in (outcome.counts, outcome.words):
        print(", ".join(f"{what}: {count:,}" for what, count in sorted(counted.items())))
    print(f"{len(outcome.differences):,} differences")
    for difference in outcome.differences[:40]:
        print(difference)


if __name__ == "__main__":
    main()
