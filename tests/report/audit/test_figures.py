import math
from dataclasses import replace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

from sparsight.report.audit.by_class import by_class
from sparsight.report.audit.forest import forest
from sparsight.report.audit.multiples import PANELS, multiples
from sparsight.report.audit.verdicts import rows_of
from sparsight.report.svg import INK, PALETTE


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_a_forest_has_a_line_a_measure_with_its_word(audit_data):
    data = audit_data(models={"m": 0.3}, floor=("a", "b", "c"), pictures=0)
    rows = rows_of(data, "m", "primary")
    figure = forest(data, rows, "drift", signed=False)
    found = texts(figure)
    assert [text for text in found if text in ("≠ changed", "= preserved", "? undecided")] == [
        {"changed": "≠ changed", "preserved": "= preserved"}[row["verdict"]] for row in rows
    ]
    assert "Grad-CAM (Spearman)" in found
    assert "floor: the original trained again" in found
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [float(dot.get_xdata()[0]) for dot in dots] == [row["drift"] for row in rows]
    low, high = figure.axes[0].get_xlim()
    assert all(low < row["low"] and row["high"] < high and low < row["margin"] < high for row in rows)


def test_differences_have_their_margin_on_both_sides(audit_data):
    data = audit_data(models={"m": 0.3}, pictures=0)
    figure = forest(data, rows_of(data, "m", "levels"), "difference", signed=True)
    low, high = figure.axes[0].get_xlim()
    assert low == -high
    assert "floor: the original trained again" not in texts(figure)
    assert len(figure.axes[0].collections) == 2 * 4 + 1, "two margins each, and the line at 0"


@pytest.mark.parametrize("floor", [(), ("a", "b", "c")])
def test_differences_have_their_interval_with_a_floor_and_without(audit_data, floor):
    data = audit_data(models={"m": 0.3}, floor=floor, pictures=0)
    lines = forest(data, rows_of(data, "m", "levels"), "difference", signed=True).axes[0].lines
    assert len(lines) == 4 * 3, "a dot, a line and two ends each"


@pytest.mark.parametrize("floor", [(), ("a", "b", "c")])
@pytest.mark.parametrize("part", ["primary", "levels", "others"])
def test_no_text_lies_on_another_or_over_the_edge(audit_data, floor, part):
    data = audit_data(models={"m": 0.3}, floor=floor, pictures=0)
    dead = {**data.gates[1], "name": "randomised model", "passed": False, "reason": "it stays"}
    bare = data.verdicts["metric"].isin(["linear_cka", "flips", "concept_auroc"])  # whose mark is another one
    verdicts = data.verdicts.assign(low=data.verdicts["low"].mask(bare), high=data.verdicts["high"].mask(bare))
    verdicts["reason"] = verdicts["reason"].mask(verdicts["metric"].isin(dead["voids"]), "drift 0.6: it stays")
    signed = part == "levels"
    data = replace(data, gates=(dead,), verdicts=verdicts)
    figure = forest(data, rows_of(data, "m", part), "drift", signed=signed)
    boxes = drawn(figure)
    assert "⊘ gate: randomised model" in boxes or signed
    what = "difference" if signed else "drift"
    assert {what, f"{what}, with its interval", "margin"} <= set(boxes)
    assert not [text for text in boxes if "…" in text]
    for text, box in boxes.items():
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width, text
        assert 0 <= box.y0 < box.y1 <= figure.bbox.height, text
        assert [other for other, one in boxes.items() if box.overlaps(one)] == [text]


def drawn(figure):
    """The places of all texts that are seen; of words that occur twice one."""
    FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    beyond = [tick.label1 for tick in axes.xaxis.get_major_ticks() if not low <= tick.get_loc() <= high]
    return {
        text.get_text(): text.get_window_extent()
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible() and text not in beyond
    }


def test_without_numbers_a_forest_still_stands(audit_data):
    data = audit_data(models={"m": 0.3}, pictures=0)
    names = ("drift", "low", "high", "floor", "margin")
    rows = [{**row, **dict.fromkeys(names, math.nan)} for row in rows_of(data, "m", "primary")]
    assert "Grad-CAM (Spearman)" in texts(forest(data, rows, "drift", signed=False))


@pytest.mark.parametrize("kind", ["forest", "multiples"])
def test_every_text_has_a_colour_that_the_page_exchanges(audit_data, kind):
    data = audit_data(models={"m": 0.3}, floor=("a", "b", "c"), pictures=0)
    found = by_class(data)
    figure = (
        forest(data, rows_of(data, "m", "primary"), "drift", signed=False)
        if kind == "forest"
        else multiples(found, data.original, found.moved()[:PANELS], "drift", 1.0)
    )
    assert {to_hex(text.get_color()) for text in figure.findobj(Text) if text.get_text()} <= {INK, *PALETTE}


def test_a_panel_goes_from_the_originals_accuracy_to_the_models(audit_data):
    data = audit_data(models={"m": 0.3, "_n": 0.1}, pictures=0)
    found = by_class(data)
    labels = found.moved()[:4]
    figure = multiples(found, data.original, labels, "drift", 1.0)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 4
    first = shown[0].lines[0]
    assert list(first.get_xdata()) == [0, found.value("m", labels[0], "map_spearman")]
    assert list(first.get_ydata()) == [
        found.value(data.original, labels[0], "accuracy"),
        found.value("m", labels[0], "accuracy"),
    ]
    assert {"the original", "m", "_n"} <= set(texts(figure))


def test_classes_are_sorted_by_the_first_drift_that_is_known(audit_data):
    data = audit_data(models={"m": 0.3, "n": 0.5}, pictures=0)
    found = by_class(data)
    assert found.lead == "map_spearman"
    order = found.worst_first("m")
    values = [found.value("m", label, found.lead) for label in order]
    assert values == sorted(values, reverse=True)
    worst = found.moved()[0]
    assert found.most(worst) == max(found.value(model, worst, found.lead) for model in ("m", "n"))
    assert found.value(found.worst_model(worst), worst, found.lead) == found.most(worst)
    assert by_class(audit_data(mapless=("m",), models={"m": 0.3}, pictures=0)).lead == "weight_spearman"
