"""Settings of the pass over the images."""

from pydantic import BaseModel, ConfigDict, Field


class EvidenceSettings(BaseModel):
    """How evidence is collected and what of it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    batch_size: int = Field(default=128, ge=1, le=65_536)
    keep_embeddings: bool = Field(default=False, description="keep the training images' embeddings too")
    refits: int = Field(
        default=2, ge=0, le=100, description="times that a dense network's concepts and g are learned on other images"
    )
    sanity: int = Field(
        default=64,
        ge=0,
        le=10_000,
        description="at most so many test images show whether maps change with a randomised network",
    )
    interventions: int = Field(
        default=48,
        ge=0,
        le=10_000,
        description="at most so many test images are drawn again with one thing changed, if they can be",
    )
    shown: tuple[str, ...] = Field(
        default=(), max_length=1000, description="classes whose test images the report's pictures take before others"
    )
