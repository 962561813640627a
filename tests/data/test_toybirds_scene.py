"""ToyBirds' scenes: who is drawn, and by which lot."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2_contingency

from sparsight.data.toybirds import CONCEPTS, GROUPS, HABITATS, SPECIES, ToyBirdsSettings, label_of, sample_scene
from sparsight.data.toybirds.dice import mix, uniforms

N = 2400


@cache
def scenes(n=N, seed=5, **settings):
    drawn = ToyBirdsSettings(**settings)
    return [sample_scene(seed, index, drawn) for index in range(n)]


def test_mixing_gives_the_published_numbers_of_splitmix64():
    step = 0x9E3779B97F4A7C15
    outputs = [mix((1234567 + i * step) % 2**64) for i in range(5)]
    assert outputs == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip


def test_uniform_numbers_are_uniform_and_do_not_depend_on_how_many_are_drawn():
    many = np.array(uniforms(7, "a", 20_000))
    assert many[:50].tolist() == uniforms(7, "a", 50)
    assert 0 <= many.min() < 0.001
    assert 0.999 < many.max() < 1
    counts = np.histogram(many, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # chi-square, 19 degrees of freedom, p = 0.001
    assert uniforms(8, "a", 3) != uniforms(7, "a", 3) != uniforms(7, "b", 3)


def test_there_are_enough_species_and_concepts_and_neighbours_are_close_but_apart():
    assert len(SPECIES) >= 12
    assert len(CONCEPTS) >= 30
    for one in SPECIES:
        apart = [sum(one.prototype[g] != other.prototype[g] for g in GROUPS) for other in SPECIES if other is not one]
        assert 2 <= min(apart) <= 4
    used = {(group, species.prototype[group]) for species in SPECIES for group in GROUPS}
    assert used == set(CONCEPTS)
    assert Counter(species.habitat for species in SPECIES) == dict.fromkeys(HABITATS, 2)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**40))
def test_a_scene_is_a_function_of_seed_and_index(seed, index):
    settings = ToyBirdsSettings()
    first = sample_scene(seed, index, settings)
    sample_scene(seed, index + 1, settings)
    assert sample_scene(seed, index, settings) == first
    assert first.background != sample_scene(seed, index + 1, settings).background


def test_without_variation_concepts_are_a_function_of_the_species():
    assert all(s.concepts == SPECIES[label_of(i)].prototype for i, s in enumerate(scenes(240, variation=0.0)))


def test_a_bird_departs_from_its_species_as_often_as_the_settings_say():
    for variation, drawn in ((0.08, scenes()), (0.3, scenes(variation=0.3))):
        for group, values in GROUPS.items():
            departed = [
                (label_of(i), s.concepts[group])
                for i, s in enumerate(drawn)
                if s.concepts[group] != SPECIES[label_of(i)].prototype[group]
            ]
            assert binom.cdf(len(departed), N, variation) == pytest.approx(0.5, abs=0.4995)
            assert {value for _, value in departed} == set(values)


def test_every_concept_divides_the_images():
    share = Counter((group, value) for s in scenes() for group, value in s.concepts.items())
    assert min(share[concept] for concept in CONCEPTS) > 0.05 * N


def test_shortcut_ties_the_habitat_to_the_species_and_changes_nothing_else():
    free, half, tied = (scenes(), scenes(shortcut=0.5), scenes(shortcut=1.0))
    own = [SPECIES[label_of(i)].habitat for i in range(N)]
    assert [s.habitat for s in tied] == own
    assert [replace(s, habitat=f.habitat) for s, f in zip(tied, free, strict=True)] == free
    matches = sum(s.habitat == habitat for s, habitat in zip(half, own, strict=True))
    assert matches / N == pytest.approx(0.5 + 0.5 / len(HABITATS), abs=0.03)


@pytest.mark.parametrize("what", ["habitat", "facing"])
def test_nuisance_is_independent_of_species_and_of_concepts(what):
    drawn = scenes()
    nuisance = [getattr(s, what) for s in drawn]
    kinds = sorted(set(nuisance))
    for features in ([label_of(i) for i in range(N)], *([s.concepts[g] for s in drawn] for g in GROUPS)):
        counts = Counter(zip(features, nuisance, strict=True))
        table = [[counts[feature, kind] for kind in kinds] for feature in sorted(set(features))]
        assert chi2_contingency(table).pvalue > 0.001


def test_continuous_nuisance_does_not_depend_on_the_settings_of_the_concepts():
    for one, other in zip(scenes(60, variation=0.0), scenes(60, variation=1.0), strict=True):
        assert replace(one, concepts=other.concepts) == other
        assert all(one.concepts[group] != other.concepts[group] for group in GROUPS)


def test_scenes_refuse_what_they_do_not_know():
    scene = sample_scene(0, 0, ToyBirdsSettings())
    with pytest.raises(ValueError, match="wing_color is one of"):
        scene.with_concept("wing_color", "purple")
    with pytest.raises(ValueError, match="each group"):
        scene.with_concept("hat", "tall")
    with pytest.raises(ValueError, match="no habitat"):
        replace(scene, habitat="moon")
    assert scene.with_concept("wing_color", "green").concepts["wing_color"] == "green"
