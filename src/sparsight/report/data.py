"""What a report is made of: tables, pictures and facts, all computed elsewhere.

The tables' columns are the contract of a run's ``results/`` folder. Round 0 of an arm is its dense parent, repeated
under the arm's name; dense parents and controls carry ``dense:<rule>`` and ``retrain:<rule>`` as arm, and only they
fill ``repeat``. ``weights_remaining`` is a fraction of the prunable weights. Any value may be NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, UInt8

from sparsight.report.constant import ConstantAnswer

_NETWORK = ("arm", "seed", "repeat", "round", "weights_remaining")
_REFERENCE = ("reference_arm", "reference_seed", "reference_repeat", "reference_round")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accuracy": (*_NETWORK, "split", "model", "metric", "value"),
    "faithfulness": (*_NETWORK, "metric", "method", "target", "unit", "unit_id", "value"),
    "concepts": (*_NETWORK, "class", "rank", "concept", "weight"),
    "drift": (*_NETWORK, *_REFERENCE, "family", "metric", "method", "target", "split", "unit", "unit_id", "value"),
    "verdict": (
        *("arm", "round", "weights_remaining", "axis", "family", "metric", "method", "target"),
        *("drift", "floor", "excess", "ci_low", "ci_high", "margin", "p_changed", "p_preserved"),
        *("seeds", "retrains", "seeds_needed", "seeds_needed_low", "seeds_needed_high", "verdict", "reason"),
    ),
    "ablation": ("switch", "released", "seed", "round", "model", "collapse", "alone", "left_out"),
}
"""The columns that each table of a report must have, in the order of the run's files."""


@dataclass(frozen=True, eq=False)
class StripCell:
    """How one network of an arm sees one image.

    Attributes:
        round: the network's round.
        weights_remaining: fraction of the prunable weights.
        map: the raw, signed saliency map of shape (h, w), at the resolution of the feature map.
        prediction: the name of the class that the network predicts.
        dead: whether the map is nowhere positive, so that nothing can be shown.
    """

    round: int
    weights_remaining: float
    map: Float32[np.ndarray, "h w"]
    prediction: str
    dead: bool


@dataclass(frozen=True, eq=False)
class Strip:
    """One image and its maps, by arm and round.

    Attributes:
        image: array of shape (H, W, 3).
        mask: the object's true mask of shape (H, W), or None where none is known.
        class_name: the image's label.
        explained: the name of the class whose maps are shown (by default the dense network's prediction).
        arms: the cells of each arm, by rising round.
        beside: the same by the second method; no cells where there is none.
    """

    image: UInt8[np.ndarray, "H W 3"]
    mask: Bool[np.ndarray, "H W"] | None
    class_name: str
    explained: str
    arms: Mapping[str, tuple[StripCell, ...]]
    beside: Mapping[str, tuple[StripCell, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that a report shows.

    Attributes:
        title: the page's title.
        preset: the preset's name or the settings file's.
        command: the command line that makes the run again.
        settings: the resolved settings, by room.
        arms: the arms in the order in which they are shown.
        rules: the rule of each arm's controls, which are ``retrain:<rule>``.
        parents: the rule of each arm's dense networks, which are ``dense:<rule>``.
        seeds: the seeds; the first is the one whose concept tables and strips the page shows.
        rounds: how many rounds, the dense one among them.
        classes: the classes' names.
        accuracy: table with ``COLUMNS["accuracy"]``.
        faithfulness: table with ``COLUMNS["faithfulness"]``.
        concepts: table with ``COLUMNS["concepts"]``.
        drift: table with ``COLUMNS["drift"]``.
        ablation: table with ``COLUMNS["ablation"]``, without rows where no switch was studied.
        verdict: table with ``COLUMNS["verdict"]``.
        judged: what ``verdict.json`` says above the table: ``gates``, and by arm ``arms`` (hypothesis, sentence,
            rounds, association, truth) and ``movers``.
        strips: the images with their maps, of the first seed.
        notices: facts of one line each that a reader must know (dropped concepts, layers that died, ...).
        facts: what was run, as label and text, in the order in which it is shown (data, network, wall time, ...).
        versions: the version of each library.
        has_concepts: whether the data set has concepts; without any, the page asks nothing of them and of g.
        results: the SHA-256 of each file that the tables were read from, by its place in the run.
        constant: the class with the most test images, and what answering it always scores.
    """

    title: str
    preset: str
    command: str
    settings: Mapping[str, Mapping[str, object]]
    arms: tuple[str, ...]
    rules: Mapping[str, str]
    parents: Mapping[str, str]
    seeds: tuple[int, ...]
    rounds: int
    classes: tuple[str, ...]
    accuracy: pd.DataFrame
    faithfulness: pd.DataFrame
    concepts: pd.DataFrame
    drift: pd.DataFrame
    ablation: pd.DataFrame
    verdict: pd.DataFrame
    judged: Mapping[str, Any]
    strips: tuple[Strip, ...] = ()
    notices: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    has_concepts: bool = True
    results: Mapping[str, str] = field(default_factory=dict)
    constant: ConstantAnswer | None = None

    def __post_init__(self) -> None:
        """Check the tables' columns and the arms' rules.

        Raises:
            ValueError: naming the table and the columns that it lacks, or the arms without a rule.
        """
        for name, columns in COLUMNS.items():
            missing = [column for column in columns if column not in getattr(self, name).columns]
            if missing:
                raise ValueError(f"the report's table {name} lacks the columns {', '.join(missing)}")
        if homeless := [arm for arm in self.arms if arm not in self.rules or arm not in self.parents]:
            raise ValueError(f"the report knows no rule for the arms {', '.join(homeless)}")
        if not self.arms or not self.seeds:
            raise ValueError("a report needs at least one arm and one seed")
