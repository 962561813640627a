"""Random generators keyed by what they decide.

A draw never depends on how many draws came before it elsewhere: the generator for "data order, seed 3, epoch 7" is
the same whether or not a study has other arms, was resumed, or runs in eight processes.
"""

import hashlib

import torch

Key = str | int


def key_seed(*key: Key) -> int:
    """A 63-bit integer that depends on every part of ``key`` and on nothing else.

    Parts are told apart by type and place: ``("a", 1)``, ``("a1",)`` and ``("a", "1")`` give three seeds.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in key)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*key: Key) -> torch.Generator:
    """A fresh CPU generator for the decision named by ``key``."""
    return torch.Generator().manual_seed(key_seed(*key))
