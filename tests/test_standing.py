"""What an earlier version has made: what stands of it, and what is made again."""

import json
import shutil

import pytest
import torch

from sparsight.config import StudySettings
from sparsight.errors import InputError
from sparsight.evidence import columns_digest, evidence_origin
from sparsight.io import read_json, sha256_plain, write_json
from sparsight.results.rules import RULES, VERDICT
from sparsight.runs import MANIFEST, RESULTS, standing_data
from sparsight.study import Silent, report_run, run_study
from sparsight.verifying import verify_run

pytestmark = pytest.mark.usefixtures("shapes_unchecked")
SETTINGS = StudySettings.model_validate(
    {
        "data": {"name": "toybirds", "train": 16, "validation": 12, "test": 30, "image_size": 32},
        "model": {"name": "resnet8", "stem_stride": 2},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.05},
        "pruning": {"rate": 0.5, "rounds": 2},
        "evidence": {"interventions": 0, "sanity": 0, "refits": 0},
        "study": {"seeds": [0], "arms": ["magnitude"], "retrains": 1},
    }
)
EXEMPT = ("training.jsonl", "manifest.json", ".lock")


class Ear(Silent):
    """Remembers which networks were trained or looked at, and what was told of files."""

    def __init__(self) -> None:
        self.epochs, self.made, self.notes = 0, [], []

    def epoch(self) -> None:
        self.epochs += 1

    def note(self, text: str) -> None:
        self.notes.append(text)

    def network(self, network, summary) -> None:
        self.made.append(network.folder)


def files(folder):
    found = [path for path in folder.rglob("*") if path.is_file() and path.name not in EXEMPT]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if "report" not in path.parts}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A run of today. Not to be changed."""
    torch.set_num_threads(1)
    return run_study(SETTINGS, tmp_path_factory.mktemp("fresh") / "run", workers=0, report=False).folder


@pytest.fixture
def old(fresh, tmp_path, monkeypatch):
    """The same run as an earlier version left it: each column was a concept, and the tables state no rules."""
    folder = shutil.copytree(fresh, tmp_path / "run")
    for path in [*folder.rglob("evidence.safetensors"), *folder.rglob("metrics.json")]:
        path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr("sparsight.evidence.in_use._together", lambda labels, columns: [[c] for c in columns])
        run_study(SETTINGS, folder, workers=0, report=False)
    forget_rules(folder)
    return folder


def forget_rules(folder):
    """Let the tables state no rules, as those of 0.1."""
    path, manifest = folder / RESULTS / VERDICT, read_json(folder / MANIFEST, "manifest")
    document = read_json(path, "verdict")
    assert document.pop("rules") == RULES
    write_json(path, document, "verdict")
    manifest["files"][f"{RESULTS}/{VERDICT}"] = sha256_plain(path)
    write_json(folder / MANIFEST, manifest, "manifest")


def test_evidence_of_equal_columns_apart_is_made_again_and_trainings_are_kept(fresh, old):
    assert columns_digest(standing_data(old)) is not None
    networks = sorted(str(path.parent.relative_to(old)) for path in old.rglob("ticket.safetensors"))
    tickets = {name: content for name, content in files(old).items() if "ticket" in name}
    assert len(json.loads((old / networks[0] / "metrics.json").read_text())["concepts"]["names"]) > len(
        json.loads((fresh / networks[0] / "metrics.json").read_text())["concepts"]["names"]
    )
    with pytest.raises(InputError, match="made by the rules of another version of sparsight"):
        report_run(old)
    failed = "\n".join(line for check in verify_run(old) for line in check.failures)
    assert "an earlier version learned concepts of equal columns apart" in failed
    ear = Ear()
    run_study(SETTINGS, old, workers=0, report=False, listener=ear)
    assert (sorted(ear.made), ear.epochs) == (networks, 0)
    told = [
        note for note in ear.notes if "an earlier version learned concepts of equal columns apart; made again" in note
    ]
    assert len(told) == len(networks)
    assert {name: content for name, content in files(old).items() if "ticket" in name} == tickets
    assert files(old) == files(fresh)
    report_run(old)
    assert not [line for check in verify_run(old) for line in check.failures]


def test_a_run_without_equal_columns_stands_as_it_was_made(fresh, tmp_path, monkeypatch):
    """Its evidence names what it named before, so that none is made again."""
    settings = SETTINGS.model_copy(update={"data": SETTINGS.data.model_copy(update={"train": 400})})
    small = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 1})})
    dense = small.model_copy(update={"pruning": small.pruning.model_copy(update={"rounds": 1})})
    folder = run_study(dense, tmp_path / "run", workers=0, report=False).folder
    assert columns_digest(standing_data(folder)) is None
    home = folder / "dense/right/seed-0"
    assert evidence_origin(home).keys() == {"network", "ticket", "dense", "settings"}
    assert evidence_origin(fresh / "dense/right/seed-0").keys() == {"network", "ticket", "dense", "settings", "columns"}
    assert "all_names" not in read_json(home / "metrics.json", "metrics")["concepts"]
    forget_rules(folder)
    ear = Ear()
    run_study(dense, folder, workers=0, report=False, listener=ear)
    assert (ear.made, ear.epochs) == ([], 0)
