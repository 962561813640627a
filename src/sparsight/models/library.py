"""Classifiers of torchvision and timm with weights from a file, or with torchvision's own by their name."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparsight.errors import InputError
from sparsight.io import at_home
from sparsight.models.catalogue import AUXILIARY, build_named, check_name, class_layers, template
from sparsight.models.expected import Source
from sparsight.models.given import IMAGENET, Given, Normalisation
from sparsight.models.masks import torch_pruned
from sparsight.models.naming import Named, named
from sparsight.models.pretrained import (
    described,
    normalisation_of,
    pretrained_file,
    usual_side,
    weights_name,
    weights_of_file,
)
from sparsight.models.settings import AUXILIARY_MODELS, TIMM, TORCHVISION, ModelSettings
from sparsight.models.state_file import file_and_entry, read_state_file
from sparsight.models.weights import MisfitError, load_weights

_POSITIONS = ("pos_embed", "encoder.pos_embedding")
"""Where transformers of timm and torchvision keep an embedding of each patch's place."""
_MOST_BYTES = 1 << 24


@dataclass(frozen=True)
class _Images:
    """What the images of a network are, and by what that is known."""

    normalisation: Normalisation
    source: Source
    side: int | None
    note: str = ""


def from_library(name: str, network: str, weights: str) -> Given:
    """The classifier ``NETWORK@WEIGHTS``, for as many classes as its weights have.

    Args:
        name: what it is called.
        network: ``torchvision:NAME``, ``timm:NAME``, or ``timm:NAME.TAG``, for what timm knows of that tag.
        weights: a file, ``FILE#ENTRY``, or the name of torchvision's weights.

    Raises:
        InputError: naming what is wrong with the name or the file.
    """
    check_name(network, tagged=True)
    path, own = at_home(weights), None
    names: tuple[str, ...] | None = None
    side: int | None = None
    if network.startswith(TORCHVISION) and not path.exists() and not set("/.#") & set(weights):
        own = weights_name(network, weights)
        path = pretrained_file(network, own)
        names, side = described(network, own)
    read = read_state_file(path)
    heads = class_layers(network, True)
    last = [layer for layer in heads if not f"{layer}.".startswith(AUXILIARY)][-1:]
    tensors = torch_pruned(read.tensors, path)
    match = named(template(network, True), tensors, [f"{one}." for one in heads.values()] + [*AUXILIARY], path)
    if not last or f"{last[0]}.weight" not in match.state:
        raise _no_head(path, network, last[0] if last else "head", match)
    weight = match.state[f"{last[0]}.weight"]
    if weight.ndim < 2:
        raise InputError(
            f"{path}: {last[0]}.weight is {tuple(weight.shape)}, not of a linear layer; give the whole model"
        )
    auxiliary = any(key.startswith(AUXILIARY) for key in match.state)
    file = file_and_entry(path)[0]
    known = own or (weights_of_file(network, file) if network.startswith(TORCHVISION) else None)
    turned = "pretrained" if network in AUXILIARY_MODELS else None  # as torchvision's own are, and what is made of them
    settings = ModelSettings().model_copy(update={"name": network, "auxiliary": auxiliary, "pretrained": turned})
    size = _image_size(match.state, template(network, True), network, side)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model = build_named(settings, len(weight), size)
    try:
        notes = load_weights(model, path, ignored=() if auxiliary else AUXILIARY, read=read)
    except MisfitError as error:
        raise _misfit(error, network) from None
    if network.startswith(TORCHVISION):
        images = _of_torchvision(network, own, known)
    else:
        images = _of_timm(network, getattr(model, "pretrained_cfg", None) or {}, file)
    side_source = images.source
    if size is not None:
        side, side_source = size, Source("its embedding of places", known=True)
    return Given(
        name,
        model.eval(),
        names,
        images.normalisation,
        side or images.side,
        notes=(*notes, *((images.note,) if images.note else ())),
        normalisation_source=images.source,
        side_source=side_source,
    )


def _no_head(path: Path, network: str, head: str, match: Named) -> InputError:
    """What a file without the network's last layer holds in its place."""
    own = template(network, True)
    rest = [key for key in own if key not in match.state and not key.startswith((f"{head}.", *AUXILIARY))]
    foreign = [key for key in match.state if key not in own] + list(match.left)
    if any(not key.endswith("num_batches_tracked") for key in rest):
        shown = f"it has {', '.join([*match.state, *match.left][:3])}, ..."
        return InputError(
            f"{path}: its names are not those of {network}, which has {', '.join(rest[:3])}, ...; {shown}; give the "
            "whole state dict of that network"
        )
    if not foreign:
        return InputError(f"{path}: holds no classifier ({head}.weight); give the whole model")
    more = ", ..." if len(foreign) > 4 else ""
    return InputError(
        f"{path}: {network} ends in one layer, {head}, and the file has {', '.join(foreign[:4])}{more} in its place; "
        "write a function that makes the network with that classifier, and give package.module:function@FILE"
    )


def _misfit(error: MisfitError, network: str) -> InputError:
    """Say what to do about shapes alone that differ."""
    if not error.misshapen or error.missing or error.unexpected:
        return error
    first = next(iter(template(network, True)))
    if error.misshapen == (first,):
        return InputError(
            f"{error.said}; its first layer takes another number of channels than {network}: write a function that "
            "makes it, and give package.module:function@FILE"
        )
    return InputError(
        f"{error.said}; layers of other widths, as structured pruning leaves them, need the network itself: write a "
        "function that makes it, and give package.module:function@FILE"
    )


def _image_size(state: Mapping[str, Tensor], own: Mapping[str, Tensor], network: str, side: int | None) -> int | None:
    """The side of the images that a transformer's embedding of places is for, where it is not the usual one."""
    for key in _POSITIONS:
        if key not in own or key not in state or state[key].shape == own[key].shape or state[key].ndim != 3:
            continue
        usual = side if network.startswith(TIMM) else None
        if usual is None:
            usual = 224 if network.startswith(TORCHVISION) else _usual_of_timm(network)
        for before in range(6):  # tokens that are of no place
            there, here = (math.isqrt(max(one[key].shape[1] - before, 0)) for one in (own, state))
            square = there * there + before == own[key].shape[1] and here * here + before == state[key].shape[1]
            if square and there and here and usual % there == 0:
                return here * (usual // there)
    return None


def _usual_of_timm(network: str) -> int:
    import timm

    found = timm.get_pretrained_cfg(network.removeprefix(TIMM))
    return int(found.input_size[-1]) if found is not None and found.input_size else 224


def _of_torchvision(network: str, own: str | None, known: str | None) -> _Images:
    if known is not None:
        what = f"torchvision's {known}" + ("" if own else ", which the file is")
        return _Images(normalisation_of(network, known), Source(what, known=True), described(network, known)[1])
    note = ""
    if network in AUXILIARY_MODELS:
        note = (
            "guessed that it turns its images as torchvision's own weights need it (transform_input=True), which the "
            "file does not state; if it was trained without, give a function that makes it so"
        )
    source = Source(f"as torchvision's own weights of {network.removeprefix(TORCHVISION)}", known=False)
    return _Images(normalisation_of(network, None), source, usual_side(network), note)


def _of_timm(network: str, config: Mapping[str, Any], file: Path) -> _Images:
    """By the tag in the name, or ``config.json`` beside the file, if of the same network; else timm's first weights."""
    architecture, _, tag = network.removeprefix(TIMM).partition(".")
    beside = _beside(file, architecture)
    if tag:
        source = Source(f"timm's {architecture}.{tag}", known=True)
    elif beside is not None:
        config, source = beside, Source(f"pretrained_cfg in {file.parent / 'config.json'}", known=True)
    else:
        source = Source(f"as timm's first weights of {architecture}", known=False)
    means, stds = config.get("mean") or IMAGENET[0], config.get("std") or IMAGENET[1]
    if len(means) != 3 or len(stds) != 3:
        raise InputError(f"{network}: its images have {len(means)} channels, and those of an audit three")
    mean, std = [float(one) for one in means], [float(one) for one in stds]
    normalisation = ((mean[0], mean[1], mean[2]), (std[0], std[1], std[2]))
    size = config.get("input_size")
    note = ""
    if not source.known and (other := _another_way(architecture, normalisation)):
        note = (
            f"others of timm's weights of {architecture} are normalised otherwise, as {other}; "
            f"{TIMM}{architecture}.TAG@FILE states which these are"
        )
    return _Images(normalisation, source, size[-1] if size else None, note)


def _another_way(architecture: str, normalisation: Any) -> str | None:
    """Weights of timm's of the same network that are normalised otherwise."""
    import timm

    for name in timm.list_pretrained(f"{architecture}.*"):
        config = timm.get_pretrained_cfg(name)
        if config is not None and (tuple(config.mean), tuple(config.std)) != normalisation:
            return str(name)
    return None


def _beside(file: Path, architecture: str) -> dict[str, Any] | None:
    """What a folder of timm's says of the weights in it, if they are of this network."""
    path = file.parent / "config.json"
    try:
        short = path.is_file() and path.stat().st_size <= _MOST_BYTES  # a pipe would be waited for
        found = json.loads(path.read_text(encoding="utf-8")) if short else None
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("architecture") != architecture:
        return None
    inner = found.get("pretrained_cfg")
    stated = isinstance(inner, dict) and all(isinstance(inner.get(key), list) for key in ("mean", "std"))
    return inner if stated else None
