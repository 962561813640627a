"""Which network, and where its first weights come from."""

import keyword
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sparsight.errors import InputError

CIFAR_DEPTHS = {"resnet8": 8, "resnet20": 20}
TORCHVISION, TIMM = "torchvision:", "timm:"
KNOWN_MODELS = (
    *CIFAR_DEPTHS,
    *(TORCHVISION + name for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2")),
)
"""Networks that are known without a look at a library; torchvision and timm have more."""
AUXILIARY_MODELS = (TORCHVISION + "inception_v3", TORCHVISION + "googlenet")
"""Networks with auxiliary classifiers."""
_LONGEST = 200

Layer = Annotated[str, Field(min_length=1, max_length=500)]
"""A module's dotted name."""


def is_own(name: str) -> bool:
    """Whether a network's name is a function of the user's own: ``package.module:function``."""
    module, colon, function = name.partition(":")
    words = (*module.split("."), function)
    ours = name in KNOWN_MODELS or name.startswith((TORCHVISION, TIMM)) or len(name) > _LONGEST
    return bool(colon) and not ours and all(word.isidentifier() and not keyword.iskeyword(word) for word in words)


class ModelSettings(BaseModel):
    """One classifier.

    Attributes:
        name: one of ``KNOWN_MODELS``, any other classifier of torchvision or timm as ``torchvision:NAME`` or
            ``timm:NAME``, or ``package.module:function`` of the user's own (``models/own.py``).
        stem_stride: stride of the first convolution, CIFAR networks only; 2 makes 64-pixel images cost as much as 32.
        weights: a state dict that replaces the seeded initial weights, as safetensors or as a pickle of tensors alone
            (``models/state_file.py``); or None.
        pretrained: the name of torchvision's weights to start from instead, as ``IMAGENET1K_V2``; ``DEFAULT`` stands
            for the best there are, and becomes their name.
        auxiliary: whether Inception-V3 and GoogLeNet have their auxiliary classifiers in training. Their weights are
            pruned and counted as all others are; in evaluation they do nothing.
        features: the module whose output is the last feature map; where it is None, known or found.
        head: the final linear layer; where it is None, known or found.
        embedding: what Φ(x) is: what goes into the ``head``; the averages over positions of the last feature map of
            every resolution, side by side (``blocks``); or those of the named layers.
        source: of an own network, the SHA-256 of the function's file. A study fills it in, and is refused where the
            file has another one.

    Raises:
        InputError: if the name is unknown, or something is asked of a network that it does not have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "resnet8"
    stem_stride: Literal[1, 2] = 1
    weights: Path | None = None
    pretrained: Annotated[str, Field(max_length=_LONGEST)] | None = None
    auxiliary: bool = True
    features: Layer | None = None
    head: Layer | None = None
    embedding: Literal["head", "blocks"] | Annotated[tuple[Layer, ...], Field(min_length=1)] = "head"
    source: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    @property
    def starts_from_file(self) -> bool:
        """Whether the initial weights come from a file, by its path or by a name."""
        return self.weights is not None or self.pretrained is not None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name in KNOWN_MODELS or is_own(name):
            return name
        if name.startswith((TORCHVISION, TIMM)):
            # Imported here because that library takes as long as torch itself.
            from sparsight.models.catalogue import check_name

            check_name(name)
            return name
        raise InputError(
            f"model.name: unknown network {name[:_LONGEST]!r}; known are {', '.join(KNOWN_MODELS)}, others as "
            "torchvision:NAME or timm:NAME, or your own as package.module:function"
        )

    @field_validator("pretrained")
    @classmethod
    def _by_its_own_name(cls, pretrained: str | None, info: Any) -> str | None:
        name = info.data.get("name")
        if pretrained is None or name is None:
            return pretrained
        if not name.startswith(TORCHVISION):
            raise InputError(f"model.pretrained: names weights of torchvision, and {name} is none; give model.weights")
        from sparsight.models.pretrained import weights_name

        return weights_name(name, pretrained)

    @field_validator("embedding", mode="before")
    @classmethod
    def _one_layer_is_a_list(cls, embedding: Any) -> Any:
        return (embedding,) if isinstance(embedding, str) and embedding not in ("head", "blocks") else embedding

    @model_validator(mode="after")
    def _stem_is_ours(self) -> "ModelSettings":
        if self.stem_stride != 1 and self.name not in CIFAR_DEPTHS:
            raise InputError(
                f"model.stem_stride: {self.name} has a fixed stem; "
                f"leave stem_stride at 1 or choose {' or '.join(CIFAR_DEPTHS)}"
            )
        return self

    @model_validator(mode="after")
    def _one_start(self) -> "ModelSettings":
        if self.weights is not None and self.pretrained is not None:
            raise InputError("model.pretrained: model.weights is given, too; set one of them to null")
        return self

    @model_validator(mode="after")
    def _auxiliary_is_there(self) -> "ModelSettings":
        if not self.auxiliary and self.name not in AUXILIARY_MODELS:
            raise InputError(f"model.auxiliary: {self.name} has no auxiliary classifier; leave it out")
        return self

    @model_validator(mode="after")
    def _parts_are_yours(self) -> "ModelSettings":
        given = [key for key in ("features", "head", "source") if getattr(self, key) is not None]
        unasked = [key for key in given if self.name in KNOWN_MODELS or (key == "source" and not is_own(self.name))]
        if unasked:
            raise InputError(f"model.{unasked[0]}: {self.name} is known; leave it out, or name a network of your own")
        return self
