"""Which entry of a checkpoint is the network, what stands beside it, and how another is chosen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparsight.errors import InputError
from sparsight.models.masks import binary, masked, named_mask, whole

HOLDERS = ("state_dict", "model_state_dict", "model", "model_state", "net", "network", "module", "weights", "params")
"""Where a checkpoint keeps its network: the first of these that it has."""
_TRAINER = re.compile(r"optimi[sz]er|^optims?(?:_|$)|sched|scaler|rng|random", re.I)
_MOMENTS = re.compile(
    r"step|exp_avg|exp_avg_sq|max_exp_avg_sq|exp_inf|momentum_buffer|square_avg|acc_delta|grad_avg|sum|prev|step_size|"
    r"eta|mu|ax|mu_product|exp_avg_sq_row|exp_avg_sq_col|RMS"
)
"""What optimisers of torch keep of each weight."""
_DEEPEST, _SHOWN = 5, 4
_TOP = "what stands at the top"


@dataclass(frozen=True)
class Taken:
    """The network of a checkpoint.

    Attributes:
        state: its tensors by name; masks that stand beside it have been applied.
        entry: where it stands, with dots between keys; empty where the whole is the state dict.
        below: the start of the names that are asked for within it; empty for all.
        notes: what a reader should know of what else is there.
    """

    state: dict[str, Tensor]
    entry: str
    below: str
    notes: tuple[str, ...]


def taken(found: Mapping[Any, Any], entry: str, path: Path) -> Taken:
    """The network in what ``torch.save`` has written.

    Args:
        found: the checkpoint.
        entry: which of its entries is asked for, as ``model_ema`` or ``state.ema``, or the start of names in it; empty
            takes the whole, the first of ``HOLDERS``, the only one, or all of several others, side by side.
        path: of the file, for messages.

    Raises:
        InputError: if there is none, not the one that is asked for, or masks that cannot be applied.
    """
    states = dict(_states(found))
    masks = {key: value for key, value in states.items() if _are_masks(key, value, states)}
    networks = {key: value for key, value in states.items() if key not in masks}
    key, below = _chosen(networks, entry, found, path)
    if key is None:  # parts of one network, or several, which the names will show
        networks = {"": {f"{at}.{name}": value for at, one in networks.items() for name, value in one.items()}}
        key = ""
    state, said = _ordinary(networks[key], path), list[str]()
    for name, mask in masks.items():
        state = masked(state, mask, path)
        said.append(f"its weights were multiplied by {_counted(len(mask), 'mask')} of {name}")
    others = {name: value for name, value in networks.items() if name != key}
    if others:
        listed = " and ".join(
            f"{name or _TOP} ({_counted(len(value), 'tensor')})" for name, value in list(others.items())[:_SHOWN]
        )
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        another = next(iter(others))
        said.append(
            f"{key or _TOP} was taken as the network, and {listed}{more} was not used; "
            f"FILE{'#' if another else ''}{another} takes {another or _TOP}"
        )
    said += _beside(found, {*states}, path)
    return Taken(state, key, below, tuple(said))


def _chosen(
    networks: Mapping[str, Mapping[str, Tensor]], entry: str, found: Mapping[Any, Any], path: Path
) -> tuple[str | None, str]:
    """The key of the network, None for all that there are; and the start of the names that are asked for below it."""
    if entry:
        for key in sorted(networks, key=len, reverse=True):
            if entry == key:
                return key, ""
            if key and entry.startswith(f"{key}."):
                return key, entry.removeprefix(f"{key}.") + "."
    if "" in networks:
        return "", f"{entry}." if entry else ""
    held = [key for name in HOLDERS for key in networks if key == name]
    held += [key for name in HOLDERS for key in networks if key.rpartition(".")[2] == name]
    usual = held[:1] or (list(networks) if len(networks) == 1 else [])
    if entry and usual and any(name.startswith(f"{entry}.") for name in networks[usual[0]]):
        return usual[0], f"{entry}."
    if networks and entry:
        raise InputError(f"{path}: has no entry {entry!r}; it has {_listed(networks)}")
    if usual:
        return usual[0], ""
    if networks:
        return None, ""
    keys = ", ".join(str(key)[:40] for key in list(found)[:_SHOWN])
    raise InputError(
        f"{path}: no state dict ({f'keys {keys}' if keys else 'empty'}); expected are the tensors of "
        f"model.state_dict(), or these under {', '.join(HOLDERS[:3])}"
    )


def _ordinary(state: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors, if each is dense, and has a place of its own in the file for every number."""
    for name, value in state.items():
        if type(value) not in (Tensor, torch.nn.Parameter):
            raise InputError(
                f"{path}: {name} is of a class of its own, {type(value).__name__}, as torchao's quantisation makes; "
                "write a function that makes the network and loads them, and give package.module:function"
            )
        if value.layout != torch.strided or value.is_quantized:
            raise InputError(f"{path}: {name} is not an ordinary tensor; save it dense and not quantised")
        if not whole(value):
            raise InputError(
                f"{path}: {name} is {tuple(value.shape)}, and the file does not hold so many numbers; save it "
                "whole, as by contiguous()"
            )
    return {name: value.detach() for name, value in state.items()}


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _listed(networks: Mapping[str, Mapping[str, Tensor]]) -> str:
    return " and ".join(list(networks)[: 2 * _SHOWN])


def _states(found: Mapping[Any, Any], at: str = "", depth: int = 0) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """The state dicts in a checkpoint by where they stand, those of optimisers left out."""
    own = {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, Tensor)}
    within = [
        pair
        for name, value in found.items()
        if isinstance(name, str) and isinstance(value, Mapping) and depth < _DEEPEST and not _TRAINER.search(name)
        for pair in _states(value, f"{at}.{name}" if at else name, depth + 1)
    ]
    if named_mask(at) and within:  # masks by module
        flat = {f"{key.removeprefix(at)[1:]}.{name}": value for key, state in within for name, value in state.items()}
        yield at, own | flat
        return
    ends = any(name.rpartition(".")[2] in ("weight", "bias", "weight_orig", "weight_g") for name in own)
    if any(value.ndim for value in own.values()) and (ends or not within):
        yield at, own
    yield from within


def _are_masks(key: str, state: Mapping[str, Tensor], states: Mapping[str, Mapping[str, Tensor]]) -> bool:
    """Whether an entry holds the masks of another one: so called, or zeros and ones of the shapes of weights."""
    if not key or len(states) < 2:
        return False
    if named_mask(key):
        return True
    shapes = {tuple(value.shape) for name, other in states.items() if name != key for value in other.values()}
    large = [value for value in state.values() if value.ndim > 1]
    return bool(large) and all(binary(value) and tuple(value.shape) in shapes for value in large)


def _beside(found: Mapping[Any, Any], taken: set[str], path: Path) -> Iterator[str]:
    """What else holds tensors: alone, in a list, or as an optimiser's own copy of weights."""
    left = []
    for holder, at, value in _rest(found):
        if isinstance(value, Tensor) and any(
            holder == one or (named_mask(one) and holder.startswith(f"{one}.")) for one in taken
        ):
            continue
        tensors = [value] if isinstance(value, Tensor) else list(value)
        if named_mask(at) or (len(tensors) > 1 and all(binary(one) for one in tensors)):
            raise InputError(
                f"{path}: holds masks, {at}, and it is not known of which weights; multiply the weights by their masks "
                "where you have the network, and save the product"
            )
        left.append(at)
    if left:
        yield f"it also holds {', '.join(left[:_SHOWN])}{', ...' if len(left) > _SHOWN else ''}, which was not used"
    if kept := sorted({name for state in _optimisers(found) for name in state}):
        yield f"its optimiser keeps {', '.join(kept[:_SHOWN])} of the weights, which was not used"


def _rest(found: Mapping[Any, Any], at: str = "", depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """Tensors and lists of them: the mapping that holds them, where they stand, and what they are."""
    for name, value in found.items():
        if not isinstance(name, str) or _TRAINER.search(name):
            continue
        place = f"{at}.{name}" if at else name
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _rest(value, place, depth + 1)
        elif isinstance(value, Tensor):
            if value.numel() > 1:
                yield at, place, value
        elif isinstance(value, Sequence) and not isinstance(value, str) and value:
            tensors = [one for one in value if isinstance(one, Tensor) and one.numel() > 1]
            if tensors:
                yield at, place, tensors


def _optimisers(found: Mapping[Any, Any]) -> Iterator[list[str]]:
    """Of each weight's state, the names of what no optimiser of torch keeps: another copy of weights."""
    for name, value in found.items():
        if not (isinstance(name, str) and "optim" in name.lower()):
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            states = one.get("state") if isinstance(one, Mapping) else None
            for own in states.values() if isinstance(states, Mapping) else ():
                if isinstance(own, Mapping):
                    yield [
                        str(key)
                        for key, tensor in own.items()
                        if isinstance(tensor, Tensor) and tensor.ndim and not _MOMENTS.fullmatch(str(key))
                    ]
