"""One small finished run whose tables are made again by hand."""

from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of two arms of different rules. Not to be changed."""
    from sparsight.config import StudySettings
    from sparsight.study import run_study

    torch.set_num_threads(1)
    settings = StudySettings.model_validate(
        {
            "data": {"name": "toybirds", "train": 48, "validation": 24, "test": 24, "image_size": 32},
            "model": {"name": "resnet8", "stem_stride": 2},
            "training": {"epochs": 1, "batch_size": 16, "learning_rate": 0.05},
            "pruning": {"rate": 0.5, "rounds": 3},
            "evidence": {"keep_embeddings": True},
            "study": {"seeds": [0], "arms": ["magnitude", "released-code"], "retrains": 1},
        }
    )
    return run_study(settings, tmp_path_factory.mktemp("results") / "run", workers=0).folder
