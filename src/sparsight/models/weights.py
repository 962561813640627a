"""Weights from a file, which fit exactly or are refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.finite import broken_words
from sparsight.models.masks import is_mask, masked, torch_pruned
from sparsight.models.naming import COUNTER, named
from sparsight.models.state_file import StateFile, read_state_file

NO_HEADS: Mapping[str, str] = {}
_SHOWN = 3


class MisfitError(InputError):
    """A file whose tensors are not those of the network.

    Attributes:
        missing: names that the network has and the file has not.
        unexpected: names that the file has and the network has not.
        misshapen: names of another shape.
    """

    def __init__(
        self, said: str, missing: Iterable[str], unexpected: Iterable[str], misshapen: Iterable[str], remedy: str = ""
    ) -> None:
        super().__init__(f"{said}; {remedy or 'give the whole state dict of the same network'}")
        self.said = said
        self.missing, self.unexpected, self.misshapen = tuple(missing), tuple(unexpected), tuple(misshapen)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A file's tensors as a network takes them.

    Attributes:
        state: the network's whole state dict.
        fresh: layers that are not from the file, each with the reason.
        notes: what a reader should know of how the file fits, each without a subject.
    """

    state: dict[str, Tensor]
    fresh: dict[str, str]
    notes: tuple[str, ...]


_EXACT = 256
"""Up to it bfloat16, and half precision all the more, holds each whole number."""


def load_weights(
    model: nn.Module,
    path: Path,
    heads: Mapping[str, str] = NO_HEADS,
    ignored: tuple[str, ...] = (),
    read: StateFile | None = None,
) -> tuple[str, ...]:
    """Replace the model's parameters and buffers by those of a file. On an error the model is unchanged.

    Floating-point values are converted to the model's own precision. A file that holds one of the model's children
    alone, as a backbone without its classifier, fits as the whole does; what stands before all names goes
    (``naming.named``), and masks that stand beside weights are applied.

    Args:
        model: the network, in its own initial state.
        path: of the file (``read_state_file``).
        heads: names of the layers whose sizes go with the number of classes, each with that of the classifier that it
            ends. A layer keeps its initial weights where the file has none of it, or those of another number of
            classes, and the whole classifier where the file has none of it.
        ignored: starts of names that the network need not have.
        read: what ``read_state_file`` gives of the file, where it has been read; None reads it.

    Returns:
        What a reader should know of how the file fits, each without a subject.

    Raises:
        MisfitError: if a name, shape or kind of number does not fit.
        InputError: if the file cannot be read, or a value is not finite.
    """
    found = fitted(model.state_dict(), read or read_state_file(path), heads, ignored)
    model.load_state_dict(found.state)
    return found.notes


def fit_notices(
    model: nn.Module, path: Path, heads: Mapping[str, str] = NO_HEADS, ignored: tuple[str, ...] = (), called: str = ""
) -> list[str]:
    """What a user should know of how a file of weights fits: what of it was taken, and which heads are new ones.

    Args:
        model: as for ``load_weights``, and so are ``path``, ``heads`` and ``ignored``.
        called: what the file is called there; by default its name.

    Raises:
        InputError: as ``load_weights``.
    """
    found, called = fitted(model.state_dict(), read_state_file(path), heads, ignored), called or path.name
    notices = [f"{called}: {note}" for note in found.notes]
    if found.fresh:
        fresh = found.fresh
        start = f"the head {next(iter(fresh))} starts" if len(fresh) == 1 else f"the heads {', '.join(fresh)} start"
        why = " and ".join(dict.fromkeys(fresh.values()))
        notices.append(f"{called} {why}: {start} from weights drawn by the seed")
    return notices


def fitted(
    own: Mapping[str, Tensor], read: StateFile, heads: Mapping[str, str] = NO_HEADS, ignored: tuple[str, ...] = ()
) -> Fitted:
    """A state dict for a network, what in it is not from the file, and what a reader should know.

    Args:
        own: the network's state dict.
        read: the file.
        heads: as for ``load_weights``, and so is ``ignored``.

    Raises:
        InputError: as ``load_weights``.
    """
    path, tensors = read.path, read.tensors
    if not any(name.endswith("_orig") for name in own):
        tensors = torch_pruned(tensors, path)
    match = named(own, tensors, [f"{one}." for one in (*heads.values(), *heads)] + list(ignored), path)
    loaded = {name: value for name, value in match.state.items() if name in own or not name.startswith(ignored)}
    notes = [*read.notes, *match.notes]
    extra = {name: value for name, value in loaded.items() if name not in own}
    masks = {name: value for name, value in (extra | match.left).items() if is_mask(name, value, loaded)}
    if masks:
        kept = {name: value for name, value in loaded.items() if name not in masks}
        loaded = masked(kept, masks, path)
        notes.append(
            f"its weights were multiplied by {len(masks)} mask{'s' if len(masks) > 1 else ''} that stand beside them"
        )
    if left := [name for name in match.left if name not in masks]:
        notes.append(f"holds {_listed('', left)[0].strip()} beside the network, which was not used")
    loaded |= {name: own[name] for name in own.keys() - loaded.keys() if name.endswith(COUNTER)}
    loaded |= _whole(own, loaded)
    fresh = _fresh_heads(own, loaded, heads)
    for layer in fresh:
        loaded |= {name: own[name] for name in own if name.startswith(f"{layer}.")}
    _check(own, loaded, path)
    return Fitted(loaded, fresh, tuple(notes))


def _whole(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Whole numbers that were halved with all the rest, as by ``{name: value.half() ...}``, as such again: those that
    every kind of half precision holds exactly; and counters of batches, which decide nothing, as the network has them.
    """
    found = {}
    for name in own.keys() & loaded.keys():
        value, mine = loaded[name], own[name]
        if not value.is_floating_point() or mine.is_floating_point() or mine.is_complex() or mine.is_quantized:
            continue
        if name.endswith(COUNTER) and value.shape == mine.shape:
            found[name] = mine
        elif torch.equal(value, value.round()) and not (value.abs() > _EXACT).any():
            found[name] = value.to(mine.dtype)
    return found


def _check(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor], path: Path) -> None:
    missing, unexpected = sorted(own.keys() - loaded.keys()), sorted(loaded.keys() - own.keys())
    misshapen, kinds = _misshapen(own, loaded), _other_kind(own, loaded)
    problems = [
        *_listed("missing", missing),
        *_listed("unexpected", unexpected),
        *_listed("of another shape", misshapen.values()),
        *_listed("not of the model's kind of number", kinds),
    ]
    if problems:
        raise MisfitError(f"{path}: does not fit the network: {'; '.join(problems)}", missing, unexpected, misshapen)
    if broken := broken_words(loaded, loaded.keys()):
        raise InputError(f"{path}: not finite numbers: {broken}; export the weights again")


def _fresh_heads(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor], heads: Mapping[str, str]) -> dict[str, str]:
    """The layers and classifiers that a file has not, or not for these classes, each with the reason."""
    fresh = {}
    for layer, classifier in heads.items():
        names = [name for name in own if name.startswith(f"{layer}.")]
        whole = [name for name in own if name.startswith(f"{classifier}.")]
        there = {name for name in loaded if not name.endswith(COUNTER)}
        if there.isdisjoint(whole):
            fresh[layer if whole == names else classifier] = "holds no classifier"
        elif there.isdisjoint(names):
            fresh[layer] = "holds no classifier"
        elif all(name in loaded and _only_classes_differ(own[name], loaded[name]) for name in names):
            fresh[layer] = f"has {len(loaded[names[0]])} classes, not {len(own[names[0]])}"
    return fresh


def _only_classes_differ(own: Tensor, loaded: Tensor) -> bool:
    return own.shape != loaded.shape and own.ndim == loaded.ndim and own.shape[1:] == loaded.shape[1:]


def _misshapen(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor]) -> dict[str, str]:
    return {
        name: f"{name} (file {tuple(loaded[name].shape)}, network {tuple(own[name].shape)})"
        for name in own
        if name in loaded and loaded[name].shape != own[name].shape
    }


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
