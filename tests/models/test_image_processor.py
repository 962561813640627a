"""What models of transformers expect of their images, against transformers' own processors."""

import json
from pathlib import Path

import pytest
import torch

from sparsight.errors import InputError
from sparsight.models.image_processor import normalisation_of, side_of, square

PATH = Path("preprocessor_config.json")
MEAN, STD = [0.1, 0.2, 0.3], [0.5, 0.25, 0.2]
OWN = {
    "as usual": ("ViTImageProcessor", {"image_mean": MEAN, "image_std": STD}),
    "not normalised": ("ViTImageProcessor", {"do_normalize": False, "image_mean": MEAN, "image_std": STD}),
    "another factor": ("ViTImageProcessor", {"rescale_factor": 1 / 127.5, "image_mean": MEAN, "image_std": STD}),
    "not rescaled": ("ViTImageProcessor", {"do_rescale": False, "image_mean": MEAN, "image_std": STD}),
    "blue first": ("MobileViTImageProcessor", {"do_center_crop": False}),
    "normalised twice": ("EfficientNetImageProcessor", {"image_mean": MEAN, "image_std": STD}),
    "normalised once": ("EfficientNetImageProcessor", {"include_top": False, "image_mean": MEAN, "image_std": STD}),
}


@pytest.mark.parametrize("name", OWN)
def test_images_are_what_transformers_makes_of_them(name):
    transformers = pytest.importorskip("transformers")
    kind, more = OWN[name]
    processor = getattr(transformers, kind)(do_resize=False, **more)
    image = torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = processor(image, return_tensors="pt")["pixel_values"][0]
    described = {key: list(value) if isinstance(value, tuple) else value for key, value in processor.to_dict().items()}
    (mean, std), turned = normalisation_of(described, PATH)
    found = (image / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    torch.testing.assert_close(found.flip(0) if turned else found, expected, rtol=1e-4, atol=1e-4)


def test_blue_first_and_normalised_is_normalised_as_it_is_then():
    (mean, std), turned = normalisation_of(
        {"do_normalize": True, "do_flip_channel_order": True, "image_mean": MEAN, "image_std": STD}, PATH
    )
    assert turned
    assert mean == pytest.approx(tuple(reversed(MEAN)))
    assert std == pytest.approx(tuple(reversed(STD)))


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"rescale_offset": True}, "rescale_offset is not supported"),
        ({"rescale_factor": "big"}, "rescale_factor is no number"),
        ({"rescale_factor": 0}, "rescale_factor and image_std must be above 0"),
        ({"do_normalize": True}, "image_mean is no number"),
        ({"do_normalize": True, "image_mean": [1, 2], "image_std": 1}, "image_mean is not three numbers"),
        (
            {"do_normalize": True, "image_mean": 0, "image_std": [1, 0, 1]},
            "rescale_factor and image_std must be above 0",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(described, said):
    with pytest.raises(InputError, match=f"preprocessor_config.json: {said}"):
        normalisation_of(described, PATH)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("ViTImageProcessor", {"size": {"height": 20, "width": 20}}),
        ("ConvNextImageProcessor", {"size": {"shortest_edge": 12}}),
        ("MobileNetV2ImageProcessor", {"size": {"shortest_edge": 24}, "crop_size": {"height": 16, "width": 16}}),
    ],
)
def test_the_side_is_that_of_what_transformers_makes(kind, more):
    transformers = pytest.importorskip("transformers")
    processor = getattr(transformers, kind)(**more)
    image = torch.zeros(3, 40, 40, dtype=torch.uint8)
    made = processor(image, return_tensors="pt")["pixel_values"]
    assert side_of(json.loads(processor.to_json_string())) == made.shape[-1] == made.shape[-2]


@pytest.mark.parametrize("size", [None, "large", 0, -3, True, [], [20, 30], [20, "20"], {}, {"height": 20}, 2.5])
def test_a_size_that_is_no_square_is_none(size):
    assert square(size) is None
