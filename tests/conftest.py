"""What all tests share: shape checks switched on, real data where there is some, tiny data sets."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from jaxtyping import install_import_hook

from tests.rounding import round_otherwise
from tests.shapes import checked, unchecked
from tests.spread import BySharedWork, in_order

# Every array that passes between rooms is held to the shape in the signature.
NUMERIC = (
    "arms",
    "concepts",
    "data",
    "draws",
    "drift",
    "evidence",
    "models",
    "pruning",
    "saliency",
    "stats",
    "training",
    "verdict",
)
os.environ["OMP_NUM_THREADS"] = "1"  # of the processes that tests start: there is one for each core already

install_import_hook([f"sparsight.{room}" for room in NUMERIC], f"{checked.__module__}.{checked.__name__}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """See ``tests/rounding.py``."""
    parser.addoption("--other-rounding", action="store_true", help="round products as another processor might")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test's module is imported."""
    if config.getoption("--other-rounding"):
        round_otherwise()


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> BySharedWork:
    """How tests are spread over workers, in the order below."""
    config.option.loadscopereorder = False
    return BySharedWork(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same order with and without workers."""
    items[:] = in_order(items)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches this process and those that it starts, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def shapes_unchecked() -> Iterator[None]:
    """For files that make whole runs many times over, and are about something else than what passes between rooms."""
    with unchecked():
        yield


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded images go where the tests' other files go, also those of the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARSIGHT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data that ``SPARSIGHT_TEST_DATA`` names."""
    if not (folder := os.environ.get("SPARSIGHT_TEST_DATA")):
        pytest.skip("SPARSIGHT_TEST_DATA is not set: real data are not tested")
    return Path(folder)


def tiny_dataset(n: int = 72, classes: int = 3, size: int = 16) -> "ConceptDataset":
    """Noisy squares whose colour tells the class; two concepts follow the class, one is drawn, one is constant."""
    from sparsight.data import ConceptDataset

    draw = torch.Generator().manual_seed(7)
    labels = torch.arange(n) % classes
    images = torch.randint(0, 120, (n, 3, size, size), generator=draw, dtype=torch.uint8)
    masks = torch.zeros(n, size, size, dtype=torch.bool)
    masks[:, 4:12, 4:12] = True
    for i, label in enumerate(labels.tolist()):
        images[i, label % 3, 4:12, 4:12] += 100
    drawn = torch.randint(0, 2, (n,), generator=draw)
    concepts = torch.stack([labels == 0, labels == 1, drawn == 1, torch.ones(n, dtype=torch.bool)], dim=1)
    third = n // 3
    order = torch.arange(n)
    return ConceptDataset(
        name="tiny",
        images=images,
        labels=labels,
        concepts=concepts.to(torch.int8),
        splits={"train": order[:third], "validation": order[third : 2 * third], "test": order[2 * third :]},
        class_names=tuple(f"class {k}" for k in range(classes)),
        concept_names=("red", "green", "drawn", "constant"),
        concept_groups=("color", "color", "other", "other"),
        object_masks=masks,
    )


@pytest.fixture
def tiny() -> "ConceptDataset":
    return tiny_dataset()
