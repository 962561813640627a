"""What a report's reader is told, and what not."""

import json
import shutil

import pandas as pd
import pytest
import torch

from sparsight.arms import Ticket, write_ticket
from sparsight.config import StudySettings
from sparsight.io import read_json, write_json
from sparsight.networks import Network, plan
from sparsight.results.notices import coarse_notices, notices, undefined_notices
from sparsight.runs import read_settings
from sparsight.training import Epoch

EDITED, NAME = "magnitude/seed-0/round-01", "magnitude, seed 0, round 1"
CLOSED = "Grad-CAM by its closed form, which agreed with autograd on one batch of every network"


@pytest.fixture
def healthy(run, tmp_path):
    """The run's settings and a copy of its metrics in which nothing is wrong."""
    for path in run.rglob("metrics.json"):
        metrics = json.loads(path.read_text())
        metrics |= {"dead_layers": [], "dead_channels": 0, "predicted_classes": 12}
        metrics["concepts"] |= {"converged": True, "no_direction": {}}
        metrics["g"] |= {"converged": True}
        metrics["saliency"] |= {
            "closed_form": True,
            "images": 40,
            "dead_maps": {"label": 0, "prediction": 0, "dense": 0},
        }
        copy = tmp_path / path.relative_to(run)
        write_json(copy, {key: value for key, value in metrics.items() if key not in ("kind", "seal")}, "metrics")
    return tmp_path, read_settings(run)


def told(folder, settings: StudySettings, dropped: tuple[str, ...] = ()) -> list[str]:
    return list(notices(folder, plan(settings), {"notices": list(dropped), "images": {"test": 40}}))


def test_a_healthy_run_has_nothing_but_how_its_maps_were_made(healthy):
    assert told(*healthy) == [CLOSED]


def test_the_manifests_notices_come_first(healthy):
    assert told(*healthy, ("a concept was dropped",)) == ["a concept was dropped", CLOSED]


@pytest.mark.parametrize(
    ("room", "change", "says"),
    [
        (None, {"dead_layers": ["a", "b"]}, "layers that have died (their output is the same for every image): a, b"),
        (None, {"dead_layers": list("abcdefg")}, "for every image): a, b, c, d, e and 2 more"),
        (None, {"dead_channels": 64}, "its embedding is the same for every test image"),
        (None, {"predicted_classes": 1}, "answers the same class for every test image"),
        ("concepts", {"no_direction": {"red": "why"}}, "its embedding does not tell the concepts red at all"),
        ("concepts", {"converged": False, "gradient": 0.25}, "models are not solved (relative gradient 2.5e-01)"),
        ("g", {"converged": False, "duality_gap": 0.5}, "g is not certified (relative duality gap 5.0e-01)"),
    ],
)
def test_what_is_wrong_with_one_network_is_told_of_it_alone(healthy, room, change, says):
    folder, settings = healthy
    edit(folder, room, change)
    found = told(folder, settings)
    assert found[1:] == [CLOSED]
    assert found[0].startswith(f"{NAME}: ")
    assert found[0].endswith(says)


@pytest.mark.parametrize(
    ("room", "change"),
    [
        (None, {"dead_channels": 63}),
        (None, {"predicted_classes": 2}),
        ("saliency", {"dead_maps": {"label": 40, "prediction": 40, "dense": 2}}),  # one in twenty may be dead
    ],
)
def test_little_is_not_told(healthy, room, change):
    folder, settings = healthy
    edit(folder, room, change)
    assert told(folder, settings) == [CLOSED]


def test_dead_maps_are_told_of_once_an_arm(healthy):
    folder, settings = healthy
    for home, count in ((EDITED, 3), ("magnitude/seed-0/round-02", 40), ("retrain/right/seed-0/repeat-1", 4)):
        edit(folder, "saliency", {"dead_maps": {"label": 0, "prediction": 0, "dense": count}}, home)
    found = told(folder, settings)
    assert found[2:] == [CLOSED]
    for line, arm, counts in zip(
        found,
        ("magnitude", "retrain:right"),
        ("3 of 40 in round 1; 40 of 40 in round 2", "4 of 40 in round 0"),
        strict=False,
    ):
        assert line.startswith(f"{arm}: Grad-CAM maps that are nowhere positive: {counts}. Where the dense network's ")


def test_autograd_is_told_of(healthy):
    folder, settings = healthy
    edit(folder, "saliency", {"closed_form": False})
    assert told(folder, settings) == ["Grad-CAM by autograd for 1 of 36 networks: no closed form there"]


def test_a_dense_network_that_never_stopped_is_told_of(healthy):
    folder, settings = healthy
    arm = Network("dense-at:magnitude:1", 0, None, 1)
    shutil.copytree(folder / EDITED, folder / arm.folder)
    scored = (Epoch(0, 0.1, 1.0, 0.5, -1.0, 0.1),)  # below whatever the ticket has
    state = {"a": torch.ones(1)}
    write_ticket(folder / arm.folder, Ticket({}, state, state, 1), scored)
    found = list(notices(folder, (*plan(settings), arm), {"notices": [], "images": {"test": 40}}))
    assert found[0].startswith("dense-at:magnitude:1: not stopped between start and end")
    assert found[1:] == [CLOSED]


def test_without_a_control_there_is_no_floor(healthy):
    folder, settings = healthy
    shutil.rmtree(folder / "retrain")
    alone = settings.model_copy(update={"study": settings.study.model_copy(update={"retrains": 0})})
    found = told(folder, alone)
    assert len(found) == 2
    assert "there is no noise floor" in found[0]


def edit(folder, room, change, home=EDITED) -> None:
    path = folder / home / "metrics.json"
    metrics = read_json(path, "metrics")
    (metrics[room] if room else metrics).update(change)
    write_json(path, metrics, "metrics")


@pytest.mark.parametrize(("places", "told"), [(8, False), (9, True), (16, True), (25, False)])
def test_coarse_maps_are_told_with_the_remedies(places, told):
    judged = {"gates": [{"name": "few images", "value": 16.0}, {"name": "few places", "value": float(places)}]}
    found = list(coarse_notices(judged))
    assert len(found) == told
    assert all(f"compared at {places} positions" in line and "--image-size" in line for line in found)
    assert list(coarse_notices({})) == []


def test_pairs_of_dead_maps_are_counted_by_arm_and_round():
    columns = ["arm", "round", "metric", "target", "unit", "reference_arm", "value"]
    row = ("magnitude", 1, "map_iou_20", "dense", "undefined", "dense:right", 3.0)
    others = (("arm", "retrain:right"), ("round", 0), ("target", "label"), ("metric", "map_spearman"), ("unit", "all"))
    rows = [row, (*row[:6], 4.0), (*row[:1], 2, *row[2:6], 36.0), ("random", *row[1:])]
    rows += [tuple(dict(zip(columns, row, strict=True), **{name: value}).values()) for name, value in others]
    start = "pairs of maps that are both nowhere positive have no drift and count in no mean: "
    assert list(undefined_notices(pd.DataFrame(rows, columns=columns))) == [
        f"magnitude: {start}7 in round 1, 36 in round 2 (all seeds)",
        f"random: {start}3 in round 1 (all seeds)",
    ]
    assert list(undefined_notices(pd.DataFrame(rows[:0], columns=columns).astype({"reference_arm": str}))) == []
