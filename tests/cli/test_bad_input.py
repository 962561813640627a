"""Bad input gets one line, exit code 2, no traceback, and nothing is written."""

import os
import subprocess
import sys

import pytest
import torch
from PIL import Image

from sparsight.models import ModelSettings, build_model

pytestmark = pytest.mark.usefixtures("shapes_unchecked")

NETS = """\
import random
import torch
from torch import nn
NUMBER = 3
def build(num_classes):
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), pool, nn.Linear(8, num_classes))
def raises(num_classes):
    raise ValueError("two\\nlines")
def exits(num_classes):
    raise SystemExit(3)
def plain():
    return build(3)
def nothing(num_classes):
    build(num_classes)
def three(num_classes):
    return build(3)
def flat(num_classes):
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, num_classes))
def headless(num_classes):
    return nn.Sequential(build(num_classes), nn.LogSoftmax(1))
def grey(num_classes):
    return nn.Sequential(nn.Conv2d(1, 8, 3), build(num_classes))
def frozen(num_classes):
    return build(num_classes).requires_grad_(False)
def unseeded(num_classes):
    model = build(num_classes)
    nn.init.constant_(model[0].weight, random.SystemRandom().random())
    return model
SHARED = build(12)
def shared(num_classes):
    return SHARED
"""
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
    "at most without until decided": (["study", "toybirds", "--at-most", "10"], "ask for that, too"),
    "at most too few": (["study", "toybirds", "--until-decided", "--at-most", "2"], "a whole number of 3 or more"),
    "at most below the seeds": (
        ["study", "toybirds", "--until-decided", "--at-most", "4", "--seeds", "5"],
        "at_most: 4 is fewer than the 5 seeds",
    ),
    "at most in words": (["study", "toybirds", "--until-decided", "--at-most", "ten"], "Invalid value for '--at-most'"),
    "until decided without a control": (
        ["study", "toybirds", "--until-decided", "--retrains", "0"],
        "ask for one at least (--retrains 1)",
    ),
    "looks that fall": (["study", "toybirds", "--set", "study.looks=[5,3]"], "looks must rise"),
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
    "misfit pickled weights": (["study", "small.yaml", "--set", "model.weights=misfit.pt"], "does not fit the network"),
    "unknown torchvision network": (["study", "small.yaml", "--set", "model.name=torchvision:resnet51"], "resnet50"),
    "unknown timm network": (["study", "small.yaml", "--set", "model.name=timm:resnet51"], "near are resnet5"),
    "a network without a linear head": (
        ["study", "small.yaml", "--set", "model.name=torchvision:squeezenet1_1", "--set", "model.stem_stride=1"],
        "cannot be studied",
    ),
    "images too small for the network": (
        ["study", "small.yaml", "--set", "model.name=torchvision:inception_v3"],
        "takes images of 299 pixels and more, not 32",
    ),
    "unknown weights' name": (
        ["study", "small.yaml", "--set", "model.name=torchvision:resnet18", "--set", "model.pretrained=IMAGENET2K"],
        "torchvision has IMAGENET1K_V1",
    ),
    "an embedding that is not there": (["study", "small.yaml", "--set", "model.embedding=layer9"], "no layer 'layer9'"),
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
    "a huge seed": (["study", "toybirds", "--seeds", "1,99999999999999999999"], "must be from 0 to 4294967295"),
    "a seed of 10,000 digits": (["study", "toybirds", "--seeds", "1," + "9" * 10_000], "must be from 0 to"),
    "an infinite rate": (["study", "toybirds", "--set", "training.learning_rate=.inf"], "training.learning_rate"),
    "a quick that is none": (["study", "quick.yaml"], "quick"),
    "a layer without a map": (["study", "small.yaml", "--set", "saliency.layer=fc"], "fc"),
    "a Captum attribution of a layer": (["study", "small.yaml", "--set", "saliency.method=captum:LayerLRP"], "a layer"),
    "no Captum attribution": (["study", "small.yaml", "--set", "saliency.method=captum:Saliencies"], "are Saliency"),
    "SmoothGrad of Grad-CAM": (["study", "small.yaml", "--set", "saliency.smooth=5"], "saliency: smooth: SmoothGrad"),
    "padding beyond the image": (["study", "small.yaml", "--set", "training.crop_padding=32"], "crop_padding"),
    "a zero byte": (["study", "small.yaml", "--set", 'model.weights="a\\0b"'], "not a path"),
    "somebody's data": (["study", "small.yaml", "--out", "theirs"], "holds other files"),
    "preview to a folder": (["data", "preview", "toybirds", "--out", ".", *FEW], "is a folder"),
    "preview below a file": (["data", "preview", "toybirds", "--out", "weights.pt/x.png", *FEW], "cannot be written"),
    "preview of nothing": (["data", "preview", "cifar"], "must be one of"),
    "preview setting": (["data", "preview", "toybirds", "--set", "shortcut=7"], "data.shortcut"),
    "empty source": (["study", ""], "study ''"),
    "source with markup": (["study", "<script>alert(1)</script>"], "neither a preset nor a file"),
    "source with a newline": (["study", "toy\nbirds"], "toy"),
    "source that climbs": (["study", "../../../../etc/passwd"], "etc/passwd"),
    "source from right to left": (["study", "\u202etoybirds"], "study"),
    "source of 10,000 characters": (["study", "y" * 10_000], "cannot be read"),
    "source is a pipe": (["study", "pipe.yaml"], "not a file"),
    "source is a loop": (["study", "loop.yaml"], "loop.yaml"),
    "empty settings": (["study", "empty.yaml"], "empty or no settings"),
    "settings that are a list": (["study", "list.yaml"], "no settings"),
    "settings in UTF-16": (["study", "utf16.yaml"], "utf16.yaml"),
    "settings that name code": (["study", "code.yaml"], "not valid YAML"),
    "settings that grow when they are written": (["study", "bomb.yaml"], "training.epochs"),
    "unknown base preset": (["study", "base.yaml"], "base.yaml: preset"),
    "a room that is a number": (["study", "toybirds", "--set", "training=3"], "room.key=value"),
    "no epochs": (["study", "toybirds", "--set", "training.epochs=0"], "training.epochs"),
    "half an epoch": (["study", "toybirds", "--set", "training.epochs=1.5"], "training.epochs"),
    "no first epochs": (["study", "toybirds", "--set", "training.first_round_epochs=0"], "first_round_epochs"),
    "batches of one": (["study", "toybirds", "--set", "training.batch_size=1"], "training.batch_size"),
    "momentum 1": (["study", "toybirds", "--set", "training.momentum=1"], "training.momentum"),
    "negative decay": (["study", "toybirds", "--set", "training.weight_decay=-1"], "training.weight_decay"),
    "a rate that is no number": (["study", "toybirds", "--set", "training.learning_rate=.nan"], "learning_rate"),
    "no rate to finetune": (["study", "toybirds", "--set", "training.finetune_rate=0"], "finetune_rate"),
    "unknown schedule": (["study", "toybirds", "--set", "training.schedule=linear"], "training.schedule"),
    "unknown selection": (["study", "toybirds", "--set", "training.selection=first"], "training.selection"),
    "a factor of 1": (["study", "toybirds", "--set", "training.step_factor=1"], "training.step_factor"),
    "no rounds": (["study", "toybirds", "--rounds", "0"], "pruning.rounds"),
    "too many rounds": (["study", "toybirds", "--rounds", "1001"], "pruning.rounds"),
    "rounds no number": (["study", "toybirds", "--rounds", "many"], "--rounds"),
    "negative retrains": (["study", "toybirds", "--retrains", "-1"], "study.retrains"),
    "a seed that is a word": (["study", "toybirds", "--seeds", "one"], "--seeds"),
    "a negative seed": (["study", "toybirds", "--set", "study.seeds=[-1]"], "study.seeds"),
    "too many seeds": (["study", "toybirds", "--seeds", "1001"], "--seeds"),
    "no concepts shown": (["study", "toybirds", "--set", "concepts.top_k=0"], "concepts.top_k"),
    "unknown concept method": (["study", "toybirds", "--set", "concepts.method=guess"], "concepts.method"),
    "C of 0": (["study", "toybirds", "--set", "concepts.C=0"], "concepts.C"),
    "unknown reduction": (["study", "toybirds", "--set", "saliency.reduction=max"], "saliency.reduction"),
    "unknown saliency": (["study", "toybirds", "--set", "saliency.method=lime"], "saliency.method"),
    "evidence in batches of none": (["study", "toybirds", "--set", "evidence.batch_size=0"], "evidence.batch_size"),
    "unknown network": (["study", "toybirds", "--set", "model.name=resnet9"], "model.name"),
    "network with markup": (["study", "toybirds", "--set", "model.name=<b>x</b>"], "model.name"),
    "a stem of three": (["study", "toybirds", "--set", "model.stem_stride=3"], "model.stem_stride"),
    "a stem that is fixed": (
        ["study", "toybirds", "--set", "model.name=torchvision:resnet18", "--set", "model.stem_stride=2"],
        "model.stem_stride",
    ),
    "a module that is not there": (
        ["study", "small.yaml", "--set", "model.name=nomodule:build"],
        "no module 'nomodule'",
    ),
    "a package that is not there": (["study", "small.yaml", "--set", "model.name=no.module:build"], "no module 'no'"),
    "a module below a module": (["study", "small.yaml", "--set", "model.name=nets.x:build"], "not a package"),
    "a module of Python's own": (["study", "small.yaml", "--set", "model.name=sys:exit"], "not a file of Python"),
    "a function that is not there": (["study", "small.yaml", "--set", "model.name=nets:buld"], "it has build"),
    "a function that is none": (["study", "small.yaml", "--set", "model.name=nets:NUMBER"], "int, not a function"),
    "a function that raises": (["study", "small.yaml", "--set", "model.name=nets:raises"], "line 9: ValueError: two"),
    "a function that exits": (["study", "small.yaml", "--set", "model.name=nets:exits"], "ends the process in"),
    "a function without num_classes": (["study", "small.yaml", "--set", "model.name=nets:plain"], "TypeError"),
    "a function without a network": (["study", "small.yaml", "--set", "model.name=nets:nothing"], "gives NoneType"),
    "a network of other outputs": (["study", "small.yaml", "--set", "model.name=nets:three"], "3 outputs for 12"),
    "a network without parts": (["study", "small.yaml", "--set", "model.name=nets:flat"], "candidates are 2, 1, 0"),
    "a network without a head": (["study", "small.yaml", "--set", "model.name=nets:headless"], "return what its last"),
    "a network that fails": (["study", "small.yaml", "--set", "model.name=nets:grey"], "32 x 32 fails: RuntimeError"),
    "a network without weights": (["study", "small.yaml", "--set", "model.name=nets:frozen"], "can be trained"),
    "a network whose seed is nobody's": (["study", "small.yaml", "--set", "model.name=nets:unseeded"], "same seed"),
    "one network for all": (["study", "small.yaml", "--set", "model.name=nets:shared"], "the same network twice"),
    "a module that fails": (["study", "small.yaml", "--set", "model.name=broken:build"], "broken.py, line 2"),
    "a module that cannot be read": (["study", "small.yaml", "--set", "model.name=unread:build"], "SyntaxError"),
    "a layer of an own network that is not there": (
        ["study", "small.yaml", "--set", "model.name=nets:build", "--set", "model.features=layer9"],
        "no layer 'layer9'",
    ),
    "parts of a known network": (["study", "small.yaml", "--set", "model.features=layer2"], "resnet8 is known"),
    "another file than the settings': a stranger's": (
        ["study", "small.yaml", "--set", "model.name=nets:build", "--set", f"model.source={'f' * 64}"],
        "not the file of nets:build",
    ),
    "unknown data": (["study", "toybirds", "--set", "data.name=<i>birds</i>"], "must be one of"),
    "too few images": (["study", "toybirds", "--set", "data.train=11"], "data.train"),
    "a share above 1": (["study", "toybirds", "--set", "data.variation=2"], "data.variation"),
    "tiny images": (["study", "toybirds", "--set", "data.image_size=31"], "data.image_size"),
    "unknown switch": (["study", "toybirds", "--arms", "toggle:freeze"], "switches are"),
    "a switch twice": (["study", "toybirds", "--arms", "toggle:mask_once+mask_once"], "twice"),
    "a switch that is off": (
        ["study", "toybirds", "--arms", "released-code-toggle:keep_optimizer"],
        "is not on in released-code",
    ),
    "the same arm in two orders": (
        ["study", "toybirds", "--arms", "toggle:mask_once+prune_norms,toggle:prune_norms+mask_once"],
        "an arm stands twice",
    ),
    "rewind to the start": (["study", "toybirds", "--arms", "rewind:0"], "0 is magnitude"),
    "rewind beyond the end": (["study", "toybirds", "--arms", "rewind:8"], "trainings have 8 epochs"),
    "dense at a round beyond": (["study", "toybirds", "--arms", "magnitude,dense-at:magnitude:6"], "rounds go from"),
    "dense at an arm that is not there": (["study", "toybirds", "--arms", "dense-at:random:1"], "needs the arm random"),
    "reinit without magnitude": (["study", "toybirds", "--arms", "reinit"], "needs the arm magnitude"),
    "arm that climbs": (["study", "toybirds", "--arms", "../../x"], "unknown"),
    "arm with markup": (["study", "toybirds", "--arms", "<img src=x onerror=alert(1)>"], "unknown"),
    "arm with a newline": (["study", "toybirds", "--arms", "magni\ntude"], "unknown"),
    "arm from right to left": (["study", "toybirds", "--arms", "\u202emagnitude"], "unknown"),
    "arm of 10,000 characters": (["study", "toybirds", "--arms", "m" * 10_000], "unknown"),
    "checkpoints before the start": (["study", "toybirds", "--checkpoint-every", "-1"], "--checkpoint-every"),
    "empty weights": (["study", "small.yaml", "--set", "model.weights=none.safetensors"], "none.safetensors"),
    "weights that are a folder": (["study", "small.yaml", "--set", "model.weights=theirs"], "not a file"),
    "weights that are no numbers": (["study", "small.yaml", "--set", "model.weights=nan.safetensors"], "finite number"),
    "out of 10,000 characters": (["study", "small.yaml", "--out", "r/" * 5_000], "cannot be used"),
    "out with a zero byte": (["study", "small.yaml", "--set", 'data.name="a\\0b"'], "must be one of"),
    "verify nothing": (["verify", "nowhere"], "not a run's folder"),
    "verify another folder": (["verify", "theirs"], "theirs"),
    "a folder that is not there": (["study", "folder:nowhere"], "nowhere"),
    "a folder that is a file": (["study", "folder:weights.pt"], "weights.pt"),
    "a folder without classes": (["study", "folder:theirs"], "theirs"),
    "a folder whose concepts are not there": (["study", "folder:plain", "--concepts", "no.csv"], "no.csv"),
    "check a folder that is not there": (["data", "check", "folder:nowhere"], "nowhere"),
    "check unknown data": (["data", "check", "<b>cub</b>"], "must be one of"),
}


@pytest.fixture
def place(small):
    from safetensors.torch import save_file

    folder = small.parent
    torch.save(torch.nn.Linear(3, 3), folder / "weights.pt")
    torch.save({"w": torch.ones(3)}, folder / "misfit.pt")
    save_file({"w": torch.ones(3)}, folder / "misfit.safetensors")
    (folder / "cut.safetensors").write_bytes((folder / "misfit.safetensors").read_bytes()[:-3])
    (folder / "theirs").mkdir()
    (folder / "theirs" / "data.safetensors").write_bytes(b"theirs")
    (folder / "nets.py").write_text(NETS)
    (folder / "broken.py").write_text("import os\nos.no_such_thing\n")
    (folder / "unread.py").write_text("def build(:\n")
    (folder / "deep.yaml").write_text("[" * 3000)
    (folder / "quick.yaml").write_text("preset: toybirds\nquick: 5\n")
    (folder / "empty.yaml").write_text("")
    (folder / "list.yaml").write_text("- data\n- model\n")
    (folder / "utf16.yaml").write_bytes("preset: toybirds".encode("utf-16"))
    (folder / "code.yaml").write_text("data: !!python/object/apply:os.system ['touch pwned']\n")
    (folder / "base.yaml").write_text("preset: ../toybirds\n")
    laughs = ", ".join(f"&b{i} [{', '.join([f'*b{i - 1}'] * 9)}]" for i in range(1, 10))
    (folder / "bomb.yaml").write_text(f"preset: toybirds\ntraining: {{epochs: [&b0 [lol], {laughs}]}}\n")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "none.safetensors").write_bytes(b"")
    state = build_model(ModelSettings(stem_stride=2), 12, 0).state_dict()
    save_file({**state, "fc.bias": state["fc.bias"] * float("nan")}, folder / "nan.safetensors")
    for name in ("a", "b"):
        (folder / "plain" / name).mkdir(parents=True)
        for i in range(3):
            colour = (60 * i, 90, 200 * (name == "a"))
            Image.new("RGB", (32, 32), colour).save(folder / "plain" / name / f"{i}.png")
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
    assert len(err) < 1000
    assert "Traceback" not in err + out
    assert sorted(place.iterdir()) == before


def test_there_are_a_hundred_of_them():
    assert len(BAD) >= 100


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
