"""Where a network is cut, and whether one that is not known behaves as a study needs it to."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from sparsight.errors import InputError
from sparsight.models.outputs import NoLogitsError, separated
from sparsight.models.settings import ModelSettings, is_own
from sparsight.models.split import Split, evaluating, forward_parts, is_map, known_split, linear_head, named_module
from sparsight.models.stages import block_layers

_SHOWN = 4
_CLOSE = 1e-4
"""Of the largest value of the embedding."""


@dataclass
class _Seen:
    """What one forward pass shows of every module, in the order in which they end."""

    runs: Counter[str] = field(default_factory=Counter)
    maps: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)  # means over positions; those of the ReLU
    linears: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)  # input and output


def find_split(settings: ModelSettings, model: nn.Module, images: Float[Tensor, "b c h w"]) -> Split:
    """Where to cut a study's network.

    It is cut where ``settings`` say, or else where its class is known to be. Of another one, it is found by one pass:
    without a ``head`` it must end in one linear layer, whose output are the logits. Without ``features`` the last
    module is taken whose output is a map of more than one position, the average of which, or of its ReLU, goes into the
    head. Of modules with the same output the outermost one ends last.

    Args:
        settings: name, the parts where they are named, and what the embedding is.
        model: the network, with any weights that make its feature map differ from zero; it is left as it was found.
        images: a few, normalised.

    Raises:
        InputError: naming candidates, if the parts are not found; or if those that are named do not fit.
    """
    known = None if is_own(settings.name) else known_split(model)
    cut = _found(settings, model, images) if known is None else _known(settings, model, known, images)
    if settings.embedding == "head":
        return cut
    layers = block_layers(model, cut.features, images) if settings.embedding == "blocks" else settings.embedding
    return _passed(model, replace(cut, blocks=layers), images)


def _known(settings: ModelSettings, model: nn.Module, known: Split, images: Tensor) -> Split:
    """The known parts, but for those that are named."""
    cut = Split(settings.features or known.features, settings.head or known.head)
    linear_head(model, cut)
    return cut if cut == known else _passed(model, cut, images)


def _found(settings: ModelSettings, model: nn.Module, images: Tensor) -> Split:
    seen, logits = _watched(settings.name, model, images)
    head = settings.head or _head(seen, logits)
    if head is None:
        raise _not_found(settings.name, "head", "the logits are not the output of one nn.Linear", seen)
    linear_head(model, Split(head, head))
    if settings.features is not None:
        named_module(model, settings.features)
    features = settings.features or _features(seen, head)
    if features is None:
        raise _not_found(settings.name, "features", f"no average of a feature map goes into {head!r}", seen)
    return _passed(model, Split(features, head), images)


def _passed(model: nn.Module, cut: Split, images: Tensor) -> Split:
    """The same parts, if a pass shows them."""
    with torch.no_grad(), evaluating(model):
        features = forward_parts(model, cut, images).features
    if not is_map(features, images):
        raise InputError(
            f"{type(model).__name__}: {cut.features!r} gives {tuple(features.shape)}, not (b, l, h, w); "
            "name another layer"
        )
    return cut


def check_unknown(
    settings: ModelSettings, make: Callable[[], nn.Module], images: Float[Tensor, "b c h w"], num_classes: int
) -> None:
    """Check what a study rests on, before anything is written, of a network that is not known.

    Args:
        settings: which network.
        make: gives the network of one seed.
        images: two or more, normalised.
        num_classes: K.

    Raises:
        InputError: if the images are too small, the seed does not fix the weights, two networks share them, the number
            of outputs is not K, evaluation is not repeatable, or a step of training fails.
    """
    name = settings.name
    if not is_own(name):
        from sparsight.models.catalogue import check_side

        check_side(settings, min(images.shape[2:]))
    first, second = make(), make()
    if any(one is other for one, other in zip(first.parameters(), second.parameters(), strict=False)):
        raise InputError(f"model.name: {name} gives the same network twice; make a new one in the function")
    states = first.state_dict(), second.state_dict()
    if states[0].keys() != states[1].keys() or not all(
        torch.equal(value, states[1][key]) for key, value in states[0].items() if isinstance(value, Tensor)
    ):
        raise InputError(
            f"model.name: {name} gives other weights from the same seed; draw them by torch's global generator only"
        )
    del second, states
    _, logits = _watched(name, first, images)
    if logits.shape[1] != num_classes:
        raise InputError(
            f"model.name: {name} gives {logits.shape[1]} outputs for {num_classes} classes; use num_classes"
        )
    _, again = _watched(name, first, images)
    if not torch.equal(logits, again):
        raise InputError(f"model.name: {name} gives other logits for the same images in evaluation mode; make it fixed")
    try:
        with torch.random.fork_rng(devices=[]):  # dropout draws
            output = first.train()(images)
        trained, auxiliary = separated(output)
        if all(each.shape == logits.shape for each in (trained, *auxiliary)):
            cross_entropy(trained, torch.zeros(len(images), dtype=torch.int64)).backward()
            return
    except NoLogitsError:
        pass
    except Exception as error:
        raise _failed(name, "training", images, error) from error
    raise InputError(f"model.name: {name} gives {_kind(output)} in training mode; return the logits alone")


def _watched(name: str, model: nn.Module, images: Tensor) -> tuple[_Seen, Tensor]:
    """One pass in evaluation mode, what it showed, and the logits."""
    seen = _Seen()

    def watch(layer: str) -> Callable[..., None]:
        def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            seen.runs[layer] += 1
            if not isinstance(output, Tensor):
                return
            if output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
                seen.maps[layer] = (output.mean((2, 3)), output.clamp(min=0).mean((2, 3)))
            elif isinstance(module, nn.Linear) and output.ndim == 2 and inputs:
                seen.linears[layer] = (inputs[0].clone(), output.clone())

        return note

    hooks = [module.register_forward_hook(watch(layer)) for layer, module in model.named_modules() if layer]
    try:
        with torch.no_grad(), evaluating(model):
            logits = model(images)
    except Exception as error:
        raise _failed(name, "evaluation", images, error) from error
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(images):
        raise InputError(f"model.name: {name} gives {_kind(logits)}, not (b, k); return the logits")
    return seen, logits


def _head(seen: _Seen, logits: Tensor) -> str | None:
    """The last linear layer, if it runs once and gives the logits."""
    last = next(reversed(seen.linears), None)
    return last if last and seen.runs[last] == 1 and torch.equal(seen.linears[last][1], logits) else None


def _features(seen: _Seen, head: str) -> str | None:
    """The last module whose map, averaged over positions, goes into the head; else, whose ReLU's does."""
    if head not in seen.linears:
        return None
    embedding = seen.linears[head][0]
    allowed = _CLOSE * float(embedding.abs().max())
    for which in (0, 1):
        for layer, means in reversed(seen.maps.items()):
            mean = means[which]
            fits = seen.runs[layer] == 1 and mean.shape == embedding.shape
            if fits and float((mean - embedding).abs().max()) <= allowed:
                return layer
    return None


def _not_found(name: str, part: str, why: str, seen: _Seen) -> InputError:
    names = list(reversed(seen.linears if part == "head" else seen.maps))[:_SHOWN]
    if not names:
        return InputError(f"model.name: {name}: {why}, and no layer looks like one; choose another network")
    return InputError(
        f"model.name: {name}: {why}; name the layer by --set model.{part}=LAYER: candidates are {', '.join(names)}"
    )


def _failed(name: str, mode: str, images: Tensor, error: Exception) -> InputError:
    said = " ".join(str(error).split())[:160]
    shape = " x ".join(map(str, images.shape[1:]))
    return InputError(
        f"model.name: the network of {name} fails in {mode} on images of {shape}: {type(error).__name__}: {said}"
    )


def _kind(value: Any) -> str:
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
