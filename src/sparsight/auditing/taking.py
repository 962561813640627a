"""Models as they are given to an audit: loaded, each under a name of its own, and given back as they were."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from torch import nn

from sparsight.auditing.sharing import one_network, share_weights
from sparsight.errors import InputError
from sparsight.io import at_home
from sparsight.models import (
    Given,
    check_own,
    eager,
    given_model,
    is_own,
    module_normalisation,
    named_module,
    read_state,
    unwrapped,
)

Model = str | Path | nn.Module | Given
_USUAL = 224
"""Pixels, where a library's network does not say otherwise."""
_LIBRARIES = ("torchvision.", "timm.", "transformers.", "sparsight.models.hugging_face")


def of_libraries(models: Iterable[Model], layer: str | None = None) -> dict[str, Given]:
    """The models that are loaded before the images are known: those with a name of a library's, each once.

    Raises:
        InputError: if one cannot be loaded or has no such layer, which is told before images are decoded.
    """
    names = (str(one) for one in models if isinstance(one, str | Path))
    found = {name: given_model(name, 0) for name in dict.fromkeys(names) if not is_own(name.partition("@")[0])}
    if layer is not None:
        for one in found.values():
            named_module(one.model, layer)
    return found


def check_names(names: Iterable[str], layer: str | None = None) -> None:
    """Check all of models by name that can be checked before the images are known.

    Raises:
        InputError: if one of a library's cannot be loaded, a function is not there, or a file holds no weights.
    """
    names = list(names)
    of_libraries(names, layer)
    for name in names:
        network, _, weights = name.partition("@")
        if is_own(network):
            check_own(network)
            if weights:
                read_state(at_home(weights))


def usual_side(models: Iterable[Model], loaded: Mapping[str, Given]) -> int | None:
    """The side in pixels of the images that the first network of a library expects; None where none is one.

    Args:
        models: as they were given.
        loaded: those that have a library's name (``of_libraries``).
    """
    for one in models:
        given = one if isinstance(one, Given) else None if isinstance(one, nn.Module) else loaded.get(str(one))
        network = one if isinstance(one, nn.Module) else None if given is None else given.model
        if given is not None and given.side is not None:
            return given.side
        if network is not None and type(unwrapped(network)).__module__.startswith(_LIBRARIES):
            return _USUAL
    return None


def named(models: Sequence[Model], roles: Sequence[str], num_classes: int, loaded: Mapping[str, Given]) -> list[Given]:
    """Each under a name of its own: as it was given, or else its part in the audit.

    Args:
        models: as they were given.
        roles: the part of each.
        num_classes: of the data set.
        loaded: those that have a library's name.

    Raises:
        InputError: if a name is no model, or two models are one and the same network, which was changed in place.
    """
    found: list[Given] = []
    for model, role in zip(models, roles, strict=True):
        if isinstance(model, Given | nn.Module):
            one = model if isinstance(model, Given) else Given(role, model)
            network = unwrapped(one.model)
            one = replace(one, model=network, normalisation=one.normalisation or module_normalisation(network))
        else:
            one = loaded.get(str(model)) or given_model(str(model), num_classes)
        for k, other in enumerate(found):
            _check_apart(models[k], model, other, one)
        found.append(one)
    names = distinct(one.name for one in found)
    return [replace(one, name=name) for one, name in zip(found, names, strict=True)]


def distinct(names: Iterable[str]) -> list[str]:
    """Each name, with a number behind it where it has come before."""
    found: list[str] = []
    for one in names:
        others = (f"{one} ({k})" for k in itertools.count(2))
        found.append(next(name for name in itertools.chain([one], others) if name not in found))
    return found


def _check_apart(before: Model, model: Model, other: Given, one: Given) -> None:
    """Refuse what is one network under two names, and would show no drift from itself."""
    if not isinstance(before, nn.Module) and not isinstance(model, nn.Module) and _name(before) == _name(model):
        return
    if isinstance(before, str | Path) and isinstance(model, str | Path):
        if share_weights(other.model, one.model):
            raise InputError(
                f"{before} and {model}: share their weights, so that the last one loaded is both; make a new network "
                "in the function"
            )
    elif one_network(other.model, one.model):
        raise InputError(
            f"{other.name} and {one.name}: one and the same network; prune a copy, as copy.deepcopy makes it"
        )


def _name(model: Model) -> str:
    return model.name if isinstance(model, Given) else str(model)


@contextmanager
def looked_at(model: nn.Module) -> Iterator[None]:
    """Inside, a network runs as it is written; afterwards it is as it was, on the device that it came from."""
    first = next(itertools.chain(model.parameters(), model.buffers()), None)
    before = None if first is None else first.device
    try:
        with eager(model):
            yield
    finally:
        if before is not None:
            model.to(before)
