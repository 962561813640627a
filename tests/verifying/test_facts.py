"""What the manifest says, where the initial weights come from a file."""

import pytest
from safetensors.torch import save_file

from sparsight.config import validated
from sparsight.models import ModelSettings, build_model
from sparsight.runs import read_manifest
from sparsight.study import run_study
from sparsight.verifying import verify_run

SETTINGS = {
    "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 12, "image_size": 32},
    "training": {"epochs": 1, "batch_size": 12},
    "pruning": {"rate": 0.5, "rounds": 2},
    "evidence": {"interventions": 0, "sanity": 0, "refits": 0},
    "study": {"seeds": [0], "arms": ["magnitude"], "retrains": 0},
}


@pytest.fixture
def backbone(tmp_path):
    state = build_model(ModelSettings(stem_stride=2), 9, 3).state_dict()
    save_file(
        {name: value for name, value in state.items() if not name.startswith("fc")}, tmp_path / "mine.safetensors"
    )
    return tmp_path / "mine.safetensors"


def test_a_new_head_is_noted_and_the_note_is_checked_against_the_weights_kept(backbone, tmp_path):
    model = {"name": "resnet8", "stem_stride": 2, "weights": str(backbone)}
    result = run_study(validated({**SETTINGS, "model": model}, "test"), tmp_path / "run", workers=0, report=False)
    notice = "mine.safetensors holds no classifier: the head fc starts from weights drawn by the seed"
    assert notice in result.notices
    assert notice in read_manifest(tmp_path / "run")["notices"]
    backbone.unlink()  # what is checked is the run's own copy
    checks = verify_run(tmp_path / "run")
    assert {check.name: check.failures for check in checks if check.failures} == {}
