"""A drawn CUB-200-2011 in its official layout."""

import numpy as np
import pytest
from PIL import Image

CLASSES = 12
EACH = 6
ATTRIBUTES = (
    "has_bill_shape::hooked_seabird",
    "has_bill_shape::all-purpose",
    "has_size::medium_(9_-_16_in)",
    "has_wing_color::rare",
)


def draw_cub(root, segmentations=False):
    """12 classes of 6 images, 40 x 30; a class has attribute 1 if its number is not 1, 2 if it is not 2, 3 always, and
    4 if it is below 10 (so that nine classes have it)."""
    numbers = [(k, i) for k in range(CLASSES) for i in range(EACH)]
    folders = [f"{k + 1:03d}.Drawn_Bird_{chr(65 + k)}" for k in range(CLASSES)]
    names = [f"{folders[k]}/Bird_{k}_{i}.jpg" for k, i in numbers]
    for n, name in enumerate(names):
        path = root / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(n).integers(0, 255, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, quality=95)
        if segmentations:
            grey = np.zeros((30, 40), dtype=np.uint8)
            grey[5:25, 10:30] = 102
            grey[10:20, 15:25] = 204
            mask = (root / "segmentations" / name).with_suffix(".png")
            mask.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(grey).save(mask)

    def table(place, lines):
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))

    table("images.txt", [f"{n} {name}" for n, name in enumerate(names, 1)])
    table("classes.txt", [f"{k} {name}" for k, name in enumerate(folders, 1)])
    table("image_class_labels.txt", [f"{n} {k + 1}" for n, (k, _) in enumerate(numbers, 1)])
    table("train_test_split.txt", [f"{n} {int(i < 4)}" for n, (_, i) in enumerate(numbers, 1)])
    table("bounding_boxes.txt", [f"{n} 10.0 5.0 20.0 20.0" for n in range(1, len(names) + 1)])
    table("parts/parts.txt", ["1 beak", "2 left eye"])
    lines = [f"{n} {p} {x} 15.0 {v}" for n in range(1, len(names) + 1) for p, x, v in ((1, 12.0, 1), (2, 28.0, n % 2))]
    table("parts/part_locs.txt", lines)
    table("attributes/attributes.txt", [f"{a} {name}" for a, name in enumerate(ATTRIBUTES, 1)])
    table("attributes/certainties.txt", ["1 not visible", "2 guessing", "3 probably", "4 definitely"])
    rows = [(80.0 * (k != 0), 50.1 * (k != 1), 100.0, 90.0 * (k < 9)) for k in range(CLASSES)]
    table("attributes/class_attribute_labels_continuous.txt", [" ".join(map(str, row)) for row in rows])
    return root


@pytest.fixture
def cub(tmp_path):
    return draw_cub(tmp_path / "CUB_200_2011")
