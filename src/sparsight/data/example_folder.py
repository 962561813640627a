"""A folder of example images: ``<concept>/positive/*.jpg`` and ``<concept>/negative/*.jpg``."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from sparsight.data.examples import NEGATIVE, POSITIVE, SHOWN, ConceptFiles, ConceptSource
from sparsight.data.listing import check_folder, folders
from sparsight.data.passed_over import passed_over
from sparsight.data.walk import walk
from sparsight.errors import InputError


def read_example_folder(path: Path) -> ConceptSource:
    """List a folder of concepts, each with folders ``positive`` and ``negative`` (or their plurals) of image files.

    Every concept is a group of its own: concepts may appear together. Where the folder holds no concept, but its one
    folder does, that is read.

    Raises:
        InputError: if it cannot be listed, holds no concept, or a concept has one of the two folders only, or both
            spellings.
    """
    check_folder(path, f"a folder of <concept>/{POSITIVE} and <concept>/{NEGATIVE}")
    root, notes = path, []
    below = folders(root)
    if len(below) == 1 and not _kinds(below[0]) and any(map(_kinds, folders(below[0]))):
        root = below[0]
        below = folders(root)
        notes.append(f"examples read from {root.relative_to(path)}")
    found = [_concept(folder) for folder in below if _kinds(folder)]
    if not found:
        inner = [one.relative_to(path).as_posix()[:60] for folder in below for one in (folders(folder) or [folder])]
        seen = f" (there are {', '.join(inner[:4])}{', ...' if len(inner) > 4 else ''})" if inner else ""
        raise InputError(
            f"{path}: holds no <concept>/{POSITIVE} and <concept>/{NEGATIVE}{seen}; arrange the examples so"
        )
    if others := [folder.name for folder in below if not _kinds(folder)]:
        shown = ", ".join(others[:SHOWN])
        notes.append(f"{len(others)} folders without {POSITIVE} and {NEGATIVE} are no concepts: {shown}"[:500])
    notes += _not_taken(root, [folder for folder in below if _kinds(folder)])
    return ConceptSource(tuple(found), tuple(notes))


def _concept(folder: Path) -> ConceptFiles:
    name = unicodedata.normalize("NFC", folder.name)
    images: dict[str, tuple[Path, ...]] = {}
    for kind in (POSITIVE, NEGATIVE):
        places = [place for place in _kinds(folder) if place.name.lower().rstrip("s") == kind]
        if len(places) != 1:
            state = f"both {places[0].name} and {places[1].name}" if places else f"no folder {kind}"
            raise InputError(f"{folder}: {state}; a concept has {POSITIVE} and {NEGATIVE} examples, a folder each")
        images[kind] = tuple(image for below in walk(places[0]).below() for image in below.images)
    return ConceptFiles(name, name, images[POSITIVE], images[NEGATIVE])


def _not_taken(root: Path, concepts: Sequence[Path]) -> list[str]:
    """Report what lies among the examples and is none, and examples that lie deeper than they should."""
    kinds = [place for folder in concepts for place in _kinds(folder)]
    folders = [below for place in kinds for below in walk(place).below()]
    notes = passed_over((file for below in folders for file in (*below.others, *below.hidden)), root)
    if deeper := [below for below in folders if below.path not in kinds and below.images]:
        count, first = sum(len(below.images) for below in deeper), deeper[0].path.relative_to(root).as_posix()
        lie = "example lies" if count == 1 else "examples lie"
        notes.append(f"{count:,} {lie} in folders below {POSITIVE} and {NEGATIVE}, and count as the others: {first}")
    return [f"examples: {note}" for note in notes]


def _kinds(folder: Path) -> list[Path]:
    return [place for place in folders(folder) if place.name.lower() in (POSITIVE, "positives", NEGATIVE, "negatives")]
