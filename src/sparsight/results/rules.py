"""By which rules result tables were made: those of other rules do not pass for today's, and are made again for little.

A number changes its meaning with how it is estimated. The evidence of a run stays what it is.
"""

from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import read_json
from sparsight.runs import RESULTS

VERDICT = "verdict.json"
RULES = 4
"""Of the tables that are written today. To be raised whenever equal evidence gives other numbers or verdicts:

1. (not stated in the file) linear CKA by its biased estimate;
2. debiased, and undefined of fewer than 4 images; every metric has a ceiling; differences are in units of their
   round's drift, and the spread is that of all primary metrics; headlines are decided among the arms of a study, and
   tickets win only while they do in all denser rounds;
3. weights of g that its solver does not tell apart are ties, and concepts of equal columns one concept;
4. a dead map beside one that is not is at a drift of 1, where it was undefined; so is what else says nothing in one
   network alone.
"""


def other_rules(folder: Path) -> str:
    """Why a run's tables are not those of today's rules, and what to do; empty where they are, or cannot be read."""
    try:
        stated = read_json(folder / RESULTS / VERDICT, "verdict").get("rules", 1)
    except InputError:
        return ""
    if stated == RULES:
        return ""
    return (
        f"made by the rules of another version of sparsight ({stated}, and these are {RULES}), so that "
        "numbers and verdicts may differ; run the study's command again: tables and verdicts are made again from the "
        "stored evidence, and nothing that is done is trained again"
    )
