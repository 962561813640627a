"""What of a picture's file goes with its class or its side, so that a network could tell them by it."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from sparsight.data.formats import FORMATS
from sparsight.data.pictures import FACTS, Pictures

NEARLY_ALL, HARDLY_ANY = 0.9, 0.1
"""Shares of two classes that have a trait, from which on it goes with the class."""
LEAST = 5
"""Images of a class whose shares count."""


def traits_of(pictures: Pictures) -> dict[str, np.ndarray]:
    """Return what a file can be told by, in words by image: its format, bits, colour and size."""
    facts = dict(zip(FACTS, pictures.facts.numpy().T, strict=True))
    sizes = pictures.sizes.numpy()
    return {
        "format": np.array(FORMATS)[facts["form"]],
        "number of bits a channel": np.array([f"of {bits} bits" for bits in facts["bits"]]),
        "colour": np.where(facts["coloured"] == 1, "coloured", "grey"),
        "size": np.array([f"{width} x {height}" for width, height in sizes]),
    }


def shortcuts(
    pictures: Pictures,
    labels: Int64[Tensor, " n"],
    class_names: Sequence[str],
    splits: Mapping[str, Int64[Tensor, " _"]],
) -> list[str]:
    """Return a note for each trait that nearly all images of one class have and hardly any of another; and by side."""
    used = np.sort(np.concatenate([indices.numpy() for indices in splits.values()])) if splits else np.zeros(0, int)
    used = used[pictures.facts.numpy()[used, FACTS.index("bits")] > 0]  # read, and not black in place of many
    if not len(used):
        return []
    side = np.full(len(labels), -1)
    for k, indices in enumerate(splits.values()):
        side[indices.numpy()] = k
    notes = []
    for trait, words in traits_of(pictures).items():
        for kind, groups, names in (("class", labels.numpy(), class_names), ("side", side, tuple(splits))):
            found = _apart(words[used], groups[used], names)
            if found:
                notes.append(f"the {trait} of the files goes with the {kind}: {found}; a network may learn that alone")
    return notes


def _apart(words: np.ndarray, groups: np.ndarray, names: Sequence[str]) -> str | None:
    """Describe the word whose shares in two groups differ most, if it goes with the groups."""
    values, place = np.unique(words, return_inverse=True)
    counts = np.zeros((len(names), len(values)))
    np.add.at(counts, (groups, place), 1)
    sizes = counts.sum(1)
    kept = np.flatnonzero(sizes >= LEAST)
    if len(values) < 2 or len(kept) < 2:
        return None
    shares = counts[kept] / sizes[kept, None]
    v = int(np.argmax(shares.max(0) - shares.min(0)))
    high, low = int(np.argmax(shares[:, v])), int(np.argmin(shares[:, v]))
    if shares[high, v] < NEARLY_ALL or shares[low, v] > HARDLY_ANY:
        return None
    most, least = (f"{100 * shares[k, v]:.0f} % of {names[kept[k]]!r}" for k in (high, low))
    return f"{most} are {values[v]}, and {least}"
