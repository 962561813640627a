from collections.abc import Callable

import pytest
import torch

from sparsight.arms import Arm, Ticket, Workshop, train_dense, train_round
from sparsight.draws import key_seed
from sparsight.models import ModelSettings, build_model
from sparsight.pruning import PruningSettings
from sparsight.training import TrainingSettings

RATE = 0.5


def new_model(seed: int, another: str = "") -> torch.nn.Module:
    return build_model(ModelSettings(), 3, key_seed(seed, another) if another else seed)


@pytest.fixture
def shop(tiny) -> Workshop:
    training = TrainingSettings(epochs=2, batch_size=8, learning_rate=0.1)
    return Workshop(new_model, tiny, training, PruningSettings(rate=RATE, rounds=4), torch.device("cpu"))


@pytest.fixture
def chain() -> Callable[..., list[Ticket]]:
    """The tickets of an arm's first rounds, the dense one counted."""

    def tickets(shop: Workshop, arm: Arm, count: int = 3) -> list[Ticket]:
        found = [train_dense(shop, arm, 0, "test")[0]]
        for round_ in range(1, count):
            found.append(train_round(shop, arm, 0, round_, found[-1], "test")[0])
        return found

    return tickets
