"""Concepts that come as example images: which of them each concept is learned from, and which it is tested on."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from jaxtyping import Bool, Int8
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor

from sparsight.data.dataset import ABSENT, PRESENT, UNKNOWN
from sparsight.data.depth import Span
from sparsight.data.picture_cache import digest_of
from sparsight.draws import generator
from sparsight.errors import InputError

LEAST = 5
"""Examples of a kind, positive or negative, that a concept needs to be learned from, and as many to be tested on."""
SHOWN = 5
POSITIVE, NEGATIVE = KINDS = "positive", "negative"
Number = Annotated[float, Field(allow_inf_nan=False)]


class ExampleSettings(BaseModel):
    """What all data sets of image files share: how many example images a concept takes, and bad files.

    Attributes:
        concept_examples: positive, and as many negative, that it is learned from.
        concept_held_out: positive, and as many negative, that it is tested on.
        skip_bad: whether images that cannot be read, or whose mask cannot, are left out and named, instead of refused.
        duplicates: what becomes of a picture that contradicts itself, as in two classes or on two sides: ``refuse`` it,
            or ``leave-out`` all its copies, and name them.
        range: of files of more than 8 bits a channel, the number that becomes white, or those that become black and
            white; by default 0 and the largest that so many bits hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    concept_examples: int = Field(default=50, ge=LEAST, le=100_000)
    concept_held_out: int = Field(default=50, ge=LEAST, le=100_000)
    skip_bad: bool = False
    duplicates: Literal["refuse", "leave-out"] = "refuse"
    range: Number | tuple[Number, Number] | None = None

    @field_validator("range")
    @classmethod
    def _rises(cls, range_: float | Span | None) -> float | Span | None:
        low, high = range_ if isinstance(range_, tuple) else (0, 1 if range_ is None else range_)
        if not low < high:
            raise ValueError(f"must rise from black to white, and {low:g} is not below {high:g}")
        return range_

    @property
    def span(self) -> Span | None:
        """The numbers that become black and white, where they are stated."""
        return self.range if self.range is None or isinstance(self.range, tuple) else (0.0, self.range)


@dataclass(frozen=True)
class ConceptFiles:
    """A concept's example files.

    Attributes:
        name: of the concept.
        group: its group; concepts of a group exclude each other.
        positive: images that show it.
        negative: images that do not.
    """

    name: str
    group: str
    positive: tuple[Path, ...]
    negative: tuple[Path, ...]


@dataclass(frozen=True)
class ConceptSource:
    """Where concepts come from: their example files, and what a user should know of how they were found."""

    concepts: tuple[ConceptFiles, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Chosen:
    """The examples that were drawn; an image stands in one row, however many concepts and folders it serves.

    Attributes:
        paths: a file of each.
        concepts: 1 a positive, 0 a negative example of a concept, -1 not drawn for it.
        held_out: whether concepts are tested on it; they are learned from the others.
        notes: which concepts have fewer than were asked for, and copies.
        problems: a line for each concept that cannot be used.
    """

    paths: tuple[Path, ...]
    concepts: Int8[Tensor, "m c"]
    held_out: Bool[Tensor, " m"]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def choose_examples(
    source: ConceptSource, settings: ExampleSettings, seed: int, unread: Collection[Path] = ()
) -> Chosen:
    """Draw the examples of every concept.

    First every image is put on one side, to learn from or to be tested on, in the proportion of the numbers asked for,
    or half and half where there are fewer; kind by kind, the rarest first, so that rare concepts come out even. Then
    each concept draws its numbers from each side; of concepts that have the same images, positive and negative, the
    draw is the first one's, so that they are one concept. Nothing is drawn twice: where there are fewer images than
    asked for, there are fewer examples. An image is known by its bytes, and the draws are keyed by the concept's name
    and the seed: neither where the files lie nor rounds and arms move them. Only where concepts share images, one moves
    the sides of the other's.

    Args:
        source: the concepts and their files.
        settings: how many are drawn.
        seed: of the draws.
        unread: files that turned out to be unreadable; where they are drawn, they are left out, and the others stay.

    Raises:
        InputError: if one image is a positive and a negative example of the same concept.
    """
    identity = _identities(path for concept in source.concepts for path in (*concept.positive, *concept.negative))
    first = {identity[path]: path for path in reversed(identity)}
    kinds = {
        (c, kind): sorted({identity[path] for path in getattr(concept, kind)})
        for c, concept in enumerate(source.concepts)
        for kind in (POSITIVE, NEGATIVE)
    }
    opposed: set[Path] = set()
    for c, concept in enumerate(source.concepts):
        if not (both := set(kinds[c, POSITIVE]) & set(kinds[c, NEGATIVE])):
            continue
        if settings.duplicates == "refuse":
            one = min(both)
            kept = [next(path for path in getattr(concept, kind) if identity[path] == one) for kind in KINDS]
            raise InputError(contradiction(kept[0], kept[1], concept.name))
        opposed |= {path for path in (*concept.positive, *concept.negative) if identity[path] in both}
        for kind in KINDS:
            kinds[c, kind] = [one for one in kinds[c, kind] if one not in both]
    same: dict[tuple[tuple[str, ...], ...], str] = {}
    lots = [
        same.setdefault(tuple(tuple(kinds[c, kind]) for kind in KINDS), concept.name)
        for c, concept in enumerate(source.concepts)
    ]
    order = {(c, kind): _shuffled(ids, lots[c], kind, seed) for (c, kind), ids in kinds.items()}
    held = _sides(source, order, settings)
    drawn: dict[tuple[int, str, bool], list[str]] = {}
    for (c, kind), ids in order.items():
        for out, most in ((False, settings.concept_examples), (True, settings.concept_held_out)):
            mine = [one for one in ids if held[one] == out][:most]
            drawn[c, kind, out] = [one for one in mine if first[one] not in unread]
    rows = {one: i for i, one in enumerate(sorted({one for ids in drawn.values() for one in ids}))}
    values = torch.full((len(rows), len(source.concepts)), UNKNOWN, dtype=torch.int8)
    for (c, kind, _), ids in drawn.items():
        values[[rows[one] for one in ids], c] = PRESENT if kind == POSITIVE else ABSENT
    # An image in the folders of several concepts is none: it serves them all.
    copies = sum(len(set(getattr(source.concepts[c], kind)) - opposed) - len(ids) for (c, kind), ids in kinds.items())
    are = "file is a copy of another" if copies == 1 else "files are copies of others"
    more = [f"{copies:,} {are} of the same concept; each image is one example"] if copies else []
    if opposed:
        more.append(f"{len(opposed):,} files that are positive and negative examples of one concept are left out")
    counts = {key: len(ids) for key, ids in drawn.items()}
    fewer, problems = _shortages(source, counts, settings)
    return Chosen(
        tuple(first[one] for one in rows),
        values,
        torch.tensor([held[one] for one in rows], dtype=torch.bool),
        (*more, *fewer),
        tuple(problems),
    )


def contradiction(positive: Path, negative: Path, concept: str) -> str:
    """Say that one picture is a positive and a negative example."""
    return (
        f"{positive} and {negative}: one picture, a positive and a negative example of {concept}; decide for one, or "
        "leave both out by --set data.duplicates=leave-out"
    )


def _identities(paths: Iterable[Path]) -> dict[Path, str]:
    """What each file is known by: its bytes, or where these cannot be read, its path: decoding it will say why."""
    known = {}
    for path in sorted(set(paths)):
        known[path] = digest_of(path) or str(path)
    return known


def _shuffled(ids: Sequence[str], concept: str, kind: str, seed: int) -> list[str]:
    order = torch.randperm(len(ids), generator=generator("examples", concept, kind, seed))
    return [ids[i] for i in order.tolist()]


def _sides(
    source: ConceptSource, order: dict[tuple[int, str], list[str]], settings: ExampleSettings
) -> dict[str, bool]:
    """Whether each image is held out."""
    held: dict[str, bool] = {}
    for (_, _), ids in sorted(
        order.items(), key=lambda item: (len(item[1]), source.concepts[item[0][0]].name, item[0])
    ):
        free = [one for one in ids if one not in held]
        wanted = _held_out(len(ids), settings) - sum(held.get(one, False) for one in ids)
        held |= {one: i < wanted for i, one in enumerate(free)}
    return held


def _held_out(count: int, settings: ExampleSettings) -> int:
    """How many of a kind's images are to be held out: of a shortage each side bears its half as far as it can."""
    learned, tested = settings.concept_examples, settings.concept_held_out
    if count >= learned + tested:
        return round(count * tested / (learned + tested))
    return min(tested, max(count // 2, count - learned))


def _shortages(
    source: ConceptSource, counts: dict[tuple[int, str, bool], int], settings: ExampleSettings
) -> tuple[list[str], list[str]]:
    """One note on the concepts with fewer examples than asked for, and a problem for each that has too few."""
    asked = settings.concept_examples, settings.concept_held_out
    fewer, problems = [], []
    for c, concept in enumerate(source.concepts):
        for kind in (POSITIVE, NEGATIVE):
            got = counts[c, kind, False], counts[c, kind, True]
            if min(got) < LEAST:
                problems.append(
                    f"concept {concept.name}: {len(getattr(concept, kind))} {kind} examples give {got[0]} to learn "
                    f"from and {got[1]} to test on; it needs {LEAST} of each: add images or take the concept away"
                )
            elif got != asked:
                fewer.append(f"{concept.name} {got[0]} + {got[1]} {kind}")
    if not fewer:
        return [], problems
    return [f"fewer than {asked[0]} + {asked[1]} examples (learned from + tested on): {', '.join(fewer)}"], problems
