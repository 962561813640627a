"""Draw the small inputs that the cases name: class folders of squares on noise, their faults, and runs."""

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from tests import process

SHADES = (40, 190)


def draw_inputs(command: str, to: Path) -> None:
    """Draw what a command names into a folder."""
    for name, drawing in DRAWINGS.items():
        if re.search(rf"\b{name}\b", command):
            drawing(to / name)
    shutil.copy(Path(__file__).with_name("nets.py"), to)


def picture(draws: np.random.Generator, shade: int) -> np.ndarray:
    """A square of one shade, anywhere on noise, (32, 32, 3)."""
    pixels = draws.integers(90, 150, (32, 32, 3), dtype=np.uint8)
    top, left = draws.integers(2, 14, 2)
    pixels[top : top + 14, left : left + 14] = shade
    return pixels


def classes(folder: Path, names: Iterable[str] = ("dark", "light"), number: int = 30, seed: int = 0) -> None:
    """Class folders of ``number`` pictures each, dark and light ones in turn."""
    draws = np.random.default_rng(seed)
    for i, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for j in range(number):
            Image.fromarray(picture(draws, SHADES[i % 2])).save(folder / name / f"{j:02d}.png")


def splits(folder: Path, numbers: dict[str, int]) -> None:
    """A folder of classes for each split."""
    for seed, (split, number) in enumerate(numbers.items()):
        classes(folder / split, number=number, seed=seed)


def two_labels(folder: Path) -> None:
    """Twenty pictures of one class lie in another, too."""
    classes(folder, ("benign", "malignant"))
    for j in range(20):
        shutil.copy(folder / "malignant" / f"{j:02d}.png", folder / "benign" / f"also-{j:02d}.png")


def other_format(folder: Path) -> None:
    """The same pixels in two classes, in files of two formats."""
    classes(folder, ("benign", "malignant"))
    for j in range(20):
        with Image.open(folder / "malignant" / f"{j:02d}.png") as image:
            image.save(folder / "benign" / f"also-{j:02d}.bmp")


def label_by_split(folder: Path) -> None:
    """A picture of one class in training, and of the other in the test."""
    splits(folder, {"train": 24, "val": 8, "test": 8})
    shutil.copy(folder / "train/dark/00.png", folder / "test/light/also-00.png")


def deep(bits: int, suffix: str = "png") -> Callable[[Path], None]:
    """Grey files of 16 bits whose values fill fewer."""

    def drawing(folder: Path) -> None:
        draws = np.random.default_rng(0)
        for shade in ("a", "b"):
            (folder / shade).mkdir(parents=True)
            for j in range(30):
                grey = draws.integers(0, 2**bits, (32, 32), dtype=np.uint16)
                Image.fromarray(grey).save(folder / shade / f"{j:02d}.{suffix}")

    return drawing


def below(*folders: str) -> Callable[[Path], None]:
    """Twice as many pictures in a folder of one class as beside it."""

    def drawing(folder: Path) -> None:
        classes(folder, number=10)
        place = folder.joinpath("dark", *folders)
        place.mkdir(parents=True)
        draws = np.random.default_rng(1)
        for j in range(20):
            Image.fromarray(picture(draws, SHADES[0])).save(place / f"{j:02d}.png")

    return drawing


def other_kinds(folder: Path) -> None:
    """Pictures in formats that are not read lie among those that are."""
    classes(folder)
    for j, suffix in enumerate(("heic", "heic", "heic", "dcm", "dcm")):
        (folder / "dark" / f"scan-{j}.{suffix}").write_bytes(b"\0" * 200)


def wrapped(folder: Path) -> None:
    """What unpacking an archive gives: one folder in which all lies."""
    classes(folder / "photos")


STUDY = """\
data: {name: toybirds, train: 24, validation: 24, test: 24, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 1, batch_size: 8}
pruning: {rounds: 2}
evidence: {interventions: 0, sanity: 0, refits: 0}
study: {seeds: [0], arms: [magnitude], retrains: 0}
"""


def finished(folder: Path) -> None:
    """A run that has ended."""
    settings = folder.with_suffix(".yaml")
    settings.write_text(STUDY)
    words = ("study", settings.name, "--out", folder.name, "--workers", "0", "--no-report")
    ended = process.run(words, folder.parent)
    assert ended.returncode == 0, ended.stderr


def damaged(folder: Path) -> None:
    """A run with a table that is none."""
    finished(folder)
    (folder / "results" / "accuracy.csv").write_text("x")


DRAWINGS: dict[str, Callable[[Path], None]] = {
    "good": classes,
    "few": lambda folder: classes(folder, "abcd"),
    "two_labels": two_labels,
    "other_format": other_format,
    "label_by_split": label_by_split,
    "twelve_bits": deep(12),
    "ten_bits": deep(10),
    "dark16": deep(7),
    "below": below("juvenile"),
    "deeper": below("adult", "2024"),
    "other_kinds": other_kinds,
    "capitals": lambda folder: splits(folder, {"Train": 24, "Val": 8, "Test": 8}),
    "shouted": lambda folder: splits(folder, {"TRAIN": 24, "VALID": 8, "TEST": 8}),
    "spelt_out": lambda folder: splits(folder, {"training": 24, "testing": 8}),
    "wrapped": wrapped,
    "finished": finished,
    "damaged": damaged,
}
"""By the word in a command that names them."""
