"""ToyBirds' rasteriser against point-by-point counting, and its own trigonometry against the library's."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.data.toybirds.raster import rasterise
from sparsight.data.toybirds.shapes import (
    BOX,
    CORNER,
    DISC,
    IDENTITY,
    after,
    closed,
    cosine,
    discs,
    moved,
    sine,
    spanned,
    stretched,
    turned,
)

SIZE = 24
FINE = 32  # sample points a pixel side of the counting
coordinate = st.floats(-0.4, 1.4)


def picture(path, placed=IDENTITY, size=SIZE):
    (patch,) = rasterise([path], [placed], size)
    whole = np.zeros((size, size))
    whole[patch.rows, patch.columns] = patch.alpha
    return whole


def counted(inside):
    """Share of sample points of each pixel for which ``inside(x, y)`` holds."""
    ticks = (np.arange(SIZE * FINE) + 0.5) / (SIZE * FINE)
    return inside(ticks[None, :], ticks[:, None]).reshape(SIZE, FINE, SIZE, FINE).mean((1, 3))


@given(st.floats(-1000, 1000))
def test_sine_and_cosine(degrees):
    assert sine(degrees) == pytest.approx(math.sin(math.radians(degrees)), abs=1e-8)
    assert cosine(degrees) == pytest.approx(math.cos(math.radians(degrees)), abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=3))
def test_triangles_cover_what_counting_finds(corners):
    (ax, ay), (bx, by), (cx, cy) = corners

    def inside(x, y):
        sides = [
            (qx - px) * (y - py) - (qy - py) * (x - px)
            for (px, py), (qx, qy) in (((ax, ay), (bx, by)), ((bx, by), (cx, cy)), ((cx, cy), (ax, ay)))
        ]
        return np.logical_and.reduce([s > 0 for s in sides]) | np.logical_and.reduce([s < 0 for s in sides])

    drawn = picture(closed([(x, y, CORNER) for x, y in corners]))
    error = np.abs(drawn - counted(inside))
    assert error.max() < 0.16  # an edge along a pixel row moves by one scan line of eight, and by one grid unit
    assert error.mean() < 0.01


def test_a_box_is_exact_where_it_lies_on_the_grid():
    drawn = picture(BOX, (5.5 / SIZE, 0.0, 2.25 / SIZE, 0.0, 3.125 / SIZE, 7.5 / SIZE))
    columns = np.clip(np.minimum(np.arange(SIZE) + 1, 7.75) - np.maximum(np.arange(SIZE), 2.25), 0, 1)
    rows = np.clip(np.minimum(np.arange(SIZE) + 1, 10.625) - np.maximum(np.arange(SIZE), 7.5), 0, 1)
    np.testing.assert_array_equal(drawn, rows[:, None] * columns[None, :])


def test_ellipses_are_round():
    s, c = math.sin(math.radians(30)), math.cos(math.radians(30))

    def inside(x, y):  # y points down: a turn that lifts the right side
        u, v = c * (x - 0.5) - s * (y - 0.45), s * (x - 0.5) + c * (y - 0.45)
        return (u / 0.35) ** 2 + (v / 0.2) ** 2 < 1

    drawn = picture(DISC, stretched(0.5, 0.45, 0.35, 0.2, 30.0))
    assert np.abs(drawn - counted(inside)).max() < 0.12
    assert drawn.sum() == pytest.approx(math.pi * 0.35 * 0.2 * SIZE**2, rel=0.01)


def test_shapes_are_cut_at_the_picture():
    assert (picture(BOX, (9.0, 0.0, -4.0, 0.0, 9.0, -4.0)) == 1).all()
    for away in (stretched(-3.0, 0.5, 1.0, 1.0), stretched(0.5, 4.0, 1.0, 1.0), stretched(9.0, 9.0, 1.0, 1.0)):
        assert picture(DISC, away).sum() == 0
    half = picture(DISC, stretched(0.0, 0.5, 0.3, 0.3))
    assert half.sum() == pytest.approx(math.pi * 0.09 / 2 * SIZE**2, rel=0.01)


def test_winding_does_not_matter_and_loops_add():
    there = closed([(0.1, 0.1, CORNER), (0.9, 0.2), (0.5, 0.9, CORNER)])
    back = closed([(0.5, 0.9, CORNER), (0.9, 0.2), (0.1, 0.1, CORNER)])
    np.testing.assert_allclose(picture(there), picture(back), atol=0.02)
    two = discs([(0.25, 0.3, 0.1), (0.7, 0.6, 0.2)])
    one, other = (picture(discs([d])) for d in ((0.25, 0.3, 0.1), (0.7, 0.6, 0.2)))
    np.testing.assert_array_equal(picture(two), one + other)


def test_shapes_do_not_see_each_other():
    paths = [DISC, BOX, discs([(0.2, 0.2, 0.1), (0.6, 0.4, 0.2)]), DISC, BOX]
    placed = [
        stretched(0.3, 0.7, 0.5, 0.1, 20.0),
        (0.3, 0.0, 0.5, 0.0, 0.2, 0.1),
        turned(15.0),
        stretched(3.0, 3.0, 1.0, 1.0),
        moved(0.9, 0.9),
    ]
    together = rasterise(paths, placed, SIZE)
    for path, place, patch in zip(paths, placed, together, strict=True):
        (alone,) = rasterise([path], [place], SIZE)
        assert (alone.rows, alone.columns) == (patch.rows, patch.columns)
        np.testing.assert_array_equal(alone.alpha, patch.alpha)


def test_affine_maps():
    def at(placed, x, y):
        a, b, c, d, e, f = placed
        return a * x + b * y + c, d * x + e * y + f

    assert at(after(moved(2.0, 3.0), moved(1.0, 1.0, 2.0, -1)), 1, 1) == (1, 6)
    assert at(turned(90.0, 1.0, 1.0), 2, 1) == pytest.approx((1, 0), abs=1e-8)  # what lies to the right is lifted
    assert at(spanned(1.0, 1.0, 4.0, 5.0, 2.0), 1, 0) == pytest.approx((4, 5))
    assert math.dist(
        at(spanned(1.0, 1.0, 4.0, 5.0, 2.0), 0, 0.5), at(spanned(1.0, 1.0, 4.0, 5.0, 2.0), 0, -0.5)
    ) == pytest.approx(2)
