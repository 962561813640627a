"""Arms by their names."""

from itertools import chain as chained
from itertools import combinations

import pytest

from sparsight.arms import ARMS, TOGGLES, find_arm
from sparsight.errors import InputError


@pytest.mark.parametrize("name", ARMS)
def test_fixed_arms_have_the_name_they_are_found_by(name):
    assert find_arm(name).name == name


def test_every_combination_of_switches_is_an_arm_whatever_their_order():
    every = chained.from_iterable(combinations(TOGGLES, n) for n in range(1, len(TOGGLES) + 1))
    found = [find_arm("toggle:" + "+".join(reversed(switches))) for switches in every]
    assert len({arm.name for arm in found}) == len({arm.toggles for arm in found}) == 2 ** len(TOGGLES) - 1
    assert all(find_arm(arm.name) == arm for arm in found)
    assert len({arm.folder for arm in found}) == len(found)
    assert not any(":" in arm.folder for arm in found)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("toggle:freeze_negativ", "did you mean freeze_negative"),
        ("toggle:", "switches are"),
        ("toggle:mask_once+mask_once", "twice"),
        ("toggle:mask_once+", "switches are"),
        ("released-code-toggle:keep_optimizer", "not on in released-code"),
        ("rewind:0", "0 is magnitude"),
        ("rewind:-1", "rewind:EPOCHS"),
        ("rewind:1.5", "rewind:EPOCHS"),
        ("rewind:" + "9" * 5000, "rewind:EPOCHS"),
        ("rewind:٣", "rewind:EPOCHS"),
        ("dense-at:magnitude", "dense-at:ARM:ROUND"),
        ("dense-at:magnitude:0", "dense-at:ARM:ROUND"),
        ("dense-at:nothing:1", "unknown"),
        ("dense-at:dense-at:magnitude:1:1", "dense itself"),
        ("../../magnitude", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_name_that_is_none_is_said_to_be_none(name, says):
    with pytest.raises(InputError, match=says) as error:
        find_arm(name)
    assert len(str(error.value)) < 480
