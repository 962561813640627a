"""Where in what a network returns its logits are, and how its single output stands for two classes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from sparsight.errors import InputError
from sparsight.models.split import plain
from sparsight.models.watch import kind_of

_SHOWN = 6
_LEAST = 1e-7
"""Probabilities are held this far from 0 and 1 before their logit is taken."""


@dataclass(frozen=True)
class Answers:
    """How a network's output is read.

    Attributes:
        key: the field of a mapping or a named tuple, or the place in a tuple, that holds the logits; None where the
            output is a tensor.
        binary: of a network with one output, whether it is a logit or a probability of the second of two classes; None
            of others.
    """

    key: str | int | None = None
    binary: Literal["logit", "probability"] | None = None

    def read(self, output: Any) -> Float[Tensor, "b k"]:
        """The logits in an output; (b, 2) of a single one, with zeros for the first class."""
        logits = _columns(output if self.key is None else dict(_entries(output))[self.key])
        if self.binary is None:
            return logits
        if self.binary == "probability":
            logits = logits.clamp(_LEAST, 1 - _LEAST).logit()
        return torch.cat([torch.zeros_like(logits), logits], dim=1)


def find_answers(name: str, output: Any, images: int, classes: int, wanted: set[int]) -> tuple[Answers, str]:
    """How to read what a network gave for some images, and a note where that needs one.

    Args:
        name: of the model, for messages.
        output: what it gave.
        images: how many it was given.
        classes: of the data.
        wanted: numbers of outputs that are logits: the data's classes, and the names that the model has.

    Raises:
        InputError: if there are no logits in it, or several things that may be.
    """
    if isinstance(output, Tensor):
        return _binary(name, Answers(), output, images, classes)
    entries = dict(_entries(output))
    tensors = {key: each for key, each in entries.items() if isinstance(each, Tensor) and _fits(each, images)}
    if not isinstance(output, tuple | list) and not tensors and "logits" not in entries:
        raise InputError(
            f"{name}: gives {kind_of(output)}, not logits (b, {classes}); wrap it so that it returns them alone"
        )
    one = {1} if classes == 2 else set()
    fitting = (
        ["logits"] if "logits" in tensors else [k for k, v in tensors.items() if _columns(v).shape[1] in wanted | one]
    )
    if len(fitting) != 1:
        listed = ", ".join(f"{key} {kind_of(value)}" for key, value in list(entries.items())[:_SHOWN])
        what = "none" if not fitting else "more than one"
        raise InputError(
            f"{name}: gives {type(output).__name__} of {listed}, of which {what} may be logits (b, {classes}); wrap it "
            "so that it returns them alone"
        )
    key = fitting[0]
    answers, note = _binary(name, Answers(key), tensors[key], images, classes)
    called = f"{key!r}" if isinstance(key, str) else f"number {key + 1}"
    taken = f"gives {type(output).__name__} of {len(entries)} values, of which {called} is taken for the logits"
    return answers, f"{taken}; {note}" if note else taken


def _binary(name: str, answers: Answers, value: Tensor, images: int, classes: int) -> tuple[Answers, str]:
    if not _fits(value, images):
        raise InputError(
            f"{name}: gives {kind_of(value)} for {images} images, not logits ({images}, {classes}); wrap it so that it "
            "returns logits"
        )
    columns = _columns(value)
    if columns.shape[1] != 1 or classes != 2:
        return answers, ""
    if bool(((columns >= 0) & (columns <= 1)).all()):
        why = f"has one output, between 0 and 1 on {images} images: taken for the probability of the second class"
        return Answers(answers.key, "probability"), why
    return Answers(answers.key, "logit"), "has one output: taken for the logit of the second class, beside 0"


def _fits(value: Tensor, images: int) -> bool:
    """Whether it has one row an image: (b,), (b, k), or (b, k, 1, ...)."""
    return value.ndim >= 1 and len(value) == images and all(side == 1 for side in value.shape[2:])


def _columns(value: Tensor) -> Float[Tensor, "b k"]:
    value = plain(value)
    value = value if value.is_floating_point() else value.to(torch.float32)
    return value[:, None] if value.ndim == 1 else value.flatten(1)


def _entries(output: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(output, Mapping):
        yield from ((str(key), value) for key, value in output.items())
    elif isinstance(output, tuple | list):
        yield from zip(getattr(output, "_fields", range(len(output))), output, strict=True)
    elif hasattr(output, "logits"):
        yield "logits", output.logits
