"""Weights from a file, which fit exactly or are refused."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.state_file import read_state

NO_HEADS: Mapping[str, str] = {}
_SHOWN = 3
# Batch norm counts its batches but reads the count in no network of ours; files of older torch versions lack it.
_COUNTER = "num_batches_tracked"


def load_weights(
    model: nn.Module,
    path: Path,
    heads: Mapping[str, str] = NO_HEADS,
    ignored: tuple[str, ...] = (),
    state: Mapping[str, Tensor] | None = None,
) -> None:
    """Replace the model's parameters and buffers by those of a file. On an error the model is unchanged.

    Floating-point values are converted to the model's own precision. A file that holds one of the model's children
    alone, as a backbone without its classifier, fits as the whole does.

    Args:
        model: the network, in its own initial state.
        path: of the file (``read_state``).
        heads: names of the layers whose sizes go with the number of classes, each with that of the classifier that it
            ends. A layer keeps its initial weights where the file has none of it, or those of another number of
            classes, and the whole classifier where the file has none of it.
        ignored: starts of names that the network need not have.
        state: what ``read_state`` gives of the file, where it has been read; None reads it.

    Raises:
        InputError: if the file cannot be read, a name, shape or kind of number does not fit, or a value is not finite.
    """
    model.load_state_dict(_fitted(model, path, heads, ignored, state)[0])


def head_notice(
    model: nn.Module, path: Path, heads: Mapping[str, str] = NO_HEADS, ignored: tuple[str, ...] = (), called: str = ""
) -> str | None:
    """What a user should know of how a file of weights fits: which heads are new ones, if some are.

    Args:
        model: as for ``load_weights``, and so are ``path``, ``heads`` and ``ignored``.
        called: what the file is called there; by default its name.

    Raises:
        InputError: as ``load_weights``.
    """
    fresh = _fitted(model, path, heads, ignored)[1]
    if not fresh:
        return None
    start = f"the head {next(iter(fresh))} starts" if len(fresh) == 1 else f"the heads {', '.join(fresh)} start"
    why = " and ".join(dict.fromkeys(fresh.values()))
    return f"{called or path.name} {why}: {start} from weights drawn by the seed"


def _fitted(
    model: nn.Module,
    path: Path,
    heads: Mapping[str, str],
    ignored: tuple[str, ...],
    state: Mapping[str, Tensor] | None = None,
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """A state dict for the model, and what in it is not from the file, each with the reason."""
    own = model.state_dict()
    held = read_state(path) if state is None else state
    loaded = {name: value for name, value in held.items() if not name.startswith(ignored)}
    loaded = _named_as_the_whole(model, loaded)
    loaded |= {name: own[name] for name in own.keys() - loaded.keys() if name.endswith(_COUNTER)}
    fresh = _fresh_heads(own, loaded, heads)
    for layer in fresh:
        loaded |= {name: own[name] for name in own if name.startswith(f"{layer}.")}
    problems = [
        *_listed("missing", sorted(own.keys() - loaded.keys())),
        *_listed("unexpected", sorted(loaded.keys() - own.keys())),
        *_listed("of another shape", _misshapen(own, loaded)),
        *_listed("not of the model's kind of number", _other_kind(own, loaded)),
    ]
    if problems:
        raise InputError(
            f"{path}: does not fit the network: {'; '.join(problems)}; give the whole state dict of the same network"
        )
    broken = sorted(name for name, value in loaded.items() if not torch.isfinite(value).all())
    if broken:
        raise InputError(f"{path}: {_listed('not a finite number in', broken)[0]}; export the weights again")
    return loaded, fresh


def _fresh_heads(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor], heads: Mapping[str, str]) -> dict[str, str]:
    """The layers and classifiers that a file has not, or not for these classes, each with the reason."""
    fresh = {}
    for layer, classifier in heads.items():
        names = [name for name in own if name.startswith(f"{layer}.")]
        whole = [name for name in own if name.startswith(f"{classifier}.")]
        there = {name for name in loaded if not name.endswith(_COUNTER)}
        if there.isdisjoint(whole):
            fresh[layer if whole == names else classifier] = "holds no classifier"
        elif there.isdisjoint(names):
            fresh[layer] = "holds no classifier"
        elif all(name in loaded and _only_classes_differ(own[name], loaded[name]) for name in names):
            fresh[layer] = f"has {len(loaded[names[0]])} classes, not {len(own[names[0]])}"
    return fresh


def _named_as_the_whole(model: nn.Module, loaded: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names that they have in the model, where they are those of one of its children."""
    plain = {name for name in loaded if not name.endswith(_COUNTER)}
    for child, module in model.named_children():
        own = {name for name in module.state_dict() if not name.endswith(_COUNTER)}
        if own and plain == own:
            return {f"{child}.{name}": value for name, value in loaded.items()}
    return loaded


def _only_classes_differ(own: Tensor, loaded: Tensor) -> bool:
    return own.shape != loaded.shape and own.ndim == loaded.ndim and own.shape[1:] == loaded.shape[1:]


def _misshapen(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} (file {tuple(loaded[name].shape)}, network {tuple(own[name].shape)})"
        for name in own
        if name in loaded and loaded[name].shape != own[name].shape
    ]


def _other_kind(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} ({loaded[name].dtype})"
        for name in own
        if name in loaded and loaded[name].is_floating_point() != own[name].is_floating_point()
    ]


def _listed(what: str, names: Iterable[str]) -> list[str]:
    """``["what a, b, c and 4 more"]``, or nothing where there are no names."""
    names = list(names)
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"{what} {', '.join(names[:_SHOWN])}{more}"]
