"""What annotations outline, by hand and as pycocotools has it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as reference
from scipy import ndimage

from sparsight.data.coco_shapes import ShapeError, decode_counts, fill_annotation

H, W = 20, 30


def filled(annotation, shape=(H, W)):
    inside = np.zeros(shape, dtype=bool)
    by_box = fill_annotation(inside, annotation, "here")
    return inside, by_box


def by_reference(polygon, shape):
    return reference.decode(reference.merge(reference.frPyObjects([polygon], *shape))).astype(bool)


def test_pixels_whose_middle_lies_inside():
    expected = np.zeros((H, W), dtype=bool)
    expected[3:9, 2:12] = True
    for annotation, boxed in (
        ({"segmentation": [[2, 3, 12, 3, 12, 9, 2, 9]]}, False),
        ({"segmentation": [[2.4, 2.6, 11.6, 2.6, 11.6, 9.4, 2.4, 9.4]], "bbox": [0, 0, 1, 1]}, False),
        ({"bbox": [2, 3, 10, 6]}, True),
        ({"segmentation": [], "bbox": [2.4, 2.6, 9.2, 6.8]}, True),
        ({"segmentation": None, "bbox": [2, 3, 10, 6], "iscrowd": 1}, True),
    ):
        inside, by_box = filled(annotation)
        assert np.array_equal(inside, expected), annotation
        assert by_box == boxed


def test_polygons_are_united_and_one_that_crosses_itself_is_even_odd():
    two = filled({"segmentation": [[0, 0, 4, 0, 4, 4, 0, 4], [2, 2, 6, 2, 6, 6, 2, 6]]})[0]
    assert two.sum() == 16 + 16 - 4
    twice_round = [0, 0, 8, 0, 8, 8, 0, 8, 0, 0, 2, 2, 6, 2, 6, 6, 2, 6, 2, 2]
    ring = filled({"segmentation": [twice_round]})[0]
    assert (ring.sum(), ring[3:5, 3:5].any()) == (64 - 16, False)


def test_what_reaches_out_is_cut_off_and_what_is_too_thin_is_empty():
    assert filled({"segmentation": [[-5, -5, 4, -5, 4, 4, -5, 4]]})[0].sum() == 16
    assert filled({"bbox": [-2, -2, W + 4, H + 4]})[0].all()
    assert filled({"bbox": [W - 1.5, 0, 9, 2]})[0].sum() == 2 * 2
    assert not filled({"segmentation": [[3, 3, 3, 9, 3, 5]]})[0].any()
    assert not filled({"segmentation": [[3.1, 3.1, 3.2, 3.1, 3.2, 3.2]]})[0].any()


@given(
    st.integers(1, 12).flatmap(
        lambda h: st.integers(1, 12).flatmap(
            lambda w: st.lists(st.booleans(), min_size=h * w, max_size=h * w).map(lambda v: np.reshape(v, (h, w)))
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_run_lengths_are_those_of_pycocotools(mask):
    encoded = reference.encode(np.asfortranarray(mask.astype(np.uint8)))
    text = encoded["counts"].decode()
    ends = np.flatnonzero(np.diff(np.concatenate([[0], mask.T.ravel().astype(int)]))).tolist()
    counts = np.diff([0, *ends, mask.size]).tolist()
    assert decode_counts(text) == counts
    for form in (text, counts):
        assert np.array_equal(filled({"segmentation": {"size": [*mask.shape], "counts": form}}, mask.shape)[0], mask)


def test_long_runs_are_those_of_pycocotools():
    mask = np.zeros((700, 900), dtype=np.uint8)
    mask[100:650, 3:890] = np.random.default_rng(0).random((550, 887)) < 0.4
    text = reference.encode(np.asfortranarray(mask))["counts"].decode()
    found = filled({"segmentation": {"size": [700, 900], "counts": text}}, mask.shape)[0]
    assert np.array_equal(found, mask.astype(bool))


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 40)), min_size=3, max_size=9), st.booleans())
@settings(max_examples=80, deadline=None)
def test_polygons_are_those_of_pycocotools_but_for_their_edges(points, whole):
    """Which rounds outlines to a grid of a fifth of a pixel: the two may differ next to an edge alone."""
    polygon = [float(round(value) if whole else value) for point in points for value in point]
    ours, theirs = filled({"segmentation": [polygon]}, (40, 60))[0], by_reference(polygon, (40, 60))
    edge = np.zeros((40, 60), dtype=bool)
    corners = np.array(polygon).reshape(-1, 2)
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        x, y = (a + np.linspace(0, 1, 400)[:, None] * (b - a)).T.astype(int)
        edge[y.clip(0, 39), x.clip(0, 59)] = True
    assert not ((ours != theirs) & ~ndimage.binary_dilation(edge, np.ones((3, 3)))).any()


def test_upright_rectangles_are_exactly_those_of_pycocotools():
    draw = np.random.default_rng(1)
    for _ in range(50):
        left, right = sorted(draw.choice(W + 1, 2, replace=False).tolist())
        top, bottom = sorted(draw.choice(H + 1, 2, replace=False).tolist())
        polygon = [left, top, right, top, right, bottom, left, bottom]
        ours = filled({"segmentation": [polygon]})[0]
        assert np.array_equal(ours, by_reference(polygon, (H, W)))
        assert np.array_equal(ours, filled({"bbox": [left, top, right - left, bottom - top]})[0])


REFUSED = {
    "nothing": ({}, "neither a segmentation nor a bbox"),
    "an empty list and no box": ({"segmentation": []}, "neither a segmentation nor a bbox"),
    "a word": ({"segmentation": "circle"}, "neither polygons nor"),
    "one flat list": ({"segmentation": [1, 2, 3, 4, 5, 6]}, "three or more points"),
    "two points": ({"segmentation": [[1, 2, 3, 4]]}, "three or more points"),
    "half a point": ({"segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, "three or more points"),
    "a word among numbers": ({"segmentation": [[1, 2, 3, 4, 5, "6"]]}, "no number of pixels"),
    "a truth among numbers": ({"segmentation": [[1, 2, 3, 4, 5, True]]}, "no number of pixels"),
    "not a number": ({"segmentation": [[1, 2, 3, 4, 5, float("nan")]]}, "no number of pixels"),
    "endless": ({"bbox": [0, 0, float("inf"), 3]}, "no number of pixels"),
    "a number of 5,000 digits": ({"bbox": [0, 0, 10**5000, 3]}, "no number of pixels"),
    "a negative box": ({"bbox": [5, 5, -3, 4]}, "bbox is -3 wide and 4 high; it must have an area"),
    "a flat box": ({"bbox": [5, 5, 3, 0]}, "it must have an area"),
    "three of a box": ({"bbox": [5, 5, 3]}, "left, top, width and height"),
    "a box beside the image": ({"bbox": [W + 1, 5, 3, 4]}, "reaches from 31 to 34 along a side of 30 pixels"),
    "a polygon of a larger picture": ({"segmentation": [[9, 9, 90, 9, 9, 15]]}, "reaches from 9 to 90 along a side"),
    "runs of another size": ({"segmentation": {"size": [W, H], "counts": [W * H]}}, "not of size"),
    "runs without a size": ({"segmentation": {"counts": [W * H]}}, "not of size"),
    "too short runs": ({"segmentation": {"size": [H, W], "counts": [9, 9]}}, "add up to 18, not to the image's 600"),
    "runs that fill the memory": ({"segmentation": {"size": [H, W], "counts": [10**30]}}, "add up to"),
    "negative runs": ({"segmentation": {"size": [H, W], "counts": [-5, 605]}}, "no run-length encoding"),
    "broken runs": ({"segmentation": {"size": [H, W], "counts": [1.5, 598.5]}}, "no run-length encoding"),
    "no runs": ({"segmentation": {"size": [H, W]}}, "no run-length encoding"),
    "letters that are none": ({"segmentation": {"size": [H, W], "counts": "é!"}}, "no run-length encoding"),
    "letters that are cut off": ({"segmentation": {"size": [H, W], "counts": "o"}}, "no run-length encoding"),
    "letters without an end": ({"segmentation": {"size": [H, W], "counts": "o" * 10**6}}, "no run-length encoding"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_drawn_is_refused_in_one_line(kind):
    annotation, says = REFUSED[kind]
    with pytest.raises(ShapeError, match=says) as error:
        filled(annotation)
    assert str(error.value).startswith("here: ")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200
