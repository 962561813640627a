"""What a network itself draws in training, by dropout or stochastic depth."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sparsight.draws import key_seed
from sparsight.training.batches import DrawKey
from sparsight.training.progress import State


@contextmanager
def seeded_noise(key: DrawKey, epoch: int, device: torch.device, state: State | None = None) -> Iterator[None]:
    """One epoch's draws from torch's own generators, keyed as its data order is; afterwards they are as they were.

    So they depend neither on what the process has done before nor on whether the training was broken off.

    Args:
        key, epoch: what they are keyed by.
        device: the training's.
        state: where they stood when the epoch was broken off (``noise_state``).
    """
    cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if cuda else []):
        seed = key_seed("dropout", key.seed, key.repeat, key.round, epoch)
        torch.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        if state is not None:
            torch.default_generator.set_state(state["cpu"])
            if cuda:
                torch.cuda.set_rng_state(state["cuda"], device)
        yield


def noise_state(device: torch.device) -> State:
    """Where torch's own generators stand, by device."""
    cuda = {"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {}
    return {"cpu": torch.default_generator.get_state(), **cuda}
