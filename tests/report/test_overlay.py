import base64
import io

import numpy as np
import pytest
from PIL import Image

from sparsight.report.overlay import SIDE, data_uri, outlined, photograph, relu, saliency

GREY = np.full((32, 64, 3), 128, dtype=np.uint8)


def test_pictures_keep_the_images_shape():
    assert photograph(GREY, None).shape == (SIDE // 2, SIDE, 3)
    assert saliency(GREY, np.ones((2, 4), dtype=np.float32), None).shape == (SIDE // 2, SIDE, 3)


@pytest.mark.parametrize("value", [0.0, -3.0, np.nan])
def test_a_map_that_is_nowhere_positive_leaves_the_image(value):
    shown = saliency(GREY, np.full((4, 4), value, dtype=np.float32), None)
    assert (shown == 128).all()


def test_a_map_is_scaled_by_its_own_maximum():
    raw = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    np.testing.assert_array_equal(saliency(GREY, raw, None), saliency(GREY, raw * 1024, None))


def test_the_bright_place_is_where_the_map_is_positive():
    raw = np.full((4, 4), -1.0, dtype=np.float32)
    raw[0, 3] = 2.0
    changed = (saliency(GREY, raw, None) != 128).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert changed[0, -1]
    assert rows.max() < changed.shape[0] / 2
    assert columns.min() > changed.shape[1] / 2


def test_relu_keeps_the_positive_part():
    np.testing.assert_array_equal(relu(np.array([[-1.0, 2.0, np.nan]], dtype=np.float32)), [[0.0, 2.0, 0.0]])


def test_the_outline_is_a_white_ring_inside_a_black_one():
    picture = np.full((9, 9, 3), 128, dtype=np.uint8)
    mask = np.zeros((9, 9), dtype=bool)
    mask[3:6, 3:6] = True
    drawn = outlined(picture, mask)[..., 0]
    assert drawn[4, 4] == 128
    assert (drawn == 255).sum() == 8
    assert (drawn == 0).sum() == 12
    assert (picture == 128).all(), "the picture that came in is not drawn on"


def test_a_picture_travels_as_jpeg():
    data = base64.b64decode(data_uri(GREY).removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(data)).size == (64, 32)
