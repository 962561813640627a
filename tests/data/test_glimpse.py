"""A few pictures instead of all."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from sparsight.data import Glimpse, ToyBirdsSettings, cache_folder, load_dataset, read_pictures, readable

KNOWN = 4 * 8 + 2 * 4 + 48 * 48 + 16
"""Bytes of what is kept of a picture beside its pixels, sizes and frames."""


def test_toybirds_are_the_same_but_for_the_pictures_that_are_left_out():
    settings = ToyBirdsSettings(train=24, validation=12, test=12, image_size=32)
    glimpse, whole = Glimpse(most=6), load_dataset(settings)
    few = load_dataset(settings, glimpse)
    drawn = glimpse.chosen(48)
    assert readable(few).tolist() == drawn == [0, 8, 16, 24, 32, 40]
    assert torch.equal(few.images[drawn], whole.images[drawn])
    assert torch.equal(few.part_masks[drawn], whole.part_masks[drawn])
    assert torch.equal(few.concepts, whole.concepts)
    assert torch.equal(few.labels, whole.labels)
    assert all(torch.equal(few.splits[name], whole.splits[name]) for name in whole.splits)
    assert glimpse.wall > 0
    assert glimpse.processor > 0


@pytest.mark.parametrize(
    ("count", "most", "chosen"), [(0, 3, []), (2, 3, [0, 1]), (3, 3, [0, 1, 2]), (7, 3, [0, 2, 4])]
)
def test_the_chosen_are_spread(count, most, chosen):
    assert Glimpse(most=most).chosen(count) == chosen


def test_what_is_left_out_is_reckoned_by_its_number():
    glimpse = Glimpse()
    with glimpse.extrapolating(2, 10):
        sum(range(200_000))
    first = glimpse.wall
    assert first > 0
    with glimpse.extrapolating(10, 10):
        sum(range(200_000))
    assert glimpse.wall == first


def pictures(folder, count):
    paths = []
    for i in range(count):
        picture = Image.new("RGB", (30, 20 + i), (i, 100, 0))
        exif = picture.getexif()
        if i == 1:
            exif[274] = 6  # held on its side
        paths.append(folder / f"{i}.jpg")
        picture.save(paths[-1], exif=exif)
    return paths


def test_files_are_read_in_part_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", str(tmp_path / "cache"))
    paths = pictures(tmp_path, 6)
    glimpse = Glimpse(most=2)
    few = read_pictures(paths, 16, reader=glimpse)
    assert not (tmp_path / "cache").exists()
    assert glimpse.cache == 6 * (3 * 16 * 16 + 3 * 8 + KNOWN)
    assert glimpse.memory == 0
    whole = read_pictures(paths, 16)
    assert torch.equal(few.sizes, whole.sizes)
    assert few.sizes[1].tolist() == [21, 30]
    assert torch.equal(few.frames, whole.frames)
    assert torch.equal(few.images[[0, 3]], whole.images[[0, 3]])
    assert len(np.unique(few.images.flatten(1).numpy(), axis=0)) == 6  # no two are taken for copies
    cached = {path: path.stat().st_mtime_ns for path in cache_folder().iterdir()}
    again = Glimpse(most=2)
    found = read_pictures(paths, 16, reader=again)
    assert dataclasses.astuple(again) == (2, 0.0, 0.0, 0, 0)
    assert torch.equal(found.images, whole.images)
    assert {path: path.stat().st_mtime_ns for path in cache_folder().iterdir()} == cached


def test_without_a_cache_they_would_lie_in_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", "off")
    glimpse = Glimpse(most=2)
    read_pictures(pictures(tmp_path, 4), 16, whole=20, reader=glimpse)
    assert glimpse.memory == 4 * (3 * 16 * 16 + 3 * 20 * 20 + 1 + 3 * 8 + KNOWN)
    assert glimpse.cache == 0


def test_a_picture_that_cannot_be_read_is_told_where_it_is_met(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", str(tmp_path / "cache"))
    paths = pictures(tmp_path, 4)
    paths[2].write_bytes(b"no picture")
    found = read_pictures(paths, 16, reader=Glimpse(most=2))
    assert list(found.problems) == [2]
    assert not (tmp_path / "cache").exists()
