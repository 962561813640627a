"""How few places a map may have."""

import pytest

from sparsight.verdict import coarse_note, few_places, is_coarse


@pytest.mark.parametrize(
    ("grid", "judged", "coarse"),
    [
        ((1, 1), False, False),
        ((2, 2), False, False),
        ((2, 4), False, False),
        ((3, 3), True, True),
        ((4, 4), True, True),
        ((2, 12), True, True),
        ((5, 5), True, False),
        ((7, 7), True, False),
    ],
)
def test_maps_below_nine_places_are_not_judged_and_below_twenty_five_are_coarse(grid, judged, coarse):
    gate = few_places("gradcam", grid)
    assert (gate.passed, is_coarse(grid[0] * grid[1])) == (judged, coarse)
    assert gate.reason == f"Maps of gradcam are compared at {grid[0]} x {grid[1]} positions (limit 9 in all)"
    assert gate.voids == ("map_spearman", "map_iou_20")


@pytest.mark.parametrize(("places", "brightest"), [(9, 2), (16, 4), (20, 4), (24, 5)])
def test_how_few_the_brightest_are_is_stated(places, brightest):
    said = coarse_note(places, "take larger images")
    assert f"the brightest 20 % are {brightest} of {places} places" in said
    assert said.endswith("; take larger images")
