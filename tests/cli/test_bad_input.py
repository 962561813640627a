"""Bad input gets one line, exit code 2, no traceback, and nothing is written."""

import subprocess
import sys

import pytest
import torch

FEW = ("--set", "train=12", "--set", "validation=12", "--set", "test=12")
BAD = {
    "unknown preset": (["study", "toybird"], "did you mean toybirds"),
    "unknown file": (["study", "no/such.yaml"], "no/such.yaml: cannot be read"),
    "a folder as file": (["study", "."], "not a file"),
    "unknown key": (["study", "toybirds", "--set", "training.epoch=1"], "did you mean epochs"),
    "unknown room": (["study", "toybirds", "--set", "train.epochs=1"], "unknown key"),
    "malformed --set": (["study", "toybirds", "--set", "epochs"], "room.key=value"),
    "unknown arm": (["study", "toybirds", "--arms", "magnitude,randm"], "unknown; "),
    "empty arms": (["study", "toybirds", "--arms", ""], "arm ''"),
    "unknown layer": (["study", "small.yaml", "--set", "saliency.layer=layer9"], "layer9"),
    "unknown device": (["study", "toybirds", "--device", "tpu"], "training.device"),
    "rate 0": (["study", "toybirds", "--rate", "0"], "pruning.rate"),
    "rate 1": (["study", "toybirds", "--rate", "1"], "pruning.rate"),
    "rate no number": (["study", "toybirds", "--rate", "much"], "--rate"),
    "no seeds": (["study", "toybirds", "--seeds", "0"], "--seeds"),
    "empty seeds": (["study", "toybirds", "--seeds", ""], "--seeds"),
    "the same seed twice": (["study", "toybirds", "--seeds", "1,1"], "different"),
    "negative workers": (["study", "toybirds", "--workers", "-1"], "--workers"),
    "unknown option": (["study", "toybirds", "--speed", "9"], "--speed"),
    "unknown command": (["stdy"], "stdy"),
    "no argument": (["study"], "PRESET"),
    "missing weights": (["study", "small.yaml", "--set", "model.weights=no.safetensors"], "no.safetensors"),
    "pickled weights": (["study", "small.yaml", "--set", "model.weights=weights.pt"], "a pickle"),
    "truncated weights": (["study", "small.yaml", "--set", "model.weights=cut.safetensors"], "not a whole safetensors"),
    "misfit weights": (["study", "small.yaml", "--set", "model.weights=misfit.safetensors"], "misfit.safetensors"),
    "out is a file": (["study", "small.yaml", "--out", "weights.pt"], "is a file"),
    "out below a file": (["study", "small.yaml", "--out", "weights.pt/run"], "weights.pt"),
    "out holds something else": (["study", "small.yaml", "--out", "."], "holds other files"),
    "truncated settings": (["study", "cut.yaml"], "cut.yaml"),
    "binary settings": (["study", "weights.pt"], "weights.pt"),
    "report of nothing": (["report", "nowhere"], "not a run's folder"),
    "verify of nothing": (["verify", "nowhere"], "not a run's folder"),
    "report of another folder": (["report", "."], "not a run's folder"),
    "a long out": (["study", "small.yaml", "--out", "x" * 300], "cannot be used"),
    "a long source": (["study", "x" * 300], "cannot be read"),
    "a long key": (["study", "toybirds", "--set", f"training.{'k' * 3000}=1"], "unknown key"),
    "a key with escapes": (["study", "toybirds", "--set", "training.\x1b[31m=1"], "unknown key"),
    "a date that is none": (["study", "toybirds", "--set", "data.seed=2024-13-45"], "not valid YAML"),
    "deep YAML": (["study", "deep.yaml"], "deep.yaml"),
    "a huge seed": (["study", "toybirds", "--seeds", "1,99999999999999999999"], "--seeds"),
    "an infinite rate": (["study", "toybirds", "--set", "training.learning_rate=.inf"], "training.learning_rate"),
    "a quick that is none": (["study", "quick.yaml"], "quick"),
    "a layer without a map": (["study", "small.yaml", "--set", "saliency.layer=fc"], "fc"),
    "padding beyond the image": (["study", "small.yaml", "--set", "training.crop_padding=32"], "crop_padding"),
    "a zero byte": (["study", "small.yaml", "--set", 'model.weights="a\\0b"'], "not a path"),
    "somebody's data": (["study", "small.yaml", "--out", "theirs"], "holds other files"),
    "preview to a folder": (["data", "preview", "toybirds", "--out", ".", *FEW], "is a folder"),
    "preview below a file": (["data", "preview", "toybirds", "--out", "weights.pt/x.png", *FEW], "cannot be written"),
    "preview of nothing": (["data", "preview", "cifar"], "must be one of"),
    "preview setting": (["data", "preview", "toybirds", "--set", "shortcut=7"], "data.shortcut"),
}


@pytest.fixture
def place(small):
    from safetensors.torch import save_file

    folder = small.parent
    torch.save({"w": torch.ones(3)}, folder / "weights.pt")
    save_file({"w": torch.ones(3)}, folder / "misfit.safetensors")
    (folder / "cut.safetensors").write_bytes((folder / "misfit.safetensors").read_bytes()[:-3])
    (folder / "theirs").mkdir()
    (folder / "theirs" / "data.safetensors").write_bytes(b"theirs")
    (folder / "deep.yaml").write_text("[" * 3000)
    (folder / "quick.yaml").write_text("preset: toybirds\nquick: 5\n")
    (folder / "cut.yaml").write_text("data: {name: toybirds, train")
    return folder


@pytest.mark.parametrize("arguments", [pytest.param(value[0], id=name) for name, value in BAD.items()])
def test_bad_input(place, arguments, request, monkeypatch, capsys):
    says = BAD[request.node.callspec.id][1]
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["sparsight", *arguments])
    before = sorted(place.iterdir())
    from sparsight.cli import main

    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert says in err
    assert err.startswith("sparsight: ")
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert len(err) < 500
    assert "Traceback" not in err + out
    assert sorted(place.iterdir()) == before


def test_bad_input_in_a_process(place, sparsight):
    ended = sparsight("study", "small.yaml", "--set", "model.weights=weights.pt", cwd=place)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "a pickle" in ended.stderr
    assert "save_file" in ended.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's folder that not even root can write")
def test_out_that_cannot_be_written(place, sparsight):
    ended = sparsight("study", "small.yaml", "--out", "/proc/run", cwd=place)
    assert ended.returncode == 2
    assert "/proc/run: cannot be written" in ended.stderr


def test_help_is_quick_and_needs_no_torch():
    code = "import sys, sparsight.cli; sys.exit(any(name in sys.modules for name in ('torch', 'pandas', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "arguments", [["--help"], ["study", "--help"], ["data", "--help"], ["report", "--help"], ["--version"]]
)
def test_help(arguments, tmp_path, sparsight):
    ended = sparsight(*arguments, cwd=tmp_path)
    assert ended.returncode == 0
    assert "sparsight" in ended.stdout.lower()
    assert ended.stderr == ""


def test_data_list_and_preview(tmp_path, sparsight):
    listed = sparsight("data", "list", cwd=tmp_path)
    assert "toybirds" in listed.stdout
    assert "mnist" in listed.stdout
    ended = sparsight("data", "preview", "toybirds", *FEW, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "toybirds.png").read_bytes().startswith(b"\x89PNG")
