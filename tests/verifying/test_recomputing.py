"""What no hash can find: files that were sealed by somebody who knows how, and say something else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from sparsight.arms import Ticket, read_ticket, write_ticket
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset, read_dataset
from sparsight.errors import DamagedError
from sparsight.evidence import read_evidence, read_metrics
from sparsight.evidence.store import EVIDENCE, METRICS
from sparsight.io import write_json, write_tensors
from sparsight.networks import Network, plan
from sparsight.results import result_files
from sparsight.study import run_study
from sparsight.verifying.evidence import evidence_faults
from sparsight.verifying.tickets import ticket_faults

pytestmark = pytest.mark.usefixtures("shapes_unchecked")
SETTINGS = StudySettings.model_validate(
    {
        "data": {"name": "toybirds", "train": 48, "validation": 24, "test": 24, "image_size": 32},
        "model": {"name": "resnet8", "stem_stride": 2},
        "training": {"epochs": 1, "batch_size": 16, "learning_rate": 0.05},
        "pruning": {"rate": 0.5, "rounds": 3},
        "evidence": {"keep_embeddings": True, "interventions": 12, "sanity": 12, "refits": 1},
        "study": {"seeds": [0], "arms": ["magnitude", "magnitude-global", "released-code"], "retrains": 1},
    }
)
LAST = [Network(arm, 0, None, 2) for arm in SETTINGS.study.arms]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    torch.set_num_threads(1)
    return run_study(SETTINGS, tmp_path_factory.mktemp("verifying") / "run", workers=0, report=False).folder


@pytest.fixture(scope="module")
def data(finished) -> ConceptDataset:
    return read_dataset(finished / "data.safetensors")


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def test_all_is_well_in_a_run_that_nobody_touched(finished, data):
    for network in plan(SETTINGS):
        assert list(ticket_faults(finished, network, 0.5)) == []
        assert list(evidence_faults(finished, network, SETTINGS, data)) == []


def forge(copy: Path, network: Network, change) -> list[str]:
    home = copy / network.folder
    ticket = read_ticket(home)
    mask = {name: keep.clone() for name, keep in ticket.mask.items()}
    weights = {name: tensor.clone() for name, tensor in ticket.weights.items()}
    change(mask, weights)
    write_ticket(home, Ticket(mask, weights, weights, ticket.selected_epoch), ())
    return list(ticket_faults(copy, network, 0.5))


@pytest.mark.parametrize("network", LAST, ids=str)
def test_a_pruned_weight_that_is_not_zero(copy, network):
    def change(mask, weights):
        weights["fc.weight"].view(-1)[(~mask["fc.weight"]).flatten().nonzero()[0]] = 1e-30

    assert forge(copy, network, change) == ["fc.weight: pruned weights are not zero"]


@pytest.mark.parametrize("network", LAST, ids=str)
def test_a_weight_more_or_less_than_asked(copy, network):
    def change(mask, weights):
        mask["fc.weight"].view(-1)[mask["fc.weight"].flatten().nonzero()[0]] = False
        weights["fc.weight"][~mask["fc.weight"]] = 0

    found = forge(copy, network, change)
    assert len(found) == 3
    pool = "all layers" if network.arm == "magnitude-global" else "fc.weight"
    assert found[0].startswith(f"{pool}: ")
    assert "were asked for" in found[0]
    assert "its metrics say" in found[1]


@pytest.mark.parametrize("network", LAST[:2], ids=str)
def test_a_weight_that_is_back(copy, network):
    before = read_ticket(copy / network.before.folder).mask["fc.weight"]

    def change(mask, weights):
        keep = mask["fc.weight"].view(-1)
        keep[keep.nonzero()[0]] = False
        keep[(~before).flatten().nonzero()[0]] = True
        weights["fc.weight"][~mask["fc.weight"]] = 0

    assert forge(copy, network, change) == ["fc.weight: weights that were pruned before are back"]


def test_a_dense_network_with_a_pruned_weight(copy):
    def change(mask, weights):
        mask["fc.weight"][0, 0] = False
        weights["fc.weight"][0, 0] = 0

    assert "a network that is not pruned has pruned weights" in forge(copy, LAST[0].dense, change)


ARRAYS = {
    "logits/test": ["scores of f on test", "the explained classes", "predicted classes"],
    "logits/validation": ["scores of f on validation"],
    "embedding/test": ["g's logits on test", "held-out scores"],
    "embedding/validation": ["g's logits on validation"],
    "embedding/train": ["scores of g on train"],
    "bank/Q": ["g's logits on test", "held-out scores"],
    "bank/intercepts": ["held-out scores"],
    "g/weights": ["g's logits on validation"],
    "g/logits/test": ["g's logits on test", "scores of g on test"],
    "probe/logits/validation": ["scores of probe on validation"],
    "probe/logits/test": ["scores of probe on test"],
    "g-random/logits/validation": ["scores of g-random on validation"],
    "g-random/logits/test": ["scores of g-random on test"],
    "concepts/auroc": ["held-out scores"],
    "concepts/accuracy": ["held-out scores"],
    "saliency/classes": ["the explained classes"],
    "saliency/maps": ["mask energy"],
    "saliency/mask_energy": ["mask energy"],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_other_numbers(copy, data, name):
    network = LAST[0]
    arrays = read_evidence(copy / network.folder)
    place, _, split = name.partition("logits/")
    if split and place != "g/":  # every label right: a network of one epoch may answer the same class always
        arrays[name] = functional.one_hot(data.labels[data.splits[split]], 12).to(arrays[name].dtype) / 2
    else:
        arrays[name] = arrays[name].flip(0) + (0 if name == "saliency/classes" else arrays[name])
    write_tensors(copy / network.folder / EVIDENCE, arrays, {}, "evidence")
    found = "\n".join(evidence_faults(copy, network, SETTINGS, data))
    for says in ARRAYS[name]:
        assert says in found, found


@pytest.mark.parametrize("parts", ["metrics", "arrays", "both"])
def test_evidence_without_what_is_of_concepts(copy, data, parts):
    """By itself it is whole, as that of a data set without concepts; this one has some."""
    network = LAST[0]
    home = copy / network.folder
    arrays, metrics = read_evidence(home), read_metrics(home)
    if parts != "metrics":
        gone = ("bank/", "concepts/", "g/", "g-random/", "gates/", "refit/")
        write_tensors(
            home / EVIDENCE, {name: own for name, own in arrays.items() if not name.startswith(gone)}, {}, "evidence"
        )
    if parts != "arrays":
        for place in (metrics, metrics, metrics["accuracy"], metrics["accuracy"]):
            place.pop(next(key for key in ("concepts", "g", "g-random") if key in place))
        write_json(home / METRICS, metrics, "metrics")
    assert list(evidence_faults(copy, network, SETTINGS, data)) == ["it lacks what is learned of the data's concepts"]
    with pytest.raises(DamagedError, match="lacks what is learned of the data's concepts; restore it, or remove it"):
        result_files(copy, SETTINGS, data, plan(SETTINGS))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dead_channels": 63}, "dead channels do not follow"),
        ({"predicted_classes": 13}, "the number of predicted classes"),
        ({"dead_maps": 99}, "dead maps do not follow"),
    ],
)
def test_metrics_of_other_numbers(copy, data, change, says):
    network = LAST[0]
    metrics = read_metrics(copy / network.folder)
    if "dead_maps" in change:
        metrics["saliency"]["dead_maps"]["label"] = change["dead_maps"]
    else:
        metrics |= change
    write_json(copy / network.folder / METRICS, metrics, "metrics")
    assert says in "\n".join(evidence_faults(copy, network, SETTINGS, data))


def test_all_is_well_on_another_machine(finished):
    """A run is made by one processor, and verified by another that adds in another order."""
    code = (
        "import sys; from pathlib import Path; from tests.rounding import round_otherwise; round_otherwise()\n"
        "from sparsight.verifying import verify_run\n"
        "for check in verify_run(Path(sys.argv[1]), deep=True): print(check.name, check.skipped, check.failures)\n"
    )
    other = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "Nehalem"}
    words = [sys.executable, "-c", code, finished]
    ended = subprocess.run(words, env=os.environ | other, capture_output=True, text=True, check=True)
    wrong = [line for line in ended.stdout.splitlines() if not line.endswith("()")]
    assert wrong == []
    assert "\nresults False ()" in ended.stdout
    assert "\ndeep False ()" in ended.stdout
