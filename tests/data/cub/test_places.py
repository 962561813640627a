"""Boxes, parts and segmentations in the centre squares."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.data import CubSettings, examine
from sparsight.data.cub.places import RADIUS, box_masks, misfits, part_discs
from sparsight.errors import InputError


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(8, 30), st.booleans())
def test_discs_and_boxes_against_each_pixel_by_itself(seed, side, large):
    draw = np.random.default_rng(seed)
    sizes = draw.integers(20, 60, (2, 2))
    parts = np.concatenate([draw.uniform(-10, 70, (2, 4, 2)), draw.integers(0, 2, (2, 4, 1))], axis=2)
    boxes = np.concatenate([draw.uniform(-5, 30, (2, 2)), draw.uniform(1, 400 if large else 60, (2, 2))], axis=1)
    given_ = [torch.tensor(one, dtype=torch.float32) for one in (parts, boxes)]
    found = part_discs(*given_, torch.tensor(sizes), side).numpy()
    boxed = box_masks(given_[1], torch.tensor(sizes), side).numpy()
    for i in range(2):
        short = sizes[i].min()
        for y, x in np.ndindex(side, side):
            place = (sizes[i] - short) / 2 + (np.array([x, y]) + 0.5) / side * short
            away = np.where(parts[i, :, 2] > 0, np.hypot(*(parts[i, :, :2] - place).T), np.inf)
            radius = RADIUS * np.hypot(*boxes[i, 2:])
            first, second = np.sort(away)[:2]
            if abs(first - radius) > 1e-3 and second > first + 1e-3:  # not on a border
                assert found[i, y, x] == (away.argmin() + 1 if first < radius else 0)
            corner = place - boxes[i, :2]
            if abs(corner).min() > 1e-3 and abs(corner - boxes[i, 2:]).min() > 1e-3:
                assert boxed[i, y, x] == ((corner >= 0) & (corner < boxes[i, 2:])).all()


def test_pictures_that_cannot_be_read_have_no_parts():
    parts, boxes = torch.tensor([[[5.0, 5.0, 1.0]]]), torch.tensor([[0.0, 0.0, 9.0, 9.0]])
    assert not part_discs(parts, boxes, torch.tensor([[0, 0]]), 8).any()
    assert misfits(boxes, torch.tensor([[0, 0]])) == 0


def test_one_box_that_reaches_out_is_cut_off_without_a_word(cub):
    path = cub / "bounding_boxes.txt"
    path.write_text(path.read_text().replace("10.0 5.0 20.0 20.0", "10.0 5.0 20.0 57.0", 1))
    data, problems = examine(CubSettings(path=cub, image_size=8))
    assert problems == ()
    assert not [note for note in data.notes if "boxes" in note]
    assert data.object_masks[0].any()


def test_boxes_of_other_pictures_are_noticed(cub):
    path = cub / "bounding_boxes.txt"
    path.write_text(path.read_text().replace("10.0 5.0 20.0 20.0", "100.0 50.0 200.0 200.0", 2))
    data, problems = examine(CubSettings(path=cub, image_size=8))
    assert problems == ()
    assert "2 boxes reach out of their pictures; were images resized, and the tables not?" in data.notes


@pytest.mark.parametrize(
    ("place", "old", "new", "says"),
    [
        ("bounding_boxes.txt", "1 10.0", "1 nan", "line 1: nan 5.0 20.0 20.0 is no box"),
        ("bounding_boxes.txt", "5.0 20.0 20.0", "5.0 0.0 20.0", "line 1: 10.0 5.0 0.0 20.0 is no box"),
        ("bounding_boxes.txt", "2 10.0", "1 10.0", "line 2: 1 stands twice"),
        ("bounding_boxes.txt", "2 10.0", "200 10.0", "no line for 1 images of images.txt, as 2;"),
        ("parts/part_locs.txt", "1 2 28.0", "1 3 28.0", "line 2: 3 is no part, or its place is no number"),
        ("parts/part_locs.txt", "1 2 28.0", "1 2 nan", "line 2: 2 is no part, or its place is no number"),
        ("parts/part_locs.txt", "1 2 28.0", "1 two 28.0", "not five numbers a line"),
        ("parts/part_locs.txt", "1 2 28.0", "99 2 28.0", "1 ids are in no line of images.txt, as 99;"),
        ("parts/part_locs.txt", "1 1 12.0 15.0 1\n1 2 28.0 15.0 1\n", "", "no line for 1 images of images.txt, as 1;"),
        ("parts/parts.txt", "2 left", "3 left", "numbered from 1 without a gap"),
    ],
)
def test_tables_of_places_that_cannot_be_are_named(cub, place, old, new, says):
    path = cub / place
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=says) as error:
        examine(CubSettings(path=cub, image_size=8))
    assert place in str(error.value)
    assert "\n" not in str(error.value)


def test_tables_that_are_not_needed_may_be_missing(cub):
    for name in ("bounding_boxes.txt", "parts/part_locs.txt"):
        (cub / name).unlink()
    data, problems = examine(CubSettings(path=cub, image_size=8, masks="none", parts=False))
    assert (problems, data.object_masks) == ((), None)
    with pytest.raises(InputError, match=r"bounding_boxes\.txt: cannot be read"):
        examine(CubSettings(path=cub, image_size=8, parts=False))
