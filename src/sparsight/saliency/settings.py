"""How saliency maps are made."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

Reduction = Literal["mean", "sum"]
Method = Literal["gradcam", "released"]


class SaliencySettings(BaseModel):
    """Which maps, and the two choices in them.

    Attributes:
        method: ``gradcam``, or ``released`` for the maps that the paper's code draws (``saliency/released.py``).
        layer: dotted name of the module whose output is explained; None is the last feature map.
        reduction: how gradients are pooled over positions into one weight a channel. ``mean`` is Selvaraju et al. and
            most libraries; ``sum`` is eq. 2 as printed, and larger by the number of positions.
        beside: another method, whose maps of the few images that a report shows stand beside those of ``method``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "gradcam"
    layer: str | None = None
    reduction: Reduction = "mean"
    beside: Method | None = None

    @property
    def second(self) -> "SaliencySettings":
        """Those of the maps beside; only where there are some."""
        assert self.beside is not None
        return self.model_copy(update={"method": self.beside, "beside": None})

    @model_validator(mode="after")
    def _another(self) -> "SaliencySettings":
        if self.beside == self.method:
            raise ValueError(f"beside: {self.beside} is the method itself; name another one or null")
        return self
