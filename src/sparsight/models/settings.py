"""Which network, and where its first weights come from."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from sparsight.errors import InputError

CIFAR_DEPTHS = {"resnet8": 8, "resnet20": 20}
TORCHVISION = "torchvision:"
KNOWN_MODELS = (
    *CIFAR_DEPTHS,
    *(TORCHVISION + name for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2")),
)


class ModelSettings(BaseModel):
    """One classifier.

    Attributes:
        name: one of ``KNOWN_MODELS``.
        stem_stride: stride of the first convolution, CIFAR networks only; 2 makes 64-pixel images cost as much as 32.
        weights: a safetensors state dict that replaces the seeded initial weights, or None.

    Raises:
        InputError: if the name is unknown, or a stem stride is asked of a torchvision network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "resnet8"
    stem_stride: Literal[1, 2] = 1
    weights: Path | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in KNOWN_MODELS:
            raise InputError(f"model.name: unknown network {name!r}; known are {', '.join(KNOWN_MODELS)}")
        return name

    @model_validator(mode="after")
    def _stem_is_ours(self) -> "ModelSettings":
        if self.stem_stride != 1 and self.name not in CIFAR_DEPTHS:
            raise InputError(
                f"model.stem_stride: {self.name} has a fixed stem; "
                f"leave stem_stride at 1 or choose {' or '.join(CIFAR_DEPTHS)}"
            )
        return self
