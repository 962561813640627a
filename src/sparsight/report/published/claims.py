"""The paper's claims, each with this run's number and whether it holds, for every arm."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, nan

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.published.paper import data_set, nearest_round
from sparsight.report.quantity import select
from sparsight.report.sheet import Sheet, signed, signed_interval
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, number, percent
from sparsight.stats import mean, t_interval

LEVEL = 0.9
LEAST_SEEDS = 3
ABOUT = 0.28
"""The share of the weights at which the text compares (section 3.1)."""
LAST = 0.23
"""The share at which tables 1 to 3 end."""
GAINED, MALIGNANT = "TypicalPigmentNetwork", "malignant"


@dataclass(frozen=True)
class Claim:
    """One claim and what an arm says to it.

    Attributes:
        words: the claim.
        printed: the paper's number, NaN where it prints none.
        weights: share of the weights at which this run was asked.
        value: this run's number, positive where the claim holds: mean over the seeds.
        low, high: the interval of the mean; NaN where it has none.
        answer: ``holds``, ``does not hold`` or ``undecided``.
        why: what the answer rests on.
    """

    words: str
    printed: float
    weights: float
    value: float
    low: float
    high: float
    answer: str
    why: str


def claims_sheet(data: ReportData) -> Sheet | None:
    """One table an arm: each claim of the paper, its number there and here, and whether it holds.

    Differences of accuracies are decided by Student's interval over the seeds; changes of concepts and maps by the
    run's own verdict against networks trained again. None for a data set that the paper does not report on.
    """
    tables, numbers = [], []
    header = ("Claim", "Weights", "Printed", "Measured", "Here", "By")
    for arm in data.arms:
        found = list(claims(data, arm))
        numbers += [
            (arm, one.words, one.printed, one.weights, one.value, one.low, one.high, one.answer, one.why)
            for one in found
        ]
        rows = tuple(
            (
                one.words,
                percent(one.weights),
                signed(one.printed) if isfinite(one.printed) else NO_VALUE,
                signed_interval(one.value, one.low, one.high),
                one.answer,
                one.why,
            )
            for one in found
        )
        if rows:
            tables.append(Table(arm, header, rows))
    if not tables:
        return None
    columns = ["arm", "claim", "printed", "weights_remaining", "value", "ci_low", "ci_high", "answer", "why"]
    caption = "The paper's claims, as printed and as measured here."
    return Sheet("published-claims", caption, tuple(tables), pd.DataFrame(numbers, columns=columns))


def claims(data: ReportData, arm: str) -> Iterator[Claim]:
    """The paper's claims about an arm, in the order of its text."""
    own = data.accuracy[data.accuracy["arm"] == arm]
    if not len(own) or not own["round"].max():
        return
    last = int(own["round"].max())
    found = nearest_round(data, arm, ABOUT)
    about = last if found is None else found
    f, g = (_by_seed(data, arm, model) for model in ("f", "g"))
    birds = data_set(data) == "cub200"
    at_about = birds and found is not None  # where this run has the share of weights that the number was printed for
    at_end = birds and nearest_round(data, arm, LAST) == last
    lost = {seed: f[seed, 0] - f[seed, about] for seed in data.seeds if (seed, about) in f}
    yield _difference(data, arm, about, "f falls as weights go", 0.368 if at_about else nan, lost)
    if g:
        less = {seed: lost[seed] - (g[seed, 0] - g[seed, about]) for seed in lost if (seed, about) in g}
        yield _difference(data, arm, about, "g falls less than f", 0.271 if at_about else nan, less)
        against = (
            ("f", "late, g beats f", 0.18 if at_about and about == last else nan),
            ("probe", "late, g beats a linear probe", nan),
            ("g-random", "late, g beats g on random directions", nan),
        )
        for model, words, printed in against:
            other = _by_seed(data, arm, model)
            gain = {seed: g[seed, last] - other[seed, last] for seed in data.seeds if (seed, last) in other}
            yield _difference(data, arm, last, words, printed, gain)
        yield from _judged(data, arm, last, "top_k_overlap", "the top concepts change", 0.8 if at_end else nan)
    if data_set(data) == "ham10000":
        yield from _gains(data, arm, last)
    yield from _leaves(data, arm, last)


def _difference(data: ReportData, arm: str, round_: int, words: str, printed: float, values: dict[int, float]) -> Claim:
    value, low, high = t_interval(list(values.values()), LEVEL)
    if len(values) < LEAST_SEEDS:
        answer, why = "undecided", f"{len(values)} seed{'s' * (len(values) != 1)}, it takes {LEAST_SEEDS}"
    else:
        answer = "holds" if low > 0 else "does not hold" if high < 0 else "undecided"
        why = f"interval over {len(values)} seeds"
    return Claim(words, printed, _share(data, arm, round_), value, low, high, answer, why)


def _judged(data: ReportData, arm: str, round_: int, metric: str, words: str, printed: float) -> Iterator[Claim]:
    """A claim that the run's verdict decides: what drifted, beyond what training again does."""
    for row in select(data.verdict, arm=arm, round=round_, metric=metric).to_dict("records")[:1]:
        answer = {"changed": "holds", "preserved": "does not hold"}.get(str(row["verdict"]), "undecided")
        why = f"the verdict: {row['verdict']}; retraining alone: {number(float(row['floor']), 2)}"
        yield Claim(words, printed, float(row["weights_remaining"]), float(row["drift"]), nan, nan, answer, why)


def _leaves(data: ReportData, arm: str, round_: int) -> Iterator[Claim]:
    """Attention leaves the object: the share of the map's energy in the mask falls."""
    rows = select(data.faithfulness, arm=arm, metric="mask_energy", target="dense", unit="all")
    energy = {(int(row["seed"]), int(row["round"])): float(row["value"]) for row in rows.to_dict("records")}
    fallen = {
        seed: energy[seed, 0] - energy[seed, round_]
        for seed in data.seeds
        if isfinite(energy.get((seed, round_), nan)) and (seed, 0) in energy
    }
    if energy:
        yield _difference(data, arm, round_, "attention leaves the object", nan, fallen)


def _gains(data: ReportData, arm: str, round_: int) -> Iterator[Claim]:
    """Malignant gains a concept that stands for benign lesions: in which share of the seeds."""
    rows = data.concepts[(data.concepts["class"].str.lower() == MALIGNANT) & (data.concepts["concept"] == GAINED)]
    known = data.faithfulness[data.faithfulness["metric"] == "concept_auroc"]["unit_id"]
    if MALIGNANT not in {name.lower() for name in data.classes} or GAINED not in set(known):
        return
    listed = {(int(row["seed"]), int(row["round"])) for row in select(rows, arm=arm).to_dict("records")}
    gained = [float((seed, round_) in listed and (seed, 0) not in listed) for seed in data.seeds]
    share = mean(gained)
    decided = len(gained) >= LEAST_SEEDS and share in (0.0, 1.0)
    answer = ("holds" if share else "does not hold") if decided else "undecided"
    why = f"{int(sum(gained))} of {len(gained)} seeds list it pruned and not dense"
    yield Claim(f"malignant gains {GAINED}", 1.0, _share(data, arm, round_), share, nan, nan, answer, why)


def _by_seed(data: ReportData, arm: str, model: str) -> dict[tuple[int, int], float]:
    """Test accuracy by seed and round."""
    rows = select(data.accuracy, arm=arm, split="test", model=model, metric="accuracy")
    return {(int(row["seed"]), int(row["round"])): float(row["value"]) for row in rows.to_dict("records")}


def _share(data: ReportData, arm: str, round_: int) -> float:
    return mean(select(data.accuracy, arm=arm, round=round_)["weights_remaining"].to_numpy(dtype=float))
