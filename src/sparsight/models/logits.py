"""Whether what a network gives are logits, which cross-entropy is taken of, or something that was made of them."""

import torch
from jaxtyping import Float
from torch import Tensor

from sparsight.errors import InputError
from sparsight.models.watch import Seen, head_layer

_CLOSE = 1e-4
_LOGITS = "cross-entropy takes the softmax itself"


def check_logits(name: str, seen: Seen, logits: Float[Tensor, "b k"], named: str | None) -> None:
    """Refuse probabilities, and what a network makes of the logits that its last linear layer gives.

    A layer that is named as the head is taken for any output but probabilities, as of a temperature or several heads.

    Args:
        name: of the network, for messages.
        seen: what a pass showed.
        logits: what the network gave.
        named: the head that was named, if one was.

    Raises:
        InputError: if they are no logits, with what to return in their place.
    """
    if head_layer(seen, logits) is not None:
        return
    last = next(reversed(seen.linears), None)
    own = None if last is None else seen.linears[last][1]
    before = own if own is not None and own.shape == logits.shape else None
    what = _kind(logits, before)
    remedy = "the logits" if before is None else f"what its last linear layer {last!r} gives, the logits"
    if what:
        raise InputError(f"model.name: {name} gives {what}, not logits; return {remedy}: {_LOGITS}")
    if named is None and before is not None and _follows(logits, before):
        raise InputError(
            f"model.name: {name} gives another number for each that its last linear layer {last!r} gives, as a "
            f"temperature or a limit does; return {remedy}"
        )


def _kind(logits: Float[Tensor, "b k"], before: Float[Tensor, "b k"] | None) -> str:
    """What numbers are, where they are certainly no logits."""
    values = logits.double()

    def are(others: Tensor) -> bool:
        return bool(torch.allclose(values, others, rtol=_CLOSE, atol=_CLOSE))

    if bool((values >= 0).all()) and are_ones(values.sum(1)):
        return "probabilities, whose sum is 1 for each image"
    if bool((values <= 0).all()) and are_ones(values.exp().sum(1)):
        return "logarithms of probabilities"
    if before is None:
        return ""
    if are(before.double().sigmoid()):
        return "a sigmoid of its logits"
    return "logarithms of a sigmoid" if are(torch.nn.functional.logsigmoid(before.double())) else ""


def are_ones(sums: Float[Tensor, " b"]) -> bool:
    """Whether numbers are 1 but for rounding in half precision."""
    return bool(((sums - 1).abs() <= 1e-2).all())


def _follows(logits: Float[Tensor, "b k"], before: Float[Tensor, "b k"]) -> bool:
    """Whether a row's numbers are in the order of those of the last layer, ties allowed, with more than one value."""
    order = before.argsort(1)
    rising = logits.gather(1, order).diff(dim=1)
    return bool((rising >= 0).all() and (rising > 0).any())
