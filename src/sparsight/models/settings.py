"""Which network, and where its first weights come from."""

import keyword
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sparsight.errors import InputError

CIFAR_DEPTHS = {"resnet8": 8, "resnet20": 20}
TORCHVISION = "torchvision:"
KNOWN_MODELS = (
    *CIFAR_DEPTHS,
    *(TORCHVISION + name for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2")),
)
_LONGEST = 200

Layer = Annotated[str, Field(min_length=1, max_length=500)]
"""A module's dotted name."""


def is_own(name: str) -> bool:
    """Whether a network's name is a function of the user's own: ``package.module:function``."""
    module, colon, function = name.partition(":")
    words = (*module.split("."), function)
    ours = name in KNOWN_MODELS or name.startswith(TORCHVISION) or len(name) > _LONGEST
    return bool(colon) and not ours and all(word.isidentifier() and not keyword.iskeyword(word) for word in words)


class ModelSettings(BaseModel):
    """One classifier.

    Attributes:
        name: one of ``KNOWN_MODELS``, or ``package.module:function`` of the user's own (``models/own.py``).
        stem_stride: stride of the first convolution, CIFAR networks only; 2 makes 64-pixel images cost as much as 32.
        weights: a safetensors state dict that replaces the seeded initial weights, or None.
        features: of an own network, the module whose output is the last feature map; found where it is None.
        head: of an own network, its final linear layer; found where it is None.
        source: of an own network, the SHA-256 of the function's file. A study fills it in, and is refused where the
            file has another one.

    Raises:
        InputError: if the name is unknown, or something is asked of a network that it does not have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "resnet8"
    stem_stride: Literal[1, 2] = 1
    weights: Path | None = None
    features: Layer | None = None
    head: Layer | None = None
    source: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in KNOWN_MODELS and not is_own(name):
            raise InputError(
                f"model.name: unknown network {name!r}; known are {', '.join(KNOWN_MODELS)}, or your own as "
                "package.module:function"
            )
        return name

    @model_validator(mode="after")
    def _stem_is_ours(self) -> "ModelSettings":
        if self.stem_stride != 1 and self.name not in CIFAR_DEPTHS:
            raise InputError(
                f"model.stem_stride: {self.name} has a fixed stem; "
                f"leave stem_stride at 1 or choose {' or '.join(CIFAR_DEPTHS)}"
            )
        return self

    @model_validator(mode="after")
    def _parts_are_yours(self) -> "ModelSettings":
        given = [key for key in ("features", "head", "source") if getattr(self, key) is not None]
        if given and not is_own(self.name):
            raise InputError(f"model.{given[0]}: {self.name} is known; leave it out, or name a network of your own")
        return self
