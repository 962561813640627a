"""Masks beside pictures: turned as these are, and what is said of them."""

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data.masks import read_masks
from sparsight.data.pictures import read_pictures

QUARTER, HALF = 6, 3


def drawn(tmp_path, sizes, orientations, stored=True, mask=None):
    """Pictures that are turned upright by EXIF, and masks of their left half as the files store them, or upright."""
    pictures, masks = [], []
    for i, (size, way) in enumerate(zip(sizes, orientations, strict=True)):
        exif = Image.Exif()
        exif[0x0112] = way
        pictures.append(tmp_path / f"{i}.jpg")
        Image.new("RGB", size, (10 * i, 0, 0)).save(pictures[-1], exif=exif)
        shape = size[::-1] if stored or way != QUARTER else size
        values = np.zeros(shape, dtype=np.uint8)
        values[:, : shape[1] // 2] = 255
        masks.append(tmp_path / f"{i}.png")
        Image.fromarray(values).save(masks[-1])
    return masks, read_pictures(pictures, 8)


def test_a_mask_that_was_drawn_before_its_picture_was_turned_is_turned_with_it(tmp_path):
    paths, pictures = drawn(tmp_path, [(40, 30), (40, 30)], [QUARTER, 1])
    found = read_masks(paths, pictures)
    assert found.problems == []
    assert found.inside[0, :4].all(), "a quarter turn to the right: what was left is above"
    assert not found.inside[0, 4:].any()
    assert found.inside[1, :, :4].all()
    assert found.notes == ["1 mask was drawn before its picture was turned upright by EXIF; turned as well"]


def test_a_mask_that_was_drawn_on_the_upright_picture_is_taken_as_it_is(tmp_path):
    paths, pictures = drawn(tmp_path, [(40, 30), (32, 32)], [QUARTER, HALF], stored=False)
    found = read_masks(paths, pictures)
    assert found.notes == found.problems == []
    assert found.inside[:, :, :4].all()
    assert not found.inside[:, :, 4:].any()


def test_masks_that_fit_both_ways_follow_the_others_and_alone_are_named(tmp_path):
    paths, pictures = drawn(tmp_path, [(40, 30), (40, 30), (32, 32)], [QUARTER, HALF, QUARTER])
    found = read_masks(paths, pictures)
    assert found.inside[1, :, 4:].all(), "half a turn: what was left is right"
    assert found.inside[2, :4].all()
    assert found.notes == ["3 masks were drawn before their pictures were turned upright by EXIF; turned as well"]
    alone = read_masks(paths[1:], read_pictures([tmp_path / "1.jpg", tmp_path / "2.jpg"], 8))
    assert alone.inside[:, :, :4].all()
    assert alone.notes == [
        "2 pictures with masks are turned upright by their EXIF orientation, and the masks' sizes fit both ways: they "
        "are taken as drawn on the upright pictures; look at them by 'sparsight data preview "
        "folder:PATH --set data.masks=MASKS'"
    ]


def test_a_mask_of_another_size_is_refused_with_both(tmp_path):
    paths, pictures = drawn(tmp_path, [(40, 30)], [1])
    Image.new("L", (30, 40)).save(paths[0])
    assert read_masks(paths, pictures).problems == [f"{paths[0]}: is 30 x 40, its image 40 x 30; make them equal"]
    paths, pictures = drawn(tmp_path, [(40, 30)], [QUARTER])
    Image.new("L", (41, 30)).save(paths[0])
    assert read_masks(paths, pictures).problems == [
        f"{paths[0]}: is 41 x 30, its image 30 x 40; make them equal (its image was turned upright by its EXIF "
        "orientation)"
    ]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_mask_of_transparency_alone_is_its_transparency(tmp_path, mode):
    paths, pictures = drawn(tmp_path, [(40, 30)], [1])
    alpha = Image.open(paths[0])
    black = Image.new(mode, alpha.size, 0)
    black.putalpha(alpha)
    expected = read_masks(paths, pictures).inside
    black.save(paths[0])
    found = read_masks(paths, pictures)
    assert torch.equal(found.inside, expected)
    assert found.notes == ["1 mask has no colour: the object is what is not transparent"]
    Image.new(mode, alpha.size, 0).save(paths[0])
    assert not read_masks(paths, pictures).inside.any(), "wholly transparent is no object"
