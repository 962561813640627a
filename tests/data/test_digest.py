"""A data set's digest follows everything that it holds."""

from dataclasses import replace

from sparsight.data import ToyBirdsSettings, data_digest, load_dataset


def test_it_follows_what_is_held():
    data = load_dataset(ToyBirdsSettings(train=12, validation=12, test=12, image_size=32))
    known = data_digest(data)
    assert known == data_digest(load_dataset(ToyBirdsSettings(train=12, validation=12, test=12, image_size=32)))
    images = data.images.clone()
    images[0, 0, 0, 0] ^= 1
    for other in (
        {"images": images},
        {"labels": data.labels.flip(0)},
        {"class_names": ("other", *data.class_names[1:])},
        {"mean": (0.4, 0.5, 0.5)},
        {"splits": {**data.splits, "test": data.splits["test"][:2]}},
    ):
        assert data_digest(replace(data, **other)) != known, other.keys()
    assert known == data_digest(replace(data))


def test_no_field_is_left_out():
    data = load_dataset(ToyBirdsSettings(train=12, validation=12, test=12, image_size=32))
    assert data.object_masks is not None
    assert data_digest(replace(data, object_masks=~data.object_masks)) != data_digest(data)
