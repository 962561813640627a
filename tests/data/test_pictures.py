"""Images decoded once: what is kept, when it is used again, and when it is refused."""

import shutil
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data.picture import FORMATS, read_picture
from sparsight.data.picture_cache import cache_folder, cached_files
from sparsight.data.pictures import read_pictures
from sparsight.errors import InputError


class Heard:
    def __init__(self):
        self.notes, self.ticks = [], []

    def note(self, text):
        self.notes.append(text)

    def decoded(self, done, total):
        self.ticks.append((done, total))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def paths(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(6):
        pixels = np.random.default_rng(i).integers(0, 255, (20 + i, 40 - i, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return sorted(folder.iterdir())


def kept(cache):
    return sorted(path for path in cache.iterdir() if path.suffix == ".safetensors")


def test_pictures_are_those_of_read_picture(cache, paths):
    found = read_pictures(paths, 16, whole=24)
    for i, path in enumerate(paths):
        one = read_picture(path, 16, 24)
        assert np.array_equal(found.images[i].permute(1, 2, 0).numpy(), one.pixels)
        assert np.array_equal(found.whole[i].permute(1, 2, 0).numpy(), one.whole)
        assert tuple(found.sizes[i].tolist()) == one.size == (40 - i, 20 + i)
    assert (found.problems, found.frames.tolist()) == ({}, [1] * 6)


def test_the_whole_picture_is_squeezed_into_a_square(paths):
    with Image.open(paths[0]) as image:
        expected = np.asarray(image.resize((24, 24), Image.Resampling.BILINEAR))
    assert np.array_equal(read_picture(paths[0], 16, 24).whole, expected)


def test_they_are_decoded_once_and_what_is_written_is_said_before(cache, paths):
    first, again = Heard(), Heard()
    made = read_pictures(paths, 16, reader=first)
    assert first.ticks == [(i, 6) for i in range(1, 7)]
    assert first.notes == [f"decoding 6 images once, into 18 KiB below {cache}"]
    shutil.move(paths[0].parent, paths[0].parent.with_name("elsewhere"))
    found = read_pictures([path.parent.with_name("elsewhere") / path.name for path in paths], 16, reader=again)
    assert (again.notes, again.ticks) == ([], [])
    assert torch.equal(made.images, found.images)
    assert torch.equal(made.sizes, found.sizes)


def test_another_size_content_or_order_is_another_file(cache, paths):
    read_pictures(paths, 16)
    for number, call in enumerate(
        (
            lambda: read_pictures(paths, 17),
            lambda: read_pictures(paths, 16, whole=16),
            lambda: read_pictures(paths[::-1], 16),
        ),
        start=2,
    ):
        call()
        assert len(kept(cache)) == number
    Image.new("RGB", (9, 9), "red").save(paths[0])
    assert (read_pictures(paths, 16).images[0] == torch.tensor([255, 0, 0]).view(3, 1, 1)).all()


@pytest.mark.parametrize("harm", [lambda b: b[:-5], lambda b: b[:-5] + b"\x99" + b[-4:], lambda b: b""])
def test_a_damaged_or_foreign_file_is_made_again(cache, paths, harm):
    made = read_pictures(paths, 16).images.clone()
    (file,) = kept(cache)
    file.write_bytes(harm(file.read_bytes()))
    heard = Heard()
    assert torch.equal(read_pictures(paths, 16, reader=heard).images, made)
    assert heard.ticks
    read_pictures(paths, 24)
    (other,) = [path for path in kept(cache) if path != file]
    shutil.copy(other, file)  # a cache made by other settings, under this one's name
    assert torch.equal(read_pictures(paths, 16).images, made)


def test_nothing_is_kept_where_a_file_cannot_be_used(cache, paths):
    paths[2].write_bytes(b"")
    paths[4].write_bytes(b"not an image")
    found = read_pictures([*paths, paths[0].with_name("absent.png")], 16)
    assert sorted(found.problems) == [2, 4, 6]
    assert all(str((*paths, paths[0].with_name("absent.png"))[i]) in text for i, text in found.problems.items())
    assert not found.images[2].any()
    assert found.images[3].any()
    assert kept(cache) == []
    assert not [path for path in cache.iterdir() if "partial" in path.name]


def test_it_can_be_switched_off(paths, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", "off")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert read_pictures(paths, 16).images.shape == (6, 3, 16, 16)
    assert cache_folder() is None
    assert not (tmp_path / "home").exists()
    assert read_pictures([], 16).images.shape == (0, 3, 16, 16)


def test_without_room_it_says_so_before_anything_is_written(cache, paths, monkeypatch):
    usage = shutil.disk_usage(paths[0])
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(InputError, match=r"the cache of 6 images takes 18 KiB, 1 KiB are free; make room"):
        read_pictures(paths, 16)
    assert kept(cache) == []


def test_a_cache_that_cannot_be_written_is_one_line(paths, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SPARSIGHT_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot be written .*SPARSIGHT_CACHE=off"):
        read_pictures(paths, 16)


def test_of_two_at_once_one_decodes_and_both_have_the_same(cache, paths):
    heard, found = [Heard(), Heard()], [None, None]

    def work(k):
        found[k] = read_pictures(paths * 40, 64, reader=heard[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(found[0].images, found[1].images)
    assert sum(bool(one.ticks) for one in heard) == 1
    assert len(kept(cache)) == 1


def test_a_killed_decoder_leaves_nothing_that_is_used(cache, paths, tmp_path):
    code = (
        "import os, sys, pathlib; from sparsight.data import pictures\n"
        "class R:\n  note = lambda self, text: None\n"
        "  def decoded(self, done, total): os.kill(os.getpid(), 9)\n"
        "pictures.read_pictures([pathlib.Path(p) for p in sys.argv[1:]], 16, reader=R())"
    )
    ended = subprocess.run([sys.executable, "-c", code, *map(str, paths)], check=False)
    assert ended.returncode == -9
    assert kept(cache) == []
    assert [path for path in cache.iterdir() if "partial" in path.name], "what a killed process leaves"
    heard = Heard()
    read_pictures(paths, 16, reader=heard)
    assert len(heard.ticks) == 6
    assert not [path for path in cache.iterdir() if "partial" in path.name]


def test_a_cache_is_used_where_nothing_can_be_written(cache, paths, monkeypatch):
    made = read_pictures(paths, 16).images.clone()
    monkeypatch.setattr("sparsight.data.pictures.alone", lambda *_: (_ for _ in ()).throw(PermissionError(13, "no")))
    assert torch.equal(read_pictures(paths, 16).images, made)


def test_what_is_read_can_be_changed_without_harm_to_the_cache(cache, paths):
    made = read_pictures(paths, 16)
    made.images.zero_()
    heard = Heard()
    assert read_pictures(paths, 16, reader=heard).images.any()
    assert heard.ticks == []


def test_only_files_of_the_cache_are_its_files(cache, paths):
    read_pictures(paths, 16)
    for name in ("photo.jpg", "model.safetensors", "a" * 64 + ".png"):
        (cache / name).write_bytes(b"mine")
    assert sorted(path.suffix for path in cached_files(cache)) == [".lock", ".safetensors"]


def test_a_home_folder_that_nobody_has_is_one_line(monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", "~no-such-user/x")
    with pytest.raises(InputError, match="no such home folder"):
        cache_folder()


def test_filters_of_warnings_are_left_as_they_were(cache, paths):
    before = list(warnings.filters)
    read_pictures(paths * 10, 16)
    assert warnings.filters == before


def test_squares_and_whole_pictures_are_kept_apart_and_none_is_decoded_twice(cache, paths):
    both, squares, other, again = Heard(), Heard(), Heard(), Heard()
    first = read_pictures(paths, 16, whole=24, reader=both)
    assert both.ticks == [(i, 6) for i in range(1, 7)], "one pass for both"
    assert len(kept(cache)) == 2
    assert torch.equal(read_pictures(paths, 16, reader=squares).images, first.images)
    assert squares.ticks == []
    second = read_pictures(paths, 20, whole=24, reader=other)
    assert len(kept(cache)) == 3, "the whole pictures are those of the first call"
    assert torch.equal(second.whole, first.whole)
    assert torch.equal(read_pictures(paths, 20, whole=24, reader=again).images, second.images)
    assert again.ticks == []


def test_what_is_known_of_each_picture_is_kept_with_it(cache, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (9, 6), "red").save(tmp_path / "a.jpg", exif=exif)
    Image.new("L", (9, 6), 40).save(tmp_path / "b.png")
    Image.fromarray(np.full((6, 9), 700, dtype=np.uint16)).save(tmp_path / "c.tif")
    Image.new("1", (9, 6), 1).save(tmp_path / "d.bmp")
    Image.new("L", (30, 30), 40).save(tmp_path / "e.gif")
    for _ in range(2):  # as decoded, and as kept
        found = read_pictures([tmp_path / name for name in ("a.jpg", "b.png", "c.tif", "d.bmp", "e.gif")], 8)
        assert found.fact("orientation").tolist() == [6, 1, 1, 1, 1]
        assert [FORMATS[i] for i in found.fact("form").tolist()] == ["JPEG", "PNG", "TIFF", "BMP", "GIF"]
        assert found.fact("bits").tolist() == [8, 8, 16, 1, 8]
        assert found.fact("coloured").tolist() == [1, 0, 0, 0, 0]
        assert found.extremes.tolist() == [[0, 255], [0, 255], [700, 700], [0, 255], [0, 255]]
        digests = [bytes(one) for one in found.digests.numpy()]
        assert digests[1] == digests[4]
        assert len(set(digests)) == 4
        assert found.thumbs[1].unique().tolist() == [40]


def test_of_files_that_cannot_be_used_whole_pictures_are_read_again_as_well(cache, paths):
    good = paths[2].read_bytes()
    paths[2].write_bytes(b"")
    read_pictures(paths, 16, whole=24, keep=True)
    heard = Heard()
    assert list(read_pictures(paths, 16, whole=24, reader=heard, keep=True).problems) == [2]
    assert heard.ticks == []
    paths[2].write_bytes(good)
    assert read_pictures(paths, 16, whole=24).whole[2].any()
