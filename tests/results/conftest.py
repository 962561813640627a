"""One small finished run whose tables are made again by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.results.made import Made, read_made
from tests.shapes import unchecked


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
            "saliency": {"beside": "released"},
            "evidence": {"keep_embeddings": True, "sanity": 12, "interventions": 12, "refits": 1},
            "study": {"seeds": [0, 1, 2], "arms": ["magnitude", "released-code"], "retrains": 1},
        }
    )
    data = load_dataset(settings.data)
    concepts = data.concepts.clone()
    concepts[:, [1, 10]] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparsight.study.load_dataset", lambda *_: replace(data, concepts=concepts))
        with unchecked():
            return run_study(settings, tmp_path_factory.mktemp("results") / "run", workers=0, report=False).folder


@pytest.fixture(scope="session")
def made(run: Path) -> Made:
    """The run's files, read without sparsight."""
    return read_made(run)


@pytest.fixture(scope="session")
def settings(run: Path) -> "StudySettings":
    """The run's."""
    from sparsight.runs import read_settings

    return read_settings(run)


@pytest.fixture(scope="session")
def data(run: Path) -> "ConceptDataset":
    """The run's."""
    from sparsight.data import read_dataset

    return read_dataset(run / "data.safetensors")


@pytest.fixture(scope="session")
def everything(run: Path, settings: "StudySettings") -> "list[Looked]":
    """The run's networks with their evidence, under the names of their rows."""
    from sparsight.evidence import read_evidence, read_metrics
    from sparsight.networks import Network, plan
    from sparsight.results.tables import Looked

    networks = plan(settings)
    arrays = {network: read_evidence(run / network.folder) for network in networks}
    named = [(network, network.arm, network.repeat) for network in networks]
    for arm in settings.study.arms:
        named += [(Network(arm, seed, None, 0).dense, arm, None) for seed in settings.study.seeds]
    found = []
    for network, arm, repeat in named:
        metrics = read_metrics(run / network.folder)
        key = (arm, network.seed, repeat, network.round, metrics["weights_remaining"])
        found.append(Looked(network, key, metrics, arrays[network], arrays[network.dense]))
    return found


@pytest.fixture(scope="session")
def compared(everything: "list[Looked]", settings: "StudySettings", data: "ConceptDataset") -> "list[Pair]":
    """Every comparison of the run."""
    from sparsight.results.pairs import pairs

    return list(pairs(everything, settings, data))
