"""Random resized crops, against torchvision's law and Pillow's filter."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import ks_2samp
from torchvision.transforms import RandomResizedCrop

from sparsight.draws import generator
from sparsight.training.crops import ASPECT, by_products, by_taps, cut, draw_boxes, mirror

WAYS = pytest.mark.parametrize("way", [by_taps, by_products])
"""To cut: a CPU's, and an accelerator's."""


def boxes_of(width, height, n, scale=(0.08, 1.0), key=0):
    return draw_boxes(torch.tensor([[width, height]]).expand(n, 2), scale, generator("crops", key))


@pytest.mark.parametrize(("width", "height"), [(500, 500), (500, 333), (200, 600)])
def test_boxes_follow_the_law_of_torchvision(width, height):
    ours = boxes_of(width, height, 4000).double()
    torch.manual_seed(0)
    picture = torch.zeros(1, height, width)
    theirs = np.array([RandomResizedCrop.get_params(picture, [0.08, 1.0], list(ASPECT)) for _ in range(4000)])
    top, left, h, w = theirs.T
    scaled = ours * torch.tensor([width, height, width, height])
    for mine, other in zip(scaled.T, (left, top, w, h), strict=True):
        assert ks_2samp(mine.round().numpy(), other).pvalue > 1e-3
    assert ks_2samp((scaled[:, 2] * scaled[:, 3]).numpy(), w * h).pvalue > 1e-3


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(0.01, 1), st.floats(0.01, 1))
def test_boxes_lie_inside_and_have_the_allowed_shape_where_the_picture_has(width, height, one, other):
    least, most = min(one, other), max(one, other)
    left, top, w, h = boxes_of(width, height, 50, (least, most)).double().unbind(1)
    assert (torch.stack([left, top, 1 - left - w, 1 - top - h]) >= -1e-6).all()
    shapes = w * width / (h * height)
    assert ((shapes > ASPECT[0] - 1e-3) & (shapes < ASPECT[1] + 1e-3)).all()


def test_a_picture_that_no_draw_fits_gives_its_centre():
    boxes = boxes_of(1000, 100, 20, (0.9, 1.0))
    assert torch.allclose(boxes, torch.tensor([(1 - 4 / 30) / 2, 0.0, 4 / 30, 1.0]).expand(20, 4))


def test_a_picture_is_drawn_the_same_box_whoever_else_is_in_the_batch():
    alone, among = (
        boxes_of(500, 300, 1),
        draw_boxes(torch.tensor([[500, 300], [9, 900]]), (0.08, 1.0), generator("crops", 0)),
    )
    assert torch.equal(alone[0], among[0])


@WAYS
@pytest.mark.parametrize("box", [(0, 0, 40, 30), (3.5, 2.25, 33, 21.5), (10, 5, 6, 4)])
def test_a_crop_is_pillows(box, way):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    left, top, w, h = box
    theirs = Image.fromarray(pixels).resize((16, 12), Image.Resampling.BILINEAR, box=(left, top, left + w, top + h))
    shares = torch.tensor([[left / 40, top / 30, w / 40, h / 30]])
    ours = way(torch.from_numpy(pixels).permute(2, 0, 1)[None], shares, (12, 16))[0].permute(1, 2, 0)
    assert ours.shape == (12, 16, 3)
    assert np.abs(ours.numpy() - np.asarray(theirs)).max() <= 1.01  # Pillow rounds between its two passes


@settings(max_examples=60, deadline=None)
@given(*[st.integers(1, 70)] * 4, st.integers(0, 10**6))
def test_both_ways_to_cut_give_the_same_crops_mirrored_or_not(height, width, out_height, out_width, key):
    lot = generator("ways", key)
    images = torch.randint(0, 256, (3, 3, height, width), dtype=torch.uint8, generator=lot)
    boxes = draw_boxes(torch.tensor([[width, height]]).expand(3, 2), (0.01, 1.0), lot)
    boxes = mirror(boxes, torch.tensor([False, True, False]))
    size = (out_height, out_width)
    assert torch.allclose(by_taps(images, boxes, size), by_products(images, boxes, size), atol=0.02, rtol=0)


@WAYS
def test_a_mirrored_box_is_the_crop_mirrored(way):
    images = torch.randint(0, 256, (2, 3, 30, 40), dtype=torch.uint8, generator=generator("mirror"))
    boxes = boxes_of(40, 30, 2)
    plain, mirrored = (way(images, mirror(boxes, torch.tensor([False, which])), (16, 16)) for which in (False, True))
    assert torch.equal(plain[0], mirrored[0])
    assert torch.allclose(plain[1].flip(2), mirrored[1], atol=0.01, rtol=0)
    assert not torch.allclose(plain[1], mirrored[1], atol=1, rtol=0)


@WAYS
def test_the_whole_box_at_its_own_size_is_the_image(way):
    image = torch.randint(0, 256, (2, 3, 9, 9), dtype=torch.uint8)
    assert torch.allclose(way(image, torch.tensor([[0.0, 0, 1, 1]]).expand(2, 4), (9, 9)), image.float(), atol=1e-3)


def test_a_crop_of_a_squeezed_picture_has_the_pictures_own_shape():
    """A disc in a wide picture, kept squeezed: cut out, it is a disc again."""
    y, x = np.mgrid[0:100, 0:200]
    disc = (((x - 140) ** 2 + (y - 50) ** 2) < 30**2).astype(np.uint8) * 255
    kept = np.asarray(Image.fromarray(disc).resize((100, 100), Image.Resampling.BILINEAR))
    kept = torch.from_numpy(kept.copy())[None, None].expand(1, 3, 100, 100)
    found = cut(kept, torch.tensor([[0.5, 0.0, 0.5, 1.0]]), (100, 100))[0, 0] > 127
    expected = torch.from_numpy(disc[:, 100:] > 127)
    assert (found != expected).float().mean() < 0.01
