import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from sparsight.drift import top_k_overlap
from sparsight.report import COLUMNS, ConstantAnswer, ReportData
from sparsight.report.finding import finding
from sparsight.report.measures import measures, weakest_concepts
from sparsight.report.tables import Concept, by_round, concept_table, long_frame, share_in_common, shared_frame
from tests.report.conftest import make_data


def _table(name, rows):
    return pd.DataFrame([dict.fromkeys(COLUMNS[name], "") | row for row in rows], columns=list(COLUMNS[name]))


def _network(arm, round_, weights, repeat=None):
    return {"arm": arm, "seed": 0, "repeat": repeat, "round": round_, "weights_remaining": weights}


@pytest.fixture
def small():
    """One class, one arm, two rounds, a parent and a control: every number can be worked out by hand."""
    networks = [_network("dense:right", 0, 1.0, 0), _network("m", 0, 1.0), _network("m", 1, 0.5)]
    networks.append(_network("retrain:right", 0, 1.0, 0))
    lists = [["red", "big"], ["red", "big"], ["big", "dull"], ["wet", "dry"]]
    right = {"split": "test", "model": "f", "metric": "accuracy"}
    accuracy = [row | right | {"value": value} for row, value in zip(networks, (0.9, 0.9, 0.7, 0.8), strict=True)]
    concepts = [
        row | {"class": "finch", "rank": rank + 1, "concept": name, "weight": 1.0}
        for row, names in zip(networks, lists, strict=True)
        for rank, name in reversed(list(enumerate(names)))
    ]
    overlap = {"family": "concepts", "metric": "top_k_overlap", "unit": "class", "unit_id": "finch"}
    drift = [row | overlap | {"value": value} for row, value in zip(networks[1:], (0.0, 0.5, 1.0), strict=True)]
    unit = {"metric": "concept_auroc", "method": "predictor", "unit": "concept"}
    looks = [
        row | unit | {"unit_id": name, "value": value - 0.1 * row["round"]}
        for row in networks
        for name, value in (("red", 0.9), ("big", 0.6), ("dull", math.nan))
    ]
    return ReportData(
        title="t",
        preset="p",
        command="c",
        settings={},
        arms=("m",),
        rules={"m": "right"},
        parents={"m": "right"},
        seeds=(0,),
        rounds=2,
        classes=("finch", "tern"),
        accuracy=_table("accuracy", accuracy),
        faithfulness=_table("faithfulness", looks),
        concepts=_table("concepts", concepts),
        drift=_table("drift", drift),
        ablation=_table("ablation", []),
        verdict=_table("verdict", []),
        judged={},
    )


def test_a_table_has_a_row_a_round_and_one_for_the_control(small):
    measured = measures(small)
    table = by_round([measured.f, measured.g, measured.shared], "m", "right", "control")
    assert table.header == ("Round", "Weights", "f, the classifier", "Shared")
    assert table.rows == (
        ("0", "100\u00a0%", "0.900", "1.000"),
        ("1", "50\u00a0%", "0.700", "0.500"),
        ("control", "100\u00a0%", "0.800", "0.000"),
    )


def test_the_numbers_go_out_one_row_a_network_group(small):
    frame = long_frame([measures(small).f])
    assert frame[["arm", "round", "mean"]].to_numpy().tolist() == [
        ["m", 0, 0.9],
        ["m", 1, 0.7],
        ["retrain:right", 0, 0.8],
    ]


def test_the_constant_answer_ends_a_table_of_accuracies_and_no_other(small):
    balanced = small.accuracy.assign(metric="balanced_accuracy", value=0.4)
    auroc = small.accuracy.assign(metric="auroc", value=0.6)
    accuracy = pd.concat([small.accuracy, balanced, auroc], ignore_index=True)
    data = replace(small, accuracy=accuracy, constant=ConstantAnswer("tern", 0.7316, 1 / 3))
    measured = measures(data)
    of = {"arm": "m", "rule": "right", "control": "control", "constant": data.constant}
    assert by_round([measured.f, measured.shared], **of).rows[-1] == ("always tern", "–", "0.732", "–")
    assert by_round(measured.unequal, **of).rows[-1] == ("always tern", "–", "0.333", "–")
    assert by_round([measured.shared], **of).rows[-1][0] == "control"
    assert set(long_frame([measured.f])["constant"]) == {0.7316}
    assert set(long_frame(measured.unequal[:1])["constant"]) == {1 / 3}
    assert long_frame([measured.shared])["constant"].isna().all()
    unknown = measures(replace(data, constant=None))
    assert by_round([unknown.f], **of | {"constant": None}).rows[-1][0] == "control"
    assert long_frame([unknown.f])["constant"].isna().all()


def test_shared_concepts_are_those_of_the_own_seeds_dense_network(small):
    other = small.concepts.assign(seed=1, concept="wet")
    data = replace(small, concepts=pd.concat([small.concepts, other], ignore_index=True))
    frame = shared_frame(data)
    shared = frame[frame["shared"] & (frame["seed"] == 0)]
    assert sorted(zip(shared["arm"], shared["round"], shared["concept"], strict=True)) == [
        ("dense:right", 0, "big"),
        ("dense:right", 0, "red"),
        ("m", 0, "big"),
        ("m", 0, "red"),
        ("m", 1, "big"),
    ]


def test_concepts_stand_by_rank_and_class_and_the_control_comes_last(small):
    table = concept_table(small, shared_frame(small), "m", "control")
    assert table.columns == ("100\u00a0%", "50\u00a0%", "control")
    (finch, cells), (tern, nothing) = table.rows
    assert (finch, tern) == ("finch", "tern")
    assert [[(c.name, c.shared) for c in cell] for cell in cells] == [
        [("red", True), ("big", True)],
        [("big", True), ("dull", False)],
        [("wet", False), ("dry", False)],
    ]
    assert nothing == ((), (), ())
    assert table.shared == (1.0, 0.5, 0.0)


def test_the_weakest_concepts_leave_out_what_is_not_defined(small):
    weakest = weakest_concepts(small, "predictor", 5)["m"]
    assert weakest == [("big", 0.6, 0.5), ("red", 0.9, 0.8)]
    assert weakest_concepts(small, "predictor", 1)["m"] == [("big", 0.6, 0.5)]


def test_the_finding_is_made_of_numbers(small):
    first, second = finding(small, measures(small))
    assert first == "With 50\u00a0% of the weights left, f's test accuracy is 0.70 under m (dense: 0.90)."
    assert second == (
        "The share of a class's top 2 concepts that are also the dense network's is 50\u00a0% under m; "
        "after retraining without pruning it is 0\u00a0%."
    )


def test_the_finding_says_nothing_where_nothing_was_measured(small):
    empty = replace(small, accuracy=small.accuracy.iloc[:0], drift=small.drift.iloc[:0])
    assert finding(empty, measures(empty)) == ()


def test_arms_at_different_densities_are_each_given_with_theirs(report_data):
    data = report_data(rounds=2)
    table = data.accuracy.copy()
    table.loc[(table["arm"] == "released-code") & (table["round"] == 1), "weights_remaining"] = 0.9
    text = finding(data, measures(replace(data, accuracy=table)))[2]
    assert text.startswith("At the last round, f's test accuracy is ")
    assert "(75\u00a0% of the weights, dense: " in text
    assert "(90\u00a0% of the weights, dense: " in text


def test_a_table_without_its_columns_is_refused(small):
    with pytest.raises(ValueError, match="table drift lacks the columns family"):
        replace(small, drift=small.drift.drop(columns="family"))
    with pytest.raises(ValueError, match="no rule for the arms m"):
        replace(small, rules={})
    with pytest.raises(ValueError, match="at least one arm"):
        replace(small, seeds=())


def test_balanced_accuracy_and_auroc_stand_beside_accuracy_where_they_are_other_numbers():
    data = make_data()
    assert measures(data).unequal == ()
    lower = data.accuracy["value"].where(data.accuracy["metric"] != "balanced_accuracy", data.accuracy["value"] - 0.2)
    areas = data.accuracy[data.accuracy["metric"] == "accuracy"].assign(metric="auroc")
    two = replace(data, accuracy=pd.concat([data.accuracy.assign(value=lower), areas], ignore_index=True))
    found = measures(two).unequal
    assert [one.label for one in found] == ["f, balanced", "g, balanced", "f, AUROC", "g, AUROC"]
    assert found[0].at("magnitude", 0).mean == pytest.approx(measures(data).f.at("magnitude", 0).mean - 0.2)


def test_the_share_in_common_is_the_drifts_and_counts_classes_that_one_network_lists_nothing_for():
    lists = [[[0, 1, 2], [3, 4, -1], [-1, -1, -1], [5, -1, -1]], [[0, 1, 9], [-1, -1, -1], [-1, -1, -1], [5, 6, 7]]]
    first, second = (
        {
            str(k): tuple(Concept(str(i), i in lists[0][k]) for i in own if i >= 0)
            for k, own in enumerate(side)
            if own[0] >= 0
        }
        for side in lists
    )
    drift = top_k_overlap(*(torch.tensor(side) for side in lists)).numpy()
    assert share_in_common(second, first) == pytest.approx(1 - np.nanmean(drift))
    assert share_in_common(first, first) == 1
    assert np.isnan(share_in_common({}, {}))
