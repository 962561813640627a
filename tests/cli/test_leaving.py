"""Whatever the code of a network does, exit 0 means that what was asked for is there."""

import pytest

NET = """\
import os, sys
from torch import nn
MOMENT = {moment!r}
def leave(moment):
    if moment == MOMENT:
        {code}
leave("import")
class Net(nn.Module):
    passes = 0
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, 4), nn.ReLU())
        self.head = nn.Linear(4, num_classes)
    def forward(self, images):
        Net.passes += 1
        leave("forward")
        if Net.passes > {late}:
            leave("late")
        if self.training:
            leave("training")
        return self.head(self.features(images).mean((2, 3)))
def build(num_classes):
    leave("build")
    return Net(num_classes)
"""
SMALL = """\
data: {name: toybirds, train: 48, validation: 24, test: 32, image_size: 32}
model: {name: "net:build"}
training: {epochs: 1, batch_size: 16}
pruning: {rounds: 2}
evidence: {refits: 0, sanity: 0, interventions: 0}
study: {seeds: [0], arms: [magnitude], retrains: 1}
"""
CODES = ["sys.exit(0)", "os._exit(0)", "raise GeneratorExit", "raise RuntimeError('no')", "raise SystemExit"]


@pytest.fixture
def place(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "good.py").write_text(NET.format(moment="", code="pass", late=0))
    return tmp_path


def refused(ended, place, *made):
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert ended.stderr.startswith("sparsight: ")
    assert "net" in ended.stderr
    for name in made:
        assert not (place / name).exists()


@pytest.mark.parametrize("moment", ["import", "build", "forward", "late"])
@pytest.mark.parametrize("code", CODES)
def test_an_audit_is_refused(code, moment, place, sparsight):
    (place / "net.py").write_text(NET.format(moment=moment, code=code, late=6))
    asked = ("--data", "toybirds", "--image-size", "32", "--set", "data.train=24", "--set", "data.test=32")
    more = ("--set", "data.validation=12", "--margin", "0.1", "--fail-on", "changed", "--out", "there")
    ended = sparsight("audit", "good:build", "net:build", *asked, *more, cwd=place)
    refused(ended, place, "there")


@pytest.mark.parametrize("moment", ["import", "build", "forward", "training"])
@pytest.mark.parametrize("command", ["study", "plan"])
def test_a_study_and_its_plan_are_refused_before_anything_is_written(command, moment, place, sparsight):
    (place / "net.py").write_text(NET.format(moment=moment, code="os._exit(0)", late=0))
    refused(sparsight(command, "small.yaml", "--out", "run", cwd=place), place, "run")


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_study_whose_network_leaves_late_is_not_done(workers, place, sparsight):
    (place / "net.py").write_text(NET.format(moment="late", code="sys.exit(0)", late=16))
    ended = sparsight("study", "small.yaml", "--out", "run", "--workers", workers, cwd=place)
    refused(ended, place, "run/report")
    assert "ends the process" in ended.stderr


def test_what_stands_is_checked_and_exported_or_refused(place, sparsight):
    """The file of the run's network is the same; what it does depends on the moment, as user code may."""
    code = "\n        ".join(("import pathlib", "if pathlib.Path('leave').exists():", "    os._exit(0)"))
    (place / "net.py").write_text(NET.format(moment="forward", code=code, late=6))
    ended = sparsight("study", "small.yaml", "--out", "run", "--workers", "0", "--no-report", cwd=place)
    assert ended.returncode == 0, ended.stderr
    export = (
        "export",
        "run",
        "--arm",
        "magnitude",
        "--seed",
        "0",
        "--round",
        "1",
        "--formats",
        "state",
        "--out",
        "out",
    )
    (place / "leave").touch()
    for command in (("verify", "run", "--deep"), export):
        ended = sparsight(*command, cwd=place)
        assert ended.returncode != 0, command
        assert "Traceback" not in ended.stderr
        assert "ends the process" in " ".join((ended.stdout + ended.stderr).replace("│", " ").split())
    assert not (place / "out").exists()
    (place / "leave").unlink()
    for command in (("verify", "run", "--deep"), export):
        ended = sparsight(*command, cwd=place)
        assert ended.returncode == 0, ended.stdout + ended.stderr
