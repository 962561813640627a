"""Rights, room and signals: what the system refuses is one line and exit code 2, and what is stopped leaves nothing."""

import ctypes
import importlib
import os
import resource
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from sparsight.cli.main import WAITING
from tests import process

pytestmark = [
    pytest.mark.usefixtures("shapes_unchecked"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="capabilities are Linux's"),
]
SMALL = """\
data: {name: toybirds, train: 24, validation: 24, test: 36, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 1, batch_size: 8, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 1}
evidence: {interventions: 0, sanity: 0, refits: 0}
study: {seeds: [0], arms: [magnitude], retrains: 0}
"""
NET = "torchvision:shufflenet_v2_x0_5"
AUDIT = ("audit", f"{NET}@first.pt", f"{NET}@second.pt", "--data", "photos", "--image-size", "32")
STUDY = ("study", "small.yaml", "--workers", "0", "--no-report", "--out")
EXPORT = ("export", "run", "--arm", "magnitude", "--seed", "0", "--round", "0", "--formats")
PREVIEW = ("data", "preview", "toybirds", "--set", "train=12", "--set", "validation=12", "--set", "test=12")
DROP, RIGHTS = 24, (1, 2, 3)
"""PR_CAPBSET_DROP, and CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_FOWNER."""


def mere_owner():
    """Give up root's right to read and write whatever it likes; without effect where one is not root."""
    libc, header = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0)
    for right in RIGHTS:
        libc.prctl(DROP, right, 0, 0, 0)
    held = (ctypes.c_uint32 * 6)()
    libc.capget(header, held)
    for k in range(3):  # effective, permitted, inheritable
        held[k] &= ~sum(1 << right for right in RIGHTS)
    libc.capset(header, held)


def little_room():
    """Let no file grow beyond 4 kB, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def begun(folder: Path, words, before=lambda: None) -> int:
    """The command in a process that this one is copied into; what it prints goes to ``said`` beside the folder."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        said = os.open(folder.parent / f"{folder.name}.said", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(said, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        os.chdir(folder)
        sys.argv = ["sparsight", *map(str, words)]
        before()
        from sparsight.cli import main

        main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 98)


def ended(folder: Path, child: int) -> tuple[int, str]:
    """What it ended with, and what it said."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, (folder.parent / f"{folder.name}.said").read_text()


def refused(folder, words, before) -> str:
    code, errors = ended(folder, begun(folder, words, before))
    assert code == 2, errors
    assert errors.startswith("sparsight: "), errors
    assert errors.count("\n") == 1, errors
    assert len(errors) < 1000
    return errors


def listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def made(tmp_path_factory, sparsight):
    """A run, photographs and two networks."""
    for name in process.LOADED:  # once, for all the processes that this one is copied into
        importlib.import_module(name)
    folder = tmp_path_factory.mktemp("made") / "place"
    draws = np.random.default_rng(0)
    for name in ("a", "b"):
        (folder / "photos" / name).mkdir(parents=True)
        for i in range(8):
            Image.fromarray(draws.integers(0, 255, (32, 32, 3)).astype(np.uint8)).save(
                folder / f"photos/{name}/{i}.png"
            )
    for seed, name in enumerate(("first", "second")):
        torch.manual_seed(seed)
        model = torchvision.models.get_model(NET.partition(":")[2], num_classes=2)
        torch.save(model.state_dict(), folder / f"{name}.pt")
    (folder / "small.yaml").write_text(SMALL)
    finished = sparsight(*STUDY, "run", cwd=folder)
    assert finished.returncode == 0, finished.stderr
    return folder


UNREADABLE = {
    "manifest": ("run/manifest.json", [("tensorboard", "run"), (*STUDY, "run"), ("report", "run"), ("verify", "run")]),
    "network": ("run/dense", [("verify", "run"), ("report", "run"), ("tensorboard", "run"), (*EXPORT, "state")]),
    "metrics": ("run/dense/right/seed-0/metrics.json", [("report", "run"), ("tensorboard", "run")]),
    "settings": ("run/study.yaml", [("report", "run"), (*STUDY, "run")]),
    "results": ("run/results", [("report", "run"), ("verify", "run")]),
    "the run": ("run", [("report", "run"), (*STUDY, "run"), (*EXPORT, "state"), ("tensorboard", "run")]),
    "study": ("small.yaml", [(*STUDY, "other"), ("plan", "small.yaml")]),
    "pictures": ("photos/a", [("data", "check", "folder:photos"), AUDIT]),
    "a picture": ("photos/a/0.png", [("data", "check", "folder:photos"), AUDIT]),
    "weights": ("second.pt", [AUDIT, (*STUDY, "other", "--set", "model.weights=second.pt")]),
}


@pytest.mark.parametrize("closed", UNREADABLE)
def test_what_may_not_be_read_is_named_and_nothing_is_written(made, closed):
    name, commands = UNREADABLE[closed]
    mode, before = (made / name).stat().st_mode, listed(made)
    for words in commands:
        (made / name).chmod(0)
        try:
            said = refused(made, words, mere_owner)
        finally:
            os.chmod(made / name, mode)  # noqa: PTH101 (what is closed cannot be looked up)
        assert name.rpartition("/")[2] in said
        assert "written" not in said
        assert listed(made) == before, words


UNWRITABLE = {
    "study": (*STUDY, "closed/run"),
    "plan": ("plan", "small.yaml", "--workers", "0", "--out", "closed/run"),
    "export": (*EXPORT, "state", "--out", "closed/ex"),
    "tensorboard": ("tensorboard", "run", "--out", "closed/tb"),
    "preview": (*PREVIEW, "--out", "closed/a.png"),
    "audit": (*AUDIT, "--out", "closed/audit"),
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_where_nothing_may_be_written(made, name):
    (made / "closed").mkdir()
    (made / "closed").chmod(0o500)
    try:
        assert "closed" in refused(made, UNWRITABLE[name], mere_owner)
        assert listed(made / "closed") == []
    finally:
        (made / "closed").rmdir()


FULL = {
    "study": (*STUDY, "full"),
    "report": ("report", "run"),
    "export": (*EXPORT, "state", "--out", "filled"),
    "preview": (*PREVIEW, "--out", "filled"),
    "audit": (*AUDIT, "--out", "filled"),
}


@pytest.mark.parametrize("name", FULL)
def test_a_full_disk(made, name):
    before = listed(made / "run")
    refused(made, FULL[name], little_room)
    assert not list(made.rglob("*.partial"))
    assert not (made / "filled").exists()
    if name != "report":
        assert listed(made / "run") == before


@pytest.mark.parametrize("name", ["SPARSIGHT_CACHE", "HOME", "XDG_CACHE_HOME", "TMPDIR"])
def test_without_a_cache_or_a_home_the_work_is_done_all_the_same(made, monkeypatch, tmp_path, name):
    (tmp_path / "closed").mkdir(mode=0o500)
    if name != "SPARSIGHT_CACHE":
        monkeypatch.delenv("SPARSIGHT_CACHE")
    monkeypatch.setenv(name, str(tmp_path / "closed"))
    code, errors = ended(made, begun(made, ("data", "check", "folder:photos"), mere_owner))
    assert code in (0, 2), errors
    assert "fault of ours" not in errors
    if code:
        assert errors.count("\n") == 1
        assert "closed" in errors


@pytest.mark.parametrize("words", [(*AUDIT, "--out", "gone"), (*EXPORT, "state,mask,onnx", "--out", "gone")])
def test_ctrl_c_leaves_nothing_half_written(made, words):
    """At several moments: each time a line and 130, until the command is faster than the moment."""
    stopped, before = 0, listed(made)
    for moment in (0.2, 0.5, 1.0, 2.0):
        child = begun(made, words)
        time.sleep(moment)
        os.kill(child, signal.SIGINT)
        code, errors = ended(made, child)
        if code == 0:
            break
        again = shlex.join(["sparsight", *words])
        says = f"sparsight: stopped: nothing is left half-written; begin again by {again}\n"
        assert (code, errors.removeprefix(f"{WAITING}\n")) == (130, says)
        assert listed(made) == before
        stopped += 1
    shutil.rmtree(made / "gone", ignore_errors=True)  # where the command was faster
    assert stopped
