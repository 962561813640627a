"""The tensors of a file under the names that a network has for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from sparsight.errors import InputError
from sparsight.models.state_file import unwrapped_name

COUNTER = "num_batches_tracked"
"""Batch norm counts its batches but reads the count in no network of ours; files of older torch versions lack it."""
_PREFERRED = ("", "model.", "net.", "network.", "module.")
"""Before a network's names, where several starts fit: what holds the network that was trained itself."""
_TRIED, _SHOWN = 3, 4


@dataclass(frozen=True, eq=False)
class Named:
    """What of a file belongs to a network.

    Attributes:
        state: tensors by the network's names, and those within it that it does not have, by their own.
        left: those that stand beside it, by the file's names.
        notes: what a reader should know, each without a subject.
    """

    state: dict[str, Tensor]
    left: dict[str, Tensor]
    notes: tuple[str, ...]


def named(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor], optional: Collection[str], path: Path) -> Named:
    """Give a file's tensors the network's names.

    What stands before all names of a network goes, where the rest fits: ``model.`` of Lightning, ``module.``,
    ``backbone.``, ``student.`` or anything else. A file of one of the network's children alone gets that child's name.
    Where the network's last linear layer is missing, and the file has one other layer for which there is no place, that
    reads as many numbers, it is taken for it, as ``fc.1`` for ``fc``.

    Args:
        own: the network's state dict.
        loaded: the file's.
        optional: starts of names that a file may lack.
        path: of the file, for messages.

    Raises:
        InputError: if the file holds several networks that fit, and it does not show which is meant.
    """
    names = {unwrapped_name(name): name for name in own}
    plain = {name: own[full] for name, full in names.items() if not name.endswith(COUNTER)}
    head = next((name.removesuffix("weight") for name in reversed(plain) if plain[name].ndim == 2), "")
    spared = (*optional, *((head,) if head else ()))
    needed = [name for name in plain if not name.startswith(spared)] or list(plain)
    start, copies = _start(needed, loaded, path)
    inside, left = dict[str, Tensor](), dict[str, Tensor]()
    for name, value in loaded.items():
        if name.startswith(start) and not name.startswith(tuple(copies)):
            inside[name.removeprefix(start)] = value
        elif not name.startswith(tuple(copies)):
            left[name] = value
    notes = []
    if copies:
        others = " and ".join(copy.removesuffix(".") for copy in copies[:_SHOWN])
        which = f"what stands under {start.removesuffix('.')}" if start else "what stands under no name of its own"
        another = f"FILE#{copies[0].removesuffix('.')} takes another"
        notes = [f"{which} was taken as the network, and {others} was not used; {another}"]
    inside = _as_the_whole(plain, inside)
    inside, left, note = _with_head(plain, inside, left)
    return Named({names.get(name, name): value for name, value in inside.items()}, left, (*notes, *note))


def _start(needed: Collection[str], loaded: Mapping[str, Tensor], path: Path) -> tuple[str, list[str]]:
    """What stands before the names of the network, empty where nothing fits; and before those of other copies of it."""
    anchors = sorted(needed, key=lambda name: (-name.count("."), name))[:_TRIED]
    starts = dict.fromkeys(
        name.removesuffix(anchor) for anchor in anchors for name in loaded if f".{name}".endswith(f".{anchor}")
    )
    held = set(loaded)
    fits = [start for start in starts if all(start + name in held for name in needed)]
    if not fits:
        return "", []
    usual = [start for start in _PREFERRED if start in fits]
    if len(fits) > 1 and not usual:
        listed = " and ".join(start.removesuffix(".") for start in fits[:_SHOWN])
        raise InputError(
            f"{path}: holds several networks that fit, {listed}; name one, as {path}#{fits[0].removesuffix('.')}"
        )
    start = usual[0] if usual else fits[0]
    return start, [one for one in fits if one != start]


def _as_the_whole(names: Collection[str], inside: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names that they have in the network, where they are those of one of its children."""
    plain = {name for name in inside if not name.endswith(COUNTER)}
    for child in dict.fromkeys(name.partition(".")[0] for name in names):
        below = {name for name in names if name.startswith(f"{child}.") and not name.endswith(COUNTER)}
        if below and {f"{child}.{name}" for name in plain} == below:
            return {f"{child}.{name}": value for name, value in inside.items()}
    return inside


def _with_head(
    own: Mapping[str, Tensor], inside: dict[str, Tensor], left: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor], tuple[str, ...]]:
    """The same with the one layer that has no place, as the head that is missing."""
    missing = {name for name in own if name not in inside and not name.endswith(COUNTER)}
    head = _one_linear(missing, own)
    if head is None:
        return inside, left, ()
    for source in (inside, left):
        extra = {name for name, value in source.items() if name not in own and value.ndim}
        layer = _one_linear(extra, source)
        if layer is None or {n.rpartition(".")[2] for n in extra} != {n.rpartition(".")[2] for n in missing}:
            continue
        if source[f"{layer}.weight"].shape[1] != own[f"{head}.weight"].shape[1]:
            continue
        moved = {f"{head}.{name.rpartition('.')[2]}": source[name] for name in extra}
        note = (
            f"its layer {layer} was taken for the network's {head}; what had no weights beside it, as dropout or an "
            "activation, is not in the file"
        )
        return (
            {name: value for name, value in inside.items() if name not in extra} | moved,
            {name: value for name, value in left.items() if name not in extra},
            (note,),
        )
    return inside, left, ()


def _one_linear(names: Collection[str], tensors: Mapping[str, Tensor]) -> str | None:
    """The layer, if these are the weight and the bias of one linear layer, or its weight alone."""
    layers = {name.rpartition(".")[0] for name in names}
    if len(layers) != 1:
        return None
    layer = next(iter(layers))
    weight = tensors.get(f"{layer}.weight")
    parts = {name.rpartition(".")[2] for name in names}
    return layer if parts in ({"weight", "bias"}, {"weight"}) and weight is not None and weight.ndim == 2 else None
