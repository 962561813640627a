"""What one pass shows of every module of a network, and which of them look like its head and its last map."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.split import evaluating, is_map, plain

_SHOWN = 4
_CLOSE = 1e-4
"""Of the largest value of the embedding; in half precision it is a few of its roundings."""


@dataclass
class Seen:
    """What one forward pass shows of every module, in the order in which they end."""

    runs: Counter[str] = field(default_factory=Counter)
    maps: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)  # means over positions; those of the ReLU
    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)  # of layer norms: tokens and channels
    linears: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)  # input and output


def last_layers(found: Iterable[str]) -> list[str]:
    """Names of layers, the one that ends last first."""
    return list(reversed(list(found)))


def watched(name: str, model: nn.Module, images: Tensor) -> tuple[Seen, Tensor]:
    """One pass in evaluation mode, what it showed, and the logits."""
    seen = Seen()

    def watch(layer: str) -> Callable[..., None]:
        def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            seen.runs[layer] += 1
            if not isinstance(output, Tensor):
                return
            output = plain(output)
            if isinstance(module, nn.LayerNorm | nn.RMSNorm) and output.ndim == 3:
                seen.tokens[layer] = (output.shape[1], output.shape[2])
            elif output.is_floating_point() and is_map(output, images) and output.shape[2] * output.shape[3] > 1:
                seen.maps[layer] = (output.mean((2, 3)), output.clamp(min=0).mean((2, 3)))
            elif "Linear" in type(module).__name__ and output.ndim == 2 and inputs and isinstance(inputs[0], Tensor):
                seen.linears[layer] = (plain(inputs[0]).clone(), output.clone())

        return note

    watchable = ((layer, module) for layer, module in model.named_modules() if layer and not is_closed(module))
    hooks = [module.register_forward_hook(watch(layer)) for layer, module in watchable]
    try:
        with torch.no_grad(), evaluating(model):
            logits = model(images)
    except InputError:
        raise
    except Exception as error:
        raise failed(name, "evaluation", images, error) from error
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(images):
        raise InputError(f"model.name: {name} gives {kind_of(logits)}, not (b, k); return the logits")
    return seen, logits


def is_closed(module: nn.Module) -> bool:
    """Whether nothing can be seen of what a module does, as of TorchScript, which calls no hook."""
    return isinstance(module, torch.jit.ScriptModule)


def head_layer(seen: Seen, logits: Tensor) -> str | None:
    """The last linear layer, if it runs once and gives the logits; of two classes, the one that is not zero."""
    last = next(reversed(seen.linears), None)
    if last is None or seen.runs[last] != 1:
        return None
    output = seen.linears[last][1]
    if output.shape[1] == 1 and logits.shape[1] == 2 and not logits[:, 0].any():
        # A probability's logit is the layer's output but for the rounding of both functions.
        return last if torch.allclose(output[:, 0], logits[:, 1], rtol=1e-2, atol=1e-2) else None
    return last if torch.equal(output, logits) else None


def feature_layer(seen: Seen, head: str) -> str | None:
    """The last module whose map, averaged over positions, goes into the head; else, whose ReLU's does."""
    if head not in seen.linears:
        return None
    embedding = seen.linears[head][0]
    allowed = max(_CLOSE, 4 * torch.finfo(embedding.dtype).eps) * float(embedding.abs().max())
    for which in (0, 1):
        for layer, means in reversed(seen.maps.items()):
            mean = means[which]
            fits = seen.runs[layer] == 1 and mean.shape == embedding.shape
            if fits and float((mean - embedding).abs().max()) <= allowed:
                return layer
    return None


def not_found(name: str, part: str, why: str, candidates: list[str]) -> InputError:
    """The error that a part is not found, with the layers that may be it, the likeliest first."""
    if candidates:
        listed = ", ".join(candidates[:_SHOWN])
        remedy = f"name the layer by --set model.{part}=LAYER: candidates are {listed}"
    elif part == "head":
        remedy = "let it end in one nn.Linear, whose output are the logits"
    else:
        remedy = (
            "choose a network that has a map (b, l, h, w) of more than one position, or tokens of the image's patches"
        )
    return InputError(f"model.name: {name}: {why}; {remedy}")


def failed(name: str, mode: str, images: Tensor, error: Exception) -> InputError:
    """The error that a network fails on images, in words."""
    said = " ".join(str(error).split())[:160]
    shape = " x ".join(map(str, images.shape[1:]))
    return InputError(
        f"model.name: the network of {name} fails in {mode} on images of {shape}: {type(error).__name__}: {said}"
    )


def kind_of(value: Any) -> str:
    """What something is, in a message: a tensor's shape, or a type."""
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
