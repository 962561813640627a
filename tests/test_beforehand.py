"""What numbers of images say before anything is trained."""

from dataclasses import replace

import pytest
import torch

from sparsight.beforehand import few_test_images, idle_arms
from sparsight.config import StudySettings, load_study, preset_names
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


def idle(settings):
    return idle_arms(settings.study.arms, settings.training, settings.pruning.rounds)


def with_arms(*arms, rounds=3, **training):
    return StudySettings.model_validate(
        {
            "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 30, "image_size": 32},
            "model": {"name": "resnet8"},
            "training": training,
            "pruning": {"rounds": rounds},
            "study": {"arms": arms},
        }
    )


@pytest.mark.parametrize(
    ("settings", "named", "remedy"),
    [
        (with_arms("toggle:keep_optimizer"), ("rounds 1 to 2 is 0", "cosine"), {"schedule": "constant"}),
        (with_arms("toggle:keep_optimizer", rounds=2), ("round 1 is 0",), {"schedule": "constant"}),
        (
            with_arms("toggle:keep_optimizer+mask_once", schedule="step", epochs=8, step_epochs=1),
            ("rounds 1 to 2 is 1e-10 at most", "step"),
            {"schedule": "constant"},
        ),
        (with_arms("finetune", finetune_rate=1e-30), ("finetune", "1e-30"), {"finetune_rate": 1e-3}),
        (with_arms("rewind:9", schedule="step", step_epochs=1), ("rewind:9", "1e-11"), {"schedule": "constant"}),
        (with_arms("released-code", epochs=1), ("rounds 0 to 2 train for one epoch",), {"epochs": 2}),
        (with_arms("magnitude", "finetune", learning_rate=1e-15), ("learning_rate: at 1e-15",), {"learning_rate": 0.1}),
    ],
)
def test_arms_that_train_nothing_are_reported_and_the_remedy_mends_it(settings, named, remedy):
    (note,) = idle(settings)
    assert all(words in note for words in named)
    assert all(name in note for name in remedy)
    training = settings.training.model_copy(update=remedy)
    assert idle(settings.model_copy(update={"training": training})) == []


def test_a_dense_network_that_stops_is_not_reported_beside_its_arm():
    arms = ("toggle:keep_optimizer", "dense-at:toggle:keep_optimizer:1")
    assert len(idle(with_arms(*arms))) == 1
    assert idle(with_arms("toggle:keep_optimizer", rounds=1)) == []


@pytest.mark.parametrize("quick", [False, True])
def test_of_the_presets_only_the_one_whose_code_did_it_is_reported(quick):
    for name in preset_names():
        path = {"data": {"path": "."}} if name.startswith(("cub", "ham")) else None
        found = idle(load_study(name, quick=quick, overrides=path))
        assert len(found) == (name == "ham10000-released")


def test_a_study_reports_idle_rounds_before_it_trains(tmp_path):
    stops = Stops()
    with pytest.raises(ReachedError):
        run_study(with_arms("toggle:keep_optimizer"), tmp_path / "run", workers=0, listener=stops)
    assert any("rounds 1 to 2 is 0" in note for note in stops.heard)
