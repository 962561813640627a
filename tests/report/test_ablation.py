"""The switches' ranking: order, shares, sentence, figure, page."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from sparsight.report import COLUMNS, write_report
from sparsight.report.ablation import ablation_figure, ablation_sentence, ablation_table, ablations

LOSSES = {
    "prune_norms": (0.1, 0.05),
    "freeze_negative": (0.3, 0.36),
    "mask_once": (0.0, 0.0),
    "keep_optimizer": (0.2, math.nan),
}


@pytest.fixture
def data(report_data):
    return report_data(seeds=(0, 1, 2), strips=1)


def with_switches(data, losses=LOSSES, collapse=0.4):
    rows = [
        (
            switch,
            int(switch != "keep_optimizer"),
            seed,
            round_,
            model,
            collapse * round_ / 5,
            alone + 0.01 * (seed - 1),
            left_out,
        )
        for switch, (alone, left_out) in losses.items()
        for seed in (0, 1, 2)
        for round_ in (1, 5)
        for model in ("f", "g")
    ]
    return replace(data, ablation=pd.DataFrame(rows, columns=list(COLUMNS["ablation"])))


def test_switches_are_ranked_by_the_mean_of_both_at_the_last_round(data):
    f, g = ablations(with_switches(data))
    assert (f.model, g.model) == ("f", "g")
    assert [switch.name for switch in f.switches] == ["freeze_negative", "prune_norms", "mask_once", "keep_optimizer"]
    assert f.collapse.mean == pytest.approx(0.4)
    assert f.switches[0].alone.values == pytest.approx((0.29, 0.30, 0.31))
    assert f.switches[-1].left_out.values == ()


def test_a_switch_of_which_one_side_was_run_is_ranked_by_it_and_named(data):
    losses = {"prune_norms": (0.1, 0.05), "mask_once": (math.nan, 0.2), "freeze_negative": (0.3, math.nan)}
    f = ablations(with_switches(data, {**losses, "alias_biases": (math.nan, math.nan)}))[0]
    assert [switch.name for switch in f.switches] == ["freeze_negative", "mask_once", "prune_norms", "alias_biases"]
    assert [switch.rank for switch in f.switches[:3]] == pytest.approx([0.3, 0.2, 0.075])
    labels = [row[0] for row in ablation_table(f).rows]
    assert labels[:4] == [
        "freeze_negative (ranked by one side: left out not run)",
        "mask_once (ranked by one side: on alone not run)",
        "prune_norms",
        "alias_biases (neither side run)",
    ]
    said = ablation_sentence(f, 3)
    assert "alone it costs 0.30, 75\u00a0% of it; ranked by one side: left out not run)" in said
    only = ablations(with_switches(data, {"alias_biases": (math.nan, math.nan)}))[0]
    assert "alias_biases" not in ablation_sentence(only, 3)


def test_shares_are_of_the_loss_and_the_seeds_spread_is_told(data):
    table = ablation_table(ablations(with_switches(data))[0])
    assert table.rows[0] == ("freeze_negative", "0.300 [0.290–0.310]", "75\u00a0%", "0.360", "90\u00a0%")
    assert table.rows[-2][0] == "keep_optimizer (not in the CUB run)"
    assert table.rows[-2][3:] == ("–", "–")
    assert table.rows[-1][0] == "all of the CUB run"


def test_the_sentence_names_the_first_and_its_shares(data):
    said = ablation_sentence(ablations(with_switches(data))[0], 3)
    assert "lose 0.40 of f's test accuracy" in said
    assert (
        "freeze_negative (alone it costs 0.30, 75\u00a0% of it; leaving it out gives back 0.36, 90\u00a0% of it)"
        in said
    )
    assert said.index("freeze_negative") < said.index("prune_norms")
    assert "keep_optimizer" not in said


@pytest.mark.parametrize("collapse", [0.0, -0.1])
def test_where_nothing_is_lost_there_are_no_shares(data, collapse):
    own = ablations(with_switches(data, collapse=collapse))[0]
    assert "lose no test accuracy" in ablation_sentence(own, 3)
    assert {row[2] for row in ablation_table(own).rows} == {"–"}


def test_the_figure_names_its_axis_and_every_switch(data):
    figure = ablation_figure(ablations(with_switches(data))[0])
    (axes,) = figure.axes
    assert "test accuracy" in axes.get_xlabel()
    assert axes.get_yticklabels()[0].get_text() == "freeze_negative"
    assert len(axes.get_yticklabels()) == 4


def test_the_page_has_the_section_only_where_switches_were_studied(data, tmp_path):
    plain = write_report(data, tmp_path / "plain").read_text()
    page = write_report(with_switches(data), tmp_path / "ablation").read_text()
    assert 'id="ablation"' in page
    assert 'id="ablation"' not in plain
    for name in ("figures/ablation-f.svg", "figures/ablation-g.png", "tables/ablation-f.csv", "tables/ablation-f.tex"):
        assert (tmp_path / "ablation" / name).exists()
