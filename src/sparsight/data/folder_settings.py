"""Which images of class folders are read, and how they are split."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from sparsight.data.examples import ExampleSettings
from sparsight.data.listing import expanded


class FolderSettings(ExampleSettings):
    """Where the images lie and how they are split; paths are taken from the working directory.

    Attributes:
        path: a folder of class folders, or of train, validation (or val) and test with class folders in them.
        image_size: side of the square images in pixels.
        train, validation, test: shares of each class, where the folders do not decide. A study needs some of each; an
            audit without concepts takes all images to test on.
        seed: draws the split.
        concepts: a CSV file (see ``read_concepts``), or a folder of example images (see ``read_example_folder``); by
            default ``concepts.csv`` in the folder, and none without it.
        masks: a folder laid out as ``path`` with a mask for every image, under any lossless format's extension; or a
            COCO JSON file (see ``read_coco``).
        groups: which images belong together, as those of one patient, and stand on one side: a pattern (regular
            expression) over the path below the folder with the group in brackets, as ``(patient\\d+)_``, or the name of
            a column of the table of concepts; none by default.
        flip: whether a mirrored image keeps its class and concepts.
    """

    name: Literal["folder"] = "folder"
    path: Path
    image_size: int = Field(default=64, ge=8, le=1024)
    train: float = Field(default=0.6, ge=0, lt=1)
    validation: float = Field(default=0.2, ge=0, lt=1)
    test: float = Field(default=0.2, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    concepts: Path | None = None
    masks: Path | None = None
    groups: str | None = Field(default=None, min_length=1, max_length=200)
    flip: bool = True

    @field_validator("path", "concepts", "masks")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else expanded(path)

    @field_validator("groups")
    @classmethod
    def _one_group(cls, groups: str | None) -> str | None:
        if groups is not None and "(" in groups:
            try:
                brackets = re.compile(groups).groups
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"is no regular expression ({error}); correct it") from None
            if brackets != 1:
                raise ValueError(r"must have one pair of brackets, around what images share, as (patient\d+)")
        return groups

    @property
    def group_column(self) -> str | None:
        """The column that states the groups; None where a pattern does, or nothing."""
        return self.groups if self.groups is not None and "(" not in self.groups else None

    @model_validator(mode="after")
    def _shares(self) -> "FolderSettings":
        if self.train + self.validation + self.test > 1 + 1e-9:
            raise ValueError("train, validation and test are shares; their sum must not exceed 1")
        return self
