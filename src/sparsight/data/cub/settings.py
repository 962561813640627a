"""Which of CUB-200-2011 is read, and how."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from sparsight.data.examples import ExampleSettings
from sparsight.data.listing import expanded

Name = Annotated[str, Field(min_length=1, max_length=200)]


class CubSettings(ExampleSettings):
    """The official folder, and the choices that papers make differently.

    Attributes:
        path: the folder ``CUB_200_2011`` as unpacked, or the one that holds it.
        image_size: side of the square images in pixels.
        whole_size: side at which the whole pictures are kept for random resized crops; none by default.
        classes: so many of the classes that have images, the first by number; or a list of their names, as
            ``Black footed Albatross``, or numbers; all by default.
        split: ``official``, whose training images give a share for validation; or ``released``, the paper's code's:
            of all images of a class a tenth for validation, a tenth for test.
        validation: of the official split, the share of each class's training images that validates.
        seed: draws splits and examples.
        concepts: ``class-majority`` (the paper) or ``image-vote`` (Koh et al. 2020), from CUB's attributes;
            ``examples``, example images below ``concept_path``; or ``none``.
        concept_path: a folder of ``<concept>/positive`` and ``<concept>/negative``.
        masks: of the bird: its ``segmentation``, its ``box``, ``auto`` (segmentations where there are some) or
            ``none``.
        parts: whether the 15 part locations are kept as discs.
    """

    name: Literal["cub200"] = "cub200"
    flip: ClassVar[bool] = True
    """Whether a mirrored image keeps its class and concepts."""
    path: Path | None = None
    image_size: int = Field(default=224, ge=8, le=1024)
    whole_size: int | None = Field(default=None, ge=8, le=1024)
    classes: Annotated[int, Field(ge=2, le=200)] | Annotated[tuple[int | Name, ...], Field(min_length=2)] | None = None
    split: Literal["official", "released"] = "official"
    validation: float = Field(default=0.1, gt=0, lt=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    concepts: Literal["class-majority", "image-vote", "examples", "none"] = "class-majority"
    concept_path: Path | None = None
    masks: Literal["auto", "segmentation", "box", "none"] = "auto"
    parts: bool = True

    @field_validator("path", "concept_path")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else expanded(path)

    @model_validator(mode="after")
    def _examples_have_a_place(self) -> "CubSettings":
        if self.concept_path is not None and self.concepts != "examples":
            raise ValueError(f"concepts {self.concepts} need no concept_path; take concepts examples with it")
        return self
