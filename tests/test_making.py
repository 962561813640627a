"""Networks of the user's own, before anything is written and through a whole study."""

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.utils import prune

from sparsight.arms import read_ticket
from sparsight.config import StudySettings
from sparsight.data import load_dataset
from sparsight.errors import InputError
from sparsight.exporting import export_ticket
from sparsight.making import check_network
from sparsight.models import build_model
from sparsight.plan import plan_study
from sparsight.study import run_study
from sparsight.verifying import verify_run

NETS = """\
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

def head(num_classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, num_classes)]

def plain(num_classes):
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU(), *head(num_classes))

def normed(num_classes, mended=False):
    made = parametrizations.weight_norm(nn.Conv2d(8, 8, 3, 2))
    if mended:
        parametrize.remove_parametrizations(made, "weight")
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), made, nn.ReLU(), *head(num_classes))

def mixing(num_classes):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False), nn.ReLU(), *head(num_classes)
    )

def mended(num_classes):
    return normed(num_classes, mended=True)

class Standardised(nn.Conv2d):
    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return self._conv_forward(x, weight / weight.std((1, 2, 3), keepdim=True), self.bias)

def standardised(num_classes, layer=Standardised):
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), layer(8, 8, 3, 2), nn.ReLU(), *head(num_classes))

def as_torch_has_it(num_classes):
    return standardised(num_classes, nn.Conv2d)

def nothing(num_classes):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), Table(num_classes))

class Table(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(3, num_classes))
    def forward(self, x):
        return x @ self.matrix

class Many(nn.Module):
    '''Every kind of layer whose matrices are pruned, one shared by two layers, one block under two names.'''
    def __init__(self, num_classes):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 4)
        self.a, self.b = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.b.weight = self.a.weight
        self.block = self.again = nn.Conv2d(8, 8, 1)
        self.up = nn.ConvTranspose2d(8, 8, 2)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.memory = nn.GRU(8, 8, batch_first=True)
        self.place = nn.Parameter(torch.randn(1, 9, 9))
        self.out = nn.Linear(8, num_classes)
    def forward(self, x):
        x = torch.relu(self.b(torch.relu(self.a(torch.relu(self.stem(x))))))
        x = self.again(torch.relu(self.block(x)))
        x = self.up(x) * (1 + self.place)
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + self.attention(tokens, tokens, tokens)[0]
        return self.out(self.memory(tokens)[0].mean(1))

def vit(num_classes):
    from torchvision.models import VisionTransformer
    return VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=num_classes)

def softmax(num_classes):
    return nn.Sequential(plain(num_classes), nn.Softmax(1))

def many(num_classes):
    return Many(num_classes)
"""
SETTINGS = {
    "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 12, "image_size": 32},
    "training": {"epochs": 1, "batch_size": 6, "learning_rate": 0.05, "schedule": "constant"},
    "pruning": {"rate": 0.5, "rounds": 3},
    "evidence": {"interventions": 0, "sanity": 2, "refits": 0},
    "study": {"seeds": [4], "arms": ["magnitude"], "retrains": 0},
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The working directory, with a file of networks."""
    folder = tmp_path_factory.mktemp("making")
    (folder / "made_nets.py").write_text(NETS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def settings(name: str, **model: str) -> StudySettings:
    return StudySettings.model_validate({**SETTINGS, "model": {"name": f"made_nets:{name}", **model}})


@pytest.fixture(scope="module")
def birds():
    return load_dataset(settings("plain").data)


REFUSED = {
    "normed": r"weight of layer '2' is made anew .* by a parametrization, WeightNorm.*remove_parametrizations",
    "standardised": r"standardised: weight of layer '2' \(Standardised\) is changed in each pass.*torch's own layer",
    "mixing": "made_nets:mixing: its answer for an image depends on the other images of its batch",
    "softmax": r"made_nets:softmax gives probabilities, .* return what its last linear layer '0\.6' gives, the logits",
    "nothing": "made_nets:nothing has no weight to prune",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_network_that_a_study_would_be_wrong_about_is_refused_before_anything_is_written(here, name):
    for attempt in (run_study, plan_study):
        with pytest.raises(InputError, match=REFUSED[name]):
            attempt(settings(name), "refused")
        assert not Path("refused").exists()


@pytest.mark.parametrize("name", ["plain", "mended", "as_torch_has_it"])
def test_plain_networks_and_those_that_were_mended_pass_without_a_word(here, birds, name):
    assert check_network(settings(name), birds, None) == []


@pytest.mark.parametrize("method", ["gradcam", "layercam", "released"])
def test_a_transformer_is_explained_by_its_tokens(here, birds, method):
    own = settings("vit")
    own = own.model_copy(update={"saliency": own.saliency.model_copy(update={"method": method})})
    (said,) = check_network(own, birds, None)
    assert said.startswith("not pruned: encoder.pos_embedding (272), class_token (16), 288 of ")


@pytest.fixture(scope="module")
def many(here):
    """A run of a network with layers of every kind, and shared parameters."""
    return run_study(settings("many", features="up"), "many", workers=0)


def test_shared_parameters_are_one_weight_in_masks_density_and_files(many, here):
    assert [check for check in verify_run(Path("many"), deep=True) if check.failures] == []
    ticket = read_ticket(Path("many/magnitude/seed-4/round-02"))
    assert "b.weight" not in ticket.mask
    assert "again.weight" not in ticket.mask
    for name in (
        "a.weight",
        "block.weight",
        "up.weight",
        "attention.in_proj_weight",
        "memory.weight_hh_l0",
        "out.weight",
    ):
        kept = ticket.weights[name] != 0
        assert int(kept.sum()) == -(-kept.numel() // 4) == int(ticket.mask[name].sum()), name
    assert ticket.weights["b.weight"].equal(ticket.weights["a.weight"])
    assert ticket.weights["again.weight"].equal(ticket.weights["block.weight"])
    metrics = json.loads(Path("many/magnitude/seed-4/round-02/metrics.json").read_text())
    assert metrics["weights"]["prunable"] == sum(mask.numel() for mask in ticket.mask.values())
    assert metrics["weights_remaining"] == pytest.approx(0.25, abs=1e-3)


@torch.no_grad()
def test_masks_of_shared_parameters_prune_every_layer_that_has_them(many, here):
    out = export_ticket("many", "magnitude", 4, 2, "out", formats=["state", "mask"]).folder
    dense = read_ticket(Path("many/dense/right/seed-4")).weights
    model = build_model(settings("many").model, 12, 99).eval()
    model.load_state_dict(dense)
    for key, mask in load_file(out / "mask.safetensors").items():
        module, _, name = key.removesuffix("_mask").rpartition(".")
        prune.custom_from_mask(model.get_submodule(module), name, mask)
    assert int((model.b.weight == 0).sum()) == int((model.a.weight == 0).sum()) == 8 * 8 * 9 * 3 // 4
    state = load_file(out / "state.safetensors")
    assert state["b.weight"].equal(state["a.weight"])


def test_weights_that_are_not_pruned_are_said_with_their_share_in_plan_study_and_on_the_page(many, here):
    said = next(notice for notice in many.notices if "not pruned" in notice)
    found = re.search(r"^not pruned: place \(81\), 81 of ([\d,]+) weights", said)
    assert found, said
    total = int(found[1].replace(",", ""))
    left = (81 + (total - 81) / 2) / total
    assert f"where 50.0% of those are left, {left:.1%} of all are" in said
    assert said in plan_study(settings("many", features="up"), "other", workers=0).notes
    assert "81 of" in many.report.read_text()
