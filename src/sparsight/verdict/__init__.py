"""Whether pruning moved what a network decides on: tests against networks that were merely trained again."""

from sparsight.verdict.decide import decide
from sparsight.verdict.gates import (
    Gate,
    dead_maps,
    few_images,
    random_bank,
    random_labels,
    randomised_model,
    room,
    voided,
)
from sparsight.verdict.headline import Association, Headline, RoundHeadline, association, headline
from sparsight.verdict.measured import Drifted, Key, Levelled, Verdict, Word
from sparsight.verdict.primary import PRIMARY, primary_names
from sparsight.verdict.settings import VerdictSettings

__all__ = [
    "PRIMARY",
    "Association",
    "Drifted",
    "Gate",
    "Headline",
    "Key",
    "Levelled",
    "RoundHeadline",
    "Verdict",
    "VerdictSettings",
    "Word",
    "association",
    "dead_maps",
    "decide",
    "few_images",
    "headline",
    "primary_names",
    "random_bank",
    "random_labels",
    "randomised_model",
    "room",
    "voided",
]
