"""What pydantic finds wrong in settings, in one line for somebody who writes YAML."""

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

_SHOWN = 60
_WORDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_Kinds = Mapping[str, type[BaseModel]]


def explain(
    error: ValidationError,
    settings: type[BaseModel],
    unions: Mapping[str, _Kinds] | None = None,
    called: Mapping[str, str] | None = None,
) -> str:
    """The first thing that is wrong: which key, what it must be, and what was given.

    Args:
        error: what was raised when the settings were to be made.
        settings: their class: rooms, which hold keys, or keys of its own.
        unions: the kinds by name of a room that is one of several.
        called: what a key is called where that is not its place, as the option that it was given by.
    """
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    kinds = (unions or {}).get(place[0] if place else "", {})
    kind = kinds.get(place.pop(1)) if kinds and len(place) > 2 else None  # the union's tag is not the user's
    place = place[:2] + [part for part in place[2:] if part.isdecimal()]  # nor are the names of a value's types
    key = ".".join(_short(part) for part in place) or "settings"
    key = (called or {}).get(key, key)
    context = first.get("ctx") or {}
    if isinstance(context.get("error"), Exception):
        return f"{key}: {context['error']}"
    if first["type"].startswith("union_tag"):
        return f"{key}.name: must be one of {', '.join(kinds)}"
    room, field = _found(settings, place, kind)
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key; {_known(place[-1], room)}"
    said = _said(first["type"], field, kinds, item=len(place) > 2)
    given = "null" if first["input"] is None else reprlib.repr(first["input"])  # endless, it may be, when written out
    return f"{key}: {said or first['msg'][0].lower() + first['msg'][1:]} (given: {_short(given)})"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _found(
    settings: type[BaseModel], place: Sequence[str], kind: type[BaseModel] | None
) -> tuple[type[BaseModel], FieldInfo | None]:
    """The room, or the settings themselves, in which a key stands, and the key's field, where there is one."""
    top = settings.model_fields.get(place[0]) if place else None
    room = kind or (top.annotation if top else None)
    if len(place) > 1 and isinstance(room, type) and issubclass(room, BaseModel):
        return room, room.model_fields.get(place[1])
    return settings, top


def _known(key: str, room: type[BaseModel]) -> str:
    near = get_close_matches(key, room.model_fields, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}known: {', '.join(room.model_fields)}"


def _said(problem: str, field: FieldInfo | None, kinds: _Kinds, *, item: bool) -> str | None:
    """What a value of another type must be; None where pydantic says it well.

    Args:
        problem: pydantic's name of it.
        field: of the key.
        kinds: of the room, where it is one of several.
        item: whether an entry of the key's list is meant.
    """
    if problem.startswith("int_"):
        digits = ", in digits" if problem == "int_parsing" else ""
        return f"must be a whole number{_limits(field, item=item, whole=True)}{digits}"
    if problem in ("float_type", "float_parsing"):
        return f"must be a number{_limits(field, item=item, whole=False)}"
    if problem == "tuple_type":
        default = field.default if field else None
        example = f", as [{', '.join(map(str, default))}]" if isinstance(default, tuple) and default else ""
        return f"must be a list{example}"
    if problem in ("model_type", "model_attributes_type"):
        room = field.annotation if field else None
        keys = room.model_fields if isinstance(room, type) and issubclass(room, BaseModel) else {}
        example = f"name: {next(iter(kinds))}" if kinds else f"{next(iter(keys), 'key')}: ..."
        return f"must hold settings, as {{{example}}}" + ("" if kinds else ", or be left out")
    return None


def _limits(field: FieldInfo | None, *, item: bool, whole: bool) -> str:
    marks = () if field is None else _inside(field.annotation) if item else field.metadata
    found = {name: value for one in marks for name in _WORDS if (value := getattr(one, name, None)) is not None}
    if whole:  # at most 9, and not below 10
        found |= {"ge": found.pop("gt") + 1} if "gt" in found else {}
        found |= {"le": found.pop("lt") - 1} if "lt" in found else {}
    if {"ge", "le"} <= found.keys():
        return f" from {found['ge']} to {found['le']}"
    said = " and ".join(f"{_WORDS[name]} {value}" for name, value in found.items())
    return f", {said}" if said else ""


def _inside(annotation: Any) -> Iterator[Any]:
    """What limits the entries of a list."""
    for part in get_args(annotation):
        if isinstance(part, FieldInfo):
            yield from part.metadata
        else:
            yield from _inside(part)
