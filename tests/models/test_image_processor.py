"""What models of transformers expect of their images, against transformers' own processors."""

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.errors import InputError
from sparsight.models.image_processor import processed, square

MEAN, STD = [0.1, 0.2, 0.3], [0.5, 0.25, 0.2]
OWN = {
    "as usual": ("ViTImageProcessor", {"image_mean": MEAN, "image_std": STD}),
    "not normalised": ("ViTImageProcessor", {"do_normalize": False, "image_mean": MEAN, "image_std": STD}),
    "another factor": ("ViTImageProcessor", {"rescale_factor": 1 / 127.5, "image_mean": MEAN, "image_std": STD}),
    "not rescaled": ("ViTImageProcessor", {"do_rescale": False, "image_mean": MEAN, "image_std": STD}),
    "blue first": ("MobileViTImageProcessor", {"do_center_crop": False}),
    "normalised twice": ("EfficientNetImageProcessor", {"image_mean": MEAN, "image_std": STD}),
    "normalised once": ("EfficientNetImageProcessor", {"include_top": False, "image_mean": MEAN, "image_std": STD}),
    "with an offset": (
        "EfficientNetImageProcessor",
        {"rescale_offset": True, "rescale_factor": 1 / 127.5, "do_normalize": False, "include_top": False},
    ),
    "its class's default": ("BitImageProcessor", {}),
}


@pytest.mark.parametrize("name", OWN)
def test_images_are_what_transformers_makes_of_them(name):
    transformers = pytest.importorskip("transformers")
    kind, more = OWN[name]
    processor = getattr(transformers, kind)(do_resize=False, **{"do_center_crop": False, **more})
    image = torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = processor(Image.fromarray(image.permute(1, 2, 0).numpy()), return_tensors="pt")["pixel_values"][0]
    made = processed(processor, kind)
    found = (image / 255 - torch.tensor(made.mean)[:, None, None]) / torch.tensor(made.std)[:, None, None]
    torch.testing.assert_close(found.flip(0) if made.turned else found, expected, rtol=1e-4, atol=1e-4)
    assert made.turned == (name == "blue first")
    assert made.side is None, "it gives images as large as they were"


def made(change):
    """A processor that changes an image of 0..1."""

    def processor(image, return_tensors):
        pixels = torch.tensor(np.array(image), dtype=torch.float32).permute(2, 0, 1)[None] / 255
        return {"pixel_values": change(pixels)}

    return processor


def test_blue_first_and_normalised_is_normalised_as_it_is_then():
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    found = processed(made(lambda pixels: (pixels.flip(1) - mean) / std), "own")
    assert found.turned
    assert found.mean == pytest.approx(tuple(reversed(MEAN)), abs=1e-5)
    assert found.std == pytest.approx(tuple(reversed(STD)), abs=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda pixels: pixels**2, "does more to colours"),
        (lambda pixels: pixels[:, [1, 0, 2]], "does more to colours"),
        (lambda pixels: pixels.mean(1, keepdim=True).expand(-1, 3, -1, -1), "does more to colours"),
        (lambda pixels: 1 - pixels, "does more to colours"),
        (lambda pixels: pixels * 0, "does more to colours"),
        (lambda pixels: pixels[:, :1], "makes .* of an image, not finite"),
        (lambda pixels: pixels / 0, "makes .* of an image, not finite"),
        (lambda pixels: pixels.nothing, "cannot process an image"),
    ],
)
def test_what_cannot_be_done_is_refused(change, said):
    with pytest.raises(InputError, match=f"^own: {said}"):
        processed(made(change), "own")


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
    assert processed(processor, kind).side == made.shape[-1] == made.shape[-2]


@pytest.mark.parametrize("size", [None, "large", 0, -3, True, [], [20, 30], [20, "20"], {}, {"height": 20}, 2.5])
def test_a_size_that_is_no_square_is_none(size):
    assert square(size) is None
