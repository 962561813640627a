"""``sparsight audit`` as a user calls it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

from sparsight import audit_models
from sparsight.auditing import AuditSettings
from sparsight.cli.audit import spread
from sparsight.errors import InputError
from sparsight.io import hold_place
from tests import process

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
    _fit(model, sorted((folder / "photos").glob("*/*.png")))
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


def _fit(model, photos):
    """Give a network the head that tells the photos' folders apart, so that it is not at chance."""
    labels = {home: k for k, home in enumerate(sorted({path.parent for path in photos}))}
    found, head = [], model.fc
    model.fc = nn.Identity()
    for side in (64, 96):
        pixels = np.stack([np.asarray(Image.open(path).resize((side, side))) for path in photos])
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
        for mean, std in (((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), ((0.5,) * 3, (0.25,) * 3)):
            with torch.no_grad():
                found.append(model((images - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]))
    features = torch.cat([torch.cat(found), torch.ones(len(photos) * 4, 1)], 1).double()
    wanted = torch.eye(3)[[labels[path.parent] for path in photos] * 4].double()
    weights = torch.linalg.solve(features.T @ features + 1e-6 * torch.eye(513), features.T @ wanted).T.float()
    model.fc = head
    with torch.no_grad():
        head.weight.copy_(weights[:, :-1])
        head.bias.copy_(weights[:, -1])


def run(place, *arguments):
    return process.run(("audit", *arguments), place)


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
    asked = (DENSE, SPARSE, "--data", "photos")
    for others, differs in (
        ((*asked, "--image-size", "64", "--margin", "0.5"), "settings"),
        ((*asked, "--image-size", "32"), "images"),
        ((DENSE, DENSE, "--data", "photos", "--image-size", "64"), "models, weights"),
    ):
        again = run(place, *others)
        assert again.returncode == 2
        said = f"audits/photos: holds another audit, which differs in its {differs}; choose another --out"
        assert said in again.stderr
    again = run(place, DENSE, "torchvision:resnet18@nowhere.pt", "--data", "photos", "--image-size", "64")
    assert again.returncode == 2
    assert "nowhere.pt: cannot be read" in again.stderr, "and not that another audit stands"
    (folder / "report" / "notes.txt").write_text("mine")
    again = run(place, *asked, "--image-size", "64")
    assert again.returncode == 2
    assert "audits/photos: holds another file (report/notes.txt); take it away" in again.stderr
    assert (folder / "report" / "notes.txt").read_text() == "mine"


def test_the_command_line_and_python_make_one_folder(place, monkeypatch):
    """Command line, then Python, then command line: each replaces what the other wrote, and the tables are equal."""
    asked = (DENSE, SPARSE, "--data", "photos/", "--image-size", "64", "--margin", "0.2", "--normalise", "data")
    tables = []

    def looked():
        found = place / "one" / "report" / "tables"
        tables.append({path.name: path.read_bytes() for path in found.glob("*.csv")})
        record = json.loads((place / "one" / "audit.json").read_text())
        return record["asked"]

    assert run(place, *asked, "--out", "one").returncode == 0
    record = looked()
    monkeypatch.chdir(place)
    found = audit_models(
        DENSE,
        SPARSE,
        Path("photos"),
        image_size=64,
        settings=AuditSettings(margin=0.2, normalise="data"),
    )
    assert found.write("one") == Path("one/report/index.html")
    assert looked() == record
    again = run(place, *asked, "--out", "one")
    assert again.returncode == 0, again.stderr
    assert looked() == record
    assert tables[0]
    assert tables[0] == tables[1] == tables[2]
    with pytest.raises(InputError, match="one: holds another audit, which differs in its settings"):
        audit_models(DENSE, SPARSE, "photos", image_size=64, settings=AuditSettings(margin=0.1), out="one")


def test_a_second_audit_into_one_folder_is_refused_before_it_does_the_work(place):
    asked = (DENSE, SPARSE, "--data", "photos", "--image-size", "64", "--out", "busy")
    with hold_place(place / "busy"):
        second = run(place, *asked)
        assert second.returncode == 2
        assert second.stderr.count("\n") == 1
        assert "busy: another sparsight process is about to write this folder; wait for it or choose another --out" in (
            second.stderr
        )
        assert second.stdout.strip() == ""
    assert not (place / "busy").exists()
    assert not list(place.glob(".busy*"))


def test_a_floor_makes_a_verdict_and_fail_on_an_exit_code(place):
    floor = [f"torchvision:resnet18@again{s}.safetensors" for s in range(3)]
    common = (DENSE, SPARSE, "--data", "photos", "--image-size", "64")
    ended = run(place, *common, "--fail-on", "changed", "--out", "floor", "--floor", *floor)
    assert ended.returncode == 1, ended.stderr
    assert f"≠ changed: {SPARSE} decides on other evidence than {DENSE}" in ended.stdout, ended.stderr[-1500:]
    assert "report: floor/report/index.html" in ended.stdout
    itself = (DENSE, DENSE, "--data", "photos", "--image-size", "96")  # whose maps have 9 positions
    ended = run(place, *itself, "--fail-on", "undecided", "--out", "itself", "--margin", "0.01")
    assert ended.returncode == 0, ended.stderr
    assert f"= preserved: {DENSE} (2) decides on the same evidence as {DENSE}" in ended.stdout


COLOURS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 3, 1), nn.Linear(3, 3)
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(3)[:, :, None, None])
            self.conv.bias.fill_(2.0)
            self.head.weight.copy_(9 * torch.eye(3).flip(0))  # blue, green, red
            self.head.bias.copy_(torch.tensor([bias, 0.0, 0.0]))

    def forward(self, images):
        return self.head(self.conv(images).relu().mean((2, 3)))

def build(num_classes):
    return Net(0.0)

def shifted(num_classes):
    return Net(100.0)

def broken(num_classes):
    return retrained(7, -100.0)

def warm(num_classes):
    return retrained(1)

def cool(num_classes):
    return retrained(2)

def retrained(seed, bias=0.0):
    torch.manual_seed(seed)
    made = Net(bias)
    with torch.no_grad():
        made.conv.weight += 0.1 * torch.randn(3, 3, 1, 1)
    return made
"""


def test_an_accuracy_that_is_lost_fails_though_the_explanation_is_preserved(place):
    (place / "colours.py").write_text(COLOURS)
    common = ("colours:build", "colours:shifted", "--data", "photos", "--image-size", "64", "--margin", "0.1")
    ended = run(place, *common, "--fail-on", "changed", "--out", "shifted")
    assert ended.returncode == 1, ended.stderr
    assert "= preserved: The accuracy of colours:shifted has fallen, although it decides on the same" in ended.stdout
    assert (
        "66.7% of its answers differ from the original's, its accuracy has fallen (0.333, original 1.000)"
        in ended.stdout
    )
    assert "exit 1, as --fail-on changed asks:\n  colours:shifted: Accuracy of f, changed: 0.67 below" in ended.stderr


def test_a_loss_fails_without_floor_or_margin_and_whatever_the_floor(place):
    """A broken network in the floor made this loss undecided, and the exit code 0."""
    (place / "colours.py").write_text(COLOURS)
    asked = ("--data", "photos", "--image-size", "64", "--fail-on", "changed")
    ended = run(place, "colours:build", "colours:shifted", *asked, "--out", "alone")
    assert ended.returncode == 1, ended.stderr
    assert "with neither --floor nor --margin, accuracy and faithfulness alone can fail" in ended.stderr
    floor = ("--floor", "colours:warm", "colours:cool", "colours:broken")
    ended = run(place, "colours:build", "colours:shifted", *asked, "--out", "refused", *floor)
    assert ended.returncode == 2
    assert "colours:broken, of the floor, answers 0.667 of the test images right, the original 1.000" in ended.stderr
    assert not (place / "refused").exists()
    allow = ("--set", "floor.most_lost=1", "--set", "floor.most_apart=1e6")
    ended = run(place, "colours:build", "colours:shifted", *asked, "--out", "allowed", *allow, *floor)
    assert ended.returncode == 1, ended.stdout
    assert "CAUTION: colours:broken, of the floor, answers 0.667" in ended.stdout
    assert "colours:shifted: Accuracy of f, changed: 0.67 below the original" in ended.stderr


def test_an_original_at_chance_fails_every_check(place):
    (place / "colours.py").write_text(COLOURS)
    asked = ("--data", "photos", "--image-size", "64", "--margin", "1", "--fail-on", "changed", "--out", "chance")
    ended = run(place, "colours:shifted", "colours:shifted", *asked)
    assert ended.returncode == 1, ended.stdout
    assert "CAUTION: colours:shifted, the original, answers '<b>blue<b> thing' for every test image" in ended.stdout
    assert "exit 1, as --fail-on changed asks:\n  colours:shifted, the original, answers" in ended.stderr
    assert "Nothing can be concluded" in (place / "chance" / "report" / "index.html").read_text()


def test_the_same_weights_in_a_function_of_the_users_are_the_same_model(place):
    """A function does not say how images are normalised: they are, as for the original."""
    (place / "plain.py").write_text("import torchvision\nnet = torchvision.models.resnet18\n")
    own = "plain:net@dense.safetensors"
    common = (DENSE, own, "--data", "photos", "--image-size", "96", "--margin", "0.1", "--fail-on", "undecided")
    ended = run(place, *common, "--out", "alike")
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert "measures rest on evidence that is the same bit for bit; 0.0% of its answers differ" in ended.stdout
    said = f"note: {own}: how images are normalised is not known, and that of {DENSE} is taken: mean 0.485 0.456 0.406"
    assert said in ended.stdout
    facts = json.loads((place / "alike" / "report" / "report.json").read_text())["facts"]
    assert facts["Normalisation"] == "mean 0.485 0.456 0.406 and deviation 0.229 0.224 0.225"
    ended = run(place, *common, "--out", "other", "--normalise", "0.5,0.25")
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert "note: all images are normalised by mean 0.5 0.5 0.5 and deviation 0.25 0.25 0.25" in ended.stdout


BAD = {
    "too small a floor": ([DENSE, SPARSE, "--fail-on", "changed", "--floor", DENSE], "1 given by --floor is too few"),
    "another normalisation": (
        [DENSE, SPARSE, "--normalise", "imagenet"],
        "--normalise: must be own, original, data, or MEAN,STD of pixels in 0..1",
    ),
    "nothing to decide against": ([DENSE, SPARSE, "--fail-on", "undecided"], "give --floor"),
    "an unknown word": ([DENSE, SPARSE, "--fail-on", "worse"], "must be changed, beyond or undecided"),
    "no such weights": ([DENSE, "torchvision:resnet18@nowhere.pt"], "nowhere.pt: cannot be read"),
    "no such layer": ([DENSE, SPARSE, "--layer", "layer5"], "no layer 'layer5'; near are layer4"),
    "an unknown method": ([DENSE, SPARSE, "--method", "gradcam+"], "did you mean gradcam++"),
    "an unknown attribution": ([DENSE, SPARSE, "--method", "captum:Saliencies"], "near are Saliency"),
    "a setting that is none": (
        [DENSE, SPARSE, "--set", "saliency.layers=x"],
        "saliency.layers: unknown key; did you mean layer?",
    ),
    "a margin that is none": (
        [DENSE, SPARSE, "--margin", "-1"],
        "--margin: must be a share above 0, at most 1, of the way to evidence with nothing in common",
    ),
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


def test_images_that_cannot_be_read_are_named_or_left_out(place):
    shutil.copytree(place / "photos", place / "spoilt")
    images = [path.relative_to(place / "spoilt") for path in sorted((place / "spoilt").rglob("*.png"))]
    objects = {
        "images": [{"id": i, "file_name": str(name), "width": 80, "height": 70} for i, name in enumerate(images)],
        "annotations": [{"image_id": i, "bbox": [10, 10, 40, 40]} for i in range(len(images))],
    }
    (place / "objects.json").write_text(json.dumps(objects))
    (place / "spoilt" / "red thing" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    asked = (DENSE, SPARSE, "--data", "spoilt", "--masks", "objects.json", "--image-size", "64", "--out", "left-out")
    ended = run(place, *asked)
    assert ended.returncode == 2, ended.stdout
    assert "red thing/3.png: not an image of" in ended.stderr
    assert ended.stderr.endswith(", or leave such images out by --skip-bad\n")
    assert not (place / "left-out").exists()
    ended = run(place, *asked, "--skip-bad")
    assert ended.returncode == 0, ended.stderr
    said = "1 image that cannot be read is left out: red thing/3.png"
    assert ended.stdout.count(said) == 1
    assert said in json.loads((place / "left-out" / "report" / "report.json").read_text())["notices"]
    assert "Energy in the" in ended.stdout  # mask, which is inside the boxes


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


def test_outputs_are_named_by_a_file(place):
    asked = (DENSE, SPARSE, "--data", "photos", "--image-size", "64", "--out", "named")
    names = sorted(home.name for home in (place / "photos").iterdir())
    missing = run(place, *asked, "--labels", "none.txt")
    assert missing.returncode == 2
    assert "none.txt" in missing.stderr
    assert not (place / "named").exists()
    (place / "names.txt").write_text("\n".join(names))
    done = run(place, *asked, "--labels", "names.txt")
    assert done.returncode == 0, done.stderr
    assert json.loads((place / "named" / "audit.json").read_text())["asked"]["labels"] == names
    (place / "names.txt").write_text("\n".join(names[:2]))
    short = run(place, *asked[:-1], "short", "--labels", "names.txt")
    assert short.returncode == 2
    assert "names.txt: 2 names for the 3 outputs" in short.stderr


def test_the_help_names_what_weights_can_be(tmp_path):
    ended = process.run(("audit", "--help"), tmp_path)
    assert ended.returncode == 0
    assert all(form in ended.stdout for form in ("timm:NAME.TAG@WEIGHTS", "FILE#ENTRY", "hf:FOLDER"))
