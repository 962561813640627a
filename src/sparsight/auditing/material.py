"""The images of an audit: a data set that is known, class folders, or a run's own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sparsight.beforehand import audited_part
from sparsight.config import concepts_of, data_of, validated
from sparsight.data import (
    DATA_SETTINGS,
    ConceptDataset,
    DecodingListener,
    concepts_in,
    load_dataset,
    read_dataset,
    sides_of,
)
from sparsight.errors import InputError
from sparsight.runs import DATA


def material(
    source: str,
    path: str | None = None,
    concepts: str | None = None,
    masks: str | None = None,
    more: Mapping[str, Any] | None = None,
    side: int | None = None,
    reader: DecodingListener | None = None,
) -> ConceptDataset:
    """Read the images that models are compared on.

    Of a folder of class folders that has no split of its own and no concepts to be learned, every image counts;
    otherwise concepts are learned on the training images, and all else is measured on the test images.

    Args:
        source: a data set's name; ``NAME:PATH``; a folder of class folders; or a run's folder, whose images are taken.
        path: where a named data set lies.
        concepts: a CSV file of concepts, or a folder of example images.
        masks: a folder of masks, laid out as the images are, or a COCO JSON file.
        more: other settings of the data set.
        side: of the images in pixels, where ``more`` has no ``image_size`` and they are not a run's; the data set's own
            if None.
        reader: is told how images are decoded.

    Raises:
        InputError: if there is no such data set, or it cannot be used.
    """
    kept = Path(source) / DATA
    if kept.is_file():
        if concepts or masks or more:
            raise InputError(f"{source}: a run's images are taken as they are; leave out the options that change them")
        return read_dataset(kept)
    name, colon, place = source.partition(":")
    if name not in DATA_SETTINGS or (colon and not place):
        name, place = "folder", place if name == "folder" and colon else source
    room: dict[str, Any] = {**data_of(name), "name": name}
    if place or path:
        room["path"] = place or path
    room |= concepts_of(f"folder:{room.get('path')}" if name == "folder" else name, concepts)
    room |= {} if masks is None else {"masks": masks}
    room |= {} if side is None else {"image_size": side}
    room |= dict(more or {})
    if name == "folder":
        if "path" not in room:
            raise InputError(f"--data {source}: names no folder; give its path, as folder:PATH")
        _must_be_a_folder(Path(str(room["path"])), source)
        if "concepts" not in room and concepts_in(Path(room["path"])) is None:
            room |= {"train": 0.0, "validation": 0.0, "test": 1.0}
        elif (sides := sides_of(Path(room["path"]))) and "validation" not in sides:
            room |= {"validation": 0.0}  # an audit trains nothing that would have to be chosen
    settings = validated({"data": room}, "audit").data
    data = load_dataset(settings, reader)
    for note in (part := audited_part(settings, data)):
        if reader is not None:
            reader.note(note)
    data = replace(data, notes=(*data.notes, *part))
    if name == "folder" and "image_size" not in room:
        size = " x ".join(map(str, data.images.shape[2:]))
        note = f"no model says how large its images are; they are read at {size} pixels"
        data = replace(data, notes=(*data.notes, f"{note}, and --image-size says otherwise"))
    if not len(data.splits["test"]):
        raise InputError(f"{source}: has no test image to compare models on; give more images")
    return data


def _must_be_a_folder(path: Path, source: str) -> None:
    if not path.is_dir():
        known = ", ".join(sorted(set(DATA_SETTINGS) - {"folder"}))
        raise InputError(
            f"--data {source}: neither a data set ({known}) nor a folder of class folders nor a run; give one of these"
        )
