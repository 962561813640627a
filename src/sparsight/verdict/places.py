"""How many places a saliency map has: below a few it shows none, and of few the brightest fifth is a handful."""

from math import ceil

from sparsight.verdict.gates import Gate
from sparsight.verdict.primary import MAPS

LEAST_PLACES = 9
"""Positions of a map below which it has no places to compare: all maps of one position are alike."""
COARSE_PLACES = 25
"""Positions below which a map is coarse: its brightest fifth is fewer than five places."""
BRIGHTEST = "map_iou_20"
"""The metric of the brightest fifth of the places. Of coarse maps it alone is no evidence of another explanation."""
PLACES = "few places"
"""Name of the gate."""

Grid = tuple[int, int]


def few_places(method: str, grid: Grid) -> Gate:
    """Maps of so few positions show no places.

    Args:
        method: how maps are made.
        grid: rows and columns at which they are compared.
    """
    places = grid[0] * grid[1]
    reason = f"Maps of {method} are compared at {grid[0]} x {grid[1]} positions (limit {LEAST_PLACES} in all)"
    return Gate(PLACES, method, float(places), float(LEAST_PLACES), places >= LEAST_PLACES, MAPS, reason)


def is_coarse(places: float) -> bool:
    """Whether maps of so many positions are compared, but tell coarse places alone."""
    return LEAST_PLACES <= places < COARSE_PLACES


def coarse_note(places: int, remedy: str) -> str:
    """What a reader of coarse maps should know.

    Args:
        places: of a map.
        remedy: how finer maps are had.
    """
    return (
        f"maps are compared at {places} positions, which tell coarse places alone: the brightest 20 % are "
        f"{ceil(places / 5)} of {places} places, and where they alone have moved, nothing is decided by that; {remedy}"
    )
