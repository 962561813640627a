"""What the report of an audit is made of: tables, pictures and facts, all computed elsewhere. Any number may be NaN."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, UInt8

from sparsight.report.constant import ConstantAnswer

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "verdicts": (
        *("model", "axis", "family", "metric", "method", "target", "primary", "unit", "units"),
        *("drift", "low", "high", "floor", "ceiling", "share", "retrains", "margin", "p_changed", "p_preserved"),
        *("verdict", "reason"),
    ),
    "accuracy": ("model", "role", "of", "metric", "value"),
    "concepts": ("model", "class", "rank", "concept", "weight"),
    "classes": ("model", "class", "images", "metric", "value"),
    "images": ("model", "place", "label", "original", "prediction", "stratum", "map_spearman", "map_iou_20"),
}
"""The columns of each table.

``verdicts``: a row a model and metric. On the axis ``similarity``, ``drift`` is 1 - similarity to the original; on
``accuracy`` and ``faithfulness`` it is the model's number less the original's. ``low`` and ``high`` are its interval
over units. ``primary`` marks those that make the headline, ``floor`` is the mean over the ``retrains`` networks trained
again, ``ceiling`` the drift of evidence that has nothing in common, ``share`` how much of the way there the drift is,
and ``margin`` what still counts as near, as a drift.
``accuracy``: ``role`` is ``original``, ``model`` or ``floor``; ``of`` is ``f``, ``g`` or ``concepts``.
``concepts``: each class's top concepts in g, of the original and of every model; none without concepts.
``classes``: means by class, of ``accuracy`` (also the original's), and of drifts that have one: ``top_k_jaccard``,
``weight_spearman``, ``map_spearman``, ``map_iou_20``.
``images``: a row a model and test image; ``stratum`` is ``both right``, ``flipped`` or ``both wrong``.
"""


@dataclass(frozen=True, eq=False)
class AuditMap:
    """How one model sees one image.

    Attributes:
        map: raw and signed, of shape (h, w), at its own resolution; None where no map can be made of the model.
        prediction: the class that it gives.
        dead: whether the map is nowhere positive.
        moved: drift of the map from the original's (1 - Spearman's correlation); NaN of the original itself.
    """

    map: Float32[np.ndarray, "h w"] | None
    prediction: str
    dead: bool
    moved: float


@dataclass(frozen=True, eq=False)
class AuditPicture:
    """One image and its maps, all of the original's prediction.

    Attributes:
        place: of the image in the test split.
        image: of shape (H, W, 3).
        mask: the object's true mask, or None.
        label: the right class.
        explained: the class whose maps these are, the original's prediction.
        original: its map.
        models: the others', by name.
    """

    place: int
    image: UInt8[np.ndarray, "H W 3"]
    mask: Bool[np.ndarray, "H W"] | None
    label: str
    explained: str
    original: AuditMap
    models: Mapping[str, AuditMap]


@dataclass(frozen=True)
class AuditInput:
    """A model, what it was shown, and what it answered.

    Attributes:
        name: the model's.
        role: ``original``, ``model`` or ``floor``.
        accuracy: share of the test images that it answers right.
        answers: how many classes it answers.
        size: height and width in pixels of the images that it was shown.
        mean, deviation: by which they were normalised, of red, green and blue in 0..1.
        source: by what these are known, or guessed; empty where that is not recorded.
        expected: side in pixels of the images that it was made for; None where that is not known.
        parameters: how many it has, each once; None where they cannot be counted.
        zeros: share of its weights (of convolutions, linear, attention and recurrent layers) that are zero; NaN where
            they cannot be counted.
    """

    name: str
    role: str
    accuracy: float
    answers: int
    size: tuple[int, int]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    source: str = ""
    expected: int | None = None
    parameters: int | None = None
    zeros: float = math.nan


@dataclass(frozen=True)
class AuditHeadline:
    """One model's verdict.

    Attributes:
        word: with a floor *preserved*, *changed* or *undecided*, without *within the margin*, *beyond the margin*,
            *undecided*, or *preserved* where all is the same bit for bit: of the explanation.
        sentence: it in one sentence, with what became of the answers and of the accuracy.
    """

    word: str
    sentence: str


@dataclass(frozen=True, eq=False)
class AuditData:
    """Everything that an audit's report shows.

    Attributes:
        title: the page's title.
        command: what makes the audit again, as a command line or in Python.
        original: name of the model that the others are compared with.
        models: names of the others, in the order in which they are shown.
        floor: names of the originals trained again; none without.
        classes: the classes' names.
        settings: the resolved settings, by room.
        headlines: by model.
        verdicts, accuracy, concepts, classes_table, images: tables with ``COLUMNS`` (``classes_table``: ``classes``).
        gates: what was checked of the method: the fields of ``sparsight.verdict.Gate``.
        pictures: the images whose evidence moved most, those that both models get right first.
        missing: by model what is not available, such as ``maps``, and why, in one line.
        notices: facts of one line each that a reader must know.
        facts: what was looked at, as label and text, in the order in which it is shown.
        versions: the version of each library.
        inputs: every model with what it was shown, the original first.
        constant: the answer without a look at the images that accuracies are read beside.
        concept_names: by what a concept is called all its names, of those that have several: their columns are equal.
        void: why nothing can be concluded from the original, a line each; empty where something can.
    """

    title: str
    command: str
    original: str
    models: tuple[str, ...]
    floor: tuple[str, ...]
    classes: tuple[str, ...]
    settings: Mapping[str, Any]
    headlines: Mapping[str, AuditHeadline]
    verdicts: pd.DataFrame
    accuracy: pd.DataFrame
    concepts: pd.DataFrame
    classes_table: pd.DataFrame
    images: pd.DataFrame
    gates: tuple[Mapping[str, Any], ...] = ()
    pictures: tuple[AuditPicture, ...] = ()
    missing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[AuditInput, ...] = ()
    constant: ConstantAnswer | None = None
    void: tuple[str, ...] = ()
    concept_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the tables' columns.

        Raises:
            ValueError: naming the table and the columns that it lacks.
        """
        for name, columns in COLUMNS.items():
            table = self.classes_table if name == "classes" else getattr(self, name)
            if missing := [column for column in columns if column not in table.columns]:
                raise ValueError(f"the audit's table {name} lacks the columns {', '.join(missing)}")
