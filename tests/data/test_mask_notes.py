"""What looks doubtful about the masks of a whole data set."""

import torch

from sparsight.data.mask_notes import mask_notes


def masks(number=20, side=16):
    """A square object in each, at places that differ."""
    found = torch.zeros(number, side, side, dtype=torch.bool)
    for i in range(number):
        found[i, 3 + i % 4 : 10 + i % 3, 4 + i % 5 : 11] = True
    return found


def said(inside):
    return mask_notes(inside, torch.arange(len(inside)))


def test_masks_of_objects_are_not_spoken_of():
    assert said(masks()) == []
    assert said(masks()[:0]) == []
    some = masks()
    some[:4] = True  # a lesion may fill its picture
    assert said(some) == []


def test_empty_and_full_masks_are_named_with_the_mean_area():
    assert said(torch.zeros(5, 8, 8, dtype=torch.bool)) == [
        "all object masks are empty in their pictures' centre squares (mean area 0.00)"
    ]
    assert said(torch.ones(5, 8, 8, dtype=torch.bool)) == [
        "all object masks cover the whole of their pictures' centre squares (mean area 1.00)"
    ]
    some = masks()
    some[3:6] = False
    (note,) = said(some)
    assert note.startswith("3 of 20 object masks are empty in")


def test_masks_whose_object_is_zero_are_noticed():
    (note,) = said(~masks())
    assert note.startswith("object masks cover 100 % of the pictures' rims and ")
    assert note.endswith("are object and background exchanged? Not zero is the object")


def test_one_mask_for_all_is_noticed():
    (note,) = said(masks()[:1].expand(20, -1, -1))
    assert note.startswith("20 of 20 object masks are one and the same (mean area ")


def test_images_that_are_not_used_do_not_count():
    some = masks()
    some[:5] = False
    assert mask_notes(some, torch.arange(5, 20)) == []
