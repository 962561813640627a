"""The settings of an audit: the rooms' own, composed."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sparsight.concepts import ConceptSettings
from sparsight.evidence import EvidenceSettings
from sparsight.saliency import SaliencySettings
from sparsight.verdict import VerdictSettings


class AuditSettings(BaseModel):
    """How models are compared.

    Attributes:
        layer: dotted name of the module whose maps are explained, in every model; None takes each one's own last.
        margin: drift that still counts as preserved, absolute; with networks trained again, its excess over theirs.
        shown: how many images, those whose evidence moved most, a report shows of each model.
        device: ``cpu``, ``cuda`` or ``auto``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    layer: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    margin: Annotated[float, Field(gt=0, le=2)] | None = None
    shown: int = Field(default=12, ge=1, le=100)
    device: str = "cpu"
    concepts: ConceptSettings = ConceptSettings()
    saliency: SaliencySettings = SaliencySettings()
    evidence: EvidenceSettings = EvidenceSettings(batch_size=32)
    verdict: VerdictSettings = VerdictSettings()

    @model_validator(mode="after")
    def _no_second_method(self) -> "AuditSettings":
        if self.saliency.beside is not None or self.saliency.layer is not None:
            raise ValueError("saliency: an audit takes one method, and its layer by layer")
        return self

    def as_dict(self) -> dict[str, Any]:
        """Plain values by room."""
        return self.model_dump(mode="json")
