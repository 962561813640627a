"""The charts of the drift beyond retraining."""

import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text

from sparsight.report.charts import charts
from sparsight.report.excess import Step, clipped, excess_figure, excesses, limits
from sparsight.report.measures import measures
from sparsight.report.svg import ARM_COLOURS, svg


def _steps(*means, half=0.2, margin=0.5):
    return tuple(Step(0.75**r, value, value - half, value + half, margin) for r, value in enumerate(means, 1))


def _levels(axes):
    return [line.get_ydata()[0] for line in axes.lines if list(line.get_xdata()) == [0, 1]]


def test_each_primary_metric_that_was_judged_has_a_chart(report_data):
    data = report_data(rounds=3, strips=0)
    found = excesses(data, data.arms)
    assert list(found) == [
        *("top_k_jaccard", "weight_spearman", "value_agreement", "map_spearman", "map_iou_20", "linear_cka")
    ]
    steps = found["value_agreement"]["magnitude"]
    assert [(step.weights, round(step.mean, 9), step.margin) for step in steps] == [
        (0.75, 0.35, 0.5),
        (0.5625, 0.7, 0.5),
    ]
    blank = data.verdict.assign(excess=math.nan)
    assert excesses(replace(data, verdict=blank), data.arms) == {}


def test_retraining_and_the_margin_are_lines_to_read_against():
    (axes,) = excess_figure({"m": _steps(0.1, 0.3)}, "t").axes
    assert _levels(axes) == [0, 0.5]
    labels = {text.get_text() for text in axes.figure.findobj(Text)}
    assert {"m", "t", "as far as retraining", "margin of “preserved”", "excess drift (floor units)"} <= labels


def test_margins_that_differ_are_drawn_as_they_are():
    own = {"a": _steps(0.1, 0.3, margin=0.5), "b": _steps(0.2, 0.4, margin=0.8)}
    (axes,) = excess_figure(own, "t").axes
    drawn = [list(line.get_ydata()) for line in axes.lines if line.get_marker() == "_"]
    assert drawn == [[0.5, 0.5], [0.8, 0.8]]
    assert _levels(axes) == [0]
    (legend,) = axes.figure.legends
    dotted = [line.get_color() for line in legend.findobj(Line2D) if line.get_marker() == "_"]
    assert dotted == list(ARM_COLOURS[:2]), "the legend's sample has a piece of each"
    assert "margin of “preserved”" in [text.get_text() for text in legend.get_texts()]


def test_a_margin_that_is_not_known_is_not_in_the_legend():
    (axes,) = excess_figure({"m": _steps(0.1, 0.3, margin=math.nan)}, "t").axes
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == ["m", "as far as retraining"]


def test_arms_differ_by_more_than_colour_and_do_not_hide_each_other():
    (axes,) = excess_figure({f"arm {i}": _steps(0.1, 0.3) for i in range(7)}, "t").axes
    lines = [line for line in axes.lines if line.get_marker() in ("o", "s", "^", "D", "v", "P", "X")]
    assert len({line.get_marker() for line in lines}) == 7
    assert len({tuple(line.get_xdata()) for line in lines}) == 7


def test_a_huge_interval_does_not_flatten_the_chart_and_goes_on_in_a_caret():
    usual, huge = _steps(0.1, 0.3), (Step(0.75, 0.2, -40.0, 90.0, 0.5),)
    bottom, top = limits([*usual, *huge])
    assert -1 < bottom < 0 < 0.5 < top < 1.5
    assert clipped(huge)
    assert not clipped(usual)
    (axes,) = excess_figure({"a": usual, "b": huge}, "t").axes
    assert axes.get_ylim() == (bottom, top)
    carets = [line for line in axes.lines if line.get_marker() in (6, 7) and len(line.get_xdata())]
    assert sorted(line.get_ydata()[0] for line in carets) == [bottom, top]


def test_means_are_never_cut_off():
    bottom, top = limits(_steps(14.0, -0.9))
    assert bottom < -0.9
    assert top > 14


def test_what_is_undefined_leaves_a_gap():
    nan = Step(0.5, *(math.nan,) * 4)
    assert svg(excess_figure({"m": (*_steps(0.1), nan), "none": ()}, "t"), "e")
    assert limits([nan]) == (-0.03, 0.03)


@pytest.mark.parametrize("name", ["$\\frac{1}{0}$", "_hidden", "</text><script>x</script>"])
def test_names_are_only_names(name):
    root = ElementTree.fromstring(svg(excess_figure({name: _steps(0.1, 0.2)}, name), "e"))
    shown = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert shown.count(name) == 2
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_the_caption_says_what_is_cut_and_what_is_not_judged(report_data):
    data = report_data(rounds=3, strips=0)
    captions = {chart.slug: chart.caption for chart in charts(data, measures(data)) if chart.section == "drift"}
    assert "goes on beyond the chart" in captions["excess-5"]
    assert "beyond" not in captions["excess-0"]
    assert "A gate failed" in captions["excess-1"]
    assert all("Line: mean over seeds. Band: 90\u00a0% interval." in caption for caption in captions.values())


def test_the_caption_of_one_seed_names_no_band(report_data):
    data = report_data(rounds=3, strips=0, seeds=(0,))
    data = replace(data, verdict=data.verdict.assign(ci_low=math.nan, ci_high=math.nan))
    captions = [chart.caption for chart in charts(data, measures(data)) if chart.section == "drift"]
    assert len(captions) == 6
    assert all("One seed." in caption for caption in captions)
    assert not [caption for caption in captions if "Band" in caption or "mean" in caption]
