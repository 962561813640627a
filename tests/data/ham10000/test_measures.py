"""Numbers of lesions whose answer is known, and against scikit-image."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab
from skimage.measure import perimeter_crofton

from sparsight.data.ham10000.measures import MEASURES, asymmetry, lab_of, measure, perimeter

SKIN, BROWN = (230, 190, 160), (120, 70, 40)
DOWN, ACROSS = np.mgrid[:96, :96]


def disc(radius=30, down=48.0, across=48.0):
    return (DOWN - down) ** 2 + (ACROSS - across) ** 2 <= radius**2


def seen(mask, colour=BROWN, skin=SKIN):
    pixels = np.where(mask[..., None], colour, skin).astype(np.uint8)
    return dict(zip(MEASURES, measure(pixels, mask).tolist(), strict=True))


@given(st.integers(0, 2**32 - 1))
def test_colours_are_those_of_scikit_image(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    assert np.allclose(lab_of(pixels), rgb2lab(pixels), atol=0.02)


@given(st.integers(0, 2**32 - 1))
def test_the_perimeter_is_that_of_scikit_image(seed):
    coarse = np.random.default_rng(seed).random((5, 5)) < 0.5
    mask = np.pad(np.kron(coarse, np.ones((4, 4), dtype=bool)), 1)
    assert perimeter(mask) == pytest.approx(perimeter_crofton(mask, directions=4))


def test_a_disc_is_symmetric_and_smooth():
    found = seen(disc())
    assert found["size"] == pytest.approx(math.pi * 900 / 96**2, rel=0.02)
    assert found["asymmetry"] < 0.03
    assert found["irregularity"] == pytest.approx(1, abs=0.1)
    assert found["variegation"] == pytest.approx(0, abs=1e-9)


def test_an_ellipse_at_any_angle_is_symmetric_and_half_a_ring_is_not():
    for angle in (0.0, 0.5, 1.2):
        along = (DOWN - 48) * math.cos(angle) + (ACROSS - 48) * math.sin(angle)
        off = (DOWN - 48) * math.sin(angle) - (ACROSS - 48) * math.cos(angle)
        assert asymmetry((along / 35) ** 2 + (off / 18) ** 2 <= 1) < 0.05
    bent = disc(35) & ~disc(28, down=36)
    assert asymmetry(bent) > 0.15


def test_a_star_has_a_more_irregular_border_than_a_disc():
    angle, away = np.arctan2(DOWN - 48, ACROSS - 48), np.hypot(DOWN - 48, ACROSS - 48)
    star = away <= 28 + 8 * np.sin(9 * angle)
    assert seen(star)["irregularity"] > 1.5 * seen(disc())["irregularity"]


def test_colours_are_told_from_the_skin():
    mask = disc()
    brown, black = seen(mask), seen(mask, (30, 25, 22))
    red, blue = seen(mask, (170, 40, 50)), seen(mask, (90, 100, 130))
    assert black["darkness"] > brown["darkness"] > 0
    assert red["redness"] > max(brown["redness"], black["redness"]) > 0
    assert blue["blueness"] > max(brown["blueness"], red["blueness"], black["blueness"])
    pale = seen(mask, (200, 150, 120))
    assert brown["abruptness"] > pale["abruptness"] > 0
    # The same lesion on darker skin is less dark.
    assert seen(mask, BROWN, (190, 150, 120))["darkness"] < brown["darkness"]
    spotted = np.where((ACROSS // 4 % 2 == 0)[..., None], BROWN, (30, 25, 22))
    assert measure(np.where(mask[..., None], spotted, SKIN).astype(np.uint8), mask)[4] > 5


def test_what_cannot_be_told_is_not_a_number():
    nothing = np.zeros((96, 96), dtype=bool)
    assert all(math.isnan(value) for value in seen(nothing).values())
    cut = seen(disc(45, across=95))
    assert {name for name, value in cut.items() if math.isnan(value)} == {"asymmetry", "irregularity"}
    full = seen(~nothing)
    assert {name for name, value in full.items() if not math.isnan(value)} == {"size"}
