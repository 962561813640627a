import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from sparsight.report.audit import AuditHeadline, write_audit_report
from sparsight.report.sheet import signed_interval
from sparsight.report.text import interval
from tests.report.markup import read

SPARSE = "torchvision:resnet50@sparse.safetensors"


def test_a_report_is_a_page_with_figures_and_tables_beside_it(audit_page):
    folder = audit_page.parent
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    slugs = [f"{part}-{i}" for part in ("primary", "levels", "others", "images", "classes") for i in range(2)]
    figures = {f"figures/{slug}{suffix}" for slug in slugs for suffix in (".png", ".svg")}
    named = ["verdicts", "accuracy", "classes", "images", "answers", "gates", "concepts"]
    tables = {f"tables/{slug}{suffix}" for slug in named for suffix in (".csv", ".tex")}
    assert found == {"index.html", "report.json"} | figures | tables
    links = {value for value in read(audit_page).values("href") if not value.startswith(("#", "data:"))}
    assert links == {"report.json"} | figures | tables
    assert audit_page.stat().st_size < 1_000_000


def test_the_page_asks_nothing_of_the_network(audit_page):
    text = audit_page.read_text(encoding="utf-8")
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert not re.search(r"(https?:)?//[a-z]", re.sub(r"data:image/jpeg;base64,[\w+/=]*", "", without_names))
    assert all(value.startswith("data:") for value in read(audit_page).values("src"))


def test_the_page_can_be_read_without_seeing_it(audit_page):
    page = read(audit_page)
    assert page.tags["img"] == len([alt for alt in page.values("alt") if alt])
    assert page.tags["svg"] == 8 == page.values("role").count("img")
    levels = page.headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in page.values("href") if value.startswith("#")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_the_first_screen_is_the_verdict_the_axes_and_where_to_look(audit_page):
    text = read(audit_page).text
    first = text[: text.index("The images whose evidence moved most")]
    assert f"≠ changed {SPARSE} {SPARSE} decides on other evidence" in first
    assert "= preserved timm:resnet50.int8 timm:resnet50.int8 decides on the same evidence" in first
    assert re.search(r"Accuracy \? undecided Accuracy of f: 0\.905 \(−0\.0\d\d\)", first)
    assert re.search(r"Similarity to the original ≠ changed changed: \d of 6", first)
    assert re.search(r"Faithfulness to what is true . \w+ Held-out AUROC of concepts: 0\.946 \(−0\.0\d\d\)", first)
    assert re.search(rf"Measure: Grad-CAM.* under {SPARSE} \(≠ changed, drift 0\.\d\d\d \[", first)
    assert re.search(rf"Class: \w+ \w+ under {SPARSE} \(Grad-CAM \(Spearman\): drift 0\.\d\d\)", first)
    assert f"Image: number 0, Blue Finch under {SPARSE} (not all answer right, drift 0.50)" in first


def test_every_verdict_stands_there_with_its_interval_and_its_reason(audit_page, audit_data):
    text = read(audit_page).text
    numbers = pd.read_csv(audit_page.parent / "tables/verdicts.csv")
    for row in numbers[numbers["axis"] == "similarity"].itertuples():
        assert interval(row.drift, row.low, row.high) in text
    for row in numbers[numbers["axis"] != "similarity"].itertuples():
        assert signed_interval(row.drift, row.low, row.high, 3) in text
    assert all(reason[0].upper() + reason[1:] in text for reason in numbers["reason"])


def test_classes_and_images_come_worst_first(tmp_path, audit_data):
    data = audit_data(models={"m": 0.3}, pictures=1)
    page = read(write_audit_report(data, tmp_path))
    own = data.classes_table.query("model == 'm' and metric == 'map_spearman'").sort_values("value", ascending=False)
    places = [page.text.index(f"{label}11") for label in own["class"]]
    assert places == sorted(places)
    latex = (tmp_path / "tables/images.tex").read_text()
    drifts = [float(line.split(" & ")[5]) for line in latex.splitlines() if "both right" in line]
    assert len(drifts) == 25
    assert drifts == sorted(drifts, reverse=True)


def test_a_single_pair_says_nothing_about_chance(tmp_path, audit_data):
    text = read(write_audit_report(audit_data(models={"m": 0.3}, margin=None, pictures=1), tmp_path)).text
    assert "a single pair says nothing about chance" in text
    assert "No margin was asked for either, so drifts are undecided" in text
    assert "? undecided m Whether m decides" in text
    assert "Student's t" not in text


def test_with_a_floor_the_page_says_what_it_holds_for(tmp_path, audit_data):
    floor = ("again-1", "again-2", "again-3", "again-4")
    text = read(write_audit_report(audit_data(models={"m": 0.3}, floor=floor, pictures=1), tmp_path)).text
    assert "Student's t on 3 degrees of freedom" in text
    assert "That holds for this one original alone" in text
    assert "says nothing about chance" not in text
    few = read(write_audit_report(audit_data(models={"m": 0.3}, floor=floor[:2], pictures=1), tmp_path)).text
    assert "A verdict against a floor needs 3, so nothing is decided." in few


def test_what_a_model_cannot_give_is_not_available_and_the_rest_goes_on(tmp_path, audit_data):
    data = audit_data(models={"m": 0.3, "int8": 0.04}, mapless=("int8",), pictures=1)
    text = read(write_audit_report(data, tmp_path)).text
    assert "int8: no maps, because an int8 network has no gradients" in text
    assert "not available: no map can be made" in text
    assert "drift –" in text
    assert not (tmp_path / "figures/images-1.png").exists()
    assert "nan" not in text.lower().split()


def test_an_audit_without_concepts_masks_and_maps(tmp_path, audit_data):
    data = audit_data(models={"m": 0.3}, concepts=[], masks=False, mapless=("m",), pictures=0)
    page = read(write_audit_report(data, tmp_path))
    assert "No images are shown: no two maps could be compared." in page.text
    assert "No drift is known by class; classes are sorted by accuracy." in page.text
    assert "Faithfulness to what is true – not available" in page.text
    assert "#concepts" not in page.values("href")
    assert not list((tmp_path / "figures").glob("classes-*"))
    assert "nan" not in page.text.lower().split()


def test_a_failed_gate_stands_in_the_place_of_the_verdicts_it_voids(tmp_path, audit_data):
    data = audit_data(models={"m": 0.3, "n": 0.3}, pictures=1)
    why = "64 % of the maps of gradcam are dead in m (limit 20 %)"
    gate = {**data.gates[1], "passed": False, "reason": why, "value": 0.64}
    void = (data.verdicts["model"] == "m") & data.verdicts["metric"].str.startswith("map_")
    verdicts = data.verdicts.assign(
        verdict=data.verdicts["verdict"].mask(void, "undecided"),
        reason=data.verdicts["reason"].mask(void, f"drift 0.48: {why}"),
    )
    text = read(write_audit_report(replace(data, gates=(data.gates[0], gate), verdicts=verdicts), tmp_path)).text
    assert text.count("⊘ gate failed: dead maps") == 2 * 3, "three metrics of m, in a table and as a reason"
    assert "a gate failed: 2 of 6" in text
    assert "✗ failed" in text
    assert re.search(r"Measure: .* under n \(", text[: text.index("Class: ")])


def test_a_model_against_itself_moves_nothing(tmp_path, audit_data):
    data = audit_data(models={"same": 0.0}, pictures=1)
    still = {name: data.verdicts[name].mask(data.verdicts["drift"].notna(), 0.0) for name in ("drift", "low", "high")}
    classes = data.classes_table
    moved = classes["metric"] != "accuracy"
    images = data.images.assign(map_spearman=0.0, map_iou_20=0.0)
    page = read(
        write_audit_report(
            replace(
                data,
                verdicts=data.verdicts.assign(**still, verdict="preserved"),
                classes_table=classes.assign(value=classes["value"].mask(moved, 0.0)),
                images=images,
            ),
            tmp_path,
        )
    )
    assert "Nowhere: no measure, class or image moved." in page.text


def test_undefined_numbers_are_dashes(tmp_path, audit_data):
    data = audit_data(models={"m": 0.3}, pictures=1)
    names = ["drift", "low", "high", "floor", "margin", "p_changed", "p_preserved"]
    verdicts = data.verdicts.assign(**dict.fromkeys(names, math.nan), verdict="undecided", units=0)
    blank = {name: getattr(data, name).assign(value=np.nan) for name in ("accuracy", "classes_table")}
    images = data.images.assign(map_spearman=np.nan, map_iou_20=np.nan)
    page = read(write_audit_report(replace(data, verdicts=verdicts, images=images, **blank), tmp_path))
    assert "nan" not in page.text.lower().split()
    assert "0 images" in page.text


def test_the_same_data_give_the_same_bytes(tmp_path, audit_data):
    pages = [write_audit_report(audit_data(pictures=1), tmp_path / name) for name in ("a", "b")]
    for path in pages[0].parent.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path.name


def test_names_are_only_names(hostile_audit):
    page = read(hostile_audit)
    assert page.tags["script"] == 1
    assert page.tags["b"] == page.values("class").count("shared"), "bold is ours"
    assert "i" not in page.tags
    assert page.tags["img"] == 2 * (2 + 2 * 3) + 2, "photograph, original, three models with differences, two bars"
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in page.text
    assert "\ufffdevil" in page.text
    assert all(len(part) < 4_100 for part in page.text.split())
    folder = hostile_audit.parent
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert all(
        re.fullmatch(r"(index|report|(figures|tables)/[a-z0-9-]+)\.(html|json|png|svg|csv|tex)", n) for n in found
    )


@pytest.mark.parametrize("word", ["preserved", "changed", "undecided"])
def test_no_verdict_is_told_by_its_colour_alone(tmp_path, audit_data, word):
    data = replace(audit_data(models={"m": 0.3}, pictures=0), headlines={"m": AuditHeadline(word, "So it is.")})
    text = read(write_audit_report(data, tmp_path)).text
    sign = {"preserved": "=", "changed": "≠", "undecided": "?"}[word]
    assert f"{sign} {word} m So it is." in text
