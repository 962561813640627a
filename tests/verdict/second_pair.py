"""One pair of networks, a second time: the section of that name of ``docs/statistics.md``, in plain numpy and scipy.

Written from the page alone, as ``second``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tests.verdict.second import TINY, Array, Name, selected, t_quantile, upper_tail

NAN = float("nan")


@dataclass(frozen=True)
class Units:
    """A mean of units, each between two known ends."""

    values: tuple[float, ...]
    least: float
    most: float

    @property
    def value(self) -> float:
        return float(np.mean(self.values)) if self.values else NAN

    def below(self, limit: float) -> float:
        """P of "the mean is below the limit": the chance that the weighted sum is at least the limit."""
        if len(self.values) < 2:
            return NAN
        return weighted_sum_reaches(np.array([*self.values, self.most]), limit)

    def above(self, limit: float) -> float:
        """P of "the mean is above the limit"."""
        if len(self.values) < 2:
            return NAN
        return weighted_sum_reaches(-np.array([*self.values, self.least]), -limit)


@dataclass(frozen=True)
class Counted:
    """A share of units."""

    count: int
    units: int

    @property
    def value(self) -> float:
        return self.count / self.units

    def below(self, limit: float) -> float:
        """The chance of so few or fewer."""
        if not self.units:
            return NAN
        return float(special.bdtr(self.count, self.units, limit))

    def above(self, limit: float) -> float:
        """The chance of so many or more."""
        if not self.units:
            return NAN
        return float(special.bdtrc(self.count - 1, self.units, limit)) if self.count else 1.0


@dataclass(frozen=True)
class Paired:
    """Images that are gained and lost, of so many."""

    gained: int
    lost: int
    units: int

    @property
    def value(self) -> float:
        return (self.gained - self.lost) / self.units

    def above(self, limit: float) -> float:
        """P of "the difference is above the limit"."""
        return _paired_p(self.gained, self.lost, self.units, limit)

    def below(self, limit: float) -> float:
        """P of "the difference is below the limit"."""
        return _paired_p(self.lost, self.gained, self.units, -limit)

    def differs(self) -> float:
        """McNemar's exact test."""
        k = self.gained + self.lost
        return min(1.0, 2 * float(special.bdtr(min(self.gained, self.lost), k, 0.5))) if k else 1.0


@dataclass(frozen=True)
class Jackknife:
    """A drift of all images, and without each."""

    value: float
    left_out: tuple[float, ...]
    most: float

    def _errors(self) -> tuple[float, float]:
        values = np.array(self.left_out)
        n = len(values)
        plain = float(np.sqrt((n - 1) / n * np.sum((values - values.mean()) ** 2)))
        if self.value <= TINY or (values <= TINY).any():
            return plain, NAN
        logs = np.log(values)
        return plain, float(np.sqrt((n - 1) / n * np.sum((logs - logs.mean()) ** 2)))

    def _untested(self) -> bool:
        values = np.array(self.left_out)
        if len(values) < 2 or not np.isfinite([self.value, *values]).all():
            return True
        return self._errors()[0] <= TINY < self.value

    def above(self, limit: float) -> float:
        """P of "it is above the limit"."""
        s = NAN if self._untested() else self._errors()[0]
        if np.isnan(s):
            return NAN
        if s <= TINY:
            return 1.0
        return upper_tail((self.value - limit) / s, len(self.left_out) - 1)

    def below(self, limit: float) -> float:
        """P of "it is below the limit"."""
        if self._untested():
            return NAN
        s, s_log = self._errors()
        n = len(self.left_out)
        if s <= TINY:
            return float((1 - limit) ** n)
        if np.isnan(s_log):
            return upper_tail((limit - self.value) / s, n - 1)
        return upper_tail(np.log(limit / self.value) / s_log, n - 1)

    def ends(self, level: float) -> tuple[float, float]:
        """The interval."""
        if self._untested():
            return NAN, NAN
        s, s_log = self._errors()
        if s <= TINY:
            return 0.0, float(1 - level ** (1 / len(self.left_out)))
        t = t_quantile(1 - level, len(self.left_out) - 1)
        low = self.value - t * s
        high = self.value + t * s if np.isnan(s_log) else self.value * float(np.exp(t * s_log))
        return max(low, 0.0), min(high, self.most)


Estimate = Units | Counted | Paired | Jackknife


def weighted_sum_reaches(x: Array, limit: float) -> float:
    """The chance that units with uniform weights reach the limit: Gil-Pelaez' inversion over log u, by trapezoids."""
    a = x - limit
    if (a[:-1] >= 0).all():
        return 1.0
    if (a <= 0).all():
        return 0.0
    a = a / np.abs(a).max()
    a = a[a != 0]
    s = np.linspace(-38.0, 40.0, 6001)
    u = np.exp(s)
    log_phi = np.zeros(len(s), dtype=complex)
    for one in a:
        log_phi -= np.log(1 - 1j * one * u)
    imaginary = np.exp(log_phi).imag
    return float(np.clip(0.5 + imaginary.sum() * (s[1] - s[0]) / np.pi, 0.0, 1.0))


def _paired_p(gained: int, lost: int, n: int, limit: float) -> float:
    """P of "gained less lost, as a share, is above the limit"."""
    k = gained + lost
    bound = 1.0 if k == n else _upper(k, n, 0.001)
    margin = abs(limit)
    if bound < margin:
        return 1.0 if limit > 0 else 0.001
    counts = np.arange(n + 1)
    c, b = np.meshgrid(counts, counts, indexing="ij")
    inside = (c + b) <= n
    c, b = c[inside], b[inside]
    score = _score(c, b, n, limit)
    own = _score(np.array([gained]), np.array([lost]), n, limit)[0]
    beyond = score >= own - 1e-9
    c, b = c[beyond], b[beyond]
    choose = special.gammaln(n + 1) - special.gammaln(c + 1) - special.gammaln(b + 1) - special.gammaln(n - c - b + 1)
    worst = 0.0
    for share in np.linspace(margin, bound, 33):
        gain, loss = max((share + limit) / 2, 0.0), max((share - limit) / 2, 0.0)
        logs = choose + special.xlogy(c, gain) + special.xlogy(b, loss) + special.xlogy(n - c - b, max(1 - share, 0.0))
        worst = max(worst, float(np.exp(logs).sum()))
    return min(1.0, worst + 0.001)


def _upper(k: int, n: int, level: float) -> float:
    """Clopper and Pearson's upper bound."""
    return 1.0 if k == n else float(special.betaincinv(k + 1, n - k, 1 - level))


def _score(c: NDArray[np.int64], b: NDArray[np.int64], n: int, limit: float) -> Array:
    """By which outcomes are ordered: how many deviations they lie above the limit."""
    return np.asarray((c - b - n * limit) / np.sqrt(n * (np.hypot((b + c) / n, limit) - limit**2)))


@dataclass(frozen=True)
class Measure:
    """A metric of a pair."""

    name: Name
    primary: bool
    drift: Estimate
    floor: tuple[float, ...]
    ceiling: float
    identical: bool


@dataclass(frozen=True)
class PairRow:
    """What the page has for it."""

    word: str
    changed: float
    preserved: float


@dataclass(frozen=True)
class PairRules:
    """Level and margins of a study."""

    level: float = 0.05
    margin: float = 0.5
    least_margin: float = 0.02


def judge_pair(
    measures: Sequence[Measure],
    rules: PairRules,
    shares: Mapping[str, float] | None,
    void: frozenset[Name],
) -> list[PairRow]:
    """All metrics of one pair; ``shares`` are margins by metric, None where none was set at all."""
    p = [
        (1.0, 0.0)
        if one.identical and not np.isnan(one.drift.value)
        else _tests(one, rules, None if shares is None else shares.get(one.name[1], NAN))
        for one in measures
    ]
    usable = [(NAN, NAN) if one.name in void else own for one, own in zip(measures, p, strict=True)]
    primary = [i for i, one in enumerate(measures) if one.primary]
    chosen = {primary[i] for i in selected([usable[i][0] for i in primary], rules.level)}
    rows = []
    for i, one in enumerate(measures):
        changed = i in chosen if one.primary else usable[i][0] <= rules.level
        floor = len(one.floor) >= 3
        if one.name in void:
            word = "undecided"
        elif one.identical and not np.isnan(one.drift.value):
            word = "preserved"
        elif usable[i][1] <= rules.level:
            word = "preserved" if floor else "within the margin"
        elif changed:
            word = "changed" if floor else "beyond the margin"
        else:
            word = "undecided"
        rows.append(PairRow(word, *p[i]))
    return rows


def _tests(one: Measure, rules: PairRules, share: float | None) -> tuple[float, float]:
    """P of *changed* and of *preserved*, or of beyond and within the margin."""
    if len(one.floor) < 3:
        if share is None or np.isnan(share) or not (np.isfinite(one.ceiling) and one.ceiling > 0):
            return NAN, NAN
        limit = share * one.ceiling
        return one.drift.above(limit), one.drift.below(limit)
    e, floor, c = one.drift.value, np.array(one.floor), one.ceiling
    j = len(floor)
    if not np.isfinite([e, *floor]).all():
        return NAN, NAN
    f, s = float(floor.mean()), float(floor.std(ddof=1))
    if s <= TINY * f:
        return NAN, NAN
    changed = upper_tail((e - f) / (s * np.sqrt(1 + 1 / j)), j - 1)

    def p(a: float, b: float) -> float:
        limit = a * f + b
        g = max(1.0, limit / max(f, s))
        plain = upper_tail((limit - e) / (s * np.sqrt(g**2 + a**2 / j)), j - 1)
        if not (limit > 2 * f and (floor > 0).all()):
            return plain
        if e <= 0:
            return 0.0
        s_log = float(np.log(floor).std(ddof=1))
        logs = upper_tail(np.log(limit / e) / (1.6 * s_log * np.sqrt(1 + (a * f / limit) ** 2 / j)), j - 1)
        return min(plain, logs)

    if share is not None:
        if np.isnan(share) or not (np.isfinite(c) and c > 0):
            return changed, NAN
        m = min(share, 0.5)
        return changed, p(1 - m, m * c)
    smaller = min(rules.margin * f, (c - f) / 2)
    if smaller < rules.least_margin:
        return changed, p(1, rules.least_margin)
    return changed, max(p(1 + rules.margin, 0), p(0.5, c / 2)) if np.isfinite(c) else p(1 + rules.margin, 0)


def judge_level(
    original: Array, other: Array, again: tuple[float, ...], margin: float, level: float
) -> tuple[str, float, float]:
    """A number that is a mean over units, such as an accuracy: its word, and p of *changed* and of *preserved*."""
    alone = np.isfinite(original) != np.isfinite(other)
    if alone.mean() > 0.05:
        return "undecided", NAN, NAN
    both = np.isfinite(original) & np.isfinite(other)
    first, second = original[both], other[both]
    answers = bool(np.isin([first, second], (0.0, 1.0)).all())
    lost = answers and second.mean() < first.mean()
    estimate: Paired | Units
    if answers:
        estimate = Paired(
            int(((first == 0) & (second == 1)).sum()), int(((first == 1) & (second == 0)).sum()), len(first)
        )
    else:
        differences = np.where(np.abs(second - first) < TINY, 0.0, second - first)
        estimate = Units(tuple(differences), -1.0, 1.0)
    floor = np.array([*again, np.nanmean(original)])
    if len(again) >= 3 and np.isfinite(floor).all() and floor.std(ddof=1) > TINY * floor.mean():
        j = len(floor)
        error = float(floor.std(ddof=1)) * np.sqrt(1 + 1 / j)
        difference = float(np.nanmean(other) - floor.mean())
        changed = min(1.0, 2 * upper_tail(abs(difference) / error, j - 1))
        within = max(upper_tail((margin + difference) / error, j - 1), upper_tail((margin - difference) / error, j - 1))
        words = ("preserved", "changed")
    else:
        within = max(estimate.above(-margin), estimate.below(margin))
        changed = min(1.0, 2 * min(estimate.above(margin), estimate.below(-margin)))
        words = ("within the margin", "beyond the margin")
    loss = isinstance(estimate, Paired) and lost and estimate.differs() <= level and not within <= level
    if isinstance(estimate, Paired) and loss and (words[1] != "changed" or not changed <= level):
        changed = estimate.differs()
    word = words[0] if within <= level else "changed" if loss else words[1] if changed <= level else "undecided"
    return word, changed, within
