"""Images that belong together, as those of one patient or scene, so that all of them stand on one side."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from sparsight.data.concept_table import ConceptTable
from sparsight.data.dataset import SPLITS
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.folder_shares import counts_of
from sparsight.data.tree import Tree
from sparsight.draws import generator
from sparsight.errors import InputError

_SHOWN = 3


@dataclass(frozen=True)
class Groups:
    """The group of each image, notes, and a line for each thing that stands in the way of a study."""

    names: tuple[str, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def read_groups(settings: FolderSettings, tree: Tree, table: ConceptTable | None) -> Groups | None:
    """Tell the group of each image, by a pattern over its path or by a column of the table of concepts.

    An image without one is a group of its own. None where no groups are asked for, or the table is refused.

    Raises:
        InputError: if no image has a group.
    """
    if settings.groups is None:
        return None
    if settings.group_column is None:
        pattern = re.compile(settings.groups)
        paths = [entry.path.as_posix() for entry in tree.entries]
        stated = [found[1] or "" if (found := pattern.search(path)) else "" for path in paths]
        by = f"the pattern {settings.groups}"
    elif table is None:
        return None
    else:
        stated = table.apart[settings.group_column]
        by = f"the column {settings.group_column}"
    if not any(stated):
        shown = tree.entries[0].path.as_posix() if tree.entries else ""
        raise InputError(f"data.groups: {by} gives no image a group, as {shown[:120]}; correct it")
    names = tuple(name or f"\0{i}" for i, name in enumerate(stated))
    notes, problems = _doubts(tree, names, by), []
    if tree.entries and tree.entries[0].split is not None:
        problems = _crossing(tree, names)
    return Groups(names, tuple(notes), tuple(problems))


def split_groups(
    settings: FolderSettings, tree: Tree, kept: Sequence[int], groups: Sequence[str]
) -> dict[str, list[int]]:
    """Put whole groups on the sides, those of each class by the shares as nearly as whole groups allow.

    A group counts to the class that most of its images have. Of a class with as many groups as there are sides, one at
    least stands on each.

    Args:
        settings: the shares, and the seed that draws which groups.
        tree: the images.
        kept: places of the images that are split.
        groups: of all images.
    """
    members: dict[str, list[int]] = {}
    for i in sorted(kept):
        members.setdefault(groups[i], []).append(i)
    strata: dict[int, list[str]] = {}
    for group in sorted(members):
        counts = Counter(tree.entries[i].label for i in members[group])
        strata.setdefault(min(counts, key=lambda label: (-counts[label], label)), []).append(group)
    sides: dict[str, list[int]] = {split: [] for split in SPLITS}
    for label, own in sorted(strata.items()):
        key = ("split", "folder", "groups", settings.seed, tree.class_names[label])
        order = [own[i] for i in torch.randperm(len(own), generator=generator(*key)).tolist()]
        wanted = counts_of(sum(len(members[group]) for group in own), settings)
        drawn = [split for split in reversed(SPLITS) if getattr(settings, split)]
        for place, split in enumerate(drawn):
            left, taken = len(drawn) - place - 1, 0
            for group in list(order):
                over = taken + len(members[group]) - wanted[split]
                if len(order) > left and taken < wanted[split] and (not taken or over <= wanted[split] - taken):
                    order.remove(group)
                    sides[split] += members[group]
                    taken += len(members[group])
        if order and settings.train + settings.validation + settings.test > 1 - 1e-9:  # what is left trains
            sides[drawn[-1]] += [i for group in order for i in members[group]]
    return sides


def of_few_groups(tree: Tree, names: Sequence[str]) -> dict[str, str]:
    """Return by class how many groups hold its images, as why it may lack some on a side."""
    held: dict[str, set[str]] = {name: set() for name in tree.class_names}
    for entry, name in zip(tree.entries, names, strict=True):
        held[tree.class_names[entry.label]].add(name)
    counts = {name: f"{len(own)} group{'s' if len(own) > 1 else ''}" for name, own in held.items()}
    return {
        name: f"its images are of {words} by data.groups, and a group stands on one side"
        for name, words in counts.items()
    }


def _doubts(tree: Tree, names: Sequence[str], by: str) -> list[str]:
    """What a user should know of the groups."""
    alone = sum(name.startswith("\0") for name in names)
    counts = Counter(name for name in names if not name.startswith("\0"))
    one = f"1 group of images by {by}; all of one"
    notes = [one if len(counts) == 1 else f"{len(counts):,} groups of images by {by}; all of a group"]
    notes[0] += " stand on one side"
    if alone:
        have = "1 image has" if alone == 1 else f"{alone:,} images have"
        first = next(entry.path for entry, name in zip(tree.entries, names, strict=True) if name.startswith("\0"))
        notes.append(f"{have} no group by {by}, as {first.as_posix()[-80:]}: each is one of its own")
    if len(counts) > 1 and max(counts.values()) == 1:
        notes.append(f"no two images have the same group by {by}: groups decide nothing")
    labels: dict[str, set[str]] = {}
    for entry, name in zip(tree.entries, names, strict=True):
        labels.setdefault(name, set()).add(tree.class_names[entry.label])
    if several := sorted(name for name, own in labels.items() if len(own) > 1):
        shown = "; ".join(f"{name[:40]!r}: {', '.join(sorted(labels[name])[:4])}" for name in several[:_SHOWN])
        have = "1 group has" if len(several) == 1 else f"{len(several):,} groups have"
        notes.append(f"{have} images of several classes ({shown}{'; ...' if len(several) > _SHOWN else ''})")
    return notes


def _crossing(tree: Tree, names: Sequence[str]) -> list[str]:
    """The groups that the folders put on several sides."""
    places: dict[str, dict[str, str]] = {}
    for entry, name in zip(tree.entries, names, strict=True):
        places.setdefault(name, {}).setdefault(entry.split or "", entry.path.as_posix())
    crossing = sorted(name for name, own in places.items() if len(own) > 1)
    if not crossing:
        return []
    first = places[crossing[0]]
    shown = " and ".join(first[split][-100:] for split in SPLITS if split in first)
    more = len(crossing) - 1
    stand = f"and {more:,} more group{'s' if more > 1 else ''} stand" if more else "stands"
    return [
        f"{tree.root}: group {crossing[0][:80]!r} {stand} on several sides, as {shown}; move all images of a group to "
        "one side, or take the splits away"
    ]
