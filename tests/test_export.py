"""A ticket as files for other tools: what is written gives the ticket's logits, and bad input writes nothing."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils import prune

import sparsight
from sparsight.arms import read_ticket
from sparsight.config import StudySettings
from sparsight.data import DATA_SETTINGS, normalise, read_dataset
from sparsight.errors import InputError
from sparsight.exporting import FORMATS, SPEED, export_scalars, export_ticket
from sparsight.exporting.card import PICTURES
from sparsight.exporting.weights import apply_masks, count_layers, with_ones
from sparsight.io import read_json, sha256
from sparsight.models import build_model
from sparsight.pruning import full_mask, masked, prunable
from sparsight.study import run_study

NET = """\
from pathlib import Path
import torch
from torch import nn
HERE = Path(__file__).parent
class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3, 2))
        self.last = nn.Linear(16, num_classes)
        ways = HERE / "ways.txt"  # how the networks that are built from now on behave, the first one first
        mine, _, rest = ways.read_text().partition(" ") if ways.exists() else ("plain", "", "")
        if rest:
            ways.write_text(rest)
        self.way = mine
    def forward(self, x):
        x = torch.relu(self.features(x)).mean((2, 3))
        if self.way == "louder" or (self.way == "traced" and torch.compiler.is_exporting()):
            x = x * 1.01
        if self.way == "values" and float(x.sum()) > 0:
            x = x * 1
        if self.way == "rows":
            x = torch.stack([row for row in x])
        return self.last(x)
def build(num_classes):
    return Net(num_classes)
"""
ODD = "toggle:prune_norms+mask_once+keep_optimizer"
"""An arm that prunes norms and revives weights."""
SETTINGS = {
    "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 12, "image_size": 32},
    "model": {"name": "exported_net:build"},
    "training": {"epochs": 1, "batch_size": 6, "learning_rate": 0.05, "schedule": "constant"},
    "pruning": {"rate": 0.5, "rounds": 3},
    "evidence": {"interventions": 0, "sanity": 0, "refits": 0},
    "study": {"seeds": [4], "arms": ["magnitude", ODD], "retrains": 0},
}
WEIGHTS = ("state", "mask")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a network of one's own, and a run of it. Not to be changed."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("export")
    (folder / "exported_net.py").write_text(NET)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_study(StudySettings.model_validate(SETTINGS), "run", workers=0, report=False)
    return folder


@pytest.fixture(scope="module")
def made(place) -> Iterator[Path]:
    """Magnitude's last round in every form."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        yield place / export_ticket("run", "magnitude", 4, 2).folder


@pytest.fixture
def here(place, monkeypatch) -> Path:
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def copy(place, tmp_path, monkeypatch) -> Path:
    """A copy of the run, to be damaged, with its network."""
    monkeypatch.chdir(shutil.copytree(place, tmp_path / "copy", ignore=shutil.ignore_patterns("exports", "report")))
    return tmp_path / "copy"


def new_model(place: Path) -> nn.Module:
    """A network with other weights than any of the run's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        return build_model(StudySettings.model_validate(SETTINGS).model, 12, 99).eval()


def images_of(place: Path, count: int = 8) -> torch.Tensor:
    data = read_dataset(place / "run/data.safetensors")
    return normalise(data.images[data.splits["test"][:count]], data, torch.device("cpu")).contiguous()


@torch.no_grad()
def logits_of(place: Path, network: str) -> torch.Tensor:
    model = new_model(place)
    model.load_state_dict(read_ticket(place / "run" / network).weights)
    return model(images_of(place))


def entries(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@torch.no_grad()
def test_the_state_dict_loads_into_a_plain_network_with_its_zeros(place, made):
    model, state = new_model(place), load_file(made / "state.safetensors")
    model.load_state_dict(state)
    assert model(images_of(place)).equal(logits_of(place, "magnitude/seed-4/round-02"))
    assert [int((state[name] == 0).sum()) for name in ("features.0.weight", "last.weight")] == [162, 144]
    assert int((state["features.3.weight"] == 0).sum()) == 864


@torch.no_grad()
@pytest.mark.parametrize("name", ["magnitude", ODD])
def test_the_masks_prune_as_torch_does(place, here, made, tmp_path, name):
    """As the docstring of ``export_ticket`` says."""
    out = made if name == "magnitude" else export_ticket("run", name, 4, 2, tmp_path / "out", formats=WEIGHTS).folder
    model, masks = new_model(place), load_file(out / "mask.safetensors")
    model.load_state_dict(load_file(out / "state.safetensors"))
    for key, mask in masks.items():
        module, _, name = key.removesuffix("_mask").rpartition(".")
        prune.custom_from_mask(model.get_submodule(module), name, mask)
    pruned = read_json(out / "card.json", "export")["arm"]
    assert model(images_of(place)).equal(logits_of(place, f"{pruned.replace(':', '-')}/seed-4/round-02"))
    assert ("features.1.weight_mask" in masks) == (pruned == ODD)
    assert {key for key in model.state_dict() if key.endswith("_mask")} == masks.keys()


def test_a_revived_weight_counts_as_kept(place, here, tmp_path):
    ticket = read_ticket(place / "run" / ODD.replace(":", "-") / "seed-4/round-02")
    revived = sum(int((ticket.alive[name] & ~keep).sum()) for name, keep in ticket.mask.items())
    assert revived > 0
    made = export_ticket("run", ODD, 4, 2, tmp_path / "out", formats=["mask"])
    masks = load_file(tmp_path / "out/mask.safetensors")
    assert all(masks[f"{name}_mask"].equal(keep) for name, keep in ticket.alive.items())
    assert made.card["prunable"]["kept"] == sum(int(mask.sum()) for mask in masks.values())


def test_onnx_runs_on_any_batch_keeps_the_zeros_and_names_no_file_of_this_machine(place, made):
    path = made / "model.onnx"
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    assert [(one.domain, one.version) for one in proto.opset_import] == [("", 20)]
    assert read_json(made / "card.json", "export")["files"]["model.onnx"]["opset"] == 20
    assert b".py" not in path.read_bytes()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = logits_of(place, "magnitude/seed-4/round-02").numpy()
    for count in (1, 3, 8):
        (logits,) = session.run(["logits"], {"images": images_of(place, count).numpy()})
        np.testing.assert_allclose(logits, wanted[:count], rtol=0, atol=1e-4 * np.abs(wanted).max())
    held = {one.name: onnx.numpy_helper.to_array(one) for one in proto.graph.initializer}
    assert (held["features.0.weight"] == 0).sum() == 162


def test_the_card_says_where_it_comes_from_what_to_feed_it_and_that_nothing_is_faster(place, made):
    card = read_json(made / "card.json", "export")
    data = read_dataset(place / "run/data.safetensors")
    assert (card["run"], card["arm"], card["seed"], card["round"]) == ("run", "magnitude", 4, 2)
    assert card["classes"] == list(data.class_names)
    assert card["input"]["shape"] == ["batch", 3, 32, 32]
    assert (card["input"]["mean"], card["input"]["deviation"]) == (list(data.mean), list(data.std))
    assert card["model"]["name"] == "exported_net:build"
    assert card["model"]["source"] == sha256(place / "exported_net.py")
    assert {name: about["sha256"] for name, about in card["files"].items()} == {
        name: sha256(made / name) for name in FORMATS.values()
    }
    assert [(layer["name"], layer["kept"], layer["zeros"]) for layer in card["layers"]] == [
        ("features.0.weight", 54, 162),
        ("features.3.weight", 288, 864),
        ("last.weight", 48, 144),
    ]
    assert card["prunable"] == {"weights": 1560, "kept": 390, "zeros": 1170, "sparsity": 0.75}
    assert card["speed"] == SPEED
    assert "makes nothing faster" in SPEED


def test_how_an_image_comes_to_its_size_is_known_of_every_data_set():
    assert PICTURES.keys() == DATA_SETTINGS.keys()


def test_pictures_are_read_as_the_card_says(place, made):
    """Mean, deviation and preprocessing give what the network is fed, but for rounding."""
    about, data = read_json(made / "card.json", "export")["input"], read_dataset(place / "run/data.safetensors")
    pixels = data.images[data.splits["test"][:8]].double() / 255
    mean, deviation = (torch.tensor(about[key]).double().view(3, 1, 1) for key in ("mean", "deviation"))
    torch.testing.assert_close(((pixels - mean) / deviation).float(), images_of(place))


@torch.no_grad()
def test_round_0_is_the_dense_parent(place, here):
    made = export_ticket("run", "magnitude", 4, 0, formats=["state"])
    assert made.folder == Path("exports/run/magnitude/seed-4/round-00")
    assert made.card["prunable"]["sparsity"] == 0
    assert made.card["pruning"] == "none: the dense parent"
    model = new_model(place)
    model.load_state_dict(load_file(made.folder / "state.safetensors"))
    assert model(images_of(place)).equal(logits_of(place, "dense/right/seed-4"))
    assert entries(made.folder) == {"state.safetensors", "card.json"}


def test_switches_may_stand_in_any_order(here, tmp_path):
    made = export_ticket("run", "toggle:keep_optimizer+mask_once+prune_norms", 4, 1, tmp_path / "o", formats=["mask"])
    assert made.card["arm"] == ODD


def test_the_same_export_is_replaced_and_another_one_is_not(here, tmp_path):
    out = tmp_path / "out"
    export_ticket("run", "magnitude", 4, 1, out, formats=WEIGHTS)
    first = (out / "mask.safetensors").read_bytes()
    (out / "mask.safetensors").write_bytes(b"damaged")
    (out / ".state.safetensors.1-2.partial").write_bytes(b"left by a killed export")
    export_ticket("run", "magnitude", 4, 1, out, formats=["mask", "mask"])
    assert entries(out) == {"mask.safetensors", "card.json"}
    assert (out / "mask.safetensors").read_bytes() == first
    with pytest.raises(InputError, match="holds the export of another ticket"):
        export_ticket("run", "magnitude", 4, 2, out, formats=["mask"])
    assert (out / "mask.safetensors").read_bytes() == first


def test_the_run_is_left_as_it_was_and_need_not_have_ended(copy):
    (copy / "run/manifest.json").unlink()
    before = {path: path.stat().st_mtime_ns for path in (copy / "run").rglob("*")}
    export_ticket("run", "magnitude", 4, 2, formats=["state"])
    assert {path: path.stat().st_mtime_ns for path in (copy / "run").rglob("*")} == before


BAD = {
    "no run": (("absent", "magnitude", 4, 1), "not a run's folder"),
    "a long name": (("x" * 5000, "magnitude", 4, 1), "cannot be read"),
    "an arm like one": (("run", "magnitud", 0, 1), "did you mean magnitude"),
    "an arm of others": (("run", "random", 0, 1), f"has no such arm; it has magnitude, {re.escape(ODD)}"),
    "a parent's name": (("run", "dense:right", 0, 0), "has no such arm"),
    "a path as arm": (("run", "../run/magnitude", 0, 1), "has no such arm; did you mean magnitude"),
    "seed": (("run", "magnitude", 1, 1), "--seed 1: run has no such seed; it has 4"),
    "round": (("run", "magnitude", 4, 3), "--round 3: magnitude in run has no such round; it has 0, 1, 2"),
    "round below 0": (("run", "magnitude", 4, -1), "round: -1 will not do; give a whole number of 0 or more"),
    "a file as --out": (("run", "magnitude", 4, 1, "exported_net.py"), "is a file; choose another --out"),
    "full --out": (("run", "magnitude", 4, 1, "."), r"holds other files \(__pycache__|exported_net.py|run"),
    "--out in the run": (("run", "magnitude", 4, 1, "run/export"), "lies in the run"),
    "--out below a file": (("run", "magnitude", 4, 1, "exported_net.py/out"), "cannot be written"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_writes_nothing(here, arguments, message):
    before = entries(here)
    with pytest.raises(InputError, match=message) as error:
        export_ticket(*arguments, formats=WEIGHTS)
    assert "\n" not in str(error.value)
    assert entries(here) == before


@pytest.mark.parametrize(
    ("formats", "message"),
    [(["stat"], "did you mean state"), ([], "none is named"), (["state", "../x"], "formats are state, mask, onnx")],
)
def test_unknown_formats(here, tmp_path, formats, message):
    with pytest.raises(InputError, match=message):
        export_ticket("run", "magnitude", 4, 1, tmp_path / "out", formats=formats)
    assert entries(tmp_path) == set()


def test_that_a_folder_is_no_run_is_said_before_what_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(InputError, match="not a run's folder"):
        export_ticket(tmp_path, "magnitude", 4, 1)
    with pytest.raises(InputError, match="not a run's folder"):
        export_scalars(tmp_path)


def test_a_missing_package_is_named_with_its_extra_before_the_ticket_is_read(here, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        InputError, match=r"needs onnxruntime; pip install 'sparsight\[onnx\]', or --formats state,mask"
    ):
        export_ticket("run", "magnitude", 4, 1, tmp_path / "out")
    assert entries(tmp_path) == set()


NETWORK = "run/magnitude/seed-4/round-02"
DAMAGE = {
    "ticket": (f"{NETWORK}/ticket.safetensors", b"damaged", "ticket.safetensors: damaged"),
    "no ticket": (f"{NETWORK}/ticket.safetensors", None, "magnitude, seed 4, round 2 is not finished"),
    "no evidence": (f"{NETWORK}/evidence.safetensors", None, "magnitude, seed 4, round 2 is not finished"),
    "before": ("run/magnitude/seed-4/round-01/ticket.safetensors", b"", "comes from another ticket than now lies"),
    "data": ("run/data.safetensors", b"damaged", "data.safetensors: damaged"),
    "settings": ("run/study.yaml", b"study: {}", "study.yaml: damaged"),
    "code": ("exported_net.py", NET.replace("1.01", "1.02").encode(), "exported_net.py has changed"),
    "no code": ("exported_net.py", None, "no module 'exported_net'"),
}


@pytest.mark.parametrize(("file", "content", "message"), DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_or_unfinished_is_refused(copy, file, content, message):
    (copy / file).unlink()
    if content is not None:
        (copy / file).write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        export_ticket("run", "magnitude", 4, 2)
    assert "\n" not in str(error.value)
    assert not (copy / "exports").exists()


def test_a_bit_that_has_turned_in_a_ticket_is_seen(copy):
    path = copy / NETWORK / "ticket.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        export_ticket("run", "magnitude", 4, 2)


WAYS = {
    "another network": ("louder", WEIGHTS, "its logits are not those that the run holds"),
    "state": ("plain louder", ["state"], "state.safetensors: read back into a new exported_net:build, it gives other"),
    "mask": (
        "plain plain louder",
        WEIGHTS,
        "mask.safetensors: read back into a new exported_net:build, it gives other",
    ),
    "onnx": ("traced", list(FORMATS), "model.onnx: onnxruntime gives other logits than torch"),
    "a fixed batch": ("rows", list(FORMATS), "onnxruntime cannot run it on a batch of 1 and of several images"),
    "no graph": ("values", list(FORMATS), "torch.onnx cannot export exported_net:build"),
}


@pytest.mark.parametrize(("ways", "formats", "message"), WAYS.values(), ids=WAYS)
def test_a_file_that_gives_other_logits_does_not_stay(copy, capfd, ways, formats, message):
    (copy / "ways.txt").write_text(ways)
    with pytest.raises(InputError, match=message) as error:
        export_ticket("run", "magnitude", 4, 2, "new/out", formats=formats)
    assert "\n" not in str(error.value)
    assert not (copy / "new").exists()
    assert capfd.readouterr() == ("", "")


def test_the_name_of_a_run_is_data(copy):
    odd = Path("[red]<b>\n..")
    (copy / "run").rename(copy / odd)
    made = export_ticket(odd, "magnitude", 4, 1, formats=["state"])
    assert made.folder == Path("exports") / odd / "magnitude/seed-4/round-01"
    assert json.loads((made.folder / "card.json").read_text(encoding="utf-8"))["run"] == str(odd)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
@torch.no_grad()
def test_masks_over_ones_give_the_logits_of_zeros(seed, share):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(36, 5)).eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    mask = {name: torch.rand_like(state[name]) < share for name in full_mask(state, prunable(model, norms=True))}
    images, zeros = torch.randn(2, 3, 5, 5), masked(state, mask)
    model.load_state_dict(zeros)
    wanted = model(images)
    masks = {f"{name}_mask": keep for name, keep in mask.items()}
    model.load_state_dict(with_ones(zeros, masks))
    apply_masks(model, masks)
    assert model(images).equal(wanted)
    for layer in count_layers(zeros, masks):
        assert layer.weights - layer.kept <= layer.zeros <= layer.weights
        assert layer.kept == int(mask[layer.name].sum())


def test_the_function_is_offered_by_the_package():
    assert sparsight.export_ticket is export_ticket
