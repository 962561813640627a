"""A drawn HAM10000 in its official layout."""

import numpy as np
import pytest
from PIL import Image

COLUMNS = "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset"
EACH = {"akiec": 6, "bcc": 6, "bkl": 6, "df": 6, "mel": 6, "nv": 20, "vasc": 6}
"""Images of a diagnosis; every lesion has two."""


def rows_of():
    numbers = iter(range(1, 1000))
    return [
        (f"HAM_{dx}_{i // 2}", f"ISIC_{next(numbers):07d}", dx, "histo", "50.0", "male", "back", "drawn")
        for dx, count in EACH.items()
        for i in range(count)
    ]


def draw_ham(root, metadata="HAM10000_metadata", sign=","):
    """56 images of 40 x 30 in two folders: on light skin a dark disc, larger from image to image; its mask is white."""
    masks = root / "HAM10000_segmentations_lesion_tschandl"
    parts = [root / "HAM10000_images_part_1", root / "HAM10000_images_part_2"]
    for folder in (masks, *parts):
        folder.mkdir(parents=True)
    down, across = np.mgrid[:30, :40]
    for n, row in enumerate(rows_of()):
        inside = (down - 14.5) ** 2 + (across - 19.5) ** 2 <= (4 + n / 8) ** 2
        pixels = np.full((30, 40, 3), (230, 190, 160), dtype=np.uint8)
        # Hair and pores, by which lesions are told from each other.
        pixels = (pixels + np.random.default_rng(n).integers(-40, 40, (30, 40, 1)).clip(-40, 20)).clip(0, 255)
        pixels[inside] = (120 - n, 70, 40 + n)
        pixels = pixels.astype(np.uint8)
        Image.fromarray(pixels).save(parts[n % 2] / f"{row[1]}.jpg", quality=95)
        mask = Image.fromarray(np.where(inside, 255, 3).astype(np.uint8))
        if n % 4 == 3:  # as a few of the real ones: a palette from white to black
            mask = Image.fromarray(np.where(inside, 0, 255).astype(np.uint8))
            mask.putpalette([255 - k // 3 for k in range(768)])
        mask.save(masks / f"{row[1]}_segmentation.png")
    lines = [COLUMNS.replace(",", sign), *(sign.join(row) for row in rows_of())]
    (root / metadata).write_text("".join(f"{line}\n" for line in lines))
    return root


@pytest.fixture
def ham(tmp_path):
    return draw_ham(tmp_path / "HAM10000")
