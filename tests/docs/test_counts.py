"""Counts and limits that the pages state are those that the code decides by."""

import re

import numpy as np
import pytest

from sparsight.auditing.gates import MOST_UNDEFINED
from sparsight.verdict import KEPT, LEAST_PLACES, VerdictSettings, decide_level
from sparsight.verdict.places import COARSE_PLACES
from tests.docs.pages import text_of

SETTINGS = VerdictSettings()


def stated(page, pattern):
    found = re.search(pattern, re.sub(r"\s+", " ", text_of(page)))
    assert found, pattern
    return float(found[1])


def fewest_images():
    """Images on which equal answers are shown to be no loss beyond the margin."""
    for count in range(100, 200):
        right = np.repeat([1.0, 0.0], [count - 20, 20])
        if decide_level(right, right, (), SETTINGS.accuracy_margin, SETTINGS.level).verdict in KEPT:
            return count
    return None


@pytest.mark.parametrize(
    ("page", "pattern", "value"),
    [
        ("audit.md", r"no more than 0\.02 of accuracy is lost takes (\d+) images", fewest_images()),
        ("audit.md", r"no more than ([\d.]+) of accuracy is lost", SETTINGS.accuracy_margin),
        ("audit.md", r"fewer than (\d+) images void", SETTINGS.least_images),
        ("audit.md", r"more than (\d+) % of the units lack", 100 * MOST_UNDEFINED),
        ("statistics.md", r"fewer than (\d+) images \|", SETTINGS.least_images),
        ("statistics.md", r"fewer than (\d+) positions", LEAST_PLACES),
        ("statistics.md", r"Maps of 9 to (\d+) positions are coarse", COARSE_PLACES - 1),
        ("statistics.md", r"more than (\d+) % of a network's maps are zero", 100 * SETTINGS.most_dead),
    ],
)
def test_a_number_on_a_page_is_the_codes(page, pattern, value):
    assert stated(page, pattern) == value
