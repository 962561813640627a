"""What was found, in sentences that are made of numbers only."""

import math
import unicodedata

from sparsight.report.ablation import ablation_sentence, ablations
from sparsight.report.charts import arms_of, control_names, drawn_arms
from sparsight.report.data import ReportData
from sparsight.report.headline import arm_sentence
from sparsight.report.measures import Measures, top_k
from sparsight.report.quantity import Point, Quantity
from sparsight.report.text import listing, number, percent, plain


def finding(data: ReportData, measured: Measures) -> tuple[str, ...]:
    """What the verdicts say, then sentences on the switches, the accuracy and the concepts at the last round of each
    arm; none on what is unknown.

    Of many arms, those that the charts draw.
    """
    judged = [f"{_name(arm)}: {words}" for arm, words in verdicts(data)]
    switches = [ablation_sentence(own, len(data.seeds)) for own in ablations(data)[:1]]
    sentences = (*judged, *switches, _accuracy(data, measured.f), _shared(data, measured))
    return tuple(sentence for sentence in sentences if sentence)


def verdicts(data: ReportData) -> tuple[tuple[str, str], ...]:
    """Each drawn arm, and what its verdicts say together; nothing where no round was judged."""
    said = [(arm, arm_sentence(data, arm)) for arm in drawn_arms(data)]
    return tuple((arm, words) for arm, words in said if words)


def _accuracy(data: ReportData, f: Quantity) -> str:
    ends = [(arm, f.arms[arm][0], f.arms[arm][-1]) for arm in drawn_arms(data) if f.arms[arm]]
    if not ends:
        return ""
    weights = {percent(last.weights) for _, _, last in ends}
    alike = len(weights) == 1
    parts = [
        f"{number(last.mean, 2)} under {_name(arm)} "
        f"({'' if alike else f'{percent(last.weights)} of the weights, '}dense: {number(dense.mean, 2)})"
        for arm, dense, last in ends
    ]
    where = f"With {weights.pop()} of the weights left" if alike else "At the last round"
    return f"{where}, f's test accuracy is {listing(parts)}."


def _shared(data: ReportData, measured: Measures) -> str:
    ends = [(arm, measured.shared.arms[arm][-1]) for arm in drawn_arms(data) if measured.shared.arms[arm]]
    if not ends:
        return ""
    parts = [f"{_share(last)} under {_name(arm)}" for arm, last in ends]
    names = control_names(data)
    floors = [
        _share(points[-1]) + (f" ({arms_of(data, rule)})" if len(names) > 1 else "")
        for rule, points in measured.shared.controls.items()
    ]
    floor = f"; after retraining without pruning it is {listing(floors)}" if floors else ""
    share = f"The share of a class's top {top_k(data)} concepts that are also the dense network's"
    return f"{share} is {listing(parts)}{floor}."


def _name(arm: str) -> str:
    """The arm's name; isolated where it runs from right to left, so that the numbers beside it keep their order."""
    text = plain(arm, 40)
    return f"\u2068{text}\u2069" if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text) else text


def _share(point: Point) -> str:
    return percent(round(point.mean, 2) if math.isfinite(point.mean) else math.nan)
