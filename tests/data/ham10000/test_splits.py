"""No lesion and no image on two sides, whatever the lesions."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sparsight.data.ham10000.splits import by_image, by_lesion, leakage, subset

SIDES = ("train", "validation", "test")


@st.composite
def collections(draw):
    """Lesions and diagnoses of images, in any order; some lesions with two diagnoses."""
    rows = draw(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc")), min_size=1, max_size=120))
    return [f"lesion {lesion}" for lesion, _ in rows], [dx for _, dx in rows]


@given(collections(), st.floats(0.05, 0.45), st.floats(0.05, 0.45), st.integers(0, 5))
def test_every_image_stands_on_one_side_with_all_of_its_lesion(drawn, validation, test, seed):
    lesions, diagnoses = drawn
    sides = by_lesion(lesions, diagnoses, validation, test, seed)
    assert sorted(i for chosen in sides.values() for i in chosen.tolist()) == list(range(len(lesions)))
    shown = [{lesions[i] for i in sides[side].tolist()} for side in SIDES]
    assert sum(map(len, shown)) == len(set(lesions))
    assert leakage(lesions, sides) == (0, 0)


@given(collections(), st.integers(0, 120), st.integers(0, 5))
def test_a_subset_holds_whole_lesions_and_no_more_images_than_asked_for(drawn, most, seed):
    lesions, diagnoses = drawn
    kept = subset(lesions, diagnoses, most, seed)
    assert len(kept) <= min(most, len(lesions))
    assert len(set(kept)) == len(kept)
    inside = {lesions[i] for i in kept}
    assert kept == [i for i, lesion in enumerate(lesions) if lesion in inside]


def cases():
    """500 images of one lesion each, and 100 of a rarer diagnosis with two."""
    lesions = [f"a{i}" for i in range(500)] + [f"b{i // 2}" for i in range(100)]
    return lesions, ["a"] * 500 + ["b"] * 100


def test_each_diagnosis_keeps_the_shares():
    lesions, diagnoses = cases()
    sides = by_lesion(lesions, diagnoses, 0.15, 0.25, 0)
    counts = {side: Counter(diagnoses[i] for i in sides[side].tolist()) for side in SIDES}
    assert counts["test"] == {"a": 125, "b": 26}
    assert counts["validation"] == {"a": 75, "b": 16}
    again, other = by_lesion(lesions, diagnoses, 0.15, 0.25, 0), by_lesion(lesions, diagnoses, 0.15, 0.25, 1)
    assert all(again[side].equal(sides[side]) for side in SIDES)
    assert not other["test"].equal(sides["test"])


def test_three_lesions_are_enough_for_three_sides_and_two_train():
    lesions = ["x", "x", "x", "y", "z", "u", "v"]
    sides = by_lesion(lesions, ["a"] * 5 + ["b"] * 2, 0.3, 0.3, 0)
    assert {5, 6} <= set(sides["train"].tolist())
    assert all(set(sides[side].tolist()) & {0, 1, 2, 3, 4} for side in SIDES)


def test_the_split_by_image_keeps_four_fifths_to_train_and_leaks():
    lesions, diagnoses = cases()
    sides = by_image([f"i{i}" for i in range(600)], diagnoses, 0)
    assert {side: len(sides[side]) for side in SIDES} == {"train": 480, "validation": 60, "test": 60}
    several, tested = leakage(lesions, sides)
    assert several > 5
    assert 0 < tested <= 10


def test_a_subset_keeps_the_proportion_of_diagnoses():
    lesions, diagnoses = cases()
    assert Counter(diagnoses[i] for i in subset(lesions, diagnoses, 60, 0)) == {"a": 50, "b": 10}
