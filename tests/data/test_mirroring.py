"""Names that a mirrored image may no longer have."""

import pytest

from sparsight.data.mirroring import mirrored_names


@pytest.mark.parametrize(
    ("classes", "concepts", "shown"),
    [
        (("left", "right"), (), "left, right"),
        (("dark", "light"), ("side_left", "side_right"), "side_left, side_right"),
        (("TurnLeft", "stop"), (), "TurnLeft"),
        (tuple("0123456789"), (), "0, 1, 2, 3, ..."),
        (("digit_1", "digit_2", "digit_3", "digit_4", "digit_5"), (), "digit_1, digit_2, digit_3, digit_4, ..."),
    ],
)
def test_sides_digits_and_letters_are_named(classes, concepts, shown):
    (note,) = mirrored_names(classes, concepts)
    assert f"such as {shown};" in note


@pytest.mark.parametrize(
    ("classes", "concepts"),
    [
        (("a", "b", "c"), ("striped",)),
        (("cleft", "bright", "leftover"), ("upright",)),
        (("l", "r"), ()),
        (("0", "1"), ()),
        (("benign", "malignant"), ("darkness", "redness")),
    ],
)
def test_other_names_raise_no_alarm(classes, concepts):
    assert mirrored_names(classes, concepts) == []
