import math
import re
from xml.etree import ElementTree

import pytest
from matplotlib.text import Text

from sparsight.report.curves import Level, curves
from sparsight.report.quantity import Point, Quantity
from sparsight.report.strips import strip_figure
from sparsight.report.svg import inline, svg


def _points(values, rate=0.9):
    return tuple(Point(r, rate**r, v, v - 0.1, v + 0.1, (v - 0.1, v + 0.1)) for r, v in enumerate(values))


def _quantity(arms, controls=None):
    return Quantity("f", "f", arms, controls or {})


def _texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def test_weights_fall_from_left_to_right_with_a_tick_at_every_round():
    (axes,) = curves(_quantity({"m": _points([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], 0.75)}), "f", controls={}).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["100", "75", "56.2", "42.2", "31.6", "23.7"]
    left, right = axes.get_xlim()
    assert left > 1 > 0.75**5 > right


def test_of_many_rounds_some_are_labelled_the_ends_among_them():
    (axes,) = curves(_quantity({"m": _points([0.5] * 30)}), "f", controls={}).axes
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert 4 <= len(labels) <= 8
    assert labels[0] == "100"
    assert labels[-1] == "4.71"


def test_arms_differ_by_more_than_colour():
    (axes,) = curves(
        _quantity({f"arm {i}": _points([0.9, 0.5]) for i in range(12)}), "f", controls={}, points=False
    ).axes
    looks = {(line.get_marker(), line.get_color()) for line in axes.lines}
    assert len(looks) == 12


def test_a_control_that_serves_all_rounds_crosses_the_chart_and_one_with_rounds_is_a_curve():
    arms = {"m": _points([0.9, 0.5])}
    (axes,) = curves(_quantity(arms, {"r": _points([0.8])}), "f", controls={"r": "control"}, points=False).axes
    assert tuple(axes.lines[-1].get_xdata()) == axes.get_xlim()
    (axes,) = curves(_quantity(arms, {"r": _points([0.8, 0.7])}), "f", controls={"r": "control"}, points=False).axes
    assert list(axes.lines[-1].get_xdata()) == [1.0, 0.9]


def test_a_control_of_a_round_stands_where_the_arms_of_its_round_do():
    unpruned = tuple(Point(r, 1.0, 0.7, 0.7, 0.7, (0.7,)) for r in (1, 2))
    controls = {"r": unpruned, "s": _points([0.8])}
    names = {"r": "a sequence", "s": "one network"}
    (axes,) = curves(_quantity({"m": _points([0.9, 0.5, 0.4])}, controls), "f", controls=names, points=False).axes
    _, sequence, single = axes.lines
    assert list(sequence.get_xdata()) == [0.9, 0.9**2]
    assert sequence.get_linestyle() == single.get_linestyle() == "--"
    assert sequence._dash_pattern != single._dash_pattern


def test_names_are_no_formulas_and_none_is_left_out():
    names = ("$\\frac{1}{0}$", "_hidden", "</text><script>x</script>")
    figure = curves(
        _quantity({name: _points([0.5]) for name in names}), "f", controls={}, levels=[Level("chance", 0.1)]
    )
    assert {*names, "chance"} <= set(_texts(figure))
    root = ElementTree.fromstring(svg(figure, "f"))
    shown = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {*names, "chance"} <= shown
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_undefined_values_leave_a_gap():
    nan = Point(1, 0.9, math.nan, math.nan, math.nan, (math.nan,))
    figure = curves(_quantity({"m": (_points([0.9])[0], nan)}), "f", controls={"r": "control"})
    assert svg(figure, "f")


@pytest.mark.filterwarnings("ignore:Data has no positive values")
@pytest.mark.parametrize("weights", [0.0, math.nan])
def test_weights_that_no_logarithm_takes_do_not_break_a_chart(weights):
    assert svg(curves(_quantity({"m": (Point(0, weights, 0.5, 0.5, 0.5, (0.5,)),)}), "f", controls={}), "f")


def test_the_same_figure_gives_the_same_bytes_without_a_date():
    first, second = (svg(curves(_quantity({"m": _points([0.9, 0.5])}), "f", controls={}), "f") for _ in range(2))
    assert first == second
    assert not re.search(r"<dc:date>|\d{4}-\d\d-\d\dT", first)


def test_the_inlined_figure_takes_the_pages_colours_and_keeps_its_ids_to_itself():
    text = inline(svg(curves(_quantity({"m": _points([0.9, 0.5])}), "f", controls={}), "f"), "f", 'a "label" <b>')
    root = ElementTree.fromstring(text.replace("xlink:href", "href"))
    assert root.get("aria-label") == 'a "label" <b>'
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert ids
    assert all(name.startswith("f-") for name in ids)
    used = re.findall(r'(?:href="#|url\(#)([^")]*)', text)
    assert set(used) <= set(ids)
    assert "var(--arm-0)" in text
    assert "var(--ink)" in text
    assert set(re.findall(r"#[0-9a-f]{6}", text)) == set(), "every colour is the page's"


def test_a_strip_shows_every_round_and_says_what_is_dead(report_data):
    data = report_data(rounds=3, strips=2)
    texts = _texts(strip_figure(data.strips, "released-code", "Grad-CAM", None))
    assert texts.count("dead map") == 1
    assert sum(text.startswith(("✓ ", "✗ ")) for text in texts) == 6
