"""Settings of one training."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_EPOCHS = 100_000

Share = Annotated[float, Field(gt=0, le=1)]


class TrainingSettings(BaseModel):
    """Stochastic gradient descent for a fixed number of epochs; every round gets the same budget unless it says so."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = Field(default=10, ge=1, le=MOST_EPOCHS)
    first_round_epochs: int | None = Field(
        default=None,
        ge=1,
        le=MOST_EPOCHS,
        description="epochs of the dense training, where they differ (released code: 2 of 50)",
    )
    finetune_rate: float | None = Field(
        default=None,
        gt=0,
        le=1e30,
        description="constant learning rate of the arm finetune; a tenth of learning_rate if none",
    )
    batch_size: int = Field(default=32, ge=2, le=65_536)
    learning_rate: float = Field(default=0.01, gt=0, le=1e30)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-4, ge=0, le=1e6)
    schedule: Literal["constant", "step", "cosine"] = "cosine"
    step_epochs: int = Field(
        default=30, ge=1, le=MOST_EPOCHS, description="epochs between two drops of the step schedule"
    )
    step_factor: float = Field(default=0.1, gt=0, lt=1, description="factor of each drop of the step schedule")
    selection: Literal["last", "best"] = Field(default="last", description="epoch kept; best is chosen on validation")
    flip: bool = Field(default=True, description="mirror half of the images, where the data set allows it")
    crop_padding: int = Field(
        default=0, ge=0, le=1024, description="random crop after padding by so many pixels; 0 is none"
    )
    crop_scale: tuple[Share, Share] | None = Field(
        default=None,
        description="random resized crops: least and largest share of the picture's area, as [0.08, 1]",
    )
    class_weights: Literal["none", "balanced"] = Field(
        default="none",
        description="balanced weights the loss of an image by n / (K n_k), n_k the training images of its class",
    )
    auxiliary_weight: float = Field(
        default=0.4, ge=0, description="share of the loss of an auxiliary classifier (Inception-V3, GoogLeNet)"
    )
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="of the passes of a training step; weights, optimiser and all evidence are of single precision",
    )

    @model_validator(mode="after")
    def _one_kind_of_crop(self) -> "TrainingSettings":
        if self.crop_scale is not None and self.crop_scale[0] > self.crop_scale[1]:
            raise ValueError("crop_scale is the least and the largest share; give the smaller first")
        if self.crop_scale is not None and self.crop_padding:
            raise ValueError("crop_padding and crop_scale are two ways to crop; take one")
        return self

    def of_round(self, round_: int) -> "TrainingSettings":
        """The settings by which round ``round_`` trains: round 0 has epochs of its own where they are given."""
        first = self.first_round_epochs
        return self if round_ or first is None else self.model_copy(update={"epochs": first})
