"""Random numbers from integer arithmetic alone, keyed by what they decide.

The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood, *Fast splittable pseudorandom number
generators*, 2014). Integers and one division by a power of two: every machine draws the same.
"""

from functools import lru_cache

import numpy as np

from sparsight.draws import key_seed

_WORD = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


def mix(word: int) -> int:
    """A 64-bit integer in which every bit depends on all bits of ``word``."""
    word = (word + _STEP) & _WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)


@lru_cache(maxsize=256)
def _name_word(name: str) -> int:
    return key_seed("toybirds", name)


def image_key(seed: int, index: int) -> int:
    """The key of image ``index`` under ``seed``."""
    return mix(mix(seed) ^ index)


def integer(key: int, name: str) -> int:
    """A uniform 63-bit integer for the decision ``name`` of the image with ``key``."""
    return mix(key ^ _name_word(name)) >> 1


def uniform(key: int, name: str, low: float = 0.0, high: float = 1.0) -> float:
    """A uniform number in [low, high) for the decision ``name`` of the image with ``key``."""
    return low + (high - low) * ((integer(key, name) >> 10) / (1 << 53))


def uniforms(key: int, name: str, count: int) -> list[float]:
    """``count`` uniform numbers in [0, 1) for one decision that needs many."""
    counter = np.arange(count, dtype=np.uint64) * np.uint64(_STEP)
    word = counter + np.uint64(mix(key ^ _name_word(name)))
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word = word ^ (word >> np.uint64(31))
    draws: list[float] = ((word >> np.uint64(11)).astype(np.float64) * (1 / (1 << 53))).tolist()
    return draws
