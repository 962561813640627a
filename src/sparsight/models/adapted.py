"""A network of whatever kind as one that takes normalised images and gives logits."""

import itertools
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.models.answers import Answers
from sparsight.models.guard import users_code

RED_GREEN_BLUE = (0.299, 0.587, 0.114)
"""Shares of the channels in the grey of a picture (ITU-R BT.601, as Pillow's ``convert("L")``)."""


class Adapted(nn.Module):
    """A network behind the one place where its code is called.

    It is given images of its own, which it may change, in its own precision, and whatever it raises is one line. Its
    modules keep their names.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        answers: Answers | None = None,
        grey: tuple[float, float, float] | None = None,
        contiguous: bool = True,
        rows: int | None = None,
    ) -> None:
        """Wrap a network.

        Args:
            name: of the model, for messages.
            network: it.
            answers: how its output is read; None gives it as it is.
            grey: for a network of one channel, the share of each normalised channel in it; None gives all three.
            contiguous: whether images lie in memory channel by channel, as a network that flattens them by ``view``
                needs it; else they lie as they come.
            rows: how many images it takes at once, where that is fixed; what lacks is filled up.
        """
        super().__init__()
        self.network = network
        self.name, self.answers, self.grey, self.contiguous = name, answers, grey, contiguous
        self.rows = rows
        self.precision = precision_of(network)
        self.training = False

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Any:
        """The logits, (b, k); without ``answers`` what the network gives."""
        if self.grey is not None:
            shares = torch.tensor(self.grey, dtype=images.dtype, device=images.device)
            images = (images * shares[:, None, None]).sum(1, keepdim=True)
        if self.rows is None or self.answers is None:
            return self._passed(images)
        parts = []
        for part in images.split(self.rows):
            filled = part[torch.arange(self.rows, device=part.device) % len(part)]
            parts.append(self._passed(filled)[: len(part)])
        return torch.cat(parts)

    def _passed(self, images: Tensor) -> Any:
        layout = torch.contiguous_format if self.contiguous else torch.preserve_format
        own = images.to(self.precision).clone(memory_format=layout)
        with users_code(f"{self.name}: its forward pass on images of {' x '.join(map(str, own.shape[1:]))}"):
            output = self.network(own)
        return output if self.answers is None else self.answers.read(output)

    @property
    def adapted_network(self) -> nn.Module:
        """The network itself."""
        return self.network

    def named_modules(
        self, memo: set[nn.Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Module]]:
        """The network and its modules, by their own names."""
        yield from self.network.named_modules(memo, prefix, remove_duplicate)


def precision_of(network: nn.Module) -> torch.dtype:
    """The kind of number of a network's weights, in which it takes images; single precision where it has none."""
    values = itertools.chain(network.parameters(), network.buffers())
    return next((value.dtype for value in values if value.is_floating_point()), torch.float32)


def grey_shares(std: tuple[float, float, float]) -> tuple[float, float, float]:
    """The share of each normalised channel in the normalised grey of a picture.

    The grey is normalised by the same mean and deviation where those of all channels are alike, else by their means
    with the weights of the grey.

    Args:
        std: deviation of each channel.
    """
    whole = sum(share * one for share, one in zip(RED_GREEN_BLUE, std, strict=True))
    red, green, blue = (share * one / whole for share, one in zip(RED_GREEN_BLUE, std, strict=True))
    return red, green, blue


def fixed_rows(network: nn.Module) -> int | None:
    """How many images an exported program takes at once; None where any number will do."""
    if not isinstance(network, torch.fx.GraphModule):
        return None
    inputs = (node.meta.get("val") for node in network.graph.nodes if node.op == "placeholder")
    rows = next((value.shape[0] for value in inputs if isinstance(value, Tensor) and value.ndim == 4), None)
    return rows if isinstance(rows, int) else None
