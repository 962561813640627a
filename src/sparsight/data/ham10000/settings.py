"""Which of HAM10000 is read, and how."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from sparsight.data.examples import ExampleSettings
from sparsight.data.listing import expanded


class HamSettings(ExampleSettings):
    """The official files, and the choices that papers make differently.

    Attributes:
        path: the folder with ``HAM10000_metadata`` (with or without ``.csv``) and any number of image folders, or one
            that holds it.
        image_size: side of the square images in pixels.
        whole_size: side at which the whole pictures are kept for random resized crops; none by default.
        images: at most so many images, whole lesions, drawn from each diagnosis in proportion; all by default.
        target: ``malignant`` (the paper: melanoma and basal cell carcinoma against the rest) or ``diagnosis``
            (all seven).
        akiec: on which side actinic keratoses stand: ``benign`` as in the paper, or ``malignant``.
        split: ``lesion``, which keeps all images of a lesion on one side; or ``image-released``, image by image as the
            paper's code does it, whose sides show the same lesions. Both are stratified by diagnosis.
        validation, test: shares of the split by lesion; the others train. Of ``image-released`` four fifths train, as
            in the paper's code; the last fifth, on which that both validates and tests, is halved.
        seed: draws splits, subsets and examples.
        masks: ``auto``, the lesion segmentations where there are some, or ``none``.
        concepts: ``masks``, computed from image and segmentation (``data/ham10000/concepts.py``); ``derm7pt`` (the
            paper) or ``examples``, example images below ``concept_path``; or ``none``.
        concept_path: the folder of Derm7pt, or one of ``<concept>/positive`` and ``<concept>/negative``.
    """

    name: Literal["ham10000"] = "ham10000"
    flip: ClassVar[bool] = True
    """Whether a mirrored image keeps its class and concepts."""
    path: Path | None = None
    image_size: int = Field(default=224, ge=16, le=1024)
    whole_size: int | None = Field(default=None, ge=16, le=1024)
    images: int | None = Field(default=None, ge=20)
    target: Literal["malignant", "diagnosis"] = "malignant"
    akiec: Literal["benign", "malignant"] = "benign"
    split: Literal["lesion", "image-released"] = "lesion"
    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.15, gt=0, lt=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    masks: Literal["auto", "none"] = "auto"
    concepts: Literal["masks", "derm7pt", "examples", "none"] = "masks"
    concept_path: Path | None = None

    @field_validator("path", "concept_path")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else expanded(path)

    @model_validator(mode="after")
    def _fits(self) -> "HamSettings":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test are shares; their sum must stay below 1, or nothing trains")
        if self.concept_path is not None and self.concepts not in ("derm7pt", "examples"):
            raise ValueError(
                f"concepts {self.concepts} need no concept_path; take concepts derm7pt or examples with it"
            )
        if self.concepts == "masks" and self.masks == "none":
            raise ValueError("concepts masks are computed from the masks; take concepts none as well, or masks auto")
        return self
