"""What numbers of images say before anything is trained."""

from dataclasses import replace

import pytest
import torch

from sparsight.beforehand import few_test_images
from sparsight.config import StudySettings
from sparsight.data import DATA_SETTINGS, ToyBirdsSettings, load_dataset
from sparsight.study import Silent, run_study


def test_too_few_test_images_are_reported_with_their_smallest_class():
    data = load_dataset(ToyBirdsSettings(train=12, validation=12, test=30, image_size=32))
    assert few_test_images(data, 30) == []
    (note,) = few_test_images(data, 31)
    smallest = data.labels[data.splits["test"]].bincount().min()
    assert note.startswith("30 test images are fewer than the 31 (verdict.least_images)")
    assert f"has {smallest} of them" in note
    one = replace(data, splits={**data.splits, "test": torch.tensor([53])})
    assert few_test_images(one, 30)[0].startswith("1 test image is fewer")


def test_each_data_set_states_whether_a_mirrored_image_is_the_same():
    assert {name: own.flip for name, own in DATA_SETTINGS.items() if name != "folder"} == {
        "toybirds": True,
        "mnist": False,
        "cub200": True,
        "ham10000": True,
    }
    assert DATA_SETTINGS["folder"].model_fields["flip"].default is True


class ReachedError(Exception):
    """The study is about to train."""


class Stops(Silent):
    """Keeps what it hears, and stops a study before anything is trained."""

    def __init__(self):
        self.heard = []

    def note(self, text):
        self.heard.append(text)

    def started(self, networks, standing, epochs):
        raise ReachedError


def test_a_study_reports_them_before_it_trains(tmp_path):
    settings = StudySettings.model_validate(
        {
            "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 24, "image_size": 32},
            "model": {"name": "resnet8"},
        }
    )
    stops = Stops()
    with pytest.raises(ReachedError):
        run_study(settings, tmp_path / "run", workers=0, listener=stops)
    assert [text for text in stops.heard if text.startswith("24 test images are fewer than the 30")]
