"""The data set made of ToyBirds."""

import pytest
import torch
from pydantic import ValidationError

from sparsight.data.toybirds import CONCEPTS, PARTS, SPECIES, ToyBirdsSettings, render, sample_scene, toybirds

SETTINGS = ToyBirdsSettings(train=60, validation=24, test=36, image_size=48, seed=3, variation=0.2)


@pytest.fixture(scope="module")
def data():
    return toybirds(SETTINGS)


def test_splits_follow_each_other_and_are_balanced(data):
    assert len(data) == 120
    assert [data.splits[split].tolist() for split in ("train", "validation", "test")] == [
        list(range(60)), list(range(60, 84)), list(range(84, 120)),
    ]  # fmt: skip
    for indices in data.splits.values():
        assert len(set(torch.bincount(data.labels[indices], minlength=len(SPECIES)).tolist())) == 1


def test_rows_are_the_scenes(data):
    for index in (0, 59, 60, 119):
        scene = sample_scene(3, index, SETTINGS)
        rendering = render(scene, 48)
        assert (data.images[index].permute(1, 2, 0).numpy() == rendering.image).all()
        assert (data.part_masks[index].numpy() == rendering.parts).all()
        present = {name for name, value in zip(data.concept_names, data.concepts[index], strict=True) if value == 1}
        assert present == {f"{group}_{value}" for group, value in scene.concepts.items()}
        assert data.class_names[data.labels[index]] == SPECIES[index % len(SPECIES)].name


def test_concepts_are_known_and_exclude_each_other_within_a_group(data):
    assert data.concepts.shape == (120, len(CONCEPTS))
    assert set(data.concepts.unique().tolist()) == {0, 1}
    assert len(set(data.concept_names)) == len(CONCEPTS)
    assert "wing_color_blue" in data.concept_names
    for group in set(data.concept_groups):
        columns = [i for i, name in enumerate(data.concept_groups) if name == group]
        assert (data.concepts[:, columns].sum(1) == 1).all()


def test_masks_agree(data):
    assert data.part_names == PARTS
    assert (data.object_masks == (data.part_masks > 0)).all()
    assert int(data.part_masks.max()) == len(PARTS)


def test_an_image_does_not_depend_on_how_many_there_are(data):
    fewer = toybirds(SETTINGS.model_copy(update={"train": 12, "validation": 12, "test": 12}))
    assert (fewer.images == data.images[:36]).all()
    assert (fewer.concepts == data.concepts[:36]).all()


def test_seeds_give_other_birds_of_the_same_species(data):
    other = toybirds(SETTINGS.model_copy(update={"seed": 4}))
    assert (other.labels == data.labels).all()
    assert (other.images != data.images).flatten(1).any(1).all()


def test_the_stored_normalisation_is_that_of_the_pixels():
    pixels = toybirds(ToyBirdsSettings(train=168, validation=12, test=12))
    scaled = pixels.images.double() / 255
    assert scaled.mean((0, 2, 3)).tolist() == pytest.approx(pixels.mean, abs=0.02)
    assert scaled.std((0, 2, 3)).tolist() == pytest.approx(pixels.std, abs=0.01)
    assert pixels.flip


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_size": 31},
        {"image_size": 449},
        {"shortcut": 1.01},
        {"variation": -0.1},
        {"train": 11},
        {"seed": -1},
        {"n": 3},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        ToyBirdsSettings(**wrong)
