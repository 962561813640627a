"""What the paper prints beside a run: the printed numbers themselves, claims, tables, figure, page and command."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sparsight.data.cub.layout import spoken_class
from sparsight.report import write_report
from sparsight.report.published import claims_sheet, figures_shown, overlap_sheet, printed_marks, prints, tables_sheet
from sparsight.report.published.claims import claims
from sparsight.report.published.paper import nearest_round, top3
from tests.report.conftest import CONCEPTS, make_data

BIRDS = ("Rusty Blackbird", "Mourning Warbler", "House Sparrow", "No such bird")


@pytest.fixture(scope="module")
def run():
    made = make_data(classes=BIRDS, rounds=6, strips=1)
    share = dict(enumerate((1.0, 0.9, 0.729, 0.5, 0.29, 0.23)))
    tables = {
        name: getattr(made, name).assign(weights_remaining=getattr(made, name)["round"].map(share))
        for name in ("accuracy", "faithfulness", "concepts", "drift", "verdict")
    }
    settings = {**made.settings, "data": {"name": "cub200"}}
    return replace(made, settings=settings, **tables)


def test_the_tables_are_whole_and_have_the_papers_overlaps():
    table = top3()
    assert len(table) == 432
    assert table.groupby("table").size().to_dict() == {1: 120, 2: 24, 3: 288}
    dense = table[(table["table"] == 1) & (table["weights"] == 1)].groupby("class")["concept"].agg(set)
    kept = {}
    for weights, rows in table[table["table"] == 1].groupby("weights"):
        lists = rows.groupby("class")["concept"].agg(set)
        kept[weights] = sum(len(lists[name] & dense[name]) / 3 for name in lists.index) / len(lists)
    assert [round(kept[weights], 2) for weights in (0.9, 0.729, 0.23)] == [0.63, 0.4, 0.2]


@pytest.mark.parametrize(("weights", "round_"), [(1.0, 0), (0.9, 1), (0.729, 2), (0.28, 4), (0.23, 5), (0.4, None)])
def test_a_printed_share_stands_beside_a_round_that_has_it(run, weights, round_):
    assert nearest_round(run, "magnitude", weights) == round_


def test_claims_are_decided_by_their_intervals_and_by_the_verdict(run):
    found = {one.words: one for one in claims(run, "released-code")}
    falls = found["f falls as weights go"]
    assert (falls.weights, falls.printed, falls.answer) == (0.29, 0.368, "holds")
    by_hand = run.accuracy[
        (run.accuracy["arm"] == "released-code")
        & (run.accuracy["model"] == "f")
        & (run.accuracy["split"] == "test")
        & (run.accuracy["metric"] == "accuracy")
    ].pivot(index="seed", columns="round", values="value")
    assert falls.value == pytest.approx((by_hand[0] - by_hand[4]).mean())
    assert found["late, g beats f"].answer == "holds"
    assert found["late, g beats g on random directions"].value == pytest.approx(0.1)
    for word, drift, answer in (
        ("changed", -0.2, "holds"),
        ("changed", 0.2, "does not hold"),
        ("preserved", -0.2, "does not hold"),
        ("undecided", -0.2, "undecided"),
    ):
        row = run.verdict.iloc[:1].assign(arm="released-code", round=5, metric="mask_energy", target="dense")
        row = row.assign(verdict=word, drift=drift, ci_low=-0.3, ci_high=-0.1)
        one = {c.words: c for c in claims(replace(run, verdict=row), "released-code")}["attention leaves the object"]
        assert (one.answer, one.value, one.low, one.high) == (answer, -drift, 0.1, 0.3)
    assert found["late, g beats f"].printed != found["late, g beats f"].printed  # the paper prints 28 %, not 23 %
    assert "the top concepts change" not in found
    primary = run.verdict[run.verdict["metric"] == "top_k_jaccard"].assign(verdict="changed")
    shown = primary.assign(metric="top_k_overlap", verdict="undecided", drift=0.625)
    both = replace(run, verdict=pd.concat([primary, shown]))
    judged = {one.words: one for one in claims(both, "released-code")}["the top concepts change"]
    assert (judged.answer, judged.value) == ("holds", 0.625)
    table = top3()[lambda rows: rows["class"].isin(BIRDS)]
    by_hand = []
    for _, own in table.groupby(["table", "class"]):
        dense, last = (own[own["weights"] == w].sort_values("rank", kind="stable") for w in (1.0, 0.23))
        times = len(dense) // 3
        for k in range(times):
            lists = [set(part["concept"].iloc[k::times]) for part in (dense, last)]
            by_hand.append(1 - len(lists[0] & lists[1]) / 3)
    assert judged.printed == pytest.approx(sum(by_hand) / len(by_hand))


def test_printed_numbers_stand_only_beside_the_weights_they_were_printed_for(run):
    short = {name: getattr(run, name)[getattr(run, name)["round"] < 3] for name in ("accuracy", "faithfulness")}
    found = {one.words: one for one in claims(replace(run, **short), "released-code")}["f falls as weights go"]
    assert found.weights == pytest.approx(0.729)
    assert found.printed != found.printed


def test_one_seed_decides_nothing(run):
    one = replace(run, seeds=(0,))
    assert {claim.answer for claim in claims(one, "released-code") if "the verdict" not in claim.why} == {"undecided"}


def test_each_printed_cell_stands_beside_the_runs(run):
    sheet = tables_sheet(run)
    frame = sheet.frame[sheet.frame["arm"] == "magnitude"]
    assert set(frame["class"]) == {"Rusty Blackbird", "Mourning Warbler", "House Sparrow"}
    assert set(frame["weights_printed"]) == {1.0, 0.9, 0.729, 0.23}
    twice = frame[(frame["class"] == "Mourning Warbler") & (frame["weights_printed"] == 0.9)]
    assert len(twice) == 6  # printed twice, with other concepts
    printed = frame[(frame["class"] == "House Sparrow") & (frame["weights_printed"] == 0.23)]
    assert printed["concept_printed"].tolist() == ["breast_color_grey", "tail_shape_notched_tail", "bill_shape_cone"]
    assert printed["shared_printed"].tolist() == [pytest.approx(1 / 3)] * 3
    measured = run.concepts[
        (run.concepts["arm"] == "magnitude")
        & (run.concepts["seed"] == 0)
        & (run.concepts["round"] == 5)
        & (run.concepts["class"] == "House Sparrow")
    ].sort_values("rank")
    assert printed["concept_measured"].tolist() == measured["concept"].tolist()[:3]


def test_a_concept_of_several_names_is_each_of_them(run):
    """The paper prints names; a concept that the run knows under that name and others is that concept."""
    known = tables_sheet(run).frame
    before = known[(known["arm"] == "magnitude") & (known["class"] == "House Sparrow")]
    own = before[before["weights_printed"] == 0.23]
    assert own["in_common"].iloc[0] == 0
    first = own["concept_measured"].iloc[0]
    called = {"name": first, "names": [first, "breast_color_grey", "bill_shape_cone"]}
    judged = {**run.judged, "concepts": [called]}
    after = tables_sheet(replace(run, judged=judged)).frame
    after = after[(after["arm"] == "magnitude") & (after["class"] == "House Sparrow")]
    assert after[after["weights_printed"] == 0.23]["in_common"].iloc[0] == pytest.approx(2 / 3)
    assert after["concept_measured"].tolist() == before["concept_measured"].tolist()


def test_what_the_order_of_equal_columns_would_change_stands_beside_it(run):
    assert set(overlap_sheet(run).frame["shared_reordered"]) == {1.0}  # without equal columns nothing
    rows = [
        ("magnitude", seed, float("nan"), round_, 0.5, "lists_reordered", "pcbm", "", unit, name, value + 0.02 * seed)
        for seed in run.seeds
        for round_ in range(6)
        for unit, name, value in (("class", "Rusty Blackbird", 0.1), ("class", "House Sparrow", 0.3), ("all", "", 0.2))
    ]
    more = pd.DataFrame(rows, columns=run.faithfulness.columns)
    both = replace(run, faithfulness=pd.concat([run.faithfulness, more], ignore_index=True))
    shift = 0.02 * sum(run.seeds) / len(run.seeds)
    cells = tables_sheet(both).frame
    cells = cells[cells["arm"] == "magnitude"].groupby("class")["shared_reordered"].first()
    assert cells.to_dict() == {
        "House Sparrow": pytest.approx(0.7 - shift),
        "Mourning Warbler": 1.0,
        "Rusty Blackbird": pytest.approx(0.9 - shift),
    }
    sheet = overlap_sheet(both)
    assert sheet.tables[0].header[-1] == "Reordered"
    shown = sheet.frame[(sheet.frame["arm"] == "magnitude") & (sheet.frame["table"] == 1)]
    assert shown["shared_reordered"].tolist() == [pytest.approx(0.8 - shift)] * 3
    primary = run.verdict[run.verdict["metric"] == "top_k_jaccard"].assign(verdict="changed")
    shown = primary.assign(metric="top_k_overlap", verdict="undecided", drift=0.625)
    judged = replace(both, verdict=pd.concat([primary, shown]))
    why = {one.words: one for one in claims(judged, "magnitude")}["the top concepts change"].why
    assert f"the order of equal columns, were they listed apart: {0.2 + shift:.2f}" in why
    assert (
        "equal columns"
        not in {one.words: one for one in claims(judged, "released-code")}["the top concepts change"].why
    )


def test_overlaps_are_means_over_the_classes(run):
    frame = overlap_sheet(run).frame
    rows = frame[(frame["arm"] == "magnitude") & (frame["table"] == 1)].set_index("weights_printed")
    assert rows["lists"].tolist() == [2, 2, 2]
    cells = tables_sheet(run).frame
    own = cells[(cells["arm"] == "magnitude") & (cells["table"] == 1) & (cells["weights_printed"] == 0.9)]
    by_class = own.groupby("class")["shared_printed"].first()
    assert rows.loc[0.9, "shared_printed"] == pytest.approx(by_class.mean())


def test_the_tables_have_all_their_lists(run):
    """Table 3 has twenty-four, of which one class has two; the shares are those that its cells give by hand."""
    species = tuple(dict.fromkeys(top3()[top3()["table"] != 2]["class"]))
    assert "Loggerhead Shrike" in species
    found = overlap_sheet(replace(run, classes=species)).frame
    rows = found[(found["arm"] == "magnitude") & (found["table"] == 3)].set_index("weights_printed")
    assert rows["lists"].tolist() == [24, 24, 24]
    assert rows["shared_printed"].round(2).tolist() == [0.64, 0.53, 0.43]


@pytest.mark.skipif("SPARSIGHT_TEST_DATA" not in os.environ, reason="SPARSIGHT_TEST_DATA names no real data")
def test_the_tables_species_are_those_of_the_data_set():
    lines = (Path(os.environ["SPARSIGHT_TEST_DATA"]) / "CUB_200_2011" / "classes.txt").read_text().splitlines()
    names = {spoken_class(line.split()[1]) for line in lines}
    assert set(top3()[top3()["table"] != 2]["class"]) <= names


def test_lists_of_another_length_do_not_stand_beside_the_printed_ones(run):
    longer = run.concepts[run.concepts["rank"] == 1].assign(rank=4, concept="size_medium_9_16_in")
    frame = tables_sheet(replace(run, concepts=pd.concat([run.concepts, longer]))).frame
    before = tables_sheet(run).frame
    assert frame["in_common"].tolist() == before["in_common"].tolist()
    assert frame["shared_measured"].isna().all()
    assert before["shared_measured"].notna().any()


def test_lesions_are_compared_by_balanced_accuracy(run):
    balanced = run.accuracy[run.accuracy["metric"] == "accuracy"].assign(metric="balanced_accuracy")
    balanced["value"] = 1 - balanced["value"]
    settings = {**run.settings, "data": {"name": "ham10000"}}
    moles = replace(run, settings=settings, accuracy=pd.concat([run.accuracy, balanced]))
    birds, lesions = (
        {one.words: one for one in claims(own, "released-code")}["late, g beats f"] for own in (run, moles)
    )
    assert lesions.value == pytest.approx(-birds.value)
    assert lesions.why == "interval of balanced accuracy over 3 seeds"


def test_without_concepts_what_needs_none_is_compared(run):
    bare = replace(
        run,
        has_concepts=False,
        accuracy=run.accuracy[run.accuracy["model"] == "f"],
        concepts=run.concepts.iloc[:0],
        verdict=run.verdict[run.verdict["family"] != "concepts"],
        drift=run.drift[run.drift["family"] != "concepts"],
    )
    assert prints(bare)
    assert next(iter(claims(bare, "magnitude"))).words == "f falls as weights go"
    assert tables_sheet(bare) is None
    assert overlap_sheet(bare) is None


def test_malignant_gains_a_concept_in_a_share_of_the_seeds(run):
    rows = run.concepts.copy()
    rows["class"] = rows["class"].replace({"Rusty Blackbird": "malignant"})
    last = (rows["arm"] == "magnitude") & (rows["round"] == 5) & (rows["class"] == "malignant") & (rows["rank"] == 1)
    rows.loc[last & (rows["seed"] < 2), "concept"] = "TypicalPigmentNetwork"
    looks = run.faithfulness.replace({"unit_id": {CONCEPTS[0]: "TypicalPigmentNetwork"}})
    classes = ("malignant", *BIRDS[1:])
    moles = replace(
        run, concepts=rows, faithfulness=looks, classes=classes, settings={**run.settings, "data": {"name": "ham10000"}}
    )
    found = {one.words: one for one in claims(moles, "magnitude")}["malignant gains TypicalPigmentNetwork"]
    assert (found.value, found.answer) == (pytest.approx(2 / 3), "undecided")
    rows.loc[last, "concept"] = "TypicalPigmentNetwork"
    found = {one.words: one for one in claims(replace(moles, concepts=rows), "magnitude")}
    assert found["malignant gains TypicalPigmentNetwork"].answer == "holds"
    again = rows["arm"].str.startswith("retrain:") & (rows["class"] == "malignant") & (rows["rank"] == 1)
    assert again.any()
    retrained = rows.copy()
    retrained.loc[again, "concept"] = "TypicalPigmentNetwork"
    noise = {one.words: one for one in claims(replace(moles, concepts=retrained), "magnitude")}
    assert noise["malignant gains TypicalPigmentNetwork"].answer == "undecided"
    assert noise["malignant gains TypicalPigmentNetwork"].why.endswith("trained again: 1.00")
    assert "f falls as weights go" in found
    seven = {one.words for one in claims(replace(moles, classes=BIRDS), "magnitude")}
    assert "malignant gains TypicalPigmentNetwork" not in seven
    rows["concept"] = rows["concept"].replace({"TypicalPigmentNetwork": "size_cone"})
    never = {one.words: one for one in claims(replace(moles, concepts=rows), "magnitude")}
    assert never["malignant gains TypicalPigmentNetwork"].answer == "does not hold"


def test_other_data_sets_are_left_alone(run):
    other = replace(run, settings={**run.settings, "data": {"name": "toybirds"}})
    assert not prints(other)
    assert printed_marks(other, "f") == ()
    assert tables_sheet(replace(run, classes=("Crow",))) is None
    assert overlap_sheet(replace(run, classes=("Crow",))) is None


def test_the_page_shows_claims_tables_and_stars(run, tmp_path):
    html = write_report(run, tmp_path).read_text()
    for words in (
        "What the paper says, and what this run says",
        "late, g beats f",
        "Tables 1 to 3, cell by cell",
        "Stars",
    ):
        assert words in html
    assert (tmp_path / "tables" / "published-claims.csv").exists()
    assert (tmp_path / "tables" / "published-tables.tex").exists()
    assert claims_sheet(run).frame["arm"].nunique() == 2


def test_a_run_with_none_of_the_papers_classes_says_so(run, tmp_path):
    html = write_report(replace(run, classes=("Crow", "Tern")), tmp_path).read_text()
    assert "None of the classes of the paper" in html


def test_the_species_of_the_papers_figures_are_named_with_their_figure(run, tmp_path):
    page = " ".join(re.sub("<[^>]+>", "", write_report(run, tmp_path).read_text(encoding="utf-8")).split())
    assert "explained class: Rusty Blackbird; the paper's figure 3 shows this class" in page
    assert "Of the paper's figures 3 to 8, maps of Rusty Blackbird (figure 3) stand under where it looks." in page
    assert figures_shown(run) == {"Rusty Blackbird": 3}
    assert figures_shown(replace(run, strips=())) == {}
    assert figures_shown(replace(run, settings={**run.settings, "data": {"name": "ham10000"}})) == {}
