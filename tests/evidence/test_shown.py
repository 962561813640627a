"""Which images a report shows, and their maps by a second method."""

from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError

from sparsight.data import ToyBirdsSettings, load_dataset, normalise
from sparsight.evidence import EvidenceSettings, check_shown, maps_beside, shown_images
from sparsight.models import ModelSettings, build_model, split
from sparsight.saliency import SaliencySettings, grad_cam, released_maps

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def birds():
    """Twelve classes."""
    return load_dataset(ToyBirdsSettings(train=24, validation=12, test=36, image_size=32))


def test_few_classes_have_several_images_each(tiny):
    labels = tiny.labels[tiny.splits["test"]].tolist()
    members = [[i for i in range(len(labels)) if labels[i] == k] for k in range(3)]
    assert shown_images(tiny) == [i for found in members for i in (found[0], found[len(found) // 2])]


def test_of_many_classes_some_are_shown(birds):
    assert shown_classes(birds, ()) == [0, 1, 3, 4, 6, 7, 9, 10]


def test_named_classes_come_first_and_the_others_fill_up(birds):
    named = [birds.class_names[k] for k in (11, 2)]
    assert shown_classes(birds, named) == [11, 2, 0, 1, 4, 6, 7, 9]
    assert shown_classes(birds, [*named, "Dodo", named[0]]) == [11, 2, 0, 1, 4, 6, 7, 9]
    assert shown_classes(birds, birds.class_names) == list(range(8))


def test_no_two_images_are_the_same(birds, tiny):
    for data in (birds, tiny):
        for first in ((), data.class_names[-1:], data.class_names):
            found = shown_images(data, first)
            assert len(set(found)) == len(found) <= 8


def test_classes_that_cannot_be_shown_are_named(birds):
    first = (birds.class_names[0], "Dodo", "Dodo", "Great Auk")
    assert check_shown(birds, first) == ["evidence.shown: 2 of 3 classes have no test image: Dodo, Great Auk"]
    assert check_shown(birds, birds.class_names) == []
    without = replace(birds, splits={**birds.splits, "test": birds.splits["test"][:0]})
    assert check_shown(without, birds.class_names[:1])[0].endswith(birds.class_names[0])


@pytest.mark.parametrize(
    ("method", "beside", "by"), [("gradcam", "released", released_maps), ("released", "gradcam", grad_cam)]
)
def test_maps_beside_are_the_other_methods_of_the_labels(birds, method, beside, by):
    model = build_model(ModelSettings(name="resnet8"), 12, 3)
    settings, saliency = EvidenceSettings(shown=birds.class_names[5:6]), SaliencySettings(method=method, beside=beside)
    chosen = birds.splits["test"][shown_images(birds, settings.shown)]
    assert birds.labels[chosen[0]] == 5
    found = maps_beside(model, split(model), birds, settings, saliency, CPU)
    images = normalise(birds.images[chosen], birds, CPU)
    made = by(model, split(model), images, birds.labels[chosen][:, None], SaliencySettings(method=beside)).maps[:, 0]
    assert torch.equal(found, made)


def test_without_a_second_method_there_are_none(birds):
    model = build_model(ModelSettings(name="resnet8"), 12, 3)
    assert maps_beside(model, split(model), birds, EvidenceSettings(), SaliencySettings(), CPU) is None


def test_a_method_does_not_stand_beside_itself():
    with pytest.raises(ValidationError, match="released is the method itself; name another one or null"):
        SaliencySettings(method="released", beside="released")


def shown_classes(data, first):
    return data.labels[data.splits["test"][shown_images(data, first)]].tolist()
