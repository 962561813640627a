"""What a network itself draws in training, by dropout or stochastic depth."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sparsight.draws import key_seed
from sparsight.training.batches import DrawKey


@contextmanager
def seeded_noise(key: DrawKey, epoch: int, device: torch.device) -> Iterator[None]:
    """One epoch's draws from torch's own generators, keyed as its data order is; afterwards they are as they were.

    So they depend neither on what the process has done before nor on whether the training was broken off.
    """
    cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if cuda else []):
        seed = key_seed("dropout", key.seed, key.repeat, key.round, epoch)
        torch.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
