"""Settings of the pass over the images."""

from pydantic import BaseModel, ConfigDict, Field


class EvidenceSettings(BaseModel):
    """How evidence is collected and what of it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    batch_size: int = Field(default=128, ge=1)
    keep_embeddings: bool = Field(default=False, description="keep the training images' embeddings too")
