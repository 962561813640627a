"""A few kills of what ``python -m tests.soak.kills`` does at length."""

import sys

import pytest

from tests.soak.kills import soak


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills processes found in Linux's /proc")
def test_a_killed_study_ends_as_one_that_was_not(tmp_path):
    tally = soak(kills=4, seed=1, place=tmp_path, say=False)
    assert tally.kills == 4
    assert tally.wrong == []
