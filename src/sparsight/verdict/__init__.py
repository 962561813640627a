"""Whether pruning moved what a network decides on: tests against retrained networks."""

from sparsight.verdict.arms import Arm, Claims, Decided, decide_arms
from sparsight.verdict.chance import Constant, Sight, constant_answer, sight
from sparsight.verdict.decide import decide
from sparsight.verdict.gates import (
    Gate,
    dead_maps,
    few_images,
    few_pairs,
    random_bank,
    random_labels,
    randomised_model,
    room,
    voided,
)
from sparsight.verdict.headline import Association, Headline, RoundHeadline, association, headline
from sparsight.verdict.looks import (
    MOST_LOOKS,
    STEP,
    USUAL_MOST,
    level_at,
    look_levels,
    next_look,
    planned_looks,
)
from sparsight.verdict.margins import DEFAULT, DEFAULTS, Margin, read_margin
from sparsight.verdict.measured import Drifted, Key, Levelled, Verdict, Word
from sparsight.verdict.places import BRIGHTEST, LEAST_PLACES, PLACES, coarse_note, few_places, is_coarse
from sparsight.verdict.primary import ACCURACY, CONCEPTS, EMBEDDINGS, MAPS, PRIMARY, primary_names
from sparsight.verdict.settings import LEAST_RETRAINS, LEAST_SEEDS, VerdictSettings
from sparsight.verdict.single import decide_pair
from sparsight.verdict.single_exact import PairedShares, Share
from sparsight.verdict.single_jackknife import Jackknifed, jackknifed
from sparsight.verdict.single_level import LevelVerdict, decide_level
from sparsight.verdict.single_measured import (
    BEYOND,
    KEPT,
    LEAST_FLOOR,
    MOVED,
    WITHIN,
    Compared,
    Estimate,
    PairVerdict,
    PairWord,
)
from sparsight.verdict.single_reasons import percent
from sparsight.verdict.single_units import Bounded, over_units

__all__ = [
    "ACCURACY",
    "BEYOND",
    "BRIGHTEST",
    "CONCEPTS",
    "DEFAULT",
    "DEFAULTS",
    "EMBEDDINGS",
    "KEPT",
    "LEAST_FLOOR",
    "LEAST_PLACES",
    "LEAST_RETRAINS",
    "LEAST_SEEDS",
    "MAPS",
    "MOST_LOOKS",
    "MOVED",
    "PLACES",
    "PRIMARY",
    "STEP",
    "USUAL_MOST",
    "WITHIN",
    "Arm",
    "Association",
    "Bounded",
    "Claims",
    "Compared",
    "Constant",
    "Decided",
    "Drifted",
    "Estimate",
    "Gate",
    "Headline",
    "Jackknifed",
    "Key",
    "LevelVerdict",
    "Levelled",
    "Margin",
    "PairVerdict",
    "PairWord",
    "PairedShares",
    "RoundHeadline",
    "Share",
    "Sight",
    "Verdict",
    "VerdictSettings",
    "Word",
    "association",
    "coarse_note",
    "constant_answer",
    "dead_maps",
    "decide",
    "decide_arms",
    "decide_level",
    "decide_pair",
    "few_images",
    "few_pairs",
    "few_places",
    "headline",
    "is_coarse",
    "jackknifed",
    "level_at",
    "look_levels",
    "next_look",
    "over_units",
    "percent",
    "planned_looks",
    "primary_names",
    "random_bank",
    "random_labels",
    "randomised_model",
    "read_margin",
    "room",
    "sight",
    "voided",
]
