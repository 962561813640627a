"""A verdict's reason: one sentence with the numbers that decided, rounded for people."""

import math

from sparsight.verdict.measured import Verdict


def number(value: float, digits: int = 2) -> str:
    """Two digits after the point, or two that count where that would be little."""
    if abs(value) < 0.005 * 10**-digits:
        return "0.00"
    return f"{value:.{digits}g}" if abs(value) < 0.0995 else f"{value:.{digits}f}"


def apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers, with more digits where they would read alike; equal ones do."""
    for digits in range(2, 6):
        found = number(one, digits), number(other, digits)
        if found[0] != found[1]:
            return found
    return number(one), number(other)


def chance(p: float) -> str:
    """A p value."""
    if math.isnan(p):
        return "p undefined"
    return f"p = {p:.2g}" if p >= 0.001 else "p < 0.001"


def seeds(needed: int) -> str:
    """How many seeds, in words; see `Verdict.seeds_needed`."""
    return "10,000 or more" if needed >= 10_000 else f"{needed:,}"


def needed(row: Verdict) -> str:
    """How many seeds would decide, in words, with the interval of that number: ``about 12 (5 to 46) seeds``."""
    if row.seeds_needed is None:
        return ""
    low, high = row.seeds_needed_low, row.seeds_needed_high
    span = f" ({seeds(low)} to {seeds(high)})" if low is not None and high is not None and low < high else ""
    return f"about {seeds(row.seeds_needed)}{span} seeds"


def measured(row: Verdict, interval: str) -> str:
    """What was measured, and its interval, which is called ``interval``."""
    if row.axis == "similarity":
        low, high = apart(1 + row.ci_low, 1 + row.ci_high)
        what = f"drift {number(row.drift)} is {number(1 + row.excess)} times the floor of {number(row.floor)}"
    else:
        low, high = apart(row.ci_low, row.ci_high)
        what = f"{number(abs(row.drift))} {'above' if row.drift > 0 else 'below'} the unpruned networks"
    return f"{what} ({interval} interval {low} to {high})"


def claims(row: Verdict) -> tuple[str, str]:
    """What the test of a change and the test of none would establish."""
    if row.axis == "similarity":
        return "above the floor", f"below {number(1 + row.margin)} times the floor"
    return "different", f"within {number(row.margin)} of them"


def preserved(row: Verdict, interval: str, *, moved: bool) -> str:
    """Of a row that is preserved; ``moved`` where it is shown to have changed as well."""
    change, none = claims(row)
    text = f"{measured(row, interval)}, {none} ({chance(row.p_preserved)})"
    return f"a small shift: {text}, though {change} ({chance(row.p_changed)})" if moved else text


def changed(row: Verdict, interval: str, *, corrected: bool) -> str:
    """Of a row that has changed."""
    note = "" if corrected else "; not corrected for the number of metrics"
    return f"{measured(row, interval)}, {claims(row)[0]} ({chance(row.p_changed)}){note}"


def not_together(word: str, arms: int, reason: str) -> str:
    """Of a row whose word holds in its arm alone, not among all arms of the study."""
    return f"{word} in this arm alone, not at the level that the {arms} arms of the study share: {reason}"


def undecided(row: Verdict, interval: str, *, but_changed: str, but_preserved: str) -> str:
    """Of a row that no walk reached; the ``but`` say why a small p at this round does not count, where it is small."""
    parts = []
    for claim, p, but in zip(claims(row), (row.p_changed, row.p_preserved), (but_changed, but_preserved), strict=True):
        parts.append(
            f"{claim} at this round ({chance(p)}) but {but}" if but else f"not shown to be {claim} ({chance(p)})"
        )
    text = f"{measured(row, interval)}: {parts[0]}, {parts[1]}"
    if but_changed or but_preserved or row.seeds_needed is None:
        return text
    if row.seeds_needed <= row.seeds:
        return f"{text}; it lies between the two, where more seeds of this spread help little"
    return f"{text}; {needed(row)} would tell no change from one of the margin"
