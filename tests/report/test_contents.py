"""report.json: the schema, and that it holds what the page shows."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

from sparsight.report import COLUMNS, ConstantAnswer, write_report
from sparsight.report.contents import contents
from sparsight.report.measures import measures
from sparsight.report.sheets import sheets
from sparsight.report.tables import shared_frame
from tests.report.conftest import HOSTILE
from tests.report.whole import make_whole, without_concepts

SCHEMA = json.loads(files("sparsight.report").joinpath("schema.json").read_text(encoding="utf-8"))
CHECKER = jsonschema.Draft202012Validator(SCHEMA)


def read(index):
    return json.loads((index.parent / "report.json").read_text(encoding="utf-8"))


def made(data):
    """What would be written, through JSON."""
    measured = measures(data)
    found = contents(data, measured, shared_frame(data), sheets(data, measured), [])
    return json.loads(json.dumps(found, allow_nan=False, ensure_ascii=False).encode("utf-8"))


def parts(schema) -> Iterator[dict[str, object]]:
    """Every schema within a schema."""
    if isinstance(schema, dict):
        yield schema
        for own in schema.values():
            yield from parts(own)


def test_the_schema_stands_beside_the_page(whole_page):
    assert json.loads((whole_page.parent / "schema.json").read_text(encoding="utf-8")) == SCHEMA


def test_the_schema_is_one_and_leaves_nothing_open():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    objects = [one for one in parts(SCHEMA) if "properties" in one and "type" in one and isinstance(one["type"], str)]
    assert len(objects) > 20
    for one in objects:
        assert one["additionalProperties"] is False
        assert set(one.get("required", ())) == set(one["properties"]) or one is SCHEMA["properties"]["tables"]


def test_a_page_with_all_parts_has_every_table_of_the_schema_with_its_columns(whole_page):
    found = read(whole_page)
    CHECKER.validate(found)
    tables = SCHEMA["properties"]["tables"]["properties"]
    assert found["tables"].keys() == tables.keys()
    for name, rows in found["tables"].items():
        own = tables[name]["items"]
        own = SCHEMA["$defs"][own["$ref"].rpartition("/")[2]] if "$ref" in own else own
        header = (whole_page.parent / f"tables/{name}.csv").read_text(encoding="utf-8").partition("\n")[0].split(",")
        assert list(own["properties"]) == header, name
        assert rows, name
    assert tuple(SCHEMA["$defs"]["verdict"]["properties"]) == (*COLUMNS["verdict"], "primary")


def test_it_names_every_file_of_the_report(whole_page):
    folder = whole_page.parent
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {one["path"] for one in read(whole_page)["files"]} == there - {"index.html", "files.json"}


def test_values_are_the_tables_own(report_page, report_data):
    data, found = report_data(), read(report_page)
    CHECKER.validate(found)
    test = data.accuracy[data.accuracy["split"] == "test"]
    assert [row["value"] for row in found["accuracy"]] == test["value"].tolist()
    ticket = next(row for row in found["accuracy"] if row["arm"] == "magnitude" and row["round"] == 3)
    assert (ticket["repeat"], ticket["weights_remaining"]) == (None, 0.75**3)
    assert {row["repeat"] for row in found["accuracy"] if row["arm"] == "retrain:right"} == {0}
    assert [row["excess"] for row in found["verdicts"]] == data.verdict["excess"].tolist()
    assert sum(row["primary"] for row in found["verdicts"]) == 6 * 5 * 2
    assert {row["axis"] for row in found["verdicts"]} == {"accuracy", "similarity", "faithfulness"}
    assert found["gates"] == [dict(gate) for gate in data.judged["gates"]]
    dead = data.faithfulness[data.faithfulness["metric"] == "dead_maps"]["value"].tolist()
    assert [row["value"] for row in found["dead_maps"]] == dead


def test_the_headline_is_the_pages(report_page, report_data):
    data, found = report_data(), read(report_page)["headline"]
    assert found["missing"] == "Of released-code nothing can be decided: no retrained control to compare with."
    assert [one["arm"] for one in found["arms"]] == ["magnitude", "released-code"]
    first = found["arms"][0]
    empty = {"why_winning": "", "why_explanation": {}}  # of a run that was judged without them
    assert first["rounds"] == [{**empty, **one} for one in data.judged["arms"]["magnitude"]["rounds"]]
    assert first["hypothesis"] == "neither"
    assert first["sentence"] == "undecided; 5 rounds were judged."


def test_lists_are_the_first_seeds_with_rank_and_what_is_shared(report_page, report_data):
    data, found = report_data(), read(report_page)["concepts"]
    assert [(one["arm"], one["round"]) for one in found] == [
        *(("magnitude", round_) for round_ in range(6)),
        ("retrain:right", 0),
        *(("released-code", round_) for round_ in range(6)),
    ]
    assert {one["seed"] for one in found} == {0}
    shown = data.concepts.query("arm == 'magnitude' and seed == 0 and round == 4")
    own = next(one for one in found if one["arm"] == "magnitude" and one["round"] == 4)
    assert [one["class"] for one in own["classes"]] == list(data.classes)
    for one in own["classes"]:
        rows = shown[shown["class"] == one["class"]].sort_values("rank")
        assert [listed["rank"] for listed in one["concepts"]] == [1, 2, 3]
        assert [listed["concept"] for listed in one["concepts"]] == rows["concept"].tolist()
        assert [listed["weight"] for listed in one["concepts"]] == rows["weight"].tolist()
    also = [listed["shared"] for one in own["classes"] for listed in one["concepts"]]
    assert own["shared"] == pytest.approx(np.mean(also))
    assert {listed["shared"] for one in found[0]["classes"] for listed in one["concepts"]} == {True}


def test_maps_are_told_with_their_maximum_before_scaling(whole_page):
    data, found = make_whole(), read(whole_page)["pictures"]
    assert len(found) == len(data.strips)
    maps = [one for one in found[1]["maps"] if one["arm"] == "released-code"]
    assert [(one["method"], one["round"]) for one in maps] == [
        (words, round_) for words in ("Grad-CAM", "released-code saliency") for round_ in range(3)
    ]
    cells = data.strips[1].arms["released-code"]
    assert [one["max"] for one in maps[:3]] == [float(np.maximum(cell.map, 0).max()) for cell in cells]
    assert (maps[2]["dead"], maps[2]["max"]) == (True, 0.0)


def test_whatever_is_missing_follows_the_schema(report_data):
    data = report_data(rounds=2, seeds=(0,), strips=1)
    bare = make_whole(arms={"magnitude": "own"}, seeds=(4,), masks=False)
    names = ("accuracy", "faithfulness", "concepts", "drift", "verdict")
    nothing = replace(data, **{name: getattr(data, name).iloc[:0] for name in names}, judged={}, strips=())
    for one in (without_concepts(data), without_concepts(make_whole()), bare, nothing, report_data(rounds=1, strips=0)):
        CHECKER.validate(made(one))
    assert made(without_concepts(data))["concepts"] == []
    assert made(nothing)["tables"] == {}


def test_the_constant_answer_stands_beside_what_it_scores():
    found = made(replace(make_whole(), constant=ConstantAnswer("Rusty Blackbird", 0.625, 0.25)))
    CHECKER.validate(found)
    assert found["constant"] == {"label": "Rusty Blackbird", "share": 0.625, "balanced": 0.25}
    assert {row["constant"] for row in found["tables"]["accuracy"]} == {0.625}
    unequal = {row["quantity"]: row["constant"] for row in found["tables"]["accuracy-unequal"]}
    assert unequal["balanced_accuracy-f"] == unequal["balanced_accuracy-g"] == 0.25
    assert {row["constant"] for row in found["tables"]["mask-energy"]} == {None}
    unknown = made(make_whole())
    assert unknown["constant"] is None
    assert {row["constant"] for row in unknown["tables"]["accuracy"]} == {None}


def test_names_are_only_names(hostile_page):
    found = read(hostile_page)
    CHECKER.validate(found)
    assert found["classes"][:-1] == list(HOSTILE[:-1])
    assert found["classes"][-1] == "?", "half a surrogate pair is no text"
    assert [one["path"] for one in found["files"][-2:]] == ["report.json", "schema.json"]


def test_what_is_no_number_is_null(report_data):
    data = report_data(rounds=2, seeds=(0,), strips=1)
    values = [np.nan, np.inf, -np.inf, *data.verdict["drift"][3:]]
    cell = replace(data.strips[0].arms["magnitude"][0], map=np.full((4, 4), np.nan, dtype=np.float32))
    strip = replace(data.strips[0], arms={"magnitude": (cell,)})
    blank = data.accuracy.assign(value=np.nan)
    found = made(replace(data, verdict=data.verdict.assign(drift=values), accuracy=blank, strips=(strip,)))
    CHECKER.validate(found)
    assert [row["drift"] for row in found["verdicts"][:3]] == [None, None, None]
    assert {row["value"] for row in found["accuracy"]} == {None}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda found: found["verdicts"][0].pop("ci_low"), "'ci_low' is a required property"),
        (lambda found: found["verdicts"][0].update(verdict="worse"), "'worse' is not one of"),
        (lambda found: found["headline"]["arms"][0].update(hypothesis="C"), "'C' is not one of"),
        (lambda found: found["tables"].update(other=[]), "'other' was unexpected"),
        (lambda found: found["files"][0].update(path="../index.html"), "does not match"),
        (lambda found: found.update(results={"results/verdict.csv": "0"}), "does not match"),
    ],
)
def test_what_is_not_in_the_schema_does_not_pass(whole_page, change, says):
    found = read(whole_page)
    change(found)
    with pytest.raises(jsonschema.ValidationError, match=says):
        CHECKER.validate(found)


def test_two_hundred_classes_and_fifteen_rounds_are_less_than_five_megabytes(report_data):
    concepts = [f"has_under_tail_color::shade_{i:03d}_(with_a_band)" for i in range(312)]
    classes = tuple(f"{i:03d} Long Winded Black throated Bird" for i in range(200))
    data = report_data(rounds=15, classes=classes, concepts=concepts[:24], strips=24, seeds=(0,))
    names = dict(zip(concepts[:24], concepts[-24:], strict=True))
    data = replace(
        data,
        concepts=data.concepts.assign(concept=data.concepts["concept"].map(names), weight=np.pi / 100 * np.sqrt(2)),
    )
    found = made(data)
    CHECKER.validate(found)
    assert sum(len(one["classes"]) for one in found["concepts"]) == 200 * (2 * 15 + 1)
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    assert 2_000_000 < len(text.encode()) < 5_000_000


def test_the_same_data_give_the_same_bytes(tmp_path, report_data):
    data = report_data(rounds=2, seeds=(0,), strips=1)
    turned = replace(
        data, settings=dict(reversed(data.settings.items())), versions=dict(reversed(data.versions.items()))
    )
    pages = [write_report(one, tmp_path / name) for one, name in ((data, "a"), (turned, "b"))]
    first, second = ((page.parent / "report.json").read_bytes() for page in pages)
    assert first == second
    assert first.endswith(b"}\n")
