"""Masks that lie as the images do, by names that differ as systems make them differ."""

import numpy as np
import pytest
from PIL import Image

from sparsight.data import FolderSettings, examine, load_dataset
from sparsight.errors import InputError


def picture(path, inside=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng([*path.name.encode()]).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    if inside is not None:
        pixels = np.zeros((16, 16), dtype=np.uint8)
        pixels[:8] = 255
    Image.fromarray(pixels).save(path)


@pytest.fixture
def root(tmp_path):
    for side in ("train", "val", "test"):
        for kind in "ab":
            picture(tmp_path / "set" / side / kind / f"{side}{kind}.png")
    return tmp_path / "set"


def load(root, masks):
    return load_dataset(FolderSettings(path=root, image_size=16, masks=masks))


@pytest.mark.parametrize(
    ("sides", "name"),
    [
        ({"train": "train", "val": "val", "test": "test"}, "{}.png"),
        ({"train": "Train", "val": "VAL", "test": "Test"}, "{}.PNG"),
        ({"train": "training", "val": "validation", "test": "test_set"}, "{}_mask.png"),
        ({"train": "train", "val": "val", "test": "test"}, "{}_segmentation.tif"),
    ],
)
def test_masks_are_found_whatever_capitals_splits_and_endings_are_called(root, tmp_path, sides, name):
    for side, other in sides.items():
        for kind in "ab":
            picture(tmp_path / "masks" / other / kind / name.format(f"{side}{kind}"), inside=True)
    data = load(root, tmp_path / "masks")
    assert data.object_masks[:, :7].all()
    assert not data.object_masks[:, 9:].any()


def test_several_masks_are_named(root, tmp_path):
    for side in ("train", "val", "test"):
        for kind in "ab":
            for ending in ("png", "bmp"):
                picture(tmp_path / "masks" / side / kind / f"{side}{kind}.{ending}", inside=True)
    with pytest.raises(InputError, match=r"several masks .testa.bmp, testa.png. for test/a/testa.png"):
        load(root, tmp_path / "masks")


def test_masks_that_are_refused_are_not_called_empty(root, tmp_path):
    for side in ("train", "val", "test"):
        picture(tmp_path / "masks" / side / "a" / f"{side}a.png", inside=True)
        Image.new("L", (8, 8), 255).save(tmp_path / "masks" / side / f"{side}b.png")
    data, problems = examine(FolderSettings(path=root, image_size=16, masks=tmp_path / "masks"))
    assert sum("no mask for" in problem for problem in problems) == 3
    assert not [note for note in data.notes if "empty" in note]


def test_masks_that_were_saved_with_loss_are_named(root, tmp_path):
    for path in root.rglob("*.png"):
        place = tmp_path / "masks" / path.relative_to(root)
        picture(place, inside=True)
        values = np.array(Image.open(place)).astype(int)
        Image.fromarray(np.clip(values + np.arange(16) % 7, 0, 255).astype(np.uint8)).save(place)
    (note,) = [note for note in load(root, tmp_path / "masks").notes if "next to black" in note]
    assert note.startswith("6 masks have many pixels that are next to black")
    for path in (tmp_path / "masks").rglob("*.png"):  # the remedy
        Image.fromarray((np.array(Image.open(path)) >= 128).astype(np.uint8) * 255).save(path)
    assert not [note for note in load(root, tmp_path / "masks").notes if "next to black" in note]
