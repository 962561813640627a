"""What a network gives in training: logits, and those of auxiliary classifiers where it has some."""

from typing import Any

from torch import Tensor


class NoLogitsError(TypeError):
    """What a network gives has no logits in it."""


def separated(output: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The logits, and the logits of each auxiliary classifier.

    Args:
        output: the logits, (b, k); or a named tuple that has them as ``logits``, whose other fields are those of
            auxiliary classifiers or None, as torchvision's Inception-V3 and GoogLeNet give in training.

    Raises:
        NoLogitsError: if it is something else.
    """
    if isinstance(output, Tensor):
        return output, ()
    names = getattr(output, "_fields", ())
    if "logits" not in names or not all(isinstance(value, Tensor | None) for value in output):
        raise NoLogitsError(f"a network must give its logits, not {type(output).__name__}")
    rest = (getattr(output, name) for name in names if name != "logits")
    return output.logits, tuple(value for value in rest if value is not None)
