"""One thing changed in a scene changes the pixels that it touches, and no others."""

import numpy as np
import pytest
import torch

from sparsight.data.toybirds import (
    CONCEPTS,
    GROUPS,
    HABITATS,
    PARTS,
    ToyBirdsSettings,
    changed_region,
    draw,
    intervene,
    render,
    sample_scene,
    with_habitat,
)

pytestmark = pytest.mark.usefixtures("shapes_unchecked")

SETTINGS = ToyBirdsSettings(train=12, validation=12, test=24, image_size=48)
SIZE = 48


def scenes(count):
    return [sample_scene(3, index, SETTINGS) for index in range(count)]


def holds(before, after, first, second):
    region = changed_region(first, second, SIZE)
    same = (before.image == after.image).all(axis=2)
    assert bool(same[~region].all())
    return region, same


@pytest.mark.parametrize(("group", "value"), CONCEPTS)
def test_a_concept_changes_what_its_shapes_touch_and_no_other_pixel(group, value):
    differs = 0
    for scene in scenes(3):
        other = scene.with_concept(group, value)
        region, same = holds(render(scene, SIZE), render(other, SIZE), draw(scene), draw(other))
        differs += int((~same).sum())
        if scene.concepts[group] == value:
            assert not region.any()
        elif group not in ("size",):
            assert region.mean() < 0.5
    if any(scene.concepts[group] != value for scene in scenes(3)):
        assert differs > 0


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_removed_is_gone_and_the_rest_is_as_it_was(part):
    label = PARTS.index(part) + 1
    for scene in scenes(4):
        before, after = render(scene, SIZE), render(scene, SIZE, without=part)
        region, same = holds(before, after, draw(scene), draw(scene, part))
        assert not (after.parts == label).any()
        assert (before.parts == label).any()
        assert not same.all()
        assert bool(region[before.parts == label].all())


def test_the_belly_goes_with_the_back_and_eye_and_bill_stay_without_a_head():
    scene = scenes(1)[0]
    torso, head = render(scene, SIZE, without="back").parts, render(scene, SIZE, without="head").parts
    assert not (torso == PARTS.index("belly") + 1).any()
    for part in ("eye", "bill"):
        assert (head == PARTS.index(part) + 1).any()


def test_an_unknown_part_or_habitat_is_refused():
    scene = scenes(1)[0]
    with pytest.raises(ValueError, match="antlers"):
        render(scene, SIZE, without="antlers")
    with pytest.raises(ValueError, match="moon"):
        with_habitat(scene, "moon")


@pytest.mark.parametrize("habitat", HABITATS)
def test_another_habitat_leaves_the_bird_where_nothing_shines_through(habitat):
    for scene in scenes(3):
        other = with_habitat(scene, habitat)
        before, after = render(scene, SIZE), render(other, SIZE)
        holds(before, after, draw(scene), draw(other))
        assert np.array_equal(before.parts, after.parts)
        alone = changed_region([shape._replace(inside=-1) for shape in draw(scene) if shape.part], [], SIZE)
        inside = before.parts > 0
        same = (before.image == after.image).all(axis=2)
        assert same[inside].mean() > 0.6
        if habitat != scene.habitat:
            assert not same[~alone].all()


def test_interventions_are_the_first_test_images_each_changed_in_one_thing():
    found = intervene(SETTINGS, 5)
    assert found.images.shape == (5, 47, 3, SIZE, SIZE)
    assert found.concepts.shape == (5, 45)
    assert (found.parts.shape, found.habitats.shape) == ((5, 8), (5, 6))
    for i in range(5):
        scene = sample_scene(SETTINGS.seed, 24 + i, SETTINGS)
        expected = torch.from_numpy(render(scene, SIZE).image).permute(2, 0, 1)
        assert torch.equal(found.images[i, 0], expected)
        own = [f"{group}_{value}" for group, value in scene.concepts.items()]
        assert [found.concept_names[c] for c in (found.concepts[i] == 0).nonzero()[:, 0].tolist()] == sorted(
            own, key=found.concept_names.index
        )
        c = found.concept_names.index("crown_color_red")
        changed = render(scene.with_concept("crown_color", "red"), SIZE).image
        assert torch.equal(found.images[i, found.concepts[i, c]], torch.from_numpy(changed).permute(2, 0, 1))
        bill = render(scene, SIZE, without="bill").image
        assert torch.equal(found.images[i, found.parts[i, 0]], torch.from_numpy(bill).permute(2, 0, 1))
        assert found.habitat_names[int((found.habitats[i] == 0).nonzero())] == scene.habitat
        used = torch.cat([found.concepts[i], found.parts[i], found.habitats[i]])
        assert set(used.tolist()) == set(range(47))
    assert len(found.concept_groups) == len(CONCEPTS)
    assert tuple(dict.fromkeys(found.concept_groups)) == tuple(GROUPS)


def test_there_are_no_more_than_test_images():
    few = ToyBirdsSettings(train=12, validation=12, test=12, image_size=32)
    assert len(intervene(few, 1000).images) == 12
