"""Images that cannot be read: what stands in the way of a study, or what it is done without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import torch
from jaxtyping import Int64
from torch import Tensor

SHOWN = 5


@dataclass(frozen=True, eq=False)
class Readable:
    """A data set's splits without the images that cannot be read.

    Attributes:
        splits: the others, each where it would stand if all could be read.
        problems: a line for each image left out; none where it was asked to be.
        note: how many were left out as asked, and the first of their names; empty without any.
    """

    splits: dict[str, Int64[Tensor, " _"]]
    problems: list[str]
    note: str

    @property
    def notes(self) -> list[str]:
        """The note, if there is one."""
        return [self.note] if self.note else []

    def explained(self, lines: Sequence[str]) -> list[str]:
        """Lines on classes without images, and what may be why."""
        return [f"{line} ({self.note})" if self.note else line for line in lines]


def without_unreadable(
    splits: Mapping[str, Int64[Tensor, " _"]], unread: Mapping[int, str], names: Sequence[PurePath], skip: bool
) -> Readable:
    """Leave out images of which something cannot be read.

    Args:
        splits: of all images.
        unread: what is wrong, a line each, by the images' positions.
        names: of all images.
        skip: whether the data set may be used without them.
    """
    kept = {
        split: chosen[torch.tensor([i not in unread for i in chosen.tolist()], dtype=torch.bool)]
        for split, chosen in splits.items()
    }
    if skip:
        return Readable(kept, [], left_out([names[i] for i in sorted(unread)], "image"))
    return Readable(kept, remedied(unread), "")


def remedied(unread: Mapping[int, str]) -> list[str]:
    """What is wrong with each image, in their order, and that one can go on without it."""
    return [f"{unread[i]}, or leave such images out by --skip-bad" for i in sorted(unread)]


def left_out(names: Sequence[PurePath], kind: str) -> str:
    """How many were left out, and the first of their names; empty without any."""
    if not names:
        return ""
    count = f"{len(names):,} {kind}s that cannot be read are" if len(names) > 1 else f"1 {kind} that cannot be read is"
    shown = ", ".join(name.as_posix() for name in names[:SHOWN]) + ", ..." * (len(names) > SHOWN)
    return f"{count} left out: " + "".join(letter if letter.isprintable() else "\ufffd" for letter in shown)
