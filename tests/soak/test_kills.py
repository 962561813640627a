"""A few kills of what ``python -m tests.soak.kills`` does at length."""

import sys

import pytest

from tests.soak.kills import soak

STUDY = """\
data: {name: toybirds, train: 24, validation: 24, test: 24, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 2, batch_size: 12, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 3}
study: {seeds: [0], arms: [magnitude, "toggle:mask_once+keep_optimizer", "dense-at:magnitude:1"], retrains: 0}
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills processes found in Linux's /proc")
def test_a_killed_study_ends_as_one_that_was_not(tmp_path):
    tally = soak(kills=2, seed=1, place=tmp_path, study=STUDY, options=("--no-report",), say=False)
    assert tally.kills == 2
    assert tally.wrong == []
