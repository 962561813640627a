"""Checkpoints as trainers write them: which network is taken, what is applied, what is stated or refused."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, file_and_entry, given_model, read_state_file, weights_notices

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
MODULE = """
from torch import nn


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.block = nn.Sequential(nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3))
        self.fc = nn.Linear(6, classes)

    def forward(self, images):
        return self.fc(self.block(self.norm(self.stem(images))).mean((2, 3)))


def build(num_classes):
    return Net(num_classes)
"""


def made(seed):
    namespace = {"__name__": "net"}
    exec(MODULE, namespace)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return namespace["build"](3).eval()


NET, OTHER = made(0), made(1)
STATE, SECOND = NET.state_dict(), OTHER.state_dict()
MASKS = {
    name: (torch.rand(value.shape, generator=torch.Generator().manual_seed(1)) > 0.5).float()
    for name, value in STATE.items()
    if value.ndim > 1
}
PRODUCT = {name: value * MASKS.get(name, 1) for name, value in STATE.items()}
BACKBONE = {name: value for name, value in STATE.items() if not name.startswith("fc.")}
HEAD = {"weight": STATE["fc.weight"], "bias": STATE["fc.bias"]}
SPLIT = {
    **{name: value for name, value in STATE.items() if name not in MASKS},
    **{f"{name}_orig": STATE[name] for name in MASKS},
    **{f"{name}_mask": mask for name, mask in MASKS.items()},
}


def below(start, state=STATE):
    return {start + name: value for name, value in state.items()}


def answers(state):
    net = made(0)
    net.load_state_dict(state)
    with torch.no_grad():
        return net(IMAGES)


def loaded(content, tmp_path, monkeypatch, entry=""):
    (tmp_path / "checkpoint_net.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "w.pt")
    found = given_model(f"checkpoint_net:build@w.pt{entry}", 3)
    with torch.no_grad():
        return found.model(IMAGES), " | ".join(found.notes)


TAKEN = {
    "lightning": ({"state_dict": below("model."), "epoch": 3}, "", STATE, ""),
    "a loss beside": ({"state_dict": {**below("net."), "loss.weight": torch.rand(9)}}, "", STATE, "loss.weight beside"),
    "compiled and distributed": (below("module._orig_mod."), "", STATE, ""),
    "sharded within": (
        {name.replace("block.", "block._fsdp_wrapped_module."): value for name, value in STATE.items()},
        "",
        STATE,
        "",
    ),
    "student alone": (below("student."), "", STATE, ""),
    "far below": (below("module.encoder.net."), "", STATE, ""),
    "averaged": (AveragedModel(NET).state_dict(), "", STATE, "n_averaged"),
    "backbone and head": (
        {**below("backbone.", BACKBONE), **{f"head.{k}": v for k, v in HEAD.items()}},
        "",
        STATE,
        "head",
    ),
    "backbone and head apart": ({"backbone": BACKBONE, "head": HEAD}, "", STATE, "its layer head was taken for"),
    "a head in a sequence": (
        {**BACKBONE, **{f"fc.1.{k}": v for k, v in HEAD.items()}},
        "",
        STATE,
        "its layer fc.1 was",
    ),
    "a head of another name": (
        {**BACKBONE, **{f"out.{k}": v for k, v in HEAD.items()}},
        "",
        STATE,
        "its layer out was",
    ),
    "model and its average": (
        {"model": STATE, "model_ema": below("module.", SECOND)},
        "",
        STATE,
        "model was taken as the network, and model_ema (13 tensors) was not used; FILE#model_ema takes",
    ),
    "the average": ({"model": STATE, "model_ema": below("module.", SECOND)}, "#model_ema", SECOND, "model (13"),
    "the average, deep": (
        {"model": STATE, "ema": {"module": SECOND, "updates": 4}},
        "#ema.module",
        SECOND,
        "model (13",
    ),
    "the average alone": ({"ema_state_dict": STATE, "step": 3}, "", STATE, ""),
    "one of two by name": ({"student": STATE, "teacher": SECOND}, "#teacher", SECOND, "student (13"),
    "one of two by start": ({**below("module.q."), **below("module.k.", SECOND)}, "#module.k", SECOND, ""),
    "the same, as it is listed": ({**below("module.q."), **below("module.k.", SECOND)}, "#k", SECOND, ""),
    "copies within": ({**below("model."), **below("ema_model.", SECOND)}, "", STATE, "FILE#ema_model takes another"),
    "copies at the top": ({**STATE, "ema": SECOND}, "", STATE, "ema (13 tensors) was not used; FILE#ema takes ema"),
    "a queue": ({"state_dict": STATE, "queue": torch.rand(5, 5)}, "", STATE, "it also holds queue"),
    "weights in a list": ({"model": STATE, "ema": {"shadow": list(SECOND.values())}}, "", STATE, "ema.shadow"),
    "an optimiser's copy": (
        {"model": STATE, "optimizer": {"state": {0: {"exp_avg": torch.rand(3), "master": torch.rand(3)}}}},
        "",
        STATE,
        "its optimiser keeps master of the weights",
    ),
    "masks": ({"state_dict": STATE, "mask_dict": MASKS}, "", PRODUCT, "multiplied by 4 masks of mask_dict"),
    "masks of bits": ({"model": STATE, "masks": {k: v.bool() for k, v in MASKS.items()}}, "", PRODUCT, "4 masks"),
    "masks by module": (
        {"model": below("module."), "masks": {k.removesuffix(".weight"): {"weight": v} for k, v in MASKS.items()}},
        "",
        PRODUCT,
        "4 masks of masks",
    ),
    "masks of the wrapped": ({"model": STATE, "mask": below("module.", MASKS)}, "", PRODUCT, "4 masks of mask"),
    "masks by another word": ({"model": STATE, "keep": MASKS}, "", PRODUCT, "4 masks of keep"),
    "masks as buffers": (
        {**STATE, **{k.removesuffix("weight") + "mask": v for k, v in MASKS.items()}},
        "",
        PRODUCT,
        "4 masks that stand beside",
    ),
    "masks called mask_name": (
        {**STATE, **{f"mask_{k.replace('.', '_')}": v for k, v in MASKS.items()}},
        "",
        PRODUCT,
        "4 masks",
    ),
    "masks beside a prefix": ({**below("model."), **below("masks.", MASKS)}, "", PRODUCT, "4 masks"),
    "masks for an average": ({"model": STATE, "ema": SECOND, "masks": MASKS}, "", PRODUCT, "ema (13 tensors)"),
    "torch's own": (SPLIT, "", PRODUCT, ""),
    "torch's own, wrapped": ({"state_dict": below("model.", SPLIT)}, "", PRODUCT, ""),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_taken_of_a_checkpoint(case, tmp_path, monkeypatch):
    content, entry, expected, said = TAKEN[case]
    found, notes = loaded(content, tmp_path, monkeypatch, entry)
    torch.testing.assert_close(found, answers(expected), rtol=1e-5, atol=1e-6)
    assert said in notes
    assert bool(said) == bool(notes), "what is plain needs no word"


REFUSED = {
    "two that fit": (
        {**below("student."), **below("teacher.", SECOND)},
        "",
        "several networks that fit, student and tea",
    ),
    "two entries": ({"a": STATE, "b": SECOND}, "", r"several networks that fit, a and b; name one, as w\.pt#a"),
    "no such entry": ({"model": STATE}, "#ema", "w.pt: has no entry 'ema'; it has model"),
    "no such start": (STATE, "#ema", "w.pt: has no entry 'ema'; its names start with stem and norm"),
    "masks in a list": ({"model": STATE, "masks": list(MASKS.values())}, "", "holds masks, masks, and it is not known"),
    "masks in a row": ({"model": STATE, "mask": torch.ones(99)}, "", "holds masks, mask, and it is not known of which"),
    "masks of others": ({"model": STATE, "masks": {"x.weight": torch.ones(2, 2)}}, "", "holds a mask, x.weight"),
    "masks of other shapes": ({"model": STATE, "masks": {"fc.weight": torch.ones(2, 2)}}, "", "fc.weight is"),
    "masks between": ({"model": STATE, "masks": {"fc.weight": torch.rand(3, 6)}}, "", "is not of zeros and ones"),
    "masks of what goes": (
        {"model": PRODUCT, "masks": {name: 1 - mask for name, mask in MASKS.items()}},
        "",
        "leaves nothing of stem.weight",
    ),
    "what looks like a mask": ({**STATE, "fc.kept": torch.ones(3, 6)}, "", "holds a mask, fc.kept"),
    "a deeper network": ({**STATE, "block.4.weight": torch.rand(6, 6, 1, 1)}, "", "unexpected block.4.weight"),
    "a head of two layers": (
        {**BACKBONE, "fc.0.weight": torch.rand(9, 6), "fc.2.weight": torch.rand(3, 9)},
        "",
        "missing fc.bias, fc.weight; unexpected fc.0.weight, fc.2.weight",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_of_a_checkpoint(case, tmp_path, monkeypatch):
    content, entry, said = REFUSED[case]
    with pytest.raises(InputError, match=said) as error:
        loaded(content, tmp_path, monkeypatch, entry)
    assert "\n" not in str(error.value)


def test_the_remedy_for_several_networks_ends_well(tmp_path, monkeypatch):
    content = {**below("module.encoder_q."), **below("module.encoder_k.", SECOND), "module.queue": torch.rand(5, 5)}
    with pytest.raises(InputError) as error:
        loaded(content, tmp_path, monkeypatch)
    remedy = str(error.value).rpartition("as w.pt")[2]
    assert remedy == "#encoder_q"
    assert torch.equal(loaded(content, tmp_path, monkeypatch, remedy)[0], answers(STATE))


def test_a_path_with_its_own_hash_sign_is_a_path(tmp_path):
    torch.save({"a": torch.ones(1)}, tmp_path / "run#3.pt")
    assert file_and_entry(tmp_path / "run#3.pt") == (tmp_path / "run#3.pt", "")
    assert file_and_entry(tmp_path / "run#3.pt#ema") == (tmp_path / "run#3.pt", "ema")
    assert file_and_entry(tmp_path / "none.pt#ema") == (tmp_path / "none.pt#ema", "")
    torch.save({"b": torch.ones(1)}, tmp_path / "run#3.pt#ema")
    assert read_state_file(tmp_path / "run#3.pt#ema").tensors.keys() == {"b"}, "a file of that name comes first"


def test_starts_of_names_in_safetensors_can_be_chosen(tmp_path):
    save_file({**below("student."), **below("teacher.", SECOND)}, tmp_path / "w.safetensors")
    found = read_state_file(tmp_path / "w.safetensors#teacher")
    assert found.tensors.keys() == SECOND.keys()
    assert torch.equal(found.tensors["fc.weight"], SECOND["fc.weight"])


def test_a_study_takes_the_same_and_states_it(tmp_path):
    state = build_model(ModelSettings(), 3, 1).state_dict()
    masks = {name: torch.zeros_like(value) for name, value in state.items() if name == "conv1.weight"}
    torch.save({"model": below("model.", state), "ema": state, "masks": masks}, tmp_path / "w.pt")
    settings = ModelSettings(weights=tmp_path / "w.pt")
    assert not bool(build_model(settings, 3, 0).conv1.weight.any())
    assert weights_notices(settings, 3, settings.weights) == [
        "w.pt: its weights were multiplied by 1 mask of masks",
        "w.pt: model was taken as the network, and ema (44 tensors) was not used; FILE#ema takes ema",
    ]
    chosen = ModelSettings(weights=tmp_path / "w.pt#ema")
    assert torch.equal(build_model(chosen, 3, 0).fc.weight, state["fc.weight"])


def test_a_network_that_has_a_mask_of_its_own_keeps_it(tmp_path, monkeypatch):
    (tmp_path / "masked_net.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, k):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(3, k)\n"
        "        self.fc.register_buffer('mask', torch.ones(k, 3))\n"
        "    def forward(self, x):\n"
        "        return nn.functional.linear(x.mean((2, 3)), self.fc.weight * self.fc.mask, self.fc.bias)\n"
        "def build(num_classes):\n    return Net(num_classes)\n"
    )
    monkeypatch.chdir(tmp_path)
    state = {"fc.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2), "fc.mask": torch.eye(3)[:2]}
    torch.save(state, "w.pt")
    found = given_model("masked_net:build@w.pt", 2)
    assert isinstance(found.model.fc, nn.Linear)
    assert torch.equal(found.model.fc.mask, state["fc.mask"])
    assert torch.equal(found.model.fc.weight, state["fc.weight"])
    assert found.notes == ()
