"""Pictures that contradict themselves: one picture in two classes or on two sides, one lesion or patient of two labels.

Two pictures are one where their centre squares are equal pixel by pixel, which is all that a network sees of them:
copies of a file, and what was saved again without loss under another name or format.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import torch
from jaxtyping import Int8, Int64, UInt8
from torch import Tensor

from sparsight.data.dataset import ABSENT, PRESENT

REMEDY = "or leave all of it out by --set data.duplicates=leave-out"
SHOWN = 5


@dataclass(frozen=True)
class Contradictions:
    """What contradicts itself in a data set.

    Attributes:
        lines: what and where, one for each picture or group.
        places: the images that take part, by their positions.
    """

    lines: tuple[str, ...] = ()
    places: frozenset[int] = frozenset()

    def __add__(self, other: "Contradictions") -> "Contradictions":
        return Contradictions((*self.lines, *other.lines), self.places | other.places)

    def left_out(self, names: Sequence[PurePath]) -> list[str]:
        """Return a note on the images, which are left out, and the first of their names; none without any."""
        if not self.places:
            return []
        shown = ", ".join(_printable(names[i]) for i in sorted(self.places)[:SHOWN])
        more = ", ..." if len(self.places) > SHOWN else ""
        return [f"{len(self.places):,} images that contradict others are left out: {shown}{more}"]


def equal_pictures(digests: UInt8[Tensor, "n b"], unread: Collection[int] = ()) -> list[list[int]]:
    """Return the groups of two images or more whose digests are equal, those aside that cannot be read."""
    groups: dict[bytes, list[int]] = {}
    for i, digest in enumerate(digests.numpy()):
        if i not in unread:
            groups.setdefault(digest.tobytes(), []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def of_two_labels(
    groups: Sequence[Sequence[int]],
    names: Sequence[PurePath],
    labels: Int64[Tensor, " n"],
    class_names: Sequence[str],
    what: str = "one picture",
    remedy: str = "keep it in one",
) -> Contradictions:
    """Name the groups of images that are one picture (or of one lesion or patient) and stand in several classes."""
    return _several(groups, names, labels.tolist(), class_names, f"{what} in two classes", remedy)


def on_two_sides(
    groups: Sequence[Sequence[int]], names: Sequence[PurePath], sides: Mapping[str, Int64[Tensor, " _"]]
) -> Contradictions:
    """Name the groups of images that are one picture and stand on several sides of a split."""
    held = torch.full((len(names),), -1)
    for k, indices in enumerate(sides.values()):
        held[indices] = k
    of = held.tolist()
    placed = [[i for i in group if of[i] >= 0] for group in groups]
    return _several(placed, names, of, tuple(sides), "one picture on two sides", "keep it on one")


def of_two_values(
    groups: Sequence[Sequence[int]],
    names: Sequence[PurePath],
    concepts: Int8[Tensor, "n c"],
    concept_names: Sequence[str],
    table: PurePath,
) -> list[str]:
    """Return a line for each group of images that are one picture, in which a concept is both present and absent."""
    lines = []
    for group in groups:
        own = concepts[group]
        for c in ((own == PRESENT).any(0) & (own == ABSENT).any(0)).nonzero()[:, 0].tolist():
            shows, lacks = (next(i for i in group if concepts[i, c] == value) for value in (PRESENT, ABSENT))
            lines.append(
                f"{_printable(names[shows])} and {_printable(names[lacks])}: one picture, and {concept_names[c]} is "
                f"present in the first and absent in the second; correct {_printable(table)}"
            )
    return lines


def _several(
    groups: Sequence[Sequence[int]],
    names: Sequence[PurePath],
    values: Sequence[int],
    words: Sequence[str],
    what: str,
    remedy: str,
) -> Contradictions:
    lines: list[str] = []
    places: set[int] = set()
    for group in groups:
        first = {values[i]: i for i in reversed(group)}
        if len(first) < 2:
            continue
        (one, a), (other, b) = sorted(first.items(), key=lambda item: item[1])[:2]
        more = f" (and {len(group) - 2:,} more of it)" if len(group) > 2 else ""
        lines.append(
            f"{_printable(names[a])} and {_printable(names[b])}{more}: {what}, {words[one]!r} and "
            f"{words[other]!r}; {remedy}, {REMEDY}"
        )
        places.update(group)
    return Contradictions(tuple(lines), frozenset(places))


def _printable(name: PurePath) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name.as_posix())


def other_than(splits: Mapping[str, Int64[Tensor, " _"]], places: Collection[int]) -> dict[str, Int64[Tensor, " _"]]:
    """Return the splits without some images; the others keep side and order."""
    gone = torch.tensor(sorted(places), dtype=torch.int64)
    return {split: indices[~torch.isin(indices, gone)] for split, indices in splits.items()}
