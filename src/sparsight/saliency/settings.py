"""How saliency maps are made."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Reduction = Literal["mean", "sum"]
Method = Literal["gradcam", "released"]


class SaliencySettings(BaseModel):
    """Which maps, and the two choices in them.

    Attributes:
        method: ``gradcam``, or ``released`` for the maps that the paper's code draws (``saliency/released.py``).
        layer: dotted name of the module whose output is explained; None is the last feature map.
        reduction: how gradients are pooled over positions into one weight a channel. ``mean`` is Selvaraju et al. and
            most libraries; ``sum`` is eq. 2 as printed, and larger by the number of positions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "gradcam"
    layer: str | None = None
    reduction: Reduction = "mean"
