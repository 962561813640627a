"""What only the weights, the round before, or the manifest's own facts can tell of files that were sealed again."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from sparsight.arms import read_ticket, ticket_origin, write_ticket
from sparsight.config import StudySettings
from sparsight.data import read_dataset
from sparsight.evidence import evidence_origin, read_evidence, read_metrics
from sparsight.evidence.store import EVIDENCE, METRICS
from sparsight.io import check_sealed, read_json, sha256, write_json, write_tensors
from sparsight.models import build_model
from sparsight.networks import Network
from sparsight.runs import OTHER_VERSIONS, write_settings
from sparsight.study import run_study
from sparsight.verifying import verify_run
from sparsight.verifying.deep import Forward, deep_faults
from sparsight.verifying.masks import mask_faults

pytestmark = pytest.mark.usefixtures("shapes_unchecked")
SETTINGS = StudySettings.model_validate(
    {
        "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 24, "image_size": 32},
        "model": {"name": "resnet8", "stem_stride": 2},
        "training": {"epochs": 1, "batch_size": 12, "learning_rate": 0.05},
        "pruning": {"rate": 0.5, "rounds": 2},
        "saliency": {"beside": "released"},
        "evidence": {"interventions": 5, "sanity": 0, "refits": 0},
        "study": {"seeds": [0], "arms": ["magnitude", "random", "reinit", "released-code"], "retrains": 0},
    }
)
TICKET = Network("magnitude", 0, None, 1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    torch.set_num_threads(1)
    return run_study(SETTINGS, tmp_path_factory.mktemp("deep") / "run", workers=0).folder


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return build_model(SETTINGS.model, 12, 5)


@pytest.fixture(scope="module")
def forward(finished, model) -> Forward:
    return Forward(model, read_dataset(finished / "data.safetensors"), SETTINGS)


def failures(folder: Path, **how: bool) -> list[str]:
    return [f"{check.name}: {line}" for check in verify_run(folder, **how) for line in check.failures]


def test_all_is_well_in_a_run_that_nobody_touched(finished):
    checks = verify_run(finished, deep=True)
    assert [line for check in checks for line in check.failures] == []
    looked = {check.name: check.looked for check in checks}
    files = ["plain files", "seals", "report", "manifest", "facts", "origins"]
    assert list(looked) == [*files, "tickets", "masks", "evidence", "results", "deep", "not looked at"]
    assert looked["deep"].startswith("7 of 7 networks: ")
    assert looked["masks"].startswith("3 of 3 networks: ")
    assert "not those of reinit, which come from another arm" in looked["masks"]


def test_what_is_not_looked_at_is_said(finished):
    shallow, deep = (verify_run(finished, deep=deep)[-1] for deep in (False, True))
    assert shallow.looked.startswith("whether logits, embeddings and maps are what the weights give (--deep looks); ")
    for check in (shallow, deep):
        assert check.skipped
        assert "whether the weights come from their training" in check.looked
        assert "what the report says" in check.looked


ARRAYS = {
    "logits/test": "f's logits on test are not",
    "logits/validation": "f's logits on validation are not",
    "embedding/validation": "the embeddings on validation are not",
    "embedding/test": "the embeddings on test are not",
    "g/weights": "g's objective is not",
    "saliency/maps": "the maps of the first 16 test images are not",
    "saliency/beside": "the maps by released of the images shown are not",
    "interventions/concepts": "interventions/concepts of the first 4 scenes are not",
    "interventions/habitats": "interventions/habitats of the first 4 scenes are not",
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_the_weights_do_not_give(copy, forward, name):
    arrays = read_evidence(copy / TICKET.folder)
    arrays[name] = arrays[name] * 1.01
    write_tensors(copy / TICKET.folder / EVIDENCE, arrays, {}, "evidence")
    found = list(deep_faults(copy, TICKET, forward))
    assert len(found) == 1, found
    assert found[0].startswith(ARRAYS[name])
    assert found[0].endswith("what the weights give" if name != "g/weights" else "what its weights give")


@pytest.mark.parametrize("change", ["dead_layers", "objective", "f", "g", "names"])
def test_a_number_that_the_weights_do_not_give(copy, forward, change):
    metrics = read_metrics(copy / TICKET.folder)
    if change == "dead_layers":
        metrics["dead_layers"] = ["fc"]
    elif change == "objective":
        metrics["g"]["objective"] *= 1.001
    elif change == "names":
        metrics["interventions"]["parts"].reverse()
    else:
        metrics["accuracy"][change]["train"]["accuracy"] = 2.0
    write_json(copy / TICKET.folder / METRICS, metrics, "metrics")
    says = {"dead_layers": "its dead layers", "objective": "g's objective", "names": "its interventions"}
    found = list(deep_faults(copy, TICKET, forward))
    assert len(found) == 1, found
    assert found[0].startswith(says.get(change, f"the accuracy of {change} on train is not"))


@pytest.mark.parametrize("arm", ["magnitude", "random", "released-code"])
def test_a_mask_that_the_round_before_does_not_give(copy, finished, model, arm):
    network = Network(arm, 0, None, 1)
    assert list(mask_faults(finished, network, model, 0.5)) == []
    ticket = read_ticket(copy / network.folder)
    keep = ticket.mask["fc.weight"].view(-1)
    first, last = keep.nonzero()[0], (~keep).nonzero()[0]
    keep[first], keep[last] = False, True
    weights = {**ticket.weights, "fc.weight": ticket.weights["fc.weight"] * ticket.mask["fc.weight"]}
    write_ticket(copy / network.folder, replace(ticket, weights=weights), ())
    says = ["fc.weight: its mask is not what pruning the ticket before gives"]
    assert list(mask_faults(copy, network, model, 0.5)) == says


def test_a_pruned_weight_that_is_not_zero_is_named_though_all_else_rests_on_another_ticket(copy):
    home = copy / TICKET.folder
    ticket, origin = read_ticket(home), ticket_origin(home)
    pruned = (~ticket.mask["fc.weight"]).flatten().nonzero()[0]
    ticket.weights["fc.weight"].view(-1)[pruned] = 0.5
    origin = {name: origin[name] for name in ("network", "before", "model", "data", "weights", "settings")}
    write_ticket(home, ticket, (), origin)
    found = failures(copy)
    assert f"tickets: {TICKET.folder}: fc.weight: pruned weights are not zero" in found
    assert any(line.startswith(f"origins: {TICKET.folder}/evidence.safetensors: belongs to another") for line in found)


def of_report(folder: Path) -> str:
    return next(check.looked for check in verify_run(folder) if check.name == "report")


def test_a_report_that_was_changed_is_named(copy):
    report = copy / "report"
    (report / "index.html").write_text("all is preserved")
    (report / "report.json").write_text("{}")
    (report / "mine.txt").write_text("")
    lost = next((report / "figures").iterdir())
    lost.unlink()
    assert failures(copy) == [
        f"report: report/figures/{lost.name}: missing",
        "report: report/index.html: not what files.json lists",
        "report: report/report.json: not what files.json lists",
    ]
    assert of_report(copy).endswith("(1 other file lies in report/)")
    (report / "files.json").unlink()
    assert failures(copy) == ["report: report/files.json: missing; sparsight report writes the report again"]
    for page in ("index.html", "report.json"):
        (report / page).unlink()
    assert " (" in of_report(copy), "figures that belong to no report are told"
    shutil.rmtree(report)
    assert failures(copy) == []
    assert of_report(copy) == "not looked at: there is none; sparsight report writes it"


@pytest.mark.parametrize(
    ("room", "key", "value"), [("training", "learning_rate", 0.06), ("verdict", "margin", 0.9), ("concepts", "C", 0.5)]
)
def test_settings_that_were_sealed_again_are_named(copy, room, key, value):
    document = SETTINGS.as_dict()
    document[room][key] = value
    write_settings(copy, StudySettings.model_validate(document))
    found = failures(copy)
    assert "facts: study.yaml: not the settings that the manifest names" in found
    networks = (
        "origins: study.yaml: the run was made with other settings than it holds now; nothing else can be checked"
    )
    assert any(line.startswith(networks) for line in found) == (room != "verdict")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("notices", [], None),
        ("notices", [OTHER_VERSIONS], None),
        ("notices", ["all is well"], "its notices are not what data and settings give"),
        ("images", {"train": 9, "validation": 12, "test": 24}, "its numbers of images are not those of the data"),
        ("seeds", [0, 1], "its seeds are not those of the settings"),
    ],
)
def test_facts_of_the_manifest_are_looked_at(copy, key, value, says):
    manifest = read_json(copy / "manifest.json", "manifest")
    if says is None:  # what the run has, and perhaps the one notice that depends on sessions
        value = [*manifest["notices"], *value]
    write_json(copy / "manifest.json", {**manifest, key: value}, "manifest")
    assert failures(copy) == ([f"facts: manifest.json: {says}"] if says else [])


def test_forged_evidence_that_is_listed_everywhere_is_found_by_looking_deep(copy):
    """Larger logits of the same answers, sealed and listed: no score rests on how large they are."""
    home = copy / Network("random", 0, None, 1).folder
    arrays = read_evidence(home)
    arrays["logits/validation"] = arrays["logits/validation"] * 1.5
    write_tensors(home / EVIDENCE, arrays, evidence_origin(home), "evidence")
    metrics = read_metrics(home)
    write_json(home / METRICS, {**metrics, "evidence": check_sealed(home / EVIDENCE)}, "metrics")
    manifest = read_json(copy / "manifest.json", "manifest")
    for name in (EVIDENCE, METRICS):
        manifest["files"][f"random/seed-0/round-01/{name}"] = sha256(home / name)
    write_json(copy / "manifest.json", manifest, "manifest")
    assert failures(copy) == []
    says = "f's logits on validation are not what the weights give"
    assert failures(copy, deep=True) == [f"deep: random/seed-0/round-01: {says}"]
