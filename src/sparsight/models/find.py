"""Where a network is cut, and whether one that is not known behaves as a study needs it to."""

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from sparsight.errors import InputError
from sparsight.models.logits import check_logits
from sparsight.models.mixing import check_mixing, stirred
from sparsight.models.outputs import NoLogitsError, separated
from sparsight.models.rounding import repeats
from sparsight.models.settings import ModelSettings, is_own
from sparsight.models.split import (
    Split,
    evaluating,
    forward_parts,
    is_map,
    known_split,
    linear_head,
    named_module,
)
from sparsight.models.stages import block_layers
from sparsight.models.token_layer import token_layer, with_tokens
from sparsight.models.watch import (
    Seen,
    failed,
    feature_layer,
    head_layer,
    kind_of,
    last_layers,
    not_found,
    watched,
)


def find_split(settings: ModelSettings, model: nn.Module, images: Float[Tensor, "b c h w"]) -> Split:
    """Where to cut a study's network.

    It is cut where ``settings`` say, or else where its class is known to be. Of another one, it is found by one pass:
    without a ``head`` it must end in one linear layer, whose output are the logits. Without ``features`` the last
    module is taken whose output is a map of more than one position, the average of which, or of its ReLU, goes into the
    head. Of modules with the same output the outermost one ends last. Where there is none, as in a transformer, it is
    the last norm whose tokens of the image's patches reach the logits.

    Args:
        settings: name, the parts where they are named, and what the embedding is.
        model: the network, with any weights that make its feature map differ from zero; it is left as it was found.
        images: a few, normalised.

    Raises:
        InputError: naming candidates, if the parts are not found; if those that are named do not fit; or if the network
            gives probabilities.
    """
    known = None if is_own(settings.name) else known_split(model)
    cut = _found(settings, model, images) if known is None else _known(settings, model, known, images)
    if settings.embedding == "head":
        return cut
    if settings.embedding == "blocks" and cut.tokens is not None:
        raise InputError(f"model.embedding: {cut.features!r} gives tokens, which have one resolution; take head")
    layers = block_layers(model, cut.features, images) if settings.embedding == "blocks" else settings.embedding
    return _passed(model, replace(cut, blocks=layers), images)


def _known(settings: ModelSettings, model: nn.Module, known: Split, images: Tensor) -> Split:
    """The known parts, but for those that are named."""
    cut = Split(settings.features or known.features, settings.head or known.head)
    linear_head(model, cut)
    return cut if cut == known else _passed(model, cut, images)


def _found(settings: ModelSettings, model: nn.Module, images: Tensor) -> Split:
    seen, logits = watched(settings.name, model, images)
    check_logits(settings.name, seen, logits, settings.head)
    head = settings.head or head_layer(seen, logits)
    if head is None:
        fitting = [one for one in last_layers(seen.linears) if _may_be_head(model, seen, one, logits)]
        raise not_found(settings.name, "head", "the logits are not the output of one nn.Linear", fitting)
    linear_head(model, Split(head, head))
    if settings.features is not None:
        named_module(model, settings.features)
        return _passed(model, with_tokens(model, Split(settings.features, head), images), images)
    features = feature_layer(seen, head)
    cut = token_layer(model, head, seen, images) if features is None else Split(features, head)
    if cut is None:
        once = [one for one in last_layers(seen.maps) if seen.runs[one] == 1]
        raise not_found(settings.name, "features", f"no average of a feature map goes into {head!r}", once)
    return _passed(model, cut, images)


def _may_be_head(model: nn.Module, seen: Seen, layer: str, logits: Tensor) -> bool:
    """Whether a linear layer runs once and gives as many numbers as there are logits."""
    fits = seen.runs[layer] == 1 and seen.linears[layer][1].shape == logits.shape
    return fits and isinstance(named_module(model, layer), nn.Linear)


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
            of outputs is not K, logits are not finite, evaluation gives other logits (beyond rounding) when it is asked
            again or mixes the images of a batch, or a step of training fails.
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
    _, logits = watched(name, first, images)
    if logits.shape[1] != num_classes:
        raise InputError(
            f"model.name: {name} gives {logits.shape[1]} outputs for {num_classes} classes; use num_classes"
        )
    if not bool(logits.isfinite().all()):
        raise InputError(
            f"model.name: {name} gives logits that are not finite at its first weights; start it with others"
        )
    _, again = watched(name, first, images)
    if not repeats(first, logits, again):
        raise InputError(f"model.name: {name} gives other logits for the same images in evaluation mode; make it fixed")
    check_mixing(f"model.name: {name}", first, images)
    _check_training(name, first, images, logits)
    check_mixing(f"model.name: {name}", stirred(first), images)


def _check_training(name: str, model: nn.Module, images: Tensor, logits: Tensor) -> None:
    """Check that a step of training gives logits, and those of auxiliary classifiers at most."""
    try:
        with torch.random.fork_rng(devices=[]):  # dropout draws
            output = model.train()(images)
        trained, auxiliary = separated(output)
        if all(each.shape == logits.shape for each in (trained, *auxiliary)):
            cross_entropy(trained, torch.zeros(len(images), dtype=torch.int64)).backward()
            return
    except NoLogitsError:
        pass
    except InputError:
        raise
    except Exception as error:
        raise failed(name, "training", images, error) from error
    raise InputError(f"model.name: {name} gives {kind_of(output)} in training mode; return the logits alone")
