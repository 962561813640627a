"""Explanations that changed or did not, beside the truth that they ought to follow."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sparsight.verdict import Key, Verdict

TRUTHS = {"concepts": "do_concept", "pixels": "do_part"}
"""For a family of explanations, the change of the truth that it ought to follow."""


def against_truth(verdicts: Sequence[Verdict], primary: Collection[Key]) -> Iterator[dict[str, Any]]:
    """Where a primary explanation changed, whether the truth did: if not, the method moved and not the network."""
    by_place = {(row.family, row.metric, row.round): row for row in verdicts if row.axis == "similarity"}
    for row in verdicts:
        truth = by_place.get(("truth", TRUTHS.get(row.family, ""), row.round))
        if row.key not in primary or row.axis != "similarity" or truth is None:
            continue
        if row.verdict == "changed":
            words = {
                "changed": "the explanation moved, and so did the network",
                "preserved": "the explanation moved and the truth did not: the method moved, not the network",
                "undecided": "the explanation moved; whether the network did is undecided",
            }[truth.verdict]
        elif truth.verdict == "changed":
            words = {
                "preserved": "the network moved and the explanation does not show it",
                "undecided": "the network moved; whether the explanation shows it is undecided",
            }[row.verdict]
        else:
            continue
        yield {
            "round": row.round,
            "metric": row.metric,
            "explanation": row.verdict,
            "truth_metric": truth.metric,
            "truth": truth.verdict,
            "excess": row.excess,
            "truth_excess": truth.excess,
            "sentence": words,
        }
