"""What a ToyBirds data set is made from."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

from sparsight.data.toybirds.species import SPECIES

Count = Annotated[int, Field(ge=len(SPECIES), le=1_000_000)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class ToyBirdsSettings(BaseModel, frozen=True, extra="forbid"):
    """Settings of ToyBirds; the same settings give the same pixels on any machine.

    Attributes:
        train, validation, test: images in each split, one a species at least; species take turns, so that every split
            is balanced to within one image.
        image_size: side of the square images in pixels.
        seed: another seed gives other birds of the same species.
        shortcut: probability that a bird sits in its species' own habitat; otherwise the habitat is drawn uniformly.
        variation: probability that a bird departs from its species in a concept group, for each group independently.
    """

    name: Literal["toybirds"] = "toybirds"
    flip: ClassVar[bool] = True
    """Whether a mirrored image keeps its class and concepts."""
    train: Count = 1500
    validation: Count = 500
    test: Count = 500
    image_size: Annotated[int, Field(ge=32, le=448)] = 64
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    shortcut: Share = 0.0
    variation: Share = 0.08
