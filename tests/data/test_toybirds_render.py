"""ToyBirds' pictures and masks."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from sparsight.data.toybirds import GROUPS, HABITATS, PARTS, SPECIES, ToyBirdsSettings, render, sample_scene

# Where a group's value may show. The throat on the head has the belly's colour, head and tail are the back's.
SHOWS = {
    "size": PARTS,
    "bill_shape": ("bill",),
    "bill_color": ("bill",),
    "crown_color": ("head",),
    "head_pattern": ("head",),
    "back_color": ("back", "tail", "head"),
    "wing_color": ("wing",),
    "wing_pattern": ("wing",),
    "belly_color": ("belly", "head"),
    "belly_pattern": ("belly",),
    "tail_shape": ("tail",),
    "leg_color": ("legs",),
}
# sha256 of image and part mask of (seed, index, size); one index for each habitat and more. They change only when
# somebody means to draw other pictures, and then every published number on ToyBirds changes too.
GOLDEN = {
    (0, 0, 64): "df9e36903bbbb2f6b7a93bcef1ef501b64ecfe6209c0bddcf61a05f69b0af8bd",
    (0, 1, 64): "fd350a096630c0e3f2ef6a1751597de190df7626441263de47415c6fa9d1988d",
    (0, 2, 64): "2913a9c41afea3c8a2efc606542f29be7a7f12b8aa3df46dbc3ae9d93c2e070e",
    (0, 6, 64): "51089b7213dfcb86c79f5725c5165d61c146cdb2da511d569d57048f5005f6ae",
    (0, 10, 64): "142ee5c6c835f1ca08c6bd0de0acad98c4a4ee7fbc0be27c85dbfb76d960b1df",
    (0, 13, 64): "c4b2b69ca6e184b1c8ae1009bae393c3fc477f640bbdfbaecbf07899f9aacccc",
    (1, 1099511627781, 64): "16919fe7a38a4c26207f6a904cd11927b7519843b7e99bffc475bf1ab142f54e",
    (2, 7, 32): "5554a60cc0de1f22e4cf9f850ac0ca6a9d39f152704358d59190b4f399a2a02b",
    (3, 8, 224): "051cce6007479d6d47237a0368b607cd6581a80808b61d9e5eccb1ec1430ac2d",
    (4, 9, 448): "3c02e4ad35f294c706c887fbab746f0da6c9d9170d7792666826f54be044ebb1",
}


def scene_of(index, seed=0, **settings):
    return sample_scene(seed, index, ToyBirdsSettings(**settings))


def digest(rendering):
    return hashlib.sha256(rendering.image.tobytes() + rendering.parts.tobytes()).hexdigest()


@pytest.mark.parametrize(("key", "expected"), GOLDEN.items())
def test_pixels_are_the_same_on_any_machine(key, expected):
    seed, index, size = key
    assert digest(render(scene_of(index, seed), size)) == expected


def test_the_stored_pictures_show_every_habitat():
    assert {scene_of(index, seed).habitat for seed, index, _ in GOLDEN} == set(HABITATS)


def test_a_picture_does_not_depend_on_what_was_drawn_before():
    forwards = [digest(render(scene_of(index), 64)) for index in range(24)]
    backwards = [digest(render(scene_of(index), 64)) for index in reversed(range(24))]
    assert forwards == backwards[::-1]
    assert len(set(forwards)) == 24


@pytest.mark.parametrize("species", range(len(SPECIES)), ids=[species.name for species in SPECIES])
def test_every_part_of_every_species_is_seen_and_the_bird_has_a_sane_size(species):
    for round_ in range(8):
        rendering = render(scene_of(species + 12 * round_, variation=0.0), 64)
        assert rendering.image.shape == (64, 64, 3)
        assert rendering.image.dtype == rendering.parts.dtype == np.uint8
        assert set(np.unique(rendering.parts)) == set(range(len(PARTS) + 1))
        assert 0.06 < (rendering.parts > 0).mean() < 0.26


def touched(scene, labels):
    """Pixels of the 64 x 64 picture that hold any of the parts, however little: found on a picture four times finer."""
    fine = binary_dilation(np.isin(render(scene, 256).parts, labels), np.ones((7, 7)))
    return fine.reshape(64, 4, 64, 4).any((1, 3))


@pytest.mark.parametrize("group", GROUPS)
def test_a_changed_concept_changes_pixels_only_where_it_shows(group):
    labels = [PARTS.index(part) + 1 for part in SHOWS[group]]
    for index in range(4):
        scene = scene_of(index)
        old, there = render(scene, 64), touched(scene, labels)
        for value in GROUPS[group]:
            if value == scene.concepts[group]:
                continue
            other = scene.with_concept(group, value)
            new = render(other, 64)
            # Two levels of 255 are what a tip may leave that is thinner than the finer picture's masks resolve.
            step = np.abs(old.image.astype(int) - new.image).max(-1)
            elsewhere = ~there & ~touched(other, labels)
            assert step[elsewhere].max() <= 2
            assert (old.parts == new.parts)[elsewhere].all()
            assert (step > 2).sum() >= 4  # every concept can be seen at 64 pixels, on every bird


def test_size_can_be_told_from_the_mask_alone():
    height = {size: [] for size in GROUPS["size"]}
    for index in range(48):
        for size in height:
            scene = scene_of(index).with_concept("size", size).with_concept("head_pattern", "plain")
            rows = np.flatnonzero((render(replace(scene, tilt=0.0, nod=0.0), 64).parts > 0).any(1))
            height[size].append(rows[-1] - rows[0] + 1)
    assert max(height["small"]) < min(height["medium"])
    assert max(height["medium"]) < min(height["large"])


def test_the_bird_hides_the_habitat_and_nothing_else_does():
    for index in range(12):
        drawn = [render(replace(scene_of(index), habitat=habitat), 64) for habitat in HABITATS]
        bird = drawn[0].parts > 0
        assert all((other.parts == drawn[0].parts).all() for other in drawn)
        differs = np.any([(other.image != drawn[0].image).any(-1) for other in drawn], axis=0)
        assert not (differs & binary_erosion(bird, np.ones((3, 3)))).any()
        assert differs[~binary_dilation(bird)].all()


def test_light_changes_colours_but_no_mask():
    scene = scene_of(3)
    bright, dark = (render(replace(scene, brightness=b, warmth=0.0), 64) for b in (1.0, 0.5))
    assert (bright.parts == dark.parts).all()
    np.testing.assert_allclose(dark.image, bright.image / 2, atol=0.76)
    warm, cold = (render(replace(scene, brightness=0.9, warmth=w), 64).image.mean((0, 1)) for w in (1.0, -1.0))
    assert warm[0] > cold[0]
    assert warm[2] < cold[2]


def test_facing_mirrors_the_bird():
    scene = replace(scene_of(0), place=(0.5, 0.8))
    right, left = (render(replace(scene, facing=facing), 64).parts for facing in (1, -1))
    assert ((right > 0) != (left[:, ::-1] > 0)).mean() < 0.005


@pytest.mark.parametrize("size", [32, 65, 224, 448])
def test_any_image_size_shows_the_same_picture(size):
    for index in range(4):
        small, large = render(scene_of(index), 32), render(scene_of(index), size)
        assert large.image.shape == (size, size, 3)
        assert (large.parts > 0).mean() == pytest.approx((small.parts > 0).mean(), abs=0.012)
        assert large.image.mean() == pytest.approx(small.image.mean(), abs=0.6)
        if size % 32 == 0:
            k = size // 32
            shrunk = large.image.reshape(32, k, 32, k, 3).mean((1, 3))
            assert np.abs(shrunk - small.image).mean() < 1.5
