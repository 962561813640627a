"""How saliency maps are made."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_serializer, model_validator

OURS = ("gradcam", "gradcam++", "hirescam", "layercam", "released")
"""The methods that explain the activations of a layer."""
CAPTUM = "captum:"
"""What the name of a method begins with that explains the pixels, by a class of ``captum.attr``."""
GRID = 28
"""Rows and columns at most of maps of pixels: evidence keeps every map of every test image."""


def _known(method: str) -> str:
    if method in OURS or (method.startswith(CAPTUM) and method.removeprefix(CAPTUM).isidentifier()):
        return method
    examples = (f"{CAPTUM}IntegratedGradients", f"{CAPTUM}Saliency", f"{CAPTUM}Occlusion")
    near = get_close_matches(method.strip().lower(), [*OURS, *map(str.lower, examples)], n=1)
    hint = next((f"did you mean {name}? " for name in (*OURS, *examples) if [name.lower()] == near), "")
    raise ValueError(f"{method[:60]!r} is unknown; {hint}known: {', '.join(OURS)}, {', '.join(examples)}, ...")


Reduction = Literal["mean", "sum"]
Method = Annotated[str, AfterValidator(_known)]


class SaliencySettings(BaseModel):
    """Which maps, and the choices in them.

    Attributes:
        method: ``gradcam``; ``gradcam++``, ``hirescam``, ``layercam`` (``saliency/cams.py``); ``released`` for the maps
            that the paper's code draws (``saliency/released.py``); or an attribution of Captum by its class's name, as
            ``captum:IntegratedGradients``, ``captum:Saliency``, ``captum:Occlusion`` (``saliency/attributions.py``).
        layer: dotted name of the module whose output is explained; None is the last feature map. Captum's explain the
            image's pixels.
        reduction: how gradients are pooled over positions into one weight a channel, by ``gradcam`` and ``released``.
            ``mean`` is Selvaraju et al. and most libraries; ``sum`` is eq. 2 as printed, and larger by the number of
            positions.
        beside: another method, whose maps of the few images that a report shows stand beside those of ``method``.
        smooth: images with noise over which one of Captum's attributions is averaged (SmoothGrad); 0 takes the image.
        noise: standard deviation of that noise, as a share of the image's range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Method = "gradcam"
    layer: str | None = None
    reduction: Reduction = "mean"
    beside: Method | None = None
    smooth: int = Field(default=0, ge=0, le=10_000)
    noise: float = Field(default=0.15, gt=0, le=1)

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

    @model_validator(mode="after")
    def _of_use(self) -> "SaliencySettings":
        methods = [method for method in (self.method, self.beside) if method is not None]
        captums = [method for method in methods if method.startswith(CAPTUM)]
        if self.smooth and not captums:
            raise ValueError(f"smooth: SmoothGrad is of Captum's methods, not of {self.method}; take 0")
        if self.layer is not None and captums == methods:
            raise ValueError(f"layer: {self.method} explains the image's pixels, not a layer; leave it null")
        return self

    @model_serializer(mode="wrap")
    def _that_decide(self, plain: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        """Without SmoothGrad nothing of it is written: runs from before there was any name the same settings."""
        values = plain(self)
        if not self.smooth:
            values.pop("smooth", None)
            values.pop("noise", None)
        return values
