"""What a data set's pictures say of it as a whole, for whoever reads it from files."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from sparsight.data.copies import SHOWN, Contradictions, equal_pictures, of_two_labels, on_two_sides
from sparsight.data.examples import ExampleSettings
from sparsight.data.near_copies import MOST_IMAGES, near_copies, near_copy_notes
from sparsight.data.pictures import Pictures
from sparsight.data.ranges import check_ranges
from sparsight.data.traits import shortcuts


@dataclass(frozen=True)
class Survey:
    """What stands in the way of a study, before its images are split.

    Attributes:
        problems: a line each.
        notes: what a user should know.
        left_out: images that are not studied, by their positions.
        equal: the groups of images that are one picture; none where the range of all is in question.
        ranged: whether the range of their numbers is what it should be; else their pixels say nothing of them.
    """

    problems: list[str]
    notes: list[str]
    left_out: frozenset[int]
    equal: list[list[int]]
    ranged: bool = True


def survey(
    pictures: Pictures,
    files: Sequence[PurePath],
    labels: Int64[Tensor, " n"],
    class_names: Sequence[str],
    settings: ExampleSettings,
    sides: Mapping[str, Int64[Tensor, " _"]] | None = None,
    more: Contradictions | None = None,
) -> Survey:
    """Look at the range of a data set's files, and for pictures that contradict themselves.

    Args:
        pictures: the images.
        files: of them.
        labels, class_names: of them.
        settings: which say the range, and what becomes of contradictions.
        sides: where each stands, if it is the user's folders that say so.
        more: other contradictions of the data set.
    """
    problems, notes = check_ranges(pictures, files, labels, class_names, settings.span)
    if problems:
        return Survey(problems, notes, frozenset(), [], False)
    equal = equal_pictures(pictures.digests, pictures.problems)
    found = of_two_labels(equal, files, labels, class_names)
    if sides is not None:
        found += on_two_sides([one for one in equal if found.places.isdisjoint(one)], files, sides)
    found += more or Contradictions()
    if settings.duplicates == "refuse":
        return Survey(list(found.lines), notes, frozenset(), equal)
    above = os.path.commonpath([file.parent for file in files]) if found.places else ""
    names = [file.relative_to(above) for file in files] if found.places else []
    return Survey([], [*notes, *found.left_out(names)], found.places, equal)


def survey_notes(
    pictures: Pictures,
    names: Sequence[PurePath],
    labels: Int64[Tensor, " n"],
    class_names: Sequence[str],
    splits: Mapping[str, Int64[Tensor, " _"]],
    unread: Collection[int] = (),
) -> list[str]:
    """Return notes on near copies across classes and sides, and on what of the files goes with class or side.

    Args:
        pictures: the images.
        names: of them.
        labels, class_names: of them.
        splits: their positions by side.
        unread: those that cannot be used.
    """
    sides = np.full(len(labels), -1)
    for k, indices in enumerate(splits.values()):
        sides[indices.numpy()] = k
    sides[list(unread)] = -1
    sides[pictures.fact("bits").numpy() == 0] = -1  # black in place of what was not read
    equal = on_two_sides(equal_pictures(pictures.digests, unread), names, splits)
    notes = [line.partition(";")[0] for line in equal.lines[:SHOWN]]
    if len(equal.lines) > SHOWN:
        notes.append(f"{len(equal.lines) - SHOWN:,} more pictures stand on two sides")
    pairs = near_copies(pictures.thumbs.numpy(), labels.numpy(), sides, pictures.digests.numpy())
    notes += near_copy_notes(pairs, names, labels, class_names, splits)
    if int((sides >= 0).sum()) > MOST_IMAGES:
        notes.append(f"near copies are not looked for among more than {MOST_IMAGES:,} images")
    return [*notes, *shortcuts(pictures, labels, class_names, splits)]
