"""Names of the outputs of models that have none of their own: ``--labels``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sparsight.arguments import shown
from sparsight.errors import InputError
from sparsight.io import check_readable_file
from sparsight.models import Given

Names = str | Path | Sequence[str] | Mapping[Any, Any]
_SHOWN = 4
_FORMS = "give one name a line, a JSON list of names, or a JSON object {index: name}"


@dataclass(frozen=True)
class Labels:
    """What the outputs of models stand for.

    Attributes:
        source: where the names come from, for messages.
        names: of the outputs, in their order.
        path: the file; None where they were passed as they are.
    """

    source: str
    names: tuple[str, ...]
    path: str | None = None


def read_labels(labels: Names) -> Labels:
    """Read names of outputs.

    Args:
        labels: a file with one name a line, a JSON list of names, or a JSON object of names by index, or of indices by
            name; or such a list or mapping itself.

    Raises:
        InputError: if the file cannot be read, a name is missing, empty, no text or there twice, or an index is.
    """
    if not isinstance(labels, str | Path):
        return Labels("labels", _names("labels", labels, "output"))
    path = Path(labels).expanduser()
    check_readable_file(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not text in UTF-8 (byte {error.start}); {_FORMS}") from None
    if "\0" in text:
        raise InputError(f"{path}: not text; {_FORMS}")
    if path.suffix.lower() != ".json" and text.lstrip()[:1] not in ("[", "{"):
        lines = [line.strip() for line in text.rstrip().splitlines()]
        return Labels(str(path), _names(str(path), lines, "line", 1), str(labels))
    try:
        found = json.loads(text, object_pairs_hook=lambda pairs: _apart(str(path), pairs))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not whole JSON ({' '.join(str(error).split())[:80]}); {_FORMS}") from None
    return Labels(str(path), _names(str(path), found, "output"), str(labels))


def labelled(given: Sequence[Given], labels: Labels, class_names: Sequence[str]) -> tuple[list[Given], list[str]]:
    """Models with names for their outputs, and what a reader should know.

    A model that has names of its own keeps them: they come with its weights.

    Args:
        given: the models.
        labels: names for those that have none.
        class_names: of the data set.

    Raises:
        InputError: if all models have names of their own, or no name is one of the data set's.
    """
    own = [one.name for one in given if one.class_names is not None]
    if len(own) == len(given):
        raise InputError(f"{labels.source}: every model has names of its own for its classes; leave --labels out")
    plain = {alike(one) for one in class_names}
    if not any(alike(one) in plain for one in labels.names):
        raise InputError(
            f"{labels.source}: none of its names ({_listed(labels.names)}) is a class of the data "
            f"({_listed(class_names)}); give the names that the data's classes have"
        )
    kept = [f"{name}: has names of its own for its classes, which were taken, not those of --labels" for name in own]
    return [
        replace(one, class_names=labels.names, class_names_source=labels.source) if one.class_names is None else one
        for one in given
    ], kept


def alike(name: str) -> str:
    """What two names have in common that differ by underscores, capital letters or blanks alone."""
    return " ".join(name.replace("_", " ").casefold().split())


def _names(source: str, found: Any, place: str, first: int = 0) -> tuple[str, ...]:
    """The names in the order of their outputs."""
    names = _in_order(source, found) if isinstance(found, Mapping) else found
    if isinstance(names, str | bytes) or not isinstance(names, Sequence):
        raise InputError(f"{source}: {shown(names)} holds no names; {_FORMS}")
    if not names:
        raise InputError(f"{source}: holds no name; {_FORMS}")
    places: dict[str, int] = {}
    for k, one in enumerate(names, first):
        if not isinstance(one, str):
            raise InputError(f"{source}: {place} {k}: {shown(one)} is no name; {_FORMS}")
        if not one.strip():
            raise InputError(f"{source}: {place} {k}: is empty; give every output a name")
        if one in places:
            raise InputError(
                f"{source}: {place} {places[one]} and {place} {k}: both are {shown(one)}; give each output its own name"
            )
        places[one] = k
    return tuple(names)


def _in_order(source: str, found: Mapping[Any, Any]) -> list[Any]:
    """The names of ``{index: name}``, or of ``{name: index}``, as torchvision's ``class_to_idx`` is."""
    pairs = list(found.items())
    if pairs and all(type(value) is int for _, value in pairs):
        pairs = [(value, name) for name, value in pairs]
    by_index: dict[int, Any] = {}
    for index, name in pairs:
        text = str(index)
        if isinstance(index, bool) or not (text.isascii() and text.isdecimal()):
            raise InputError(f"{source}: {shown(index)} is no index of an output; {_FORMS}")
        if int(text) in by_index:
            raise InputError(f"{source}: index {int(text)} is there twice; give every output one name")
        by_index[int(text)] = name
    for k in range(len(by_index)):
        if k not in by_index:
            raise InputError(f"{source}: {len(by_index):,} names and none of output {k}; indices count from 0")
    return [by_index[k] for k in range(len(by_index))]


def _apart(source: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object of whose keys none is there twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"{source}: {shown(key)} is there twice; give every output one name")
        found[key] = value
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")
