import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sparsight.report import ConstantAnswer, StripCell, write_report
from tests.report.markup import read
from tests.report.whole import make_whole, without_concepts


def test_a_report_is_a_page_with_figures_and_tables_beside_it(report_page):
    folder = report_page.parent
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    slugs = ["accuracy-f", "accuracy-g", "concepts-shared", "mask-energy", "pointing-game", "concept-auroc-0"]
    slugs += ["strips-0", "strips-1", *(f"excess-{i}" for i in range(6))]
    figures = {f"figures/{slug}{suffix}" for slug in slugs for suffix in (".png", ".svg")}
    named = ["accuracy", "concepts-shared", "mask-energy", "concept-auroc", "truth-agreement"]
    named += [
        "headline",
        "verdict",
        "floor",
        "gates",
        "truth",
        "movers",
        "association",
        "part-energy",
        "answers",
        "concepts-weakest",
    ]
    tables = {f"tables/{slug}{suffix}" for slug in named for suffix in (".csv", ".tex")}
    tables |= {"tables/concepts.csv", "tables/concepts-0.tex", "tables/concepts-1.tex"}
    assert found == {"index.html", "report.json", "schema.json", "files.json"} | figures | tables
    links = {value for value in read(report_page).values("href") if not value.startswith(("#", "data:"))}
    assert links == {"report.json", "schema.json"} | figures | tables
    assert report_page.stat().st_size < 3_000_000


def test_the_page_asks_nothing_of_the_network(report_page):
    text = report_page.read_text(encoding="utf-8")
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert not re.search(r"(https?:)?//[a-z]", re.sub(r"data:image/jpeg;base64,[\w+/=]*", "", without_names))
    page = read(report_page)
    assert all(value.startswith("data:") for value in page.values("src"))
    assert "link" in page.tags, "the icon, without which a browser asks for one"
    assert all(
        value.startswith(("#", "data:", "figures/", "tables/", "report.json", "schema.json"))
        for value in page.values("href")
    )


def test_the_page_can_be_read_without_seeing_it(report_page):
    page = read(report_page)
    images = page.tags["img"]
    assert images == len([alt for alt in page.values("alt") if alt])
    assert page.tags["svg"] == 12 == page.values("role").count("img")
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in page.values("href") if value.startswith("#")} <= set(ids)


def test_every_region_and_every_table_has_a_name_of_its_own(
    whole_page, report_page, hostile_page, tmp_path, report_data
):
    switches = "toggle:" + "+".join(f"switch_{i}" for i in range(20))
    alike = {f"{switches}+{last}": "right" for last in "abcd"}
    long = write_report(report_data(arms=alike, rounds=2, strips=1), tmp_path)
    for index in (whole_page, report_page, hostile_page, long):
        text = index.read_text(encoding="utf-8")
        regions = re.findall(r'role="region" aria-label="([^"]*)"', text)
        assert len(regions) == text.count('role="region"') >= text.count("<table"), "and each region has one"
        assert [name for name in set(regions) if regions.count(name) > 1] == []
    captions = [
        " ".join(re.sub("<[^>]*>", "", own).split())
        for own in re.findall("<caption.*?</caption>", whole_page.read_text("utf-8"))
    ]
    assert "magnitude: accuracy" in captions
    assert len(captions) == len(set(captions))


def test_the_page_shows_the_numbers_of_the_tables(report_page, report_data):
    data = report_data()
    rows = data.accuracy.query(
        "arm == 'magnitude' and round == 5 and split == 'test' and model == 'f' and metric == 'accuracy'"
    )
    shown = f"{rows['value'].mean():.3f} [{rows['value'].min():.3f}–{rows['value'].max():.3f}]"
    shared = data.drift.query("arm == 'retrain:right' and metric == 'top_k_overlap'")
    overlap = shared.groupby("seed")["value"].mean()
    floor = f"{1 - overlap.mean():.3f} [{1 - overlap.max():.3f}–{1 - overlap.min():.3f}]"
    text = read(report_page).text
    assert shown in text
    assert floor in text
    frame = pd.read_csv(report_page.parent / "tables/accuracy.csv")
    own = frame.query("arm == 'magnitude' and round == 5 and quantity == 'f'").iloc[0]
    np.testing.assert_allclose(own[["mean", "low", "high"]].astype(float), rows["value"].agg(["mean", "min", "max"]))


def test_the_constant_answer_stands_beside_accuracy_and_balanced_accuracy(whole_page, tmp_path):
    page = read(write_report(replace(make_whole(), constant=ConstantAnswer("<b>Tern", 0.625, 0.25)), tmp_path))
    arms = len(make_whole().arms)
    rows = [row.partition("</tr>")[0] for row in (tmp_path / "index.html").read_text("utf-8").split("<tr>")]
    cells = [re.sub("<[^>]*>", " ", row).split() for row in rows if "always" in row]
    assert cells.count(["always", "&lt;b&gt;Tern", "–", "0.625", "0.625"]) == arms
    assert cells.count(["always", "&lt;b&gt;Tern", "–", "0.250", "0.250"]) == arms
    assert "Last row: one answer for every image" in page.text
    assert "a balanced accuracy of 1 over the number of classes" in page.text
    assert "always" in (tmp_path / "tables/accuracy.tex").read_text("utf-8")
    assert "one answer for every image" not in read(whole_page).text.lower(), "where it is not known"


def test_classes_without_pictures_are_counted(report_page, tmp_path, report_data):
    assert "Test images of 8 of the 12 classes, each under its label" in read(report_page).text
    data = report_data(rounds=2, seeds=(0,), strips=2)
    assert "Test images, each under" in read(write_report(replace(data, classes=data.classes[:2]), tmp_path)).text


def test_every_seed_stands_in_the_concepts_file(report_page, report_data):
    frame = pd.read_csv(report_page.parent / "tables/concepts.csv")
    assert sorted(frame["seed"].unique()) == [0, 1, 2]
    assert len(frame) == len(report_data().concepts)
    assert frame.query("arm == 'magnitude' and round == 0")["shared"].all()


def test_what_is_not_said_is_said(report_page):
    text = read(report_page).text
    assert "Of released-code nothing can be decided: no retrained control" in text
    assert "shows measured values without a statement of significance" in text
    assert "scaled by its own maximum" in text
    assert "The rule of released-code was not retrained" in text
    assert "The concept bill_color_pink is constant" in text


def test_the_same_data_give_the_same_bytes(tmp_path, report_data):
    data = report_data(rounds=2, seeds=(0,), strips=1)
    pages = [write_report(data, tmp_path / name) for name in ("a", "b")]
    for path in pages[0].parent.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path.name


def test_one_seed_one_round_no_masks_no_controls(tmp_path, report_data):
    data = report_data(arms={"magnitude": "own"}, seeds=(4,), rounds=1, masks=False, strips=1)
    page = read(write_report(data, tmp_path))
    assert "One seed only." in page.text
    assert "No round was judged: a verdict needs a pruned round." in page.text
    assert "This data set has no object masks" in page.text
    assert "retrained, not pruned" not in page.text
    assert not (tmp_path / "figures/mask-energy.svg").exists()
    assert "Dead maps" in page.text


def test_a_run_in_which_little_was_measured(tmp_path, report_data):
    data = report_data(rounds=1, seeds=(0,), strips=0)
    empty = {
        name: getattr(data, name).iloc[:0] for name in ("accuracy", "faithfulness", "concepts", "drift", "verdict")
    }
    page = read(write_report(replace(data, **empty, judged={}), tmp_path))
    for sentence in (
        "No test accuracy was recorded.",
        "No overlap of concepts",
        "No images were chosen",
        "No held-out quality",
    ):
        assert sentence in page.text
    assert page.tags["svg"] == 0
    assert "No round was judged" in page.text
    assert not {"#drift", "#floor", "#gates", "#moved", "#association"} & set(page.values("href"))


def test_a_data_set_without_concepts_is_asked_nothing_of_them(tmp_path, report_data, report_page):
    data = without_concepts(report_data(strips=1))
    page = read(write_report(data, tmp_path))
    sentence = "This data set has no concepts: explanations are compared by where the network looks (Grad-CAM) and by"
    assert page.text.index(sentence) < page.text.index("What was run")
    assert re.findall(r"\S*\s\S*concept\S*", page.text) == ["no concepts:", "which concepts"], "no other sentence"
    assert not {"#concepts", "#auroc"} & set(page.values("href"))
    assert not {"concepts", "auroc"} & set(page.values("id"))
    assert "nan" not in page.text.lower().split()
    assert "The three metrics of an arm share a false-alarm rate of 5 %." in page.text
    assert "all primary metrics" in page.text
    assert re.search(r"f ?The classifier\.", page.text)
    assert "linear probe" in page.text
    names = {path.stem for path in tmp_path.rglob("*.*")}
    assert {"accuracy-f", "excess-0", "excess-1", "excess-2", "floor", "gates"} <= names
    assert not {"accuracy-g", "excess-3", "concepts", "concepts-0", "concepts-shared", "concept-auroc"} & names
    floor = pd.read_csv(tmp_path / "tables/floor.csv")
    assert set(floor["metric"]) == {"map_spearman", "map_iou_20", "linear_cka"}
    assert "other images" not in set(floor["kind"])
    assert "other images" in set(pd.read_csv(report_page.parent / "tables/floor.csv")["kind"])


def test_undefined_values_are_dashes(tmp_path, report_data):
    data = report_data(rounds=2, seeds=(0,), strips=1)
    blank = {name: getattr(data, name).assign(value=np.nan) for name in ("accuracy", "faithfulness", "drift")}
    numbers = ["drift", "floor", "excess", "ci_low", "ci_high", "margin", "p_changed", "p_preserved", "seeds_needed"]
    blank["verdict"] = data.verdict.assign(**dict.fromkeys(numbers, np.nan))
    strip = data.strips[0]
    nan_map = StripCell(0, float("nan"), np.full((4, 4), np.nan, dtype=np.float32), "x", dead=True)
    arms = dict.fromkeys(data.arms, (nan_map,))
    page = read(write_report(replace(data, **blank, strips=(replace(strip, arms=arms),)), tmp_path))
    assert "f's test accuracy is – under magnitude (dense: –)" in page.text
    assert "nan" not in page.text.lower().split()
    assert "dead map" in page.text


def test_names_are_only_names(hostile_page):
    page = read(hostile_page)
    assert page.tags["script"] == 2, "the steps of the slider and the slider"
    assert page.tags["b"] == page.values("class").count("shared"), "bold is ours"
    assert "i" not in page.tags
    assert page.tags["img"] == 2 * (1 + 6 * 2) + 1, "the strips and the colour bar"
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in page.text
    assert "\ufffdevil" in page.text
    assert all(len(part) < 2_100 for part in page.text.split())
    folder = hostile_page.parent
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert all(
        re.fullmatch(r"index\.html|(report|schema|files)\.json|(figures|tables)/[a-z0-9-]+\.(png|svg|csv|tex)", name)
        for name in found
    )


def test_a_strip_whose_prediction_is_wrong_says_so_in_words(tmp_path, report_data):
    data = report_data(rounds=1, seeds=(0,), strips=1)
    strip = data.strips[0]
    wrong = {arm: (replace(cells[0], prediction="other"),) for arm, cells in strip.arms.items()}
    text = read(write_report(replace(data, strips=(replace(strip, arms=wrong),)), tmp_path)).text
    assert text.count("✗ wrong: other") == 2
    assert "✓ right:" not in text


def test_maps_by_a_second_method_stand_beside_the_first(tmp_path, report_data):
    data = report_data(rounds=2, seeds=(0,), strips=2)
    settings = {**data.settings, "saliency": {"method": "gradcam", "beside": "released"}}
    strips = tuple(replace(strip, beside=strip.arms) for strip in data.strips)
    page = read(write_report(replace(data, settings=settings, strips=strips), tmp_path))
    assert page.tags["img"] == 2 * (1 + 2 * 2 * 2) + 1, "two methods of two arms in two rounds, photographs, the bar"
    assert "Each network's maps stand twice: as Grad-CAM and as released-code saliency." in page.text
    assert 'alt="Released-code saliency of magnitude, round 1"' in (tmp_path / "index.html").read_text()
    write_report(data, tmp_path / "once")
    once, twice = (Image.open(folder / "figures/strips-0.png").size for folder in (tmp_path / "once", tmp_path))
    assert once[0] == twice[0]
    assert 1.8 * once[1] < twice[1] < 2 * once[1], "two rows an image"


@pytest.mark.parametrize("missing", ["magnitude", "released-code"])
def test_an_arm_without_maps_has_no_strips(tmp_path, report_data, missing):
    data = report_data(rounds=1, seeds=(0,), strips=1)
    strip = data.strips[0]
    arms = {arm: cells for arm, cells in strip.arms.items() if arm != missing}
    write_report(replace(data, strips=(replace(strip, arms=arms),)), tmp_path)
    written = {path.stem for path in (tmp_path / "figures").glob("strips-*.png")}
    assert written == {"strips-1" if missing == "magnitude" else "strips-0"}
