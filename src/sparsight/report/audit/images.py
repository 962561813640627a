"""The images whose evidence moved most, as pictures of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from sparsight.report.audit.data import AuditData, AuditMap, AuditPicture
from sparsight.report.audit.difference import difference
from sparsight.report.overlay import data_uri, photograph, saliency
from sparsight.report.text import number, percent

MOST_BYTES = 3_000_000
"""Of the pictures in the page, which is to stay below 5 MB; those that do not fit stand in the files beside it."""


@dataclass(frozen=True)
class ShownMap:
    """One model's map of one image, ready for the page; what cannot be shown is empty."""

    name: str
    picture: str
    difference: str
    more: str
    less: str
    prediction: str
    right: bool
    dead: bool
    moved: str


@dataclass(frozen=True)
class ShownPicture:
    """One image with its maps, ready for the page."""

    place: int
    picture: str
    width: int
    height: int
    label: str
    explained: str
    outlined: bool
    original: ShownMap
    models: tuple[ShownMap, ...]

    def size(self) -> int:
        """Bytes of its pictures in the page."""
        return sum(len(one.picture) + len(one.difference) for one in (self.original, *self.models)) + len(self.picture)


def shown_pictures(data: AuditData) -> list[ShownPicture]:
    """As many of the images as fit into the page, the first at the least."""
    found: list[ShownPicture] = []
    models = [name for name in data.models if name not in mapless(data)]
    room = MOST_BYTES
    for one in data.pictures:
        ready = _shown(one, data.original, models)
        room -= ready.size()
        if found and room < 0:
            break
        found.append(ready)
    return found


def mapless(data: AuditData) -> list[str]:
    """The models of which no image has a map."""
    maps = {name for one in data.pictures for name, own in one.models.items() if own.map is not None}
    return [name for name in data.models if name not in maps]


def _shown(one: AuditPicture, original: str, models: Sequence[str]) -> ShownPicture:
    picture = photograph(one.image, one.mask)
    height, width = picture.shape[:2]
    return ShownPicture(
        place=one.place,
        picture=data_uri(picture),
        width=width,
        height=height,
        label=one.label,
        explained=one.explained,
        outlined=one.mask is not None and bool(one.mask.any()),
        original=_map(one, original, one.original),
        models=tuple(_map(one, name, one.models[name]) for name in models if name in one.models),
    )


def _map(one: AuditPicture, name: str, own: AuditMap) -> ShownMap:
    picture = moved = more = less = ""
    if own.map is not None:
        picture = data_uri(saliency(one.image, own.map, one.mask))
        if own is not one.original and one.original.map is not None:
            drawn, above, below = difference(one.image, one.original.map, own.map, one.mask)
            moved, more, less = data_uri(drawn), percent(round(above, 2)), percent(round(below, 2))
    return ShownMap(
        name=name,
        picture=picture,
        difference=moved,
        more=more,
        less=less,
        prediction=own.prediction,
        right=own.prediction == one.label,
        dead=own.dead,
        moved=number(own.moved, 2),
    )
