import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sparsight.report.audit.difference import LESS, MORE, difference, difference_bar
from sparsight.report.overlay import SIDE

GREY = np.full((64, 64, 3), 128, dtype=np.uint8)
LEFT = np.array([[1.0, 0.0], [1.0, 0.0]], dtype=np.float32)


def test_equal_maps_leave_the_image():
    picture, more, less = difference(GREY, LEFT, LEFT, None)
    assert (picture == 128).all()
    assert (more, less) == (0.0, 0.0)


def test_only_places_count_and_not_strength():
    picture, more, less = difference(GREY, LEFT, 40 * LEFT, None)
    assert (picture == 128).all()
    assert (more, less) == (0.0, 0.0)


def test_more_is_orange_with_plus_and_less_is_blue_with_minus():
    picture, more, less = difference(GREY, LEFT, LEFT[:, ::-1].copy(), None)
    left, right = picture[:, : SIDE // 4].reshape(-1, 3), picture[:, -SIDE // 4 :].reshape(-1, 3)
    plain = [np.median(half, axis=0) for half in (left, right)]
    assert abs(plain[0] - LESS).max() < 25
    assert abs(plain[1] - MORE).max() < 25
    assert 0.2 < more == less < 0.5

    def signs(half):
        """Height and width of the white bars about the middle of the first whole sign."""
        white = (half == 255).all(axis=2)
        return white[:, 8].sum(), white[8].sum()

    high, wide = signs(picture[:16, :16])
    assert (high, wide) == (3, 9), "a minus is wider than high"
    high, wide = signs(picture[:16, -16:])
    assert (high, wide) == (9, 9), "a plus is as high as wide"


def test_maps_of_two_sizes_are_laid_over_each_other():
    fine = np.repeat(np.repeat(LEFT, 4, axis=0), 4, axis=1)
    _, more, less = difference(GREY, LEFT, fine, None)
    assert more + less < 0.5


@given(arrays(np.float32, (3, 3), elements=st.floats(-1, 1, width=32)), st.booleans())
def test_what_is_more_for_the_one_is_less_for_the_other(raw, dead):
    other = -np.abs(raw) if dead else np.flipud(raw).copy()
    _, more, less = difference(GREY, raw, other, None)
    _, more_back, less_back = difference(GREY, other, raw, None)
    assert (more, less) == (less_back, more_back)


def test_the_bar_has_both_ends():
    bar = difference_bar()
    assert bar.shape == (16, 176, 3)
    assert bar[0, 0, 2] > 150 > bar[0, 0, 0]
    assert bar[0, -1, 0] > 150 > bar[0, -1, 2]
