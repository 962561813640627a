"""``sparsight audit`` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

from sparsight.cli.audit import spread

DENSE, SPARSE = "torchvision:resnet18@dense.safetensors", "torchvision:resnet18@sparse.pt"


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Photographs of three classes, a network, one pruned by torch, and three that stand for trained again."""
    folder = tmp_path_factory.mktemp("audit")
    draws = np.random.default_rng(0)
    for k, name in enumerate(("red thing", "green thing", "<b>blue</b> thing")):
        home = folder / "photos" / name.replace("/", "")
        home.mkdir(parents=True)
        for i in range(12):
            pixels = draws.integers(0, 120, (70, 80, 3))
            y, x = draws.integers(5, 40, 2)
            pixels[y : y + 25, x : x + 25, k] += 120
            Image.fromarray(pixels.astype(np.uint8)).save(home / f"{i}.png")
    torch.manual_seed(0)
    model = torchvision.models.resnet18(num_classes=3).eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    save_file(state, folder / "dense.safetensors")
    for s in range(3):
        torch.manual_seed(s + 1)
        again = {
            name: value + 0.01 * value.std() * torch.randn_like(value) if value.ndim > 1 else value
            for name, value in state.items()
        }
        save_file(again, folder / f"again{s}.safetensors")
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            prune.l1_unstructured(module, "weight", 0.5)
    torch.save(model.state_dict(), folder / "sparse.pt")
    return folder


def run(place, *arguments):
    command = [sys.executable, "-m", "sparsight", "audit", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=240, check=False)


def test_an_audit_from_the_first_command_to_its_report(place):
    ended = run(place, DENSE, SPARSE, "--data", "photos", "--image-size", "64")
    assert ended.returncode == 0, ended.stderr
    assert f"? undecided: Whether {SPARSE} decides on the evidence of {DENSE} is undecided" in ended.stdout
    assert "report: audits/photos/report/index.html" in ended.stdout
    folder = place / "audits" / "photos"
    assert (folder / "report" / "index.html").stat().st_size < 5 << 20
    report = json.loads((folder / "report" / "report.json").read_text())
    assert DENSE in json.dumps(report)
    page = (folder / "report" / "index.html").read_text()
    assert "<b>blue" not in page
    assert sorted(path.name for path in (folder / "evidence").iterdir()) == [
        "model-00.safetensors",
        "model-01.safetensors",
    ]
    again = run(place, DENSE, SPARSE, "--data", "photos", "--image-size", "64", "--margin", "0.5")
    assert again.returncode == 2
    assert "audits/photos: holds an audit of other models or images; choose another --out" in again.stderr


def test_a_floor_makes_a_verdict_and_fail_on_an_exit_code(place):
    floor = [f"torchvision:resnet18@again{s}.safetensors" for s in range(3)]
    common = (DENSE, SPARSE, "--data", "photos", "--image-size", "64")
    ended = run(place, *common, "--fail-on", "changed", "--out", "floor", "--floor", *floor)
    assert ended.returncode == 1, ended.stderr
    assert f"≠ changed: {SPARSE} decides on other evidence than {DENSE}" in ended.stdout
    assert "report: floor/report/index.html" in ended.stdout
    itself = (DENSE, DENSE, "--data", "photos", "--image-size", "64")
    ended = run(place, *itself, "--fail-on", "undecided", "--out", "itself", "--margin", "0.01")
    assert ended.returncode == 0, ended.stderr
    assert f"= preserved: {DENSE} (2) decides on the same evidence as {DENSE}" in ended.stdout


BAD = {
    "nothing to decide against": ([DENSE, SPARSE, "--fail-on", "changed"], "give --floor"),
    "an unknown word": ([DENSE, SPARSE, "--fail-on", "worse"], "must be changed or undecided"),
    "no such weights": ([DENSE, "torchvision:resnet18@nowhere.pt"], "nowhere.pt: cannot be read"),
    "no such layer": ([DENSE, SPARSE, "--layer", "layer5"], "no layer 'layer5'; near are layer4"),
    "an unknown method": ([DENSE, SPARSE, "--method", "gradcam+"], "did you mean gradcam++"),
    "a setting that is none": ([DENSE, SPARSE, "--set", "saliency.layers=x"], "saliency.layers"),
    "a margin that is none": ([DENSE, SPARSE, "--margin", "-1"], "margin"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_nothing_is_written(place, name):
    arguments, said = BAD[name]
    ended = run(place, *arguments, "--data", "photos", "--image-size", "32", "--out", "bad")
    assert ended.returncode == 2, ended.stdout
    assert said in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert not (place / "bad").exists()
    assert not list(place.glob(".bad*"))


def test_images_that_are_none_are_named(place):
    ended = run(place, DENSE, SPARSE, "--data", "nowhere", "--out", "bad")
    assert ended.returncode == 2
    assert "--data nowhere: neither a data set" in ended.stderr


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["audit", "a", "b"], ["audit", "a", "b"]),
        (
            ["audit", "a", "b", "--floor", "c", "d", "--out", "e"],
            ["audit", "a", "b", "--floor", "c", "--floor", "d", "--out", "e"],
        ),
        (
            ["audit", "--floor", "c", "--floor", "d", "--margin", "0.1"],
            ["audit", "--floor", "c", "--floor", "d", "--margin", "0.1"],
        ),
        (["audit", "a", "--floor=c", "d"], ["audit", "a", "--floor=c", "d"]),
        (["audit", "a", "--floor"], ["audit", "a", "--floor"]),
    ],
)
def test_models_after_floor_are_spread(given, made):
    assert spread(given) == made
