"""What of a file goes with its class or side."""

import numpy as np
from PIL import Image

from sparsight.data import FolderSettings, load_dataset


def notes(tmp_path, a, b):
    for k, (name, write) in enumerate((("a", a), ("b", b))):
        (tmp_path / "set" / name).mkdir(parents=True, exist_ok=True)
        for i in range(15):
            pixels = np.random.default_rng([k, i]).integers(0, 255, (24, 24, 3), dtype=np.uint8)
            write(Image.fromarray(pixels), tmp_path / "set" / name / str(i), i)
    found = load_dataset(FolderSettings(path=tmp_path / "set", image_size=16)).notes
    return [note for note in found if "goes with" in note]


def png(image, path, i):
    image.save(path.with_suffix(".png"))


def test_format_colour_depth_and_size_that_go_with_the_class_are_named(tmp_path):
    assert notes(tmp_path / "0", png, png) == []
    (note,) = notes(tmp_path / "1", png, lambda image, path, i: image.save(path.with_suffix(".jpg")))
    assert note == (
        "the format of the files goes with the class: 100 % of 'b' are JPEG, and 0 % of 'a'; a network may learn that "
        "alone"
    )
    (note,) = notes(tmp_path / "2", png, lambda image, path, i: png(image.convert("L"), path, i))
    assert note.startswith("the colour of the files goes with the class: 100 % of ")
    (note,) = notes(tmp_path / "3", png, lambda image, path, i: png(image.resize((30, 24)), path, i))
    assert "are 30 x 24" in note or "are 24 x 24" in note
    deep = [note for note in notes(tmp_path / "4", grey, deep_grey) if "bits" in note]
    assert deep[0].startswith("the number of bits a channel of the files goes with the class")


def grey(image, path, i):
    png(image.convert("L"), path, i)


def deep_grey(image, path, i):
    png(Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), path, i)


def test_a_few_of_each_are_no_shortcut(tmp_path):
    assert notes(tmp_path, lambda image, path, i: (png, grey)[i % 3 == 0](image, path, i), png) == []
