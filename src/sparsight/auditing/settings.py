"""The settings of an audit: the rooms' own, composed."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sparsight.auditing.normalising import Way
from sparsight.concepts import ConceptSettings
from sparsight.evidence import EvidenceSettings
from sparsight.saliency import SaliencySettings
from sparsight.verdict import Margin, VerdictSettings, read_margin

_WORDS = ("own", "original", "data")


def _way(value: Any) -> Any:
    """A word, or the numbers as (mean, deviation), each by channel."""
    if value in _WORDS:
        return value
    try:
        numbers = [float(one) for one in _flat(value.split(",") if isinstance(value, str) else value)]
    except (TypeError, ValueError):
        numbers = []
    half = len(numbers) // 2
    mean, std = (numbers[k : k + half] * (3 if half == 1 else 1) for k in (0, half))
    if len(numbers) not in (2, 6) or not all(-1 <= m <= 1 and 0 < s <= 1 for m, s in zip(mean, std, strict=True)):
        raise ValueError(
            "must be own, original, data, or MEAN,STD of pixels in 0..1, as 0.5,0.5 or "
            "0.485,0.456,0.406,0.229,0.224,0.225"
        )
    return tuple(mean), tuple(std)


def _flat(value: Any) -> Iterator[Any]:
    for one in value:
        yield from _flat(one) if isinstance(one, list | tuple) else (one,)


class FloorSettings(BaseModel):
    """How unlike the original, or each other, retrained networks may be."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    most_lost: float = Field(
        default=0.1, ge=0, le=1, description="accuracy that a retrained network may lack or have beyond the original's"
    )
    most_apart: float = Field(
        default=3.0, gt=1, description="times the median drift of the floor's that one network's may be, up or down"
    )


class AuditSettings(BaseModel):
    """How models are compared.

    Attributes:
        layer: dotted name of the module whose maps are explained, in every model; None takes each one's own last.
        margin: drift that still counts as near, as a share above 0, at most 1, of the way to evidence that has nothing
            in common: one for all metrics, ``{"map_spearman": 0.4}`` by metric, where ``all`` stands for the others, or
            ``default``, the measured ones, which those that are not named have, too. With networks trained again it is
            the way from their drift, of which half is the most.
        normalise: ``own`` normalises a model's images as it is known of it, or else as the original's are; ``original``
            all as the original's, ``data`` all by the data set's mean and deviation; or a mean and a deviation for all,
            of pixels in 0..1, two numbers or six.
        shown: how many images, those whose evidence moved most, a report shows of each model.
        device: ``cpu``, ``cuda`` or ``auto``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    layer: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    margin: Annotated[Margin | None, BeforeValidator(read_margin)] = None
    normalise: Annotated[Way, BeforeValidator(_way)] = "own"
    shown: int = Field(default=12, ge=1, le=100)
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    concepts: ConceptSettings = ConceptSettings()
    saliency: SaliencySettings = SaliencySettings()
    evidence: EvidenceSettings = EvidenceSettings(batch_size=32)
    verdict: VerdictSettings = VerdictSettings()
    floor: FloorSettings = FloorSettings()

    @model_validator(mode="after")
    def _no_second_method(self) -> "AuditSettings":
        if self.saliency.beside is not None or self.saliency.layer is not None:
            raise ValueError("saliency: an audit takes one method, and its layer by layer")
        return self

    def as_dict(self) -> dict[str, Any]:
        """Plain values by room."""
        return self.model_dump(mode="json")
