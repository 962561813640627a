"""Where the arithmetic runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sparsight.errors import InputError


def resolve_device(name: str) -> torch.device:
    """The device called ``cpu``, ``cuda``, or ``auto`` (CUDA where there is one).

    Raises:
        InputError: if CUDA is asked for and absent.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "device cuda: this machine has no usable CUDA device; choose cpu or auto, or a machine that has one"
        )
    return torch.device(name)


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """On the CPU a sum's order, and so its last bits, depends on the number of threads."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
