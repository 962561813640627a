"""The paper's claims, each with this run's number and whether it holds, for every arm."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, nan

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.published.paper import data_set, nearest_round
from sparsight.report.published.top_concepts import REORDERED, printed_change
from sparsight.report.quantity import select
from sparsight.report.several import all_names
from sparsight.report.sheet import Sheet, signed, signed_interval
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, number, percent
from sparsight.stats import mean, t_interval
from sparsight.verdict import LEAST_SEEDS

LEVEL = 0.9
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

    Differences of accuracies (of HAM10000 balanced, because most lesions are benign) are decided by Student's interval
    over the seeds; changes of concepts and maps by the run's own verdict against networks trained again. None for a
    data set that the paper does not report on.
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
    metric = _metric(data)
    f, g = (_by_seed(data, arm, model, metric) for model in ("f", "g"))
    birds = data_set(data) == "cub200"
    at_about = birds and found is not None  # where this run has the share of weights that the number was printed for
    at_end = nearest_round(data, arm, LAST) == last
    lost = {seed: f[seed, 0] - f[seed, about] for seed in data.seeds if (seed, about) in f}
    yield _difference(data, arm, about, "f falls as weights go", 0.368 if at_about else nan, lost, metric)
    if g:
        less = {seed: lost[seed] - (g[seed, 0] - g[seed, about]) for seed in lost if (seed, about) in g}
        yield _difference(data, arm, about, "g falls less than f", 0.271 if at_about else nan, less, metric, most=2)
        against = (
            ("f", "late, g beats f", 0.18 if at_about and about == last else nan),
            ("probe", "late, g beats a linear probe", nan),
            ("g-random", "late, g beats g on random directions", nan),
        )
        for model, words, printed in against:
            other = _by_seed(data, arm, model, metric)
            gain = {seed: g[seed, last] - other[seed, last] for seed in data.seeds if (seed, last) in other}
            yield _difference(data, arm, last, words, printed, gain, metric)
        yield from _changed(data, arm, last, printed_change(data, LAST) if at_end else nan)
    if data_set(data) == "ham10000":
        yield from _gains(data, arm, last)
    yield from _leaves(data, arm, last)


def _difference(
    data: ReportData,
    arm: str,
    round_: int,
    words: str,
    printed: float,
    values: dict[int, float],
    metric: str,
    most: float = 1,
) -> Claim:
    """A claim that a difference is above 0, which is one of two accuracies (at most 1) or of two such (at most 2)."""
    value, low, high = t_interval(list(values.values()), LEVEL, -most, most)
    of = metric.replace("_", " ")
    if len(values) < LEAST_SEEDS:
        answer, why = "undecided", f"{of} of {len(values)} seed{'s' * (len(values) != 1)}, it takes {LEAST_SEEDS}"
    else:
        answer = "holds" if low > 0 else "does not hold" if high < 0 else "undecided"
        why = f"interval of {of} over {len(values)} seeds"
    return Claim(words, printed, _share(data, arm, round_), value, low, high, answer, why)


def _changed(data: ReportData, arm: str, round_: int, printed: float) -> Iterator[Claim]:
    """The top concepts change, beyond what training again does: the share that is lost, and the primary verdict."""
    shown = select(data.verdict, arm=arm, round=round_, metric="top_k_overlap").to_dict("records")
    judged = select(data.verdict, arm=arm, round=round_, metric="top_k_jaccard").to_dict("records")
    for row, by in zip(shown[:1], judged[:1], strict=False):
        answer = {"changed": "holds", "preserved": "does not hold"}.get(str(by["verdict"]), "undecided")
        why = f"the verdict: {by['verdict']}; retraining alone: {number(float(row['floor']), 2)}"
        order = mean(select(data.faithfulness, arm=arm, round=round_, metric=REORDERED, unit="all")["value"])
        why += f"; the order of equal columns, were they listed apart: {number(order, 2)}" if isfinite(order) else ""
        share, lost = float(row["weights_remaining"]), float(row["drift"])
        yield Claim("the top concepts change", printed, share, lost, nan, nan, answer, why)


def _leaves(data: ReportData, arm: str, round_: int) -> Iterator[Claim]:
    """Attention leaves the object: the share of the map's energy in the mask falls, by the verdict."""
    rows = select(data.verdict, arm=arm, round=round_, metric="mask_energy", target="dense").to_dict("records")
    for row in rows[:1]:
        fallen, word = -float(row["drift"]), str(row["verdict"])
        answer = "undecided"
        if word == "preserved" or (word == "changed" and fallen < 0):
            answer = "does not hold"
        elif word == "changed":
            answer = "holds"
        low, high = -float(row["ci_high"]), -float(row["ci_low"])
        share, why = float(row["weights_remaining"]), f"the verdict on the energy in the mask: {word}"
        yield Claim("attention leaves the object", nan, share, fallen, low, high, answer, why)


def _gains(data: ReportData, arm: str, round_: int) -> Iterator[Claim]:
    """Malignant gains a concept that stands for benign lesions: in which share of the seeds."""
    called = next((name for name, own in all_names(data).items() if GAINED in own), GAINED)
    rows = data.concepts[(data.concepts["class"].str.lower() == MALIGNANT) & (data.concepts["concept"] == called)]
    known = data.faithfulness[data.faithfulness["metric"] == "concept_auroc"]["unit_id"]
    if MALIGNANT not in {name.lower() for name in data.classes} or called not in set(known):
        return
    listed = {(int(row["seed"]), int(row["round"])) for row in select(rows, arm=arm).to_dict("records")}
    gained = [float((seed, round_) in listed and (seed, 0) not in listed) for seed in data.seeds]
    share, again = mean(gained), _gained_again(data, rows, arm, round_, listed)
    decided = len(gained) >= LEAST_SEEDS and (share == 0 or (share == 1 and again < 1))
    answer = ("holds" if share else "does not hold") if decided else "undecided"
    why = f"{int(sum(gained))} of {len(gained)} seeds list it pruned and not dense; trained again: {number(again, 2)}"
    yield Claim(f"malignant gains {GAINED}", 1.0, _share(data, arm, round_), share, nan, nan, answer, why)


def _gained_again(data: ReportData, rows: pd.DataFrame, arm: str, round_: int, listed: set[tuple[int, int]]) -> float:
    """In which share of the networks that were trained again unpruned the class gains the concept; NaN without any."""
    control = f"retrain:{data.rules[arm]}"
    networks = select(data.accuracy, arm=control)[["seed", "repeat", "round"]].drop_duplicates()
    there = networks[networks["round"].isin([0, round_])]
    found = {
        (int(row["seed"]), int(row["repeat"]), int(row["round"]))
        for row in select(rows, arm=control).to_dict("records")
    }
    return mean(
        [float((s, j, r) in found and (s, 0) not in listed) for s, j, r in there.astype(int).to_numpy().tolist()]
    )


def _metric(data: ReportData) -> str:
    """What accuracies are compared by: balanced where one class alone would be right in five of six images."""
    balanced = data_set(data) == "ham10000" and (data.accuracy["metric"] == "balanced_accuracy").any()
    return "balanced_accuracy" if balanced else "accuracy"


def _by_seed(data: ReportData, arm: str, model: str, metric: str) -> dict[tuple[int, int], float]:
    """The metric on the test images by seed and round."""
    rows = select(data.accuracy, arm=arm, split="test", model=model, metric=metric)
    return {(int(row["seed"]), int(row["round"])): float(row["value"]) for row in rows.to_dict("records")}


def _share(data: ReportData, arm: str, round_: int) -> float:
    return mean(select(data.accuracy, arm=arm, round=round_)["weights_remaining"].to_numpy(dtype=float))
