"""The procedure of ``docs/statistics.md`` a second time, in plain numpy and scipy.

This was written from that page alone, by its sentences and in their order, without the package's own code. What the
two agree on is therefore what the page says. It is written to be read beside the page, not to be fast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Name = tuple[str, str, str, str]

TINY = 1e-12
MOST_NEEDED = 10_000
KINDS = ("changed", "first", "second", "interval")  # "first" and "second" of *preserved*
F_ACCURACY = ("accuracy", "accuracy", "f")
BRIGHTEST_PLACES = "map_iou_20"


@dataclass(frozen=True)
class Rules:
    """The constants of the page."""

    margin: float = 0.5
    least_margin: float = 0.02
    window: int = 5
    level: float = 0.05


@dataclass(frozen=True)
class Drift:
    """A similarity metric: E by seed and round, the controls' drifts by seed, round and control."""

    name: Name
    primary: bool
    tickets: Array
    controls: Array
    ceiling: float
    most: float
    least: float


@dataclass(frozen=True)
class Level:
    """An accuracy or a faithfulness: T by seed and round, D by seed, the controls by seed, round and control."""

    axis: str
    name: Name
    margin: float
    tickets: Array
    dense: Array
    controls: Array
    least: float
    most: float


@dataclass(frozen=True)
class Row:
    """What the page has for one metric and round; NaN and None where there is nothing."""

    word: str
    drift: float
    floor: float
    excess: float
    low: float
    high: float
    margin: float
    changed: float
    preserved: float
    needed: int | None
    needed_low: int | None
    needed_high: int | None
    shift: bool


@dataclass(frozen=True)
class Arm:
    """One arm: the numbers of its rounds, its metrics, those that gates void, and whether its maps are coarse."""

    rounds: tuple[int, ...]
    metrics: tuple[Drift | Level, ...]
    void: frozenset[Name] = frozenset()
    coarse: bool = False


@dataclass(frozen=True)
class Judged:
    """One arm's rows, and the words of its headline by round."""

    rows: Mapping[tuple[Name, int], Row]
    winning: Mapping[int, str]
    explanation: Mapping[int, str]
    hypothesis: str


@dataclass(frozen=True)
class Spread:
    """Step 2 of one x at one round of one metric, before pooling; all in units of ``unit``."""

    mean: float
    variance: float
    share: float
    ratio: float
    unit: float
    window: range


@dataclass(frozen=True)
class Error:
    """Standard error and degrees of freedom, and the variance and the unit that they are of."""

    se: float
    freedom: float
    variance: float
    unit: float
    mean: float

    @property
    def above(self) -> float:
        """P value of "the mean is above 0"."""
        return upper_tail(self.mean / self.se, self.freedom)

    @property
    def below(self) -> float:
        """P value of "the mean is below 0"."""
        return upper_tail(-self.mean / self.se, self.freedom)


def upper_tail(t: float, freedom: float) -> float:
    """The chance that Student's t exceeds t."""
    square = t * t
    if square < freedom:  # here the other end of the same integral keeps its digits
        tail = 0.5 - 0.5 * float(special.betainc(0.5, freedom / 2, square / (freedom + square)))
    else:
        tail = 0.5 * float(special.betainc(freedom / 2, 0.5, freedom / (freedom + square)))
    return tail if t >= 0 else 1 - tail


def t_quantile(chance: float, freedom: float) -> float:
    """The quantile of Student's t, for a chance above one half."""
    x = float(special.betaincinv(freedom / 2, 0.5, 2 * (1 - chance)))
    return float(np.sqrt(freedom * (1 / x - 1)))


def chi2_quantile(chance: float, freedom: float) -> float:
    """The quantile of chi-square."""
    return 2 * float(special.gammaincinv(freedom / 2, chance))


def selected(p: Sequence[float], q: float) -> list[int]:
    """Benjamini and Hochberg: indices of those selected; NaN counts and is not selected."""
    order = sorted((value, i) for i, value in enumerate(p) if not np.isnan(value))
    ranks = [k for k, (value, _) in enumerate(order, start=1) if value <= q * k / len(p)]
    return [i for _, i in order[: max(ranks)]] if ranks else []


@cache
def _bounds(level: float) -> Array:
    """S / (t + t)² for S = 3 .. 9,999, which σ² / margin² may not exceed."""
    seeds = np.arange(3, MOST_NEEDED)
    first, second = (
        np.sqrt((seeds - 1) * (1 / special.betaincinv((seeds - 1) / 2, 0.5, 2 * tail) - 1)) for tail in (level, 0.2)
    )
    return np.asarray(seeds / (first + second) ** 2)


def seeds_needed(variance: float, margin: float, level: float) -> int:
    """Step 6: the smallest S that is enough, at least 3, and 10,000 for that many or more."""
    if margin <= 0:
        return MOST_NEEDED
    enough = np.flatnonzero(_bounds(level) >= variance / margin**2)
    return int(enough[0]) + 3 if enough.size else MOST_NEEDED


def window_about(valid: Array, at: int, longest: int) -> range:
    """Step 2: the consecutive valid rounds nearest ``at``."""
    first = last = at
    while first > 0 and valid[first - 1]:
        first -= 1
    while last + 1 < len(valid) and valid[last + 1]:
        last += 1
    width = min(longest, last - first + 1)
    start = min(max(at - width // 2, first), last - width + 1)
    return range(start, start + width)


def spread_of(x: Array, units: Array, at: int, window: range) -> Spread:
    """Step 2 up to pooling: x by seed and round, over the window, divided by the unit of each round."""
    scaled = x[:, window.start : window.stop] / units[window.start : window.stop]
    v = float(scaled.var(axis=0, ddof=1).mean())
    own = scaled[:, at - window.start]
    kept = float(scaled.mean(axis=1).var(ddof=1))
    share, ratio = (kept / v, float(own.var(ddof=1)) / v) if v > 0 else (np.nan, np.nan)
    return Spread(float(own.mean()), v, share, ratio, float(units[at]), window)


def error_of(own: Spread, others: Sequence[Spread], seeds: int) -> Error:
    """Step 2 from pooling on; ``others`` are the other primary metrics with a spread and the same window."""
    pooled = [own, *others]
    share = max(float(np.mean([one.share for one in pooled])), own.share)
    ratio = float(np.mean([one.ratio for one in pooled]))
    width = len(own.window)
    freedom = (seeds - 1) / (share**2 + (1 - share) ** 2 / (width - 1)) if width > 1 else float(seeds - 1)
    if ratio > 1 + 1e-9:
        freedom = max(freedom / ratio, seeds - 1) if others else float(seeds - 1)
    variance = own.variance * max(ratio, 1.0)
    return Error(float(np.sqrt(variance / seeds)), freedom, variance, own.unit, own.mean)


def _finite(values: Array) -> Array:
    """NaN where a value is undefined."""
    return np.where(np.isfinite(values), values, np.nan)


class _Measured:
    """The drifts of one metric, with what steps 1 to 3 need of them."""

    def __init__(self, metric: Drift, rules: Rules) -> None:
        self.metric, self.rules = metric, rules
        self.e = _finite(metric.tickets)
        self.seeds, self.rounds = self.e.shape
        j = metric.controls.shape[2]
        self.defined = np.isfinite(self.e).all(axis=0) & np.isfinite(metric.controls).all(axis=(0, 2)) & (j > 0)
        self.f: Array = _finite(metric.controls).mean(axis=2) if j else np.full(self.e.shape, np.nan)
        self.mean_e: Array = self.e.mean(axis=0)
        self.mean_f: Array = self.f.mean(axis=0)
        self.units: Array = (np.maximum(self.mean_e, 0) + j * self.mean_f) / (1 + j)
        self.valid = self.defined & (self.mean_f > TINY)

    def margin(self, at: int) -> tuple[float, bool]:
        """The margin as a drift, and whether it is the least one."""
        floor = float(self.mean_f[at])
        smaller = min(self.rules.margin * floor, (self.metric.ceiling - floor) / 2)
        least = self.rules.least_margin
        return (least, True) if smaller < least else (smaller, False)

    def x(self, kind: str, at: int) -> Array:
        """The differences of that kind, with the constants of round ``at``."""
        match kind:
            case "changed":
                return self.e - self.f
            case "interval":
                return self.e - float(self.mean_e[at] / self.mean_f[at]) * self.f
        if self.margin(at)[1]:
            return self.e - self.f - self.rules.least_margin
        if kind == "second" and np.isfinite(self.metric.ceiling):
            return self.e - (self.f + self.metric.ceiling) / 2
        return self.e - (1 + self.rules.margin) * self.f

    def spread(self, kind: str, at: int) -> Spread | None:
        if self.seeds < 2 or not self.valid[at]:
            return None
        found = spread_of(self.x(kind, at), self.units, at, window_about(self.valid, at, self.rules.window))
        least = TINY * (self.mean_e[at] + self.mean_f[at])
        return found if np.sqrt(found.variance / self.seeds) * found.unit > least else None


def _similarity_rows(metrics: Sequence[Drift], rules: Rules) -> dict[Name, list[Row]]:
    """Steps 1 to 3 and the numbers of step 6, of every metric and round; the words come later."""
    measured = [_Measured(one, rules) for one in metrics]
    spreads = {
        (i, kind, at): one.spread(kind, at)
        for i, one in enumerate(measured)
        for at in range(one.rounds)
        for kind in KINDS
    }

    def error(i: int, kind: str, at: int) -> Error | None:
        own = spreads[i, kind, at]
        if own is None:
            return None
        others = [
            other
            for n, one in enumerate(metrics)
            if n != i and one.primary and (other := spreads[n, kind, at]) is not None and other.window == own.window
        ]
        return error_of(own, others if metrics[i].primary else [], measured[i].seeds)

    return {
        one.metric.name: [
            _similarity_row(one, at, {kind: error(i, kind, at) for kind in KINDS}) for at in range(one.rounds)
        ]
        for i, one in enumerate(measured)
    }


def _similarity_row(one: _Measured, at: int, errors: Mapping[str, Error | None]) -> Row:
    nan = float("nan")
    drift, floor = float(one.mean_e[at]), float(one.mean_f[at])
    rules = one.rules
    if not one.valid[at]:
        return Row("", drift, floor, nan, nan, nan, nan, nan, nan, None, None, None, False)
    rho = drift / floor
    margin, _ = one.margin(at)
    low = high = nan
    if (interval := errors["interval"]) is not None:
        half = t_quantile(1 - rules.level, interval.freedom) * interval.se * interval.unit / floor
        low = min(max(rho - half, one.metric.least / floor), rho) - 1
        high = max(min(rho + half, one.metric.most / floor), rho) - 1
    changed = errors["changed"]
    tables = [errors[kind] for kind in ("first", "second")]
    preserved = [table.below for table in tables if table is not None]
    needed = _needed([table for table in (changed, *tables) if table is not None], margin, rules.level)
    return Row(
        "",
        drift,
        floor,
        rho - 1,
        low,
        high,
        margin / floor,
        nan if changed is None else changed.above,
        max(preserved) if len(preserved) == len(tables) else nan,
        *needed,
        False,
    )


def _needed(errors: Sequence[Error], margin: float, level: float) -> tuple[int | None, int | None, int | None]:
    """The number of seeds and its interval, by the largest variance of those that have one."""
    if not errors:
        return None, None, None
    variances = [one.variance * one.unit**2 for one in errors]
    first = next(i for i, one in enumerate(variances) if one >= max(variances) * (1 - 1e-9))
    variance, freedom = variances[first], errors[first].freedom
    ends = (freedom * variance / chi2_quantile(chance, freedom) for chance in (1 - level, level))
    low, high = (seeds_needed(end, margin, level) for end in ends)
    return seeds_needed(variance, margin, level), low, high


@dataclass(frozen=True)
class _Accuracies:
    """The one-sided p values of one level by round: above and below its margin on the lower side."""

    above: list[float]
    below: list[float]


def _level_rows(metric: Level, rules: Rules) -> tuple[list[Row], _Accuracies]:
    """Accuracy and faithfulness: as step 2 with u = 1, each metric alone."""
    seeds, rounds = metric.tickets.shape
    unpruned = np.concatenate([np.repeat(metric.dense[:, None, None], rounds, axis=1), metric.controls], axis=2)
    reference = _finite(unpruned).mean(axis=2)
    x = _finite(metric.tickets) - reference
    valid = np.isfinite(metric.tickets).all(axis=0) & np.isfinite(unpruned).all(axis=(0, 2))
    rows: list[Row] = []
    wins = _Accuracies([], [])
    nan = float("nan")
    for at in range(rounds):
        mean = float(x[:, at].mean())
        found = (
            spread_of(x, np.ones(rounds), at, window_about(valid, at, rules.window))
            if (valid[at] and seeds > 1 and metric.controls.shape[2])
            else None
        )
        if found is not None:
            sizes = np.abs(metric.tickets[:, at]).mean() + np.abs(reference[:, at]).mean()
            if not np.sqrt(found.variance / seeds) > TINY * sizes:
                found = None
        if found is None:
            rows.append(Row("", mean, nan, mean, nan, nan, metric.margin, nan, nan, None, None, None, False))
            wins.above.append(nan)
            wins.below.append(nan)
            continue
        error = error_of(found, [], seeds)
        half = t_quantile(1 - rules.level, error.freedom) * error.se
        middle = float(reference[:, at].mean())
        low = min(max(mean - half, metric.least - middle), mean)
        high = max(min(mean + half, metric.most - middle), mean)
        lower = upper_tail((mean + metric.margin) / error.se, error.freedom)
        upper = upper_tail((metric.margin - mean) / error.se, error.freedom)
        two_sided = 2 * upper_tail(abs(mean) / error.se, error.freedom)
        needed = _needed([error], metric.margin, rules.level)
        rows.append(Row("", mean, nan, mean, low, high, metric.margin, two_sided, max(lower, upper), *needed, False))
        wins.above.append(lower)
        wins.below.append(upper_tail(-(mean + metric.margin) / error.se, error.freedom))
    return rows, wins


def _walk(p: Sequence[float], order: Sequence[int], level: float) -> set[int]:
    """Follow the rounds in that order while p is at most the level."""
    reached: set[int] = set()
    for at in order:
        if not p[at] <= level:
            break
        reached.add(at)
    return reached


class _Judge:
    """One arm: its tables, its words, and its four claims at any level."""

    def __init__(self, arm: Arm, rules: Rules) -> None:
        self.arm, self.rules = arm, rules
        drifts = [one for one in arm.metrics if isinstance(one, Drift)]
        levels = [one for one in arm.metrics if isinstance(one, Level)]
        self.rows = _similarity_rows(drifts, rules)
        self.defined = {one.name: list(_Measured(one, rules).defined) for one in drifts}
        self.accuracies: _Accuracies | None = None
        for one in levels:
            self.rows[one.name], accuracies = _level_rows(one, rules)
            self.defined[one.name] = [bool(np.isfinite(row.drift)) for row in self.rows[one.name]]
            if (one.axis, one.name[1], one.name[2]) == F_ACCURACY and self._enough(one):
                self.accuracies = accuracies
        self.primary = [one.name for one in drifts if one.primary]
        self.enough = {one.name: self._enough(one) for one in arm.metrics}

    @staticmethod
    def _enough(one: Drift | Level) -> bool:
        """Three seeds and a control."""
        seeds, _, controls = one.controls.shape
        return bool(seeds >= 3 and controls >= 1)

    def first_p(self, name: Name) -> tuple[float, int]:
        """P of *changed* at the sparsest defined round, and that round; NaN if void or without one."""
        for at in reversed(range(len(self.arm.rounds))):
            if self.defined[name][at]:
                usable = name not in self.arm.void and self.enough[name]
                return (self.rows[name][at].changed if usable else float("nan")), at
        return float("nan"), -1

    def changed(self, q: float) -> dict[Name, set[int]]:
        """Step 4 over the primary metrics, at q in place of 0.05."""
        starts = [self.first_p(name) for name in self.primary]
        chosen = selected([p for p, _ in starts], q)
        level = q * len(chosen) / len(self.primary) if self.primary else q
        return {self.primary[i]: self._walk_back(self.primary[i], starts[i][1], level) for i in chosen}

    def _walk_back(self, name: Name, start: int, level: float) -> set[int]:
        return _walk([row.changed for row in self.rows[name]], range(start, -1, -1), level)

    def words(self) -> dict[tuple[Name, int], Row]:
        """Steps 4 to 6: the words of the arm alone."""
        level = self.rules.level
        primary = self.changed(level)
        found: dict[tuple[Name, int], Row] = {}
        for one in self.arm.metrics:
            name = one.name
            rows = self.rows[name]
            if name in self.primary:
                changed = primary.get(name, set())
            else:
                p, start = self.first_p(name)
                changed = self._walk_back(name, start, level) if p <= level else set()
            kept: set[int] = set()
            if name not in self.arm.void and self.enough[name]:
                kept = _walk([row.preserved for row in rows], range(len(rows)), level)
            for at, row in enumerate(rows):
                word = "preserved" if at in kept else "changed" if at in changed else "undecided"
                values = {**vars(row), "word": word, "shift": at in kept and at in changed}
                found[name, self.arm.rounds[at]] = Row(**values)
        return found

    def simes(self) -> float:
        """P of "the explanation has changed"."""
        p = sorted(1.0 if np.isnan(own) else own for own, _ in map(self.first_p, self.primary))
        return min((own * len(p) / k for k, own in enumerate(p, start=1)), default=float("nan"))

    def largest(self) -> list[float]:
        """By round, the largest p of *preserved* of the primary metrics; NaN where one is void or has none."""
        nan = float("nan")
        usable = self.primary and all(name not in self.arm.void and self.enough[name] for name in self.primary)
        if not usable:
            return [nan] * len(self.arm.rounds)
        return [
            float(np.max([self.rows[name][at].preserved for name in self.primary]))
            for at in range(len(self.arm.rounds))
        ]


def judge(arms: Sequence[Arm], rules: Rules) -> list[Judged]:
    """The whole procedure, for all arms of a study."""
    judges = [_Judge(one, rules) for one in arms]
    with_rounds = [one for one in judges if one.arm.rounds]
    a = len(with_rounds)
    nan = float("nan")
    starts = {
        "changed": [one.simes() for one in with_rounds],
        "preserved": [one.largest()[0] for one in with_rounds],
        "win": [nan if one.accuracies is None else one.accuracies.above[0] for one in with_rounds],
        "lose": [nan if one.accuracies is None else one.accuracies.below[-1] for one in with_rounds],
    }
    claims = {claim: selected(p, rules.level) for claim, p in starts.items()}
    found = []
    for one in judges:
        i = with_rounds.index(one) if one.arm.rounds else -1
        levels = {claim: rules.level * len(chosen) / a if i in chosen else None for claim, chosen in claims.items()}
        found.append(_judged(one, levels))
    return found


def _judged(one: _Judge, levels: Mapping[str, float | None]) -> Judged:
    arm = one.arm
    rows = one.words()
    count = len(arm.rounds)
    changed: dict[int, set[Name]] = {at: set() for at in range(count)}
    if (level := levels["changed"]) is not None:
        for name, reached in one.changed(level).items():
            for at in reached:
                if rows[name, arm.rounds[at]].word == "changed":
                    changed[at].add(name)
    level = levels["preserved"]
    kept = set() if level is None else _walk(one.largest(), range(count), level)
    wins: set[int] = set()
    loses: set[int] = set()
    if one.accuracies is not None:
        if (level := levels["win"]) is not None:
            wins = _walk(one.accuracies.above, range(count), level)
        if (level := levels["lose"]) is not None:
            loses = _walk(one.accuracies.below, range(count - 1, -1, -1), level)
    winning, explanation = {}, {}
    for at, number in enumerate(arm.rounds):
        winning[number] = "yes" if at in wins else "no" if at in loses else "undecided"
        places_alone = arm.coarse and {name[1] for name in changed[at]} == {BRIGHTEST_PLACES}
        if changed[at]:
            explanation[number] = "undecided" if places_alone else "changed"
        else:
            explanation[number] = "preserved" if at in kept else "undecided"
    return Judged(rows, winning, explanation, _hypothesis(list(winning.values()), list(explanation.values())))


def _hypothesis(winning: Sequence[str], explanation: Sequence[str]) -> str:
    """A in every round, B in every round, or a contradiction of each somewhere."""
    pairs = list(zip(winning, explanation, strict=True))
    if pairs and all(pair == ("yes", "preserved") for pair in pairs):
        return "A"
    if pairs and all(pair == ("no", "changed") for pair in pairs):
        return "B"
    against_a = any(wins == "no" or kept == "changed" for wins, kept in pairs)
    against_b = any(wins == "yes" or kept == "preserved" for wins, kept in pairs)
    return "neither" if against_a and against_b else "undecided"


def planned_levels(looks: Sequence[int], level: float) -> list[float]:
    """The level of each planned look: the mass below all bounds so far is carried on as a density."""
    times = [seeds / looks[-1] for seeds in looks]
    nodes, weights = np.polynomial.legendre.leggauss(120)
    found: list[float] = []
    points, mass = np.zeros(1), np.ones(1)  # W(0) is 0
    for k, time in enumerate(times):
        before = times[k - 1] if k else 0.0
        spent = level * (time**3 - before**3)
        deviation = np.sqrt(time - before)

        def beyond(bound: float, points: Array = points, mass: Array = mass, d: float = deviation) -> float:
            return float(mass @ special.ndtr((points - bound) / d))

        low, high = -10.0, 10.0
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if beyond(middle) > spent else (low, middle)
        bound = (low + high) / 2
        found.append(float(special.ndtr(-bound / np.sqrt(time))))
        lowest = -9 * np.sqrt(time)
        new, width = lowest + (bound - lowest) * (nodes + 1) / 2, (bound - lowest) / 2 * weights
        density = np.exp(-(((new[:, None] - points) / deviation) ** 2) / 2) @ mass / (deviation * np.sqrt(2 * np.pi))
        points, mass = new, width * density
    return found


def look_level(looks: Sequence[int], seeds: int, level: float) -> float:
    """The level of a look with so many seeds: that of the last planned look with no more, or of the first."""
    if not looks:
        return level
    levels = planned_levels(looks, level)
    at = [k for k, planned in enumerate(looks) if planned <= seeds]
    return levels[at[-1] if at else 0]
