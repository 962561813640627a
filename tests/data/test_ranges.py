"""Files of more than 8 bits: what a data set shows of their range, and the remedy followed."""

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data import FolderSettings, examine, load_dataset
from sparsight.data.picture import read_picture
from sparsight.errors import InputError


def folder(tmp_path, top, dtype=np.uint16, ending="png", low=0, number=10):
    """Two classes of noise from ``low`` to ``top``, which every tenth picture reaches."""
    for k, name in enumerate(("a", "b")):
        highest = top[k] if isinstance(top, tuple) else top
        for i in range(number):
            draw = np.random.default_rng([k, i])
            path = tmp_path / "grey" / name / f"{i}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            values = draw.uniform(low, highest + (dtype is not np.float32) * 0.99, (16, 16))
            values[0, 0] = highest if i == 0 else values[0, 0]
            Image.fromarray(values.astype(dtype)).save(path)
    return FolderSettings(path=tmp_path / "grey", image_size=16)


@pytest.mark.parametrize(
    ("top", "ending", "limit"),
    [(4095, "png", 4095), (4095, "tif", 4095), (1000, "png", 1023), (200, "png", 255), (1, "tif", 1)],
)
def test_fewer_bits_in_16_are_refused_and_the_remedy_shows_them(tmp_path, top, ending, limit):
    settings = folder(tmp_path, top, ending=ending)
    problems = examine(settings)[1]
    assert len(problems) == 1, "black pictures are no copies, and no class is without images"
    assert f"no number of 20 files of 16 bits is above {top:,}" in problems[0]
    assert f"--set data.range={limit} " in problems[0]
    data = load_dataset(settings.model_copy(update={"range": float(limit)}))
    assert int(data.images.max()) == round(255 * top / limit)
    assert len(torch.cat(list(data.splits.values()))) == 20


def test_dark_pictures_may_be_meant(tmp_path):
    settings = folder(tmp_path, 4095)
    assert examine(settings)[1][0].endswith("or by data.range=65535 if the pictures are as dark as that")
    assert int(load_dataset(settings.model_copy(update={"range": 65535.0})).images.max()) == 16


def test_one_dark_picture_and_full_range_are_no_fault(tmp_path):
    settings = folder(tmp_path, 60_000)
    Image.fromarray(np.full((16, 16), 90, dtype=np.uint16)).save(tmp_path / "grey" / "a" / "0.png")
    data = load_dataset(settings)
    assert not [note for note in data.notes if "bits" in note]


def test_fourteen_bits_are_a_note_and_mixed_ranges_are_one(tmp_path):
    (note,) = [note for note in load_dataset(folder(tmp_path / "x", 16_000)).notes if "bits" in note]
    assert "--set data.range=16383 (14 bits)" in note
    (note,) = [note for note in load_dataset(folder(tmp_path / "y", (4000, 65_000))).notes if "bits" in note]
    assert note.startswith("files of 16 bits of class 'a' hold numbers up to 4,000, of class 'b' up to 65,000")


def test_a_range_says_what_becomes_black_and_white_and_what_lies_beyond_is_counted(tmp_path):
    settings = folder(tmp_path, 1000, np.int32, "tif", low=-1000)
    assert "state which become black and white by --set data.range=[BLACK,WHITE]" in examine(settings)[1][0]
    data = load_dataset(settings.model_copy(update={"range": (-1000.0, 1000.0)}))
    assert abs(float(data.images.double().mean()) - 127.5) < 3
    narrow = load_dataset(settings.model_copy(update={"range": (0.0, 500.0)}))
    assert any(note.startswith("20 files hold numbers beyond data.range, 0 to 500") for note in narrow.notes)


def test_floats_are_read_by_a_stated_range(tmp_path):
    settings = folder(tmp_path, 1.0, np.float32, "tif")
    with pytest.raises(InputError, match="floats of unknown range, here from"):
        load_dataset(settings)
    assert int(load_dataset(settings.model_copy(update={"range": 1.0})).images.max()) >= 250


def colours(values):
    """A PNG of three channels of 16 bits, which Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_colours_of_16_bits_are_read_whole_where_their_range_is_stated(tmp_path):
    values = np.random.default_rng(0).integers(0, 4096, (16, 16, 3))
    path = tmp_path / "image.png"
    path.write_bytes(colours(values))
    plain = read_picture(path, 16)
    assert plain.depth.bits == 16
    assert plain.depth.highest == 4095, "as far as the upper bytes say"
    found = read_picture(path, 16, span=(0.0, 4095.0))
    assert np.array_equal(found.pixels, np.rint(values / 4095 * 255).astype(np.uint8))


def test_pictures_that_are_next_to_one_grey_are_noted(tmp_path):
    settings = folder(tmp_path, 3, np.uint8)
    assert any(note.startswith("all pictures together span the greys 0 to ") for note in examine(settings)[0].notes)


@pytest.mark.parametrize("value", [0, -5, [3, 3], [5, 1], float("nan"), "wide"])
def test_a_range_must_rise(value):
    with pytest.raises(ValueError, match="range"):
        FolderSettings(path="x", range=value)


def test_few_bright_pixels_do_not_hide_that_all_others_are_next_to_black(tmp_path):
    settings = folder(tmp_path, 1000)
    for path in settings.path.glob("*/*.png"):
        values = np.array(Image.open(path)).astype(np.uint16)
        values[2, 4:9] = 65535  # a line of writing
        Image.fromarray(values).save(path)
    (note,) = [note for note in load_dataset(settings).notes if "next to black" in note]
    assert "state it, as by --set data.range=4095" in note
    stated = load_dataset(settings.model_copy(update={"range": 1023.0}))
    assert stated.images.float().mean() > 100
    assert not [note for note in stated.notes if "next to black" in note]
