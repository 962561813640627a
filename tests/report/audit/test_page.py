import re
from itertools import pairwise

import pandas as pd

from sparsight.report.audit import write_audit_report
from sparsight.report.audit.pictures import image_sheet
from sparsight.report.sheet import signed_interval
from sparsight.report.text import interval
from tests.report.audit.made import show
from tests.report.markup import read

SPARSE = "torchvision:resnet50@sparse.safetensors"


def test_a_report_is_a_page_with_figures_and_tables_beside_it(audit_page):
    folder = audit_page.parent
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    slugs = [f"{part}-{i}" for part in ("primary", "levels", "others", "images", "classes") for i in range(2)]
    figures = {f"figures/{slug}{suffix}" for slug in slugs for suffix in (".png", ".svg")}
    named = ["verdicts", "accuracy", "classes", "images", "answers", "gates", "concepts"]
    tables = {f"tables/{slug}{suffix}" for slug in named for suffix in (".csv", ".tex")}
    assert found == {"index.html", "report.json", "schema.json"} | figures | tables
    links = {value for value in read(audit_page).values("href") if not value.startswith(("#", "data:"))}
    assert links == {"report.json", "schema.json"} | figures | tables
    assert audit_page.stat().st_size < 1_000_000


def test_the_page_asks_nothing_of_the_network(audit_page):
    text = audit_page.read_text(encoding="utf-8")
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert not re.search(r"(https?:)?//[a-z]", re.sub(r"data:image/jpeg;base64,[\w+/=]*", "", without_names))
    assert all(value.startswith("data:") for value in read(audit_page).values("src"))


def test_the_page_can_be_read_without_seeing_it(audit_page):
    shown = read(audit_page)
    assert shown.tags["img"] == len([alt for alt in shown.values("alt") if alt])
    assert shown.tags["svg"] == 8 == shown.values("role").count("img")
    levels = shown.headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = shown.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in shown.values("href") if value.startswith("#")} <= set(ids)
    assert set(shown.values("aria-labelledby")) <= set(ids)


def test_the_first_screen_is_the_verdict_the_axes_and_where_to_look(audit_page):
    text = read(audit_page).text
    first = text[: text.index("The images whose evidence moved most")]
    assert f"> beyond the margin {SPARSE} The evidence of {SPARSE} is beyond the margin" in first
    assert "≤ within the margin timm:resnet50.int8 The evidence of timm:resnet50.int8 is within" in first
    assert re.search(r"Accuracy \? undecided Accuracy of f: 0\.905 \(original 0\.930\)", first)
    assert re.search(r"Similarity to the original > beyond the margin beyond the margin: \d of 6", first)
    assert re.search(
        r"Faithfulness to what is true . [\w ]+ Held-out AUROC of concepts: 0\.946 \(original 0\.950\)", first
    )
    assert re.search(rf"Measure: Grad-CAM.* under {SPARSE} \(> beyond the margin, drift 0\.\d\d\d \[", first)
    assert re.search(rf"Class: \w+ \w+ under {SPARSE} \(Grad-CAM \(Spearman\): drift 0\.\d\d\)", first)
    assert f"Image: number 0, Blue Finch under {SPARSE} (some model answers it wrong, drift 0.50)" in first


def test_every_verdict_stands_there_with_its_interval_and_its_reason(audit_page, audit_data):
    text = read(audit_page).text
    numbers = pd.read_csv(audit_page.parent / "tables/verdicts.csv")
    for row in numbers[numbers["axis"] == "similarity"].itertuples():
        assert interval(row.drift, row.low, row.high) in text
    for row in numbers[numbers["axis"] != "similarity"].itertuples():
        assert signed_interval(row.drift, row.low, row.high, 3) in text
    assert all(reason[0].upper() + reason[1:] in text for reason in numbers["reason"])


def test_classes_and_images_come_worst_first(audit_data):
    data = audit_data(models={"m": 0.3}, pictures=1)
    text = show(data).text
    own = data.classes_table.query("model == 'm' and metric == 'map_spearman'").sort_values("value", ascending=False)
    places = [text.index(f"{label}11") for label in own["class"]]
    assert places == sorted(places)
    (table,) = image_sheet(data).tables
    drifts = [float(row[5]) for row in table.rows if row[4] == "both right"]
    assert len(drifts) == 25
    assert drifts == sorted(drifts, reverse=True)


def test_the_same_data_give_the_same_bytes(tmp_path, audit_data):
    pages = [write_audit_report(audit_data(pictures=1), tmp_path / name) for name in ("a", "b")]
    for path in pages[0].parent.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path.name


def test_names_are_only_names(hostile_audit):
    shown = read(hostile_audit)
    assert shown.tags["script"] == 1
    assert shown.tags["b"] == shown.values("class").count("shared"), "bold is ours"
    assert "i" not in shown.tags
    assert shown.tags["img"] == 2 * (2 + 2 * 3) + 2, "photograph, original, three models with differences, two bars"
    assert not [name for _, name, _ in shown.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in shown.text
    assert "\ufffdevil" in shown.text
    assert all(len(part) < 4_100 for part in shown.text.split())
    folder = hostile_audit.parent
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert all(
        re.fullmatch(r"(index|report|schema|(figures|tables)/[a-z0-9-]+)\.(html|json|png|svg|csv|tex)", n)
        for n in found
    )
