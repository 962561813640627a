"""One small finished run whose tables are made again by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.results.made import Made, read_made


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of two arms of different rules; two concepts are constant in it. Not to be changed."""
    from sparsight.config import StudySettings
    from sparsight.data import load_dataset
    from sparsight.study import run_study

    torch.set_num_threads(1)
    settings = StudySettings.model_validate(
        {
            "data": {"name": "toybirds", "train": 48, "validation": 24, "test": 36, "image_size": 32},
            "model": {"name": "resnet8", "stem_stride": 2},
            "training": {"epochs": 1, "batch_size": 16, "learning_rate": 0.05},
            "pruning": {"rate": 0.5, "rounds": 4},
            "evidence": {"keep_embeddings": True, "sanity": 12, "interventions": 12, "refits": 1},
            "study": {"seeds": [0, 1, 2], "arms": ["magnitude", "released-code"], "retrains": 1},
        }
    )
    data = load_dataset(settings.data)
    concepts = data.concepts.clone()
    concepts[:, [1, 10]] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparsight.study.load_dataset", lambda _: replace(data, concepts=concepts))
        return run_study(settings, tmp_path_factory.mktemp("results") / "run", workers=0).folder


@pytest.fixture(scope="session")
def made(run: Path) -> Made:
    """The run's files, read without sparsight."""
    return read_made(run)
