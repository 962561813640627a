"""Images of strangers: each kind has a defined answer or a line that refuses it."""

import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from sparsight.data.mask import read_mask
from sparsight.data.picture import read_picture
from sparsight.errors import InputError

RED = (200, 30, 60)


def plain(size=(40, 30), mode="RGB", colour=RED):
    return Image.new(mode, size, colour)


def bomb(path):
    """A PNG whose header speaks of 60,000 x 60,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def sixteen(path):
    Image.fromarray(np.full((30, 40), 200 * 257, dtype=np.uint16)).save(path, format="PNG")


def animated(path):
    plain().save(path, format="GIF", save_all=True, append_images=[plain(colour=(0, 255, 0))], duration=40)


def clear(path):
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(path, format="PNG")


READ = {
    "RGB": (lambda path: plain().save(path, format="PNG"), RED, 1),
    "greyscale": (lambda path: plain(mode="L", colour=90).save(path, format="PNG"), (90, 90, 90), 1),
    "16 bits": (sixteen, (200, 200, 200), 1),
    "one bit": (lambda path: plain(mode="1", colour=1).save(path, format="PNG"), (255, 255, 255), 1),
    "palette": (lambda path: plain().quantize(4).save(path, format="PNG"), RED, 1),
    "transparent": (clear, (255, 255, 255), 1),
    "CMYK": (lambda path: plain(mode="CMYK", colour=(0, 255, 255, 0)).save(path, format="JPEG"), (255, 0, 0), 1),
    "animated": (animated, RED, 2),
    "wrong extension": (lambda path: plain().save(path, format="BMP"), RED, 1),
    "WebP": (lambda path: plain().save(path, format="WEBP", lossless=True), RED, 1),
}


@pytest.mark.parametrize("kind", READ)
def test_it_is_read_as_what_it_holds(tmp_path, kind):
    write, colour, frames = READ[kind]
    path = tmp_path / "image.png"
    write(path)
    found = read_picture(path, 16)
    assert found.pixels.shape == (16, 16, 3)
    assert np.abs(found.pixels.astype(int) - np.array(colour)).max() <= 6
    assert (found.size, found.frames) == ((40, 30), frames)


def cut(path):
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, format="PNG")
    path.write_bytes(path.read_bytes()[:-600])


REFUSED = {
    "missing": (lambda path: None, "cannot be read"),
    "a folder": (lambda path: path.mkdir(), "not a regular file"),
    "a pipe": (os.mkfifo, "not a regular file"),
    "a loop": (lambda path: path.symlink_to(path.name), "cannot be read"),
    "zero bytes": (lambda path: path.write_bytes(b""), "empty"),
    "text": (lambda path: path.write_text("not an image"), "not an image of"),
    "a page": (lambda path: path.write_text("<svg onload=alert(1)>"), "not an image of"),
    "cut off": (cut, "cannot be decoded"),
    "a bomb": (bomb, "3600.0 megapixels, more than the 50 that"),
    "too large": (lambda path: Image.new("1", (7100, 7100)).save(path, format="PNG"), "50.4 megapixels, more than"),
    "floats": (lambda path: Image.new("F", (40, 30), 0.5).save(path, format="TIFF"), "unknown range"),
    "another format": (lambda path: plain().save(path, format="TGA"), "not an image of"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_in_one_line_that_names_the_file(tmp_path, kind):
    make, says = REFUSED[kind]
    path = tmp_path / "image.png"
    make(path)
    with pytest.raises(InputError, match=says) as error:
        read_picture(path, 16)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_the_centre_square_is_taken_and_the_picture_turned_upright(tmp_path):
    wide = np.zeros((20, 60, 3), dtype=np.uint8)
    wide[:, 20:40] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.fromarray(np.rot90(wide)).save(tmp_path / "turned.png", exif=exif)
    for name in ("wide.png", "turned.png"):
        found = read_picture(tmp_path / name, 20)
        assert found.size == (60, 20)
        assert bool((found.pixels == 255).all())


def test_a_mask_lies_where_it_is_not_zero_and_must_have_its_images_size(tmp_path):
    mask = np.zeros((30, 30), dtype=np.uint8)
    mask[:, :15] = 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    found = read_mask(tmp_path / "mask.png", 10, (30, 30)).inside
    assert found[:, :5].all()
    assert not found[:, 5:].any()
    with pytest.raises(InputError, match="make them equal"):
        read_mask(tmp_path / "mask.png", 10, (30, 31))
    plain().save(tmp_path / "mask.jpg")
    with pytest.raises(InputError, match="not an image of PNG"):
        read_mask(tmp_path / "mask.jpg", 10, (40, 30))


def test_a_palette_counts_by_its_indices_or_as_it_is_shown(tmp_path):
    values = np.zeros((30, 30), dtype=np.uint8)
    values[:, :15] = 255
    mask = Image.fromarray(values)
    mask.putpalette([255 - k // 3 for k in range(768)])
    mask.save(tmp_path / "mask.png")
    by_index = read_mask(tmp_path / "mask.png", 10, (30, 30), 128).inside
    assert by_index[:, :5].all()
    assert not by_index[:, 5:].any()
    assert np.array_equal(read_mask(tmp_path / "mask.png", 10, (30, 30), 128, as_shown=True).inside, ~by_index)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_every_format_is_turned_as_pillow_does(tmp_path, form, orientation):
    noise = np.random.default_rng(0).integers(0, 255, (6, 9, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "image.png"
    Image.fromarray(noise).resize((90, 60)).save(path, format=form, exif=exif)
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    found = read_picture(path, 30)
    assert found.size == upright.size
    left, top = (upright.width - 60) // 2, (upright.height - 60) // 2
    box = (left, top, left + 60, top + 60)
    expected = np.asarray(upright.resize((30, 30), Image.Resampling.BILINEAR, box=box))
    assert np.abs(found.pixels.astype(int) - expected.astype(int)).max() <= 2
    if form != "JPEG":
        assert read_mask(path, 30, found.size).inside.shape == (30, 30)


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "CMYK", "I;16"])
def test_a_picture_in_bands_is_the_picture(tmp_path, mode):
    values = np.random.default_rng(1).integers(0, 255, (40, 30, 4), dtype=np.uint8)
    image = Image.fromarray(values, "RGBA").resize((900, 1300))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image)[..., 0].astype(np.uint16) * 257)
    else:
        image = image if mode == "RGBA" else image.convert("RGB").convert(mode)
    path = tmp_path / "image.png"
    image.save(path, format="TIFF" if mode == "CMYK" else "PNG")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    rgb = Image.alpha_composite(white, image).convert("RGB") if mode == "RGBA" else image.convert("RGB")
    if mode == "I;16":
        rgb = Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    expected = rgb.resize((20, 20), Image.Resampling.BILINEAR, box=(0, 200, 900, 1100))
    assert np.array_equal(read_picture(path, 20).pixels, np.asarray(expected))


def test_a_large_picture_costs_little_more_than_its_pixels(tmp_path):
    """49 megapixels are 196 MB in Pillow; a JPEG is shrunk while it is decoded."""
    for name, form in (("large.png", "PNG"), ("large.jpg", "JPEG")):
        Image.new("RGB", (7000, 7000), RED).save(tmp_path / name, format=form)
    code = (
        "import resource, sys; from pathlib import Path; from sparsight.data.picture import read_picture\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024; before = peak()\n"
        "found = [read_picture(Path(path), 64) for path in sys.argv[1:]]\n"
        "assert all(one.size == (7000, 7000) for one in found)\n"
        "assert abs(found[0].pixels.astype(int) - (200, 30, 60)).max() <= 3\n"
        "print(peak() - before)"
    )
    for name, most in (("large.jpg", 60), ("large.png", 300)):
        command = [sys.executable, "-c", code, str(tmp_path / name)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        assert int(ended.stdout) < most
