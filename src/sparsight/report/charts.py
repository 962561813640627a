"""The charts of the report: which quantity, against what, and what a reader must know to read it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from sparsight.report.ablation import ablation_figure, ablations
from sparsight.report.curves import Level, curves
from sparsight.report.data import ReportData
from sparsight.report.depends import habitat_share
from sparsight.report.excess import banded, clipped, excess_figure, excesses
from sparsight.report.gates import gated
from sparsight.report.measures import Measures, maps_name, top_k
from sparsight.report.names import metric_name, short_name
from sparsight.report.published import printed_marks, prints
from sparsight.report.quantity import Quantity
from sparsight.report.text import listing, plain
from sparsight.report.verdicts import interval_share

MOST_ARMS = 7
"""As many as there are markers."""

CONTROL = "retrained, not pruned"


@dataclass(frozen=True)
class Chart:
    """A figure of the report.

    Attributes:
        slug: name of its files.
        section: the part of the page where it stands.
        caption: what it shows.
        figure: the drawing.
    """

    slug: str
    section: str
    caption: str
    figure: Figure


def charts(data: ReportData, measured: Measures) -> Iterator[Chart]:
    """The charts whose quantity was measured, in the order of the page."""
    for ablation in ablations(data):
        caption = (
            f"What each switch costs {ablation.model} when it is on alone, and what leaving it out of the released "
            "code's gives back. Large: mean over seeds. Small: the seeds. Bar: smallest to largest."
        )
        yield Chart(f"ablation-{ablation.model}", "ablation", caption, ablation_figure(ablation))
    yield from _excess_charts(data)
    names = control_names(data)
    drawn = drawn_arms(data)
    some = "" if len(drawn) == len(data.arms) else f" {len(drawn)} of {len(data.arms)} arms; the tables hold all."
    k = top_k(data)
    seeds = (
        "Line: mean over seeds. Points: the seeds. Shade: smallest to largest." if len(data.seeds) > 1 else "One seed."
    ) + some
    for own, words in ((measured.f, "the classifier f"), (measured.g, "g, the classifier that sees only concepts")):
        if not own.empty:
            marks = printed_marks(data, own.key) if prints(data) else ()
            figure = curves(
                _of(own, drawn), f"test accuracy of {own.key}", controls=names, levels=_chance(data), marks=marks
            )
            printed = " Stars: the points that the paper prints, of all 200 species and a ResNet-50." if marks else ""
            yield Chart(f"accuracy-{own.key}", "accuracy", f"Test accuracy of {words}. {seeds}{printed}", figure)
    if not measured.shared.empty:
        figure = curves(_of(measured.shared, drawn), f"share of top {k} in common", controls=names)
        caption = f"Share of a class's top {k} concepts that are in the dense network's, mean over classes. {seeds}"
        yield Chart("concepts-shared", "concepts", caption, figure)
    if not measured.energy.empty:
        energy = _of(measured.energy, drawn)
        figure = curves(energy, "energy in the mask (share)", controls=names, levels=_area(measured))
        caption = f"Share of the positive {maps_name(data)} energy that lies in the object's mask. {seeds}"
        yield Chart("mask-energy", "energy", caption, figure)
    if not measured.pointing.empty:
        figure = curves(_of(measured.pointing, drawn), "pointing game (share)", controls=names, levels=_area(measured))
        caption = f"Share of the images whose {maps_name(data)} has its maximum in the object's mask. {seeds}"
        yield Chart("pointing-game", "energy", caption, figure)
    habitat = habitat_share(data, {arm: data.rules[arm] for arm in data.arms})
    if not habitat.empty:
        axis = "another habitat / a removed part"
        figure = curves(_of(habitat, drawn), axis, controls=names, levels=[Level("as much as a part", 1.0)], unit=None)
        caption = f"How far another habitat moves the decision, in units of what a removed part does. {seeds}"
        yield Chart("habitat", "depends", caption, figure)
    for index, own in enumerate(measured.auroc.values()):
        figure = curves(
            _of(own, drawn), "held-out AUROC", controls={}, levels=[Level("chance", 0.5)], unit=None, points=False
        )
        caption = f"Held-out {own.label}. Line: mean over concepts. Shade: weakest to strongest concept.{some}"
        yield Chart(f"concept-auroc-{index}", "auroc", caption, figure)


def _excess_charts(data: ReportData) -> Iterator[Chart]:
    for index, (metric, own) in enumerate(excesses(data, drawn_arms(data)).items()):
        steps = [step for of_arm in own.values() for step in of_arm]
        lines = "Line: mean over seeds." if len(data.seeds) > 1 else "One seed."
        band = f" Band: {interval_share(data)} interval." if banded(steps) else ""
        out = " A caret at the edge: the interval goes on beyond the chart." if clipped(steps) else ""
        if gated(data, metric):
            out += " A gate failed: the table says where this is not judged."
        name = metric_name(data, metric)
        caption = f"{name}: excess over the floor. {lines}{band}{out}"
        yield Chart(f"excess-{index}", "drift", caption, excess_figure(own, short_name(data, metric)))


def control_names(data: ReportData) -> dict[str, str]:
    """What the retrain control of each rule is called: its arms are named where several rules have one."""
    retrained = {str(arm) for table in (data.accuracy, data.drift, data.concepts) for arm in table["arm"].unique()}
    rules = [rule for rule in dict.fromkeys(data.rules[arm] for arm in data.arms) if f"retrain:{rule}" in retrained]
    return {rule: CONTROL if len(rules) == 1 else f"{CONTROL} ({arms_of(data, rule)})" for rule in rules}


def arms_of(data: ReportData, rule: str) -> str:
    """The arms whose control a rule's is: names of rules say more than a reader can take in."""
    arms = [plain(arm, 30) for arm in data.arms if data.rules[arm] == rule]
    short = len(arms) < 3 and sum(map(len, arms)) <= 30  # of a legend's line, beside what a control is called
    return listing(arms) if short else f"{arms[0]} and {len(arms) - 1} more"


def drawn_arms(data: ReportData) -> tuple[str, ...]:
    """The arms that a chart has room for: all, or of more than seven those without parameters, or the first seven."""
    if len(data.arms) <= MOST_ARMS:
        return data.arms
    return (tuple(arm for arm in data.arms if ":" not in arm) or data.arms)[:MOST_ARMS]


def _of(own: Quantity, arms: tuple[str, ...]) -> Quantity:
    return replace(own, arms={arm: own.arms[arm] for arm in arms})


def _chance(data: ReportData) -> list[Level]:
    """The constant answer: what a classifier that looks at nothing gets right."""
    if data.constant is None:
        return []
    share = data.constant.share
    return [Level(f"{data.constant.words(24)}: {share:.2f}", share)]


def _area(measured: Measures) -> list[Level]:
    """The mask's area belongs to the images, not to a network: any arm's first value will do."""
    found = [own[0].mean for own in measured.area.arms.values() if own]
    return [Level("mask area: spread evenly", found[0])] if found else []
