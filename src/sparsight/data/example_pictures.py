"""The example images of concepts, decoded, beside a data set's own images."""

import hashlib
from dataclasses import replace
from pathlib import PurePath

import torch
from jaxtyping import UInt8
from torch import Tensor

from sparsight.data.copies import equal_pictures
from sparsight.data.dataset import ABSENT, PRESENT, UNKNOWN, ConceptDataset
from sparsight.data.examples import Chosen, ConceptSource, ExampleSettings, choose_examples, contradiction
from sparsight.data.picture_cache import DecodingListener
from sparsight.data.pictures import Pictures, read_pictures
from sparsight.data.unreadable import left_out, remedied


def decode_examples(
    source: ConceptSource, settings: ExampleSettings, seed: int, side: int, reader: DecodingListener | None = None
) -> tuple[Chosen, UInt8[Tensor, "m 3 s s"], list[str]]:
    """Choose examples and decode them.

    Returns:
        What was chosen, the images, and a line for each thing that stands in the way of a study. With
        ``settings.skip_bad`` the examples that cannot be read are left out of the first two and named in its notes.

    Raises:
        InputError: as ``choose_examples``, or if there is no room for the decoded examples.
    """
    chosen = choose_examples(source, settings, seed)
    pictures = read_pictures(chosen.paths, side, reader=reader, keep=settings.skip_bad, span=settings.span)
    unread = pictures.problems
    opposed = _opposed(source, chosen, pictures)
    if opposed and settings.duplicates == "refuse":
        return chosen, pictures.images, [*chosen.problems, *remedied(unread), *dict.fromkeys(opposed.values())]
    gone = {*opposed, *(unread if settings.skip_bad else ())}
    if not gone:
        return chosen, pictures.images, [*chosen.problems, *remedied(unread)]
    kept = [i for i in range(len(chosen.paths)) if i not in gone]
    fewer = choose_examples(source, settings, seed, frozenset(chosen.paths[i] for i in gone))
    notes = []
    if opposed:
        notes.append(f"{len(opposed):,} examples that are positive and negative ones of one concept are left out")
    if settings.skip_bad:
        notes += [left_out([PurePath(*chosen.paths[i].parts[-3:]) for i in sorted(unread)], "example")] * bool(unread)
    problems = fewer.problems if settings.skip_bad else (*fewer.problems, *remedied(unread))
    return replace(fewer, notes=(*fewer.notes, *notes)), pictures.images[kept], [*problems]


def _opposed(source: ConceptSource, chosen: Chosen, pictures: Pictures) -> dict[int, str]:
    """What is wrong, by the places of examples that are equal pixel by pixel, and both positive and negative."""
    found: dict[int, str] = {}
    for group in equal_pictures(pictures.digests, pictures.problems):
        for c, concept in enumerate(source.concepts):
            values = chosen.concepts[group, c].tolist()
            sides = [[i for i, value in zip(group, values, strict=True) if value == kind] for kind in (PRESENT, ABSENT)]
            if all(sides):
                line = contradiction(chosen.paths[sides[0][0]], chosen.paths[sides[1][0]], concept.name)
                found |= dict.fromkeys((*sides[0], *sides[1]), line)
    return found


def with_examples(
    data: ConceptDataset,
    source: ConceptSource,
    settings: ExampleSettings,
    seed: int,
    reader: DecodingListener | None = None,
) -> tuple[ConceptDataset, list[str]]:
    """The data set with the source's concepts, and a line for each thing that stands in the way of a study.

    Whether its own images have these concepts is unknown. The examples are cut to squares as its images are.

    Raises:
        InputError: as ``decode_examples``.
    """
    chosen, images, problems = decode_examples(source, settings, seed, data.images.shape[-1], reader)
    own = _tested(data, images)
    found = replace(
        data,
        concepts=torch.full((len(data), len(source.concepts)), UNKNOWN, dtype=torch.int8),
        concept_names=tuple(concept.name for concept in source.concepts),
        concept_groups=tuple(concept.group for concept in source.concepts),
        example_images=images,
        example_concepts=chosen.concepts,
        example_held_out=chosen.held_out,
        notes=(*data.notes, *source.notes, *chosen.notes, *own),
    )
    return found, problems


def _tested(data: ConceptDataset, examples: UInt8[Tensor, "m 3 s s"]) -> list[str]:
    """Say so if concepts come from images that the data set tests on, pixel by pixel."""
    own = {_digest(data.images[i]) for i in data.splits["test"].tolist()} if len(examples) else set()
    found = sum(_digest(one) in own for one in examples)
    return [f"{found:,} of {len(examples):,} examples are test images of {data.name} as well"] if found else []


def _digest(image: UInt8[Tensor, "3 s s"]) -> bytes:
    return hashlib.sha256(image.numpy().tobytes()).digest()
