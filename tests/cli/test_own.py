"""A study of a network of the user's own."""

import shutil

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from torchvision.models import mobilenet_v3_small

from sparsight.cli import data
from sparsight.cli.main import app
from tests.process import kill_at

NET = """\
from pathlib import Path
import torch
from torch import nn
Path(__file__).with_name("imported").touch()
class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3, 2))
        self.last = nn.Linear(16, num_classes)
    def forward(self, x):
        return self.last(torch.relu(self.features(x)).mean((2, 3)))
def build(num_classes):
    return Net(num_classes)
"""
SMALL = """\
data: {name: toybirds, train: 48, validation: 24, test: 24, image_size: 32}
model: {name: "mine.net:build"}
training: {epochs: 2, batch_size: 16, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 2}
evidence: {refits: 0, sanity: 0, interventions: 0}
study: {seeds: [0, 1], arms: [magnitude], retrains: 1}
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory, sparsight):
    """A folder with a network, settings, and a run of them by two workers. Not to be changed."""
    place = tmp_path_factory.mktemp("own")
    (place / "mine").mkdir()
    (place / "mine" / "net.py").write_text(NET)
    (place / "small.yaml").write_text(SMALL)
    ended = sparsight("study", "small.yaml", "--out", "run", "--workers", "2", cwd=place)
    assert ended.returncode == 0, ended.stderr
    assert f"model.name: runs the code in {place / 'mine' / 'net.py'}" in ended.stdout
    return place


@pytest.fixture
def copy(own, tmp_path):
    return shutil.copytree(own, tmp_path / "copy")


def test_seeds_decide_the_weights_and_the_file_is_noted(own, sparsight):
    settings = yaml.safe_load((own / "run" / "study.yaml").read_text())
    assert len(settings["model"]["source"]) == 64
    weights = [load_file(own / "run" / f"dense/right/seed-{s}/ticket.safetensors")["last.weight"] for s in (0, 1)]
    assert not weights[0].equal(weights[1])


def test_killed_and_resumed_ends_with_the_same_bytes(own, copy, sparsight, results_of):
    shutil.rmtree(copy / "run")
    kill_at(copy / "run/dense/right/seed-0/ticket.safetensors", ("study", "small.yaml", "--out", "run"), copy)
    ended = sparsight("study", "small.yaml", "--out", "run", "--workers", "0", "--no-report", cwd=copy)
    assert ended.returncode == 0, ended.stderr
    assert results_of(copy / "run") == results_of(own / "run")


AUDIT = ("audit", "--margin", "0.1", "--data", "run")
MODELS = ("mine.net:build@own-0.safetensors", "mine.net:build@own-1.safetensors")
PLAIN = ("torchvision:mobilenet_v3_small@plain-0.safetensors", "torchvision:mobilenet_v3_small@plain-1.safetensors")
TICKET = ("run", "--arm", "magnitude", "--seed", "0", "--round", "1", "--formats", "state")
COMMANDS = [
    # words, exit code, whether they run the code of a network of the user's own
    (("study", "small.yaml", "--out", "new", "--workers", "2"), 0, True),
    (("study", "small.yaml", "--out", "run"), 0, True),
    (("plan", "small.yaml", "--out", "new"), 0, True),
    (("verify", "run", "--deep"), 0, True),
    (("export", *TICKET), 0, True),
    ((*AUDIT, *MODELS), 0, True),
    ((*AUDIT, *PLAIN), 0, False),
    (("verify", "run"), 0, False),
    (("report", "run"), 0, False),
    (("compare", "run"), 2, False),
    (("tensorboard", "run"), 0, False),
    (("data", "list"), 0, False),
    (("data", "where"), 0, False),
    (("data", "cache"), 0, False),
    (("data", "check", "toybirds"), 0, False),
    (("data", "preview", "toybirds"), 0, False),
    (("study", "small.yaml", "--help"), 0, False),
    (("--version",), 0, False),
]


def test_every_command_is_asked_whether_it_runs_a_users_code():
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    of_data = {(command.name or command.callback.__name__).strip("_") for command in data.app.registered_commands}
    assert {words[0] for words, _, _ in COMMANDS} == {*names, "data", "--version"}
    assert {words[1] for words, _, _ in COMMANDS if words[0] == "data"} == of_data


def write_models(folder):
    """The weights that ``MODELS`` and ``PLAIN`` name."""
    for seed in (0, 1):
        ticket = load_file(folder / f"run/dense/right/seed-{seed}/ticket.safetensors")
        own = {name: value for name, value in ticket.items() if not name.startswith("mask/")}
        save_file(own, folder / f"own-{seed}.safetensors")
        torch.manual_seed(seed)
        save_file(mobilenet_v3_small(num_classes=12).state_dict(), folder / f"plain-{seed}.safetensors")


@pytest.mark.parametrize(("words", "code", "runs"), COMMANDS, ids=[" ".join(one[0]) for one in COMMANDS])
def test_where_the_code_of_an_own_network_runs(words, code, runs, copy, sparsight):
    if words[0] == "audit":
        write_models(copy)
    (copy / "mine" / "imported").unlink()
    ended = sparsight(*words, cwd=copy)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert (copy / "mine" / "imported").exists() == runs


def test_a_run_is_reported_without_the_file_of_its_network(copy, sparsight):
    shutil.rmtree(copy / "mine")
    for command in ("report", "verify", "tensorboard"):
        ended = sparsight(command, "run", cwd=copy)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_source_that_has_changed_is_refused_and_nothing_is_run(copy, sparsight, results_of):
    before = results_of(copy / "run")
    (copy / "mine" / "imported").unlink()
    (copy / "mine" / "net.py").write_text(NET + "# changed\n")
    ended = sparsight("study", "small.yaml", "--out", "run", "--workers", "0", cwd=copy)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr.count("\n")) == (2, "", 1)
    assert "model.source: the file of mine.net:build has changed since" in ended.stderr
    strangers = sparsight("study", "run/study.yaml", "--out", "other", cwd=copy)  # its settings name another file
    assert strangers.returncode == 2
    assert "not the file of mine.net:build that these settings were made with" in strangers.stderr
    assert not (copy / "mine" / "imported").exists()
    assert not (copy / "other").exists()
    assert results_of(copy / "run") == before
