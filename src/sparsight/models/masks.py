"""Masks of pruning that stand beside the weights in a file: applied, or refused, and never dropped."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from sparsight.errors import InputError

_WORD = re.compile(r"masks?|pruning|pruned|prune|dict", re.I)
_REMEDY = "multiply the weights by their masks where you have the network, and save the product"


def named_mask(name: str) -> bool:
    """Whether a name says that it is of masks."""
    return "mask" in name.lower()


def whole(tensor: Tensor) -> bool:
    """Whether each number has a place of its own in the file: neither a tensor without memory nor a value repeated."""
    if type(tensor) not in (Tensor, torch.nn.Parameter):  # of quantisation, without memory of its own
        return False
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def binary(tensor: Tensor) -> bool:
    """Whether all numbers are 0 or 1, and some are to be masked or kept."""
    if tensor.is_complex() or tensor.numel() < 2 or not whole(tensor):
        return False
    return tensor.dtype == torch.bool or bool(((tensor == 0) | (tensor == 1)).all())


def is_mask(name: str, tensor: Tensor, weights: Mapping[str, Tensor]) -> bool:
    """Whether a tensor that a network does not have is a mask: so called, or of zeros and ones as large as a weight."""
    if tensor.ndim == 0:
        return False
    alike = tensor.ndim > 1 and any(tensor.shape == one.shape for one in weights.values())
    return named_mask(name) or (alike and binary(tensor))


def torch_pruned(state: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The product of ``NAME_orig`` and ``NAME_mask``, as ``torch.nn.utils.prune`` keeps them, as ``NAME``.

    Raises:
        InputError: if their shapes differ.
    """
    split = {name.removesuffix("_orig") for name in state if name.endswith("_orig")}
    pruned = {name for name in split if f"{name}_mask" in state}
    made = {}
    for name in pruned:
        weight, mask = state[f"{name}_orig"], state[f"{name}_mask"]
        if weight.shape != mask.shape:
            raise InputError(
                f"{path}: {name}_mask is {tuple(mask.shape)} and {name}_orig {tuple(weight.shape)}; export it again"
            )
        made[name] = weight * mask
    left = {
        name: value for name, value in state.items() if name.removesuffix("_orig").removesuffix("_mask") not in pruned
    }
    return left | made


def masked(state: Mapping[str, Tensor], masks: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The weights, of which those that have a mask are multiplied by it.

    A mask belongs to the weight whose name it has but for words as ``mask``, and for what stands before it; or to that
    of its module.

    Args:
        state: weights by name.
        masks: of zeros and ones, by name.
        path: of the file, for messages.

    Raises:
        InputError: if a mask fits no weight, or two; is not of zeros and ones; or leaves nothing of weights that are
            not zero, as one that marks what is pruned does.
    """
    found = dict(state)
    targets = _targets(masks, state)
    for name, mask in masks.items():
        target = targets.get(name)
        if target is None or state[target].shape != mask.shape:
            shape = "" if target is None else f"; {target} is {tuple(state[target].shape)}"
            raise InputError(
                f"{path}: holds a mask, {name} {tuple(mask.shape)}, and it is not known of which weight{shape}; "
                f"{_REMEDY}"
            )
        if mask.numel() > 1 and not binary(mask):
            raise InputError(f"{path}: its mask {name} is not of zeros and ones; {_REMEDY}")
        found[target] = found[target] * mask
        if bool(mask.any()) and bool((state[target] != 0).any()) and not bool((found[target] != 0).any()):
            raise InputError(
                f"{path}: its mask {name} leaves nothing of {target}, so that it may mark what is pruned; {_REMEDY}"
            )
    return found


def _words(name: str) -> tuple[str, ...]:
    """The parts of a name that say of which weight it is."""
    return tuple(part for part in re.split(r"[._]", name) if part and not _WORD.fullmatch(part))


def _targets(masks: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> dict[str, str]:
    """The weight of each mask, as far as it is known: by one start that all lack or have more, or each by itself."""
    forms: dict[tuple[str, ...], str] = {}
    for name, value in state.items():
        words = _words(name) if value.ndim else ()
        if words and words[-1] == "weight":
            forms.setdefault(words[:-1], name)
        forms[words] = name
    own = {name: _words(name) for name in masks}
    first = next(iter(own.values()), ())
    lacks = sorted((form[: len(form) - len(first)] for form in forms if first and _ends(form, first)), key=len)
    more = sorted((first[: len(first) - len(form)] for form in forms if form and _ends(first, form)), key=len)
    for start in lacks:
        if all((*start, *words) in forms for words in own.values()):
            return {name: forms[(*start, *words)] for name, words in own.items()}
    for start in more:
        if all(words[: len(start)] == start and words[len(start) :] in forms for words in own.values()):
            return {name: forms[words[len(start) :]] for name, words in own.items()}
    found = {}
    for name, words in own.items():
        near = {forms[form] for form in forms if form and words and (_ends(words, form) or _ends(form, words))}
        if len(near) == 1:
            found[name] = near.pop()
    return found


def _ends(long: tuple[str, ...], short: tuple[str, ...]) -> bool:
    return len(short) <= len(long) and long[len(long) - len(short) :] == short
