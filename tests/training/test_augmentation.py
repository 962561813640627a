"""Augmentation in words."""

import pytest

from sparsight.training import TrainingSettings, augmentation_words


@pytest.mark.parametrize(
    ("given", "flip", "words"),
    [
        ({}, True, "half of the images mirrored, left to right"),
        ({}, False, "no image mirrored"),
        ({"flip": False}, True, "no image mirrored"),
        ({"crop_padding": 4}, True, "shifted at random by up to 4 pixels; half of the images mirrored, left to right"),
        ({"crop_scale": [0.08, 1]}, False, "random crops of 8 % to 100 % of the picture, resized; no image mirrored"),
    ],
)
def test_what_is_done_to_training_images_is_described(given, flip, words):
    assert augmentation_words(TrainingSettings(**given), flip) == words
