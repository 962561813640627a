"""The first screen: what the verdicts say, in a sentence an arm and a grid; or what is missing for them."""

import re
from dataclasses import replace

import pytest

from sparsight.report import write_report
from sparsight.report.finding import finding, verdicts
from sparsight.report.headline import grid, headline_sheet, undecidable, whys
from sparsight.report.measures import measures
from tests.report.test_page import read


def _with(data, arm, **changed):
    arms = data.judged["arms"]
    return replace(data, judged=data.judged | {"arms": arms | {arm: arms[arm] | changed}})


def test_the_grid_has_two_answers_a_round_in_signs_and_words(report_data):
    shown = grid(report_data(rounds=3))
    assert shown.columns == ((1, "75\u00a0%"), (2, "56.2\u00a0%"))
    first, second = shown.arms
    assert (first.arm, first.hypothesis, second.hypothesis) == ("magnitude", "neither", "undecided")
    assert [(one.symbol, one.word) for one in first.winning] == [("✓", "yes"), ("✓", "yes")]
    assert [(one.symbol, one.word) for one in first.explanation] == [("≠", "changed"), ("≠", "changed")]
    assert {(one.symbol, one.word) for one in second.explanation} == {("?", "undecided")}


def test_arms_whose_weights_or_rounds_differ_share_the_columns(report_data):
    data = report_data(rounds=3)
    only = {"round": 2, "winning": "no", "explanation": "preserved", "weights_remaining": 0.75}
    shown = grid(_with(data, "released-code", rounds=[only]))
    assert shown.columns == ((1, "75\u00a0%"), (2, "56.2\u00a0% to 75\u00a0%"))
    assert [one.word for one in shown.arms[1].explanation] == ["none", "preserved"]


def test_the_sentences_lead_with_the_verdict(report_data):
    data = _with(report_data(rounds=3), "magnitude", sentence="magnitude: as Hypothesis A says; all of it.")
    assert verdicts(data)[0] == ("magnitude", "as Hypothesis A says; all of it.")
    assert finding(data, measures(data))[0] == "magnitude: as Hypothesis A says; all of it."


@pytest.mark.parametrize(
    ("made", "said", "whose"),
    [
        ({"seeds": (0,)}, "Nothing can be decided: 1 seed, and a verdict needs 3; no retrained control", ""),
        ({}, "Of released-code nothing can be decided: no retrained control to compare with.", "released-code"),
        ({"arms": {"m": "own"}}, "Nothing can be decided: no retrained control to compare with.", ""),
        ({"arms": {"m": "right"}}, "", ""),
        ({"arms": {"m": "right"}, "rounds": 1}, "No round was judged: a verdict needs a pruned round.", ""),
    ],
)
def test_what_a_verdict_lacks_is_said(report_data, made, said, whose):
    found, arms = undecidable(report_data(**({"rounds": 2, "strips": 0} | made)))
    assert found.startswith(said)
    assert bool(found) == bool(said)
    assert arms == whose


def test_a_run_without_what_it_takes_says_what_to_run(tmp_path, report_data):
    page = read(write_report(report_data(seeds=(0,), rounds=2, strips=0), tmp_path))
    assert "This page shows measured values without a statement of significance." in page.text
    assert "--seeds 3 --retrains 1" in page.text
    assert "--seeds 5 --retrains 2" in page.text
    assert "only the verdicts are tests" not in page.text


def test_a_run_that_decides_says_how_to_read_it(tmp_path, report_data):
    page = read(write_report(report_data(arms={"magnitude": "right"}, rounds=3, strips=0), tmp_path))
    assert "without a statement of significance" not in page.text
    assert "extends this run" not in page.text
    assert "only the verdicts are tests" in page.text
    assert page.text.index("magnitude: undecided; 2 rounds") < page.text.index("Winning ticket?")


def test_the_first_screen_can_be_read_without_colour_or_eyes(report_page):
    text = report_page.read_text(encoding="utf-8")
    table = re.search(r'<table class="grid.*?</table>', text, re.S).group()
    cells = re.findall(r"<td .*?</td>", table, re.S)
    assert len(cells) == 2 * 2 * 5
    for cell in cells:
        assert re.search(r'<span aria-hidden="true">\S+</span> <span class="word">\w+</span>', cell), cell
    assert table.count('scope="rowgroup"') == 2
    assert table.count('scope="row"') == 4
    assert table.count('scope="col"') == 6


def test_with_many_rounds_the_words_are_there_for_screen_readers(tmp_path, report_data):
    text = write_report(report_data(rounds=12, strips=0), tmp_path).read_text(encoding="utf-8")
    assert '<table class="grid narrow">' in text
    assert '<span class="unseen">changed</span>' in text


def test_the_answers_go_out_as_numbers(report_data):
    frame = headline_sheet(report_data(rounds=3)).frame
    assert frame.columns.tolist() == ["arm", "hypothesis", "round", "weights_remaining", "winning", "explanation"]
    assert len(frame) == 4


def test_why_answers_are_undecided_is_listed_once_a_reason(report_data, tmp_path):
    data = report_data(rounds=4)
    few = {"winning": "undecided", "why_winning": "3 of <b>12</b> units"}
    rounds = [
        {"round": 1, "weights_remaining": 0.75, "explanation": "preserved", **few},
        {
            "round": 2,
            "weights_remaining": 0.5625,
            "explanation": "undecided",
            "why_explanation": dict.fromkeys(("map_iou_20", "linear_cka"), "noise"),
            **few,
        },
        {"round": 3, "weights_remaining": 0.421875, "winning": "yes", "explanation": "changed"},
    ]
    data = _with(data, "magnitude", rounds=rounds)
    both, one = whys(grid(data))[:2]
    assert both == ("magnitude, winning ticket, at 75\u00a0% and 56.2\u00a0% of the weights", "3 of <b>12</b> units")
    assert one[0] == "magnitude, explanation, at 56.2\u00a0% of the weights"
    assert one[1].endswith(": noise")
    written = write_report(data, tmp_path).read_text("utf-8")
    assert "Why undecided" in written
    assert "3 of &lt;b&gt;12&lt;/b&gt; units" in written
    settled = [{**row, "winning": "yes", "explanation": "preserved"} for row in rounds]
    decided = [{key: value for key, value in row.items() if not key.startswith("why_")} for row in settled]
    for arm in data.arms:
        data = _with(data, arm, rounds=decided)
    assert "Why undecided" not in write_report(data, tmp_path / "decided").read_text("utf-8")
