"""Settings of the pruning schedule."""

from pydantic import BaseModel, ConfigDict, Field


class PruningSettings(BaseModel):
    """How much each round removes, and how many rounds there are."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rate: float = Field(default=0.25, gt=0, lt=1, description="share of the remaining weights removed a round")
    rounds: int = Field(default=6, ge=1, le=1000, description="rounds, the dense one counted: 6 is rounds 0 to 5")
