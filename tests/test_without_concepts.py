"""A folder of images without concepts, all the way: studied, resumed, extended, verified, reported."""

import csv
import json
import shutil
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.config import StudySettings
from sparsight.data import read_dataset
from sparsight.evidence import EVIDENCE, METRICS, evidence_origin, read_evidence, read_metrics
from sparsight.io import check_sealed, write_json, write_tensors
from sparsight.networks import plan
from sparsight.study import Silent, StudyResult, run_study
from sparsight.verifying import verify_run

EXEMPT = ("training.jsonl", "manifest.json", ".lock")
PRIMARY = {("pixels", "map_spearman", "dense"), ("pixels", "map_iou_20", "dense"), ("representation", "linear_cka", "")}


class Told(Silent):
    """A listener that keeps what it is told of the networks."""

    def __init__(self) -> None:
        self.summaries = []

    def network(self, network: object, summary: dict[str, float]) -> None:
        self.summaries.append(dict(summary))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of thirty drawn images: a bright disc or a bright bar on noise."""
    root, draw = tmp_path_factory.mktemp("drawn") / "shapes", np.random.default_rng(3)
    down, across = np.mgrid[:16, :16]
    for name in ("bar", "disc"):
        (root / name).mkdir(parents=True)
        for i in range(30):
            y, x = draw.integers(5, 11, 2)
            inside = abs(across - x) < 2 if name == "bar" else (down - y) ** 2 + (across - x) ** 2 < 16
            pixels = draw.integers(0, 130, (16, 16, 3), dtype=np.uint8)
            pixels[inside] += draw.integers(60, 125, 3, dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


def design(shapes: Path, seeds: tuple[int, ...] = (0, 1, 2)) -> StudySettings:
    return StudySettings.model_validate(
        {
            "data": {"name": "folder", "path": str(shapes), "image_size": 16},
            "model": {"name": "resnet8"},
            "training": {"epochs": 2, "batch_size": 12, "learning_rate": 0.05},
            "pruning": {"rate": 0.5, "rounds": 2},
            "evidence": {"keep_embeddings": True, "sanity": 6, "refits": 2},
            "verdict": {"least_images": 10},
            "study": {"seeds": list(seeds), "arms": ["magnitude"], "retrains": 1},
        }
    )


@pytest.fixture(scope="module")
def finished(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyResult, Told]:
    """The study of three seeds, and what it told. Not to be changed."""
    torch.set_num_threads(1)
    told = Told()
    return run_study(design(shapes), tmp_path_factory.mktemp("bare") / "run", workers=0, listener=told), told


@pytest.fixture
def copy(finished: tuple[StudyResult, Told], tmp_path: Path) -> Path:
    return shutil.copytree(finished[0].folder, tmp_path / "run")


def bytes_of(run: Path) -> dict[str, bytes]:
    files = [path for path in run.rglob("*") if path.is_file() and path.name not in EXEMPT]
    return {str(path.relative_to(run)): path.read_bytes() for path in files if "report" not in path.parts}


def failures(run: Path, **how: bool) -> list[str]:
    return [f"{check.name}: {line}" for check in verify_run(run, **how) for line in check.failures]


def test_every_network_has_f_and_a_probe_and_nothing_of_concepts(finished, shapes):
    result, told = finished
    assert len(told.summaries) == 9
    assert all("f" in summary and "g" not in summary for summary in told.summaries)
    assert set(result.accuracy["model"]) == {"f", "probe"}
    for network in plan(design(shapes)):
        assert not any(name.startswith(("bank", "g", "refit", "concepts")) for name in _arrays(result, network))
        assert not {"concepts", "g"} & read_metrics(result.folder / network.folder).keys()
    assert [line for line in result.notices if line.startswith("no concepts: ")]
    assert "half of the images mirrored, left to right" in (result.folder / "report/index.html").read_text()


def _arrays(result: StudyResult, network) -> set[str]:
    """Names of a network's arrays, but for the gate that has to do with maps."""
    return read_evidence(result.folder / network.folder).keys() - {"gates/cascade"}


def test_the_tables_keep_their_columns_and_hold_what_there_is(finished):
    result, _ = finished
    with (result.folder / "results/concepts.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["arm", "seed", "repeat", "round", "weights_remaining", "class", "rank", "concept", "weight"]
        ]
    assert set(result.drift["family"]) == {"pixels", "representation", "accuracy"}
    assert not result.drift["arm"].str.startswith("refit:").any()
    assert set(result.faithfulness["metric"]) == {"dead_maps"}
    judged = json.loads((result.folder / "results/verdict.json").read_text())
    known = {"few images", "few pairs", "few places", "randomised model", "room", "dead maps"}
    assert {gate["name"] for gate in judged["gates"]} <= known
    few = next(gate for gate in judged["gates"] if gate["name"] == "few images")
    assert set(few["voids"]) == {metric for _, metric, _ in PRIMARY}
    arm = judged["arms"]["magnitude"]
    assert arm["association"].keys() == {metric for _, metric, _ in PRIMARY}
    similar = [row for row in judged["rows"] if row["axis"] == "similarity"]
    assert {(row["family"], row["metric"], row["target"]) for row in similar} >= PRIMARY
    words = {row["verdict"] for row in similar if (row["family"], row["metric"], row["target"]) in PRIMARY}
    expected = "changed" if "changed" in words else "preserved" if words == {"preserved"} else "undecided"
    assert [row["explanation"] for row in arm["rounds"]] == [expected]


def test_all_is_well_with_it_from_the_weights_on(finished):
    checks = {check.name: check for check in verify_run(finished[0].folder, deep=True)}
    assert [line for check in checks.values() for line in check.failures] == []
    assert "9 of 9 networks: scores and maps" in checks["evidence"].looked
    assert "9 of 9 networks: " in checks["deep"].looked
    assert not checks["results"].skipped


@pytest.mark.parametrize("room", ["probe", "f"])
def test_scores_that_do_not_follow_are_named(copy, room):
    home = copy / "magnitude/seed-1/round-01"
    metrics = read_metrics(home)
    metrics["accuracy"][room]["test"]["accuracy"] = 2.0
    write_json(home / METRICS, metrics, "metrics")
    assert any(f"evidence: magnitude/seed-1/round-01: scores of {room} on test" in line for line in failures(copy))


def test_concepts_in_the_evidence_of_data_without_are_named(copy):
    home = copy / "magnitude/seed-1/round-01"
    arrays, origin = read_evidence(home), evidence_origin(home)
    write_tensors(home / EVIDENCE, {**arrays, "bank/Q": torch.ones(2, 64)}, origin, "evidence")
    metrics = {**read_metrics(home), "evidence": check_sealed(home / EVIDENCE)}
    write_json(home / METRICS, metrics, "metrics")
    found = failures(copy)
    assert "evidence: magnitude/seed-1/round-01: it speaks of concepts that the data do not have" in found
    assert any(line.startswith("results: results: cannot be made again") for line in found)


def test_killed_and_extended_it_ends_as_if_it_had_been_asked_for_at_once(finished, shapes, tmp_path):
    whole = bytes_of(finished[0].folder)
    run_study(design(shapes, (0, 1)), tmp_path / "run", workers=0)
    shutil.rmtree(tmp_path / "run/magnitude/seed-1")
    (tmp_path / "run/retrain/right/seed-0/repeat-1" / METRICS).unlink()
    told = Told()
    run_study(design(shapes), tmp_path / "run", workers=0, listener=told)
    assert len(told.summaries) == 5
    assert bytes_of(tmp_path / "run") == whole


def test_the_report_says_so_once_and_shows_no_empty_figure(finished):
    result, _ = finished
    page = result.report.read_text(encoding="utf-8")
    assert "<title>sparsight study: shapes</title>" in page, "the name of the folder"
    assert page.count("This data set has no concepts: ") == 1
    assert page.index("This data set has no concepts: ") < page.index('id="run"')
    assert not [part for part in ('id="concepts"', 'id="auroc"', 'id="depends"', 'id="moved"') if part in page]
    figures = {path.stem for path in (result.report.parent / "figures").iterdir()}
    assert figures == {"accuracy-f", "strips-0", "excess-0", "excess-1"}, "12 images are too few pairs for an embedding"
    found = json.loads((result.report.parent / "report.json").read_text(encoding="utf-8"))
    schema = json.loads(files("sparsight.report").joinpath("schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    assert (found["has_concepts"], found["concepts"]) == (False, [])
    assert read_dataset(result.folder / "data.safetensors").concept_names == ()
