"""What the decision depends on, as tables and a sentence."""

import html
from dataclasses import replace

import pandas as pd
import pytest

from sparsight.report import COLUMNS, write_report
from sparsight.report.depends import dependence_sentence, dependence_tables, habitat_share


@pytest.fixture
def data(report_data):
    plain = report_data(seeds=(0, 1), rounds=3, strips=1)
    rows = []
    for arm in plain.arms:
        for seed in (0, 1):
            for round_ in range(3):
                key = (arm, seed, float("nan"), round_, 0.5**round_)
                for name, value in (("bill", 1.0), ("<b>wing</b>", 3.0)):
                    rows.append((*key, "do_part", "intervention", "logits", "part", name, value + seed))
                rows.append((*key, "do_habitat", "intervention", "logits", "all", "", (2 + seed) * (1 + round_)))
                rows.append((*key, "do_concept", "intervention", "logits", "group", "size", 0.5))
    made = pd.DataFrame(rows, columns=list(COLUMNS["faithfulness"]))
    return replace(plain, faithfulness=pd.concat([plain.faithfulness, made], ignore_index=True))


def test_the_habitats_share_is_a_ratio_of_one_network(data):
    share = habitat_share(data, {arm: data.rules[arm] for arm in data.arms})
    assert [point.values for point in share.arms["magnitude"]] == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]
    said = dependence_sentence(data, share)
    assert "3.00 times as far as a removed part under magnitude (dense: 1.00)" in said


def test_tables_have_a_row_for_everything_that_was_changed(data):
    table = dependence_tables(data)[0]
    assert table.header == ("Changed", "100\u00a0%", "50\u00a0%", "25\u00a0%")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["without: bill"] == ("1.50 [1.00–2.00]",) * 3
    assert rows["another habitat"][2] == "7.50 [6.00–9.00]"
    assert rows["other: size"] == ("0.50",) * 3


def test_the_section_stands_only_where_scenes_were_changed_and_names_are_names(data, report_data, tmp_path):
    page = write_report(data, tmp_path / "with").read_text()
    assert 'id="depends"' in page
    assert "Do the explanations rank what matters first?" in page
    assert "<b>wing</b>" not in page
    words = " ".join(page.split())
    assert "after the mean over the classes was taken off" in words
    assert "removing them does to the explained class's logit less the mean over the classes" in html.unescape(words)
    plain = report_data(seeds=(0, 1), rounds=3, strips=1)
    assert 'id="depends"' not in write_report(plain, tmp_path / "without").read_text()
