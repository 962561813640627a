"""What the system or the numbers refuse, and a user can mend: one line, exit code 2."""

import ctypes
import os
import subprocess
import sys

import pytest

SMALL = """\
data: {name: toybirds, train: 24, validation: 24, test: 24, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 1, batch_size: 8, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 2}
evidence: {interventions: 0, sanity: 0, refits: 0}
study: {seeds: [0], arms: [magnitude], retrains: 0}
"""


def refused(code: int, errors: str) -> str:
    assert code == 2, errors
    assert errors.count("\n") == 1
    assert errors.startswith("sparsight: ")
    assert len(errors) < 1000
    return errors


NAMES = {"300": "n" * 300, "5000": "n" * 5000, "not UTF-8": "\udcff", "empty": ""}
PLACES = {
    "verify": ("verify", "NAME"),
    "report": ("report", "NAME"),
    "compare": ("compare", "NAME"),
    "tensorboard": ("tensorboard", "NAME"),
    "export": ("export", "NAME", "--arm", "magnitude", "--seed", "0", "--round", "0"),
    "plan": ("plan", "NAME"),
    "study": ("study", "NAME"),
    "study --out": ("study", "small.yaml", "--workers", "0", "--out", "NAME"),
    "study --data": ("study", "small.yaml", "--data", "NAME"),
    "study --device": ("study", "small.yaml", "--device", "NAME"),
    "study --set": ("study", "small.yaml", "--set", "NAME"),
    "plan --out": ("plan", "small.yaml", "--out", "NAME"),
    "data check": ("data", "check", "NAME"),
    "data check folder": ("data", "check", "folder:NAME"),
    "data check --data": ("data", "check", "cub200", "--data", "NAME"),
    "data preview --out": ("data", "preview", "toybirds", "--set", "train=12", "--out", "NAME"),
    "audit": ("audit", "NAME", "torchvision:resnet18", "--data", "mnist"),
    "audit --data": ("audit", "torchvision:resnet18", "torchvision:resnet18", "--data", "NAME"),
    "audit @": ("audit", "torchvision:resnet18@NAME", "torchvision:resnet18", "--data", "mnist"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_names_that_nothing_can_have(call, tmp_path, place, name):
    (tmp_path / "small.yaml").write_text(SMALL)
    if name == "empty" and PLACES[place][-2] not in ("--out", "--data"):
        return  # other tests hold what an empty name is refused for
    code, _, errors = call(*(word.replace("NAME", NAMES[name]) for word in PLACES[place]))
    refused(code, errors)
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize("device", ["tpu", "cuda:99", "mps", "meta", "xpu"])
@pytest.mark.parametrize("command", ["study", "plan"])
def test_devices_that_are_none(call, tmp_path, command, device):
    (tmp_path / "small.yaml").write_text(SMALL)
    assert "device" in refused(*call(command, "small.yaml", "--device", device)[::2])


@pytest.mark.parametrize(("rate", "epochs"), [("1e29", 1), ("1e4", 1)])
def test_a_training_that_diverges_names_the_network_and_what_to_lower(call, tmp_path, rate, epochs):
    (tmp_path / "small.yaml").write_text(SMALL)
    more = ("--set", f"training.learning_rate={rate}", "--set", f"training.epochs={epochs}")
    code, _, errors = call("study", "small.yaml", "--workers", "0", "--no-report", "--out", "run", *more)
    said = refused(code, errors)
    assert "seed 0, round" in said
    assert "epoch" in said
    assert "lower training.learning_rate" in said
    lower = ("--workers", "0", "--no-report", "--out", "other")
    assert call("study", "small.yaml", *lower)[0] == 0, "the remedy"


@pytest.mark.parametrize("setting", ["training.learning_rate", "training.finetune_rate"])
def test_a_learning_rate_beyond_single_precision_is_refused_before_anything_is_made(call, tmp_path, setting):
    (tmp_path / "small.yaml").write_text(SMALL)
    code, _, errors = call("study", "small.yaml", "--out", "run", "--set", f"{setting}=1e39")
    assert setting in refused(code, errors)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_gone_while_one_is_in_it(monkeypatch, tmp_path, capsys):
    from sparsight.cli import main

    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "argv", ["sparsight", "data", "check", "toybirds"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert "change to another" in refused(ended.value.code, capsys.readouterr().err)


DROP, RIGHTS = 24, (1, 2, 3)
"""PR_CAPBSET_DROP, and CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_FOWNER."""


def mere_owner() -> None:
    """Give up root's right to read and write whatever it likes, where one is root: what is run next has it not."""
    for right in RIGHTS:
        ctypes.CDLL(None).prctl(DROP, right, 0, 0, 0)


CLOSED = [
    ("run", ("verify", "run")),
    ("run/dense", ("report", "run")),
    ("run/dense", ("verify", "run")),
    ("data/a", ("data", "check", "folder:data")),
]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="capabilities are Linux's")
@pytest.mark.parametrize(("closed", "words"), CLOSED)
def test_what_may_not_be_read_is_named(command, call, tmp_path, closed, words):
    (tmp_path / "small.yaml").write_text(SMALL)
    if "run" in words:
        assert call("study", "small.yaml", "--out", "run", "--workers", "0", "--no-report")[0] == 0
    for place in ("data/a", "data/b"):
        (tmp_path / place).mkdir(parents=True)
    mode = (tmp_path / closed).stat().st_mode
    (tmp_path / closed).chmod(0)
    try:
        ended = subprocess.run(
            command(*words), cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=mere_owner
        )
    finally:
        os.chmod(tmp_path / closed, mode)  # noqa: PTH101 (what is closed cannot be looked up)
    assert closed.rpartition("/")[2] in refused(ended.returncode, ended.stderr)
