"""Whether a round's tickets are as accurate as unpruned networks, and why that is undecided."""

import math
from collections.abc import Sequence
from typing import Literal

from sparsight.verdict import reasons
from sparsight.verdict.arms import Claims, Decided
from sparsight.verdict.measured import Verdict
from sparsight.verdict.primary import ACCURACY
from sparsight.verdict.settings import LEAST_RETRAINS, LEAST_SEEDS

Winning = Literal["yes", "no", "undecided"]


def winning(number: int, claims: Claims) -> Winning:
    """What the claims say of a round."""
    return "yes" if number in claims.wins else "no" if number in claims.loses else "undecided"


def why_winning(number: int, rows: Sequence[Verdict], decided: Decided) -> str:
    """The level that arms share, the round that stops the walk, the number of seeds, the spread between them, or that
    nothing was measured; empty where it is decided.

    Args:
        number: of the round.
        rows: its verdicts.
        decided: the arm's.
    """
    if winning(number, decided.together) != "undecided":
        return ""
    row = next((row for row in rows if row.key[:3] == ACCURACY), None)
    if row is None:
        return "no accuracy was measured"
    known = math.isfinite(row.ci_low) and math.isfinite(row.ci_high)
    if row.seeds < LEAST_SEEDS or row.retrains < LEAST_RETRAINS or not known:
        return row.reason
    low, high, margin = (reasons.number(value) for value in (row.ci_low, row.ci_high, -row.margin))
    interval = f"the interval of f's accuracy, {low} to {high} beside the unpruned networks,"
    rounds = sorted({one.round for one in decided.verdicts})
    for side, outside, held, sides in (
        ("above", row.ci_low >= -row.margin, decided.alone.wins, ("win", "denser")),
        ("below", row.ci_high <= -row.margin, decided.alone.loses, ("lose", "sparser")),
    ):
        before = [other for other in (rounds if side == "above" else rounds[::-1]) if other not in held]
        if not outside or before[:1] == [number]:
            continue
        lies = f"{interval} lies {side} the margin of {margin}"
        if number in held:
            return f"{lies}, but not at the level that the {decided.arms} arms of the study share"
        return f"{lies}, but round {before[0]}, which is {sides[1]}, is not shown to {sides[0]}"
    most = reasons.needed(row)
    needed = f"; {most} would tell, and it has {row.seeds}" if most else ""
    return f"{interval} holds the margin of {margin}{needed}"
