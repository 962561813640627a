"""Settings of the verdict and of its gates."""

from pydantic import BaseModel, ConfigDict, Field

LEAST_SEEDS, LEAST_RETRAINS = 3, 1
"""The fewest seeds, and controls a seed, that a verdict can be reached with."""


class VerdictSettings(BaseModel):
    """Margins, levels and the limits of the gates; the defaults are the calibrated ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    margin: float = Field(default=0.5, gt=0, description="excess drift that still counts as preserved, in floor units")
    least_margin: float = Field(default=0.02, ge=0, description="the margin is at least this much drift")
    window: int = Field(default=5, ge=1, le=1000, description="rounds over which the spread between seeds is estimated")
    level: float = Field(default=0.05, gt=0, le=0.2, description="level of each test and rate of Benjamini-Hochberg")
    accuracy_margin: float = Field(default=0.02, gt=0, description="margin of accuracies and AUROCs, absolute")
    energy_margin: float = Field(default=0.05, gt=0, description="margin of the energy inside masks, absolute")
    least_images: int = Field(default=30, ge=1, le=1_000_000, description="a metric on fewer images is void")
    most_dead: float = Field(default=0.2, ge=0, lt=1, description="a network with a larger share of dead maps voids")
    most_randomised: float = Field(
        default=0.5, gt=0, lt=1, description="maps of the randomised model may be this similar to the trained one's"
    )
