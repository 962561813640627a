"""A drawn Derm7pt in its official layout."""

import csv

import numpy as np
import pytest
from PIL import Image

from sparsight.data.derm7pt import VALUES

ROWS = 120
BEFORE = ("case_num", "diagnosis", "seven_point_score")
AFTER = ("vascular_structures", "elevation", "location", "sex", "management", "clinic", "derm", "case_id", "notes")


def value(column, row):
    """Every value of a column in turn, each column at its own pace."""
    known = ("absent", *VALUES[column])
    return known[row // (1 + list(VALUES).index(column)) % len(known)]


def draw_derm7pt(root):
    """120 cases; of three in a row the first two train, the third validates, and every fifth tests instead."""
    (root / "meta").mkdir(parents=True)
    (root / "images" / "NEL").mkdir(parents=True)
    parts = {"train": [], "valid": [], "test": []}
    with (root / "meta" / "meta.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, (*BEFORE, *VALUES, *AFTER), restval="x")
        table.writeheader()
        for row in range(ROWS):
            name = f"NEL/Nel{row:03d}.jpg"
            notes = 'a "quoted" note, with a comma' if row % 7 == 0 else ""
            table.writerow({c: value(c, row) for c in VALUES} | {"case_num": row + 1, "derm": name, "notes": notes})
            pixels = np.random.default_rng(row).integers(0, 256, (12, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / "images" / name)
            parts["test" if row % 5 == 0 else "valid" if row % 3 == 2 else "train"].append(row)
    for part, rows in parts.items():
        (root / "meta" / f"{part}_indexes.csv").write_text("\n".join(["indexes", *map(str, rows)]) + "\n")
    return root


@pytest.fixture
def derm(tmp_path):
    return draw_derm7pt(tmp_path / "release_v0")
