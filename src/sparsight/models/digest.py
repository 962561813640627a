"""What stands for a network's contents: a digest of its state dict."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

_SIMPLE = (bool, int, float, str, type(None), torch.dtype)


def network_digest(model: nn.Module) -> str:
    """SHA-256 of the names, shapes and numbers in a network's state dict, in hexadecimal.

    Equal state dicts have equal digests on whatever device. A tensor whose numbers cannot be read, as one without
    memory, counts by its name, shape and kind of number.
    """
    found = hashlib.sha256(type(model).__name__.encode())
    for name, value in sorted(model.state_dict().items()):
        for part in _parts(name, value):
            found.update(part)
    return found.hexdigest()


def _parts(name: str, value: Any) -> Iterator[bytes]:
    if isinstance(value, Tensor):
        yield f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode()
        yield _numbers(value)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _parts(f"{name}.{key}", each)
    elif isinstance(value, list | tuple):
        for k, each in enumerate(value):
            yield from _parts(f"{name}.{k}", each)
    else:
        yield f"\n{name} {value if isinstance(value, _SIMPLE) else type(value).__name__}\n".encode()


def _numbers(value: Tensor) -> bytes:
    try:
        plain = value.detach().cpu()
        plain = plain.dequantize() if hasattr(plain, "dequantize") and _is_packed(plain) else plain
        plain = plain.to_dense() if plain.layout != torch.strided else plain
        return plain.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    except (RuntimeError, NotImplementedError, TypeError, AttributeError):
        return b""


def _is_packed(value: Tensor) -> bool:
    """Whether its numbers are packed as integers: torch's own quantised tensors, and torchao's subclasses."""
    return value.is_quantized or type(value) not in (Tensor, nn.Parameter)
