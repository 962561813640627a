"""How images are normalised for models of which it is not known."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from torch import nn

from sparsight.auditing import AuditSettings, in_words, normalised, own_notes
from sparsight.models import Given, Source
from sparsight.models.given import IMAGENET

DATA = SimpleNamespace(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
OWN = (DATA.mean, DATA.std)
HALF = ((0.5,) * 3, (0.5,) * 3)


def given(**ways):
    return [Given(name, nn.Identity(), normalisation=way) for name, way in ways.items()]


def taken(way="own", **ways):
    found, notes, _ = normalised(given(**ways), DATA, way)
    return [one.normalisation for one in found], notes


def test_what_is_not_known_is_taken_from_the_original():
    found, (note,) = taken(dense=IMAGENET, pruned=None)
    assert found == [IMAGENET, IMAGENET]
    assert note.startswith("pruned: how images are normalised is not known, and that of dense is taken: mean 0.485 ")
    assert "deviation 0.229 0.224 0.225" in note


def test_of_an_original_that_is_not_known_what_was_made_of_it_says_it():
    found, (note,) = taken(dense=None, pruned=IMAGENET, again=None)
    assert found == [IMAGENET] * 3
    assert note.startswith("dense and again: how images are normalised is not known, and that of pruned is taken: ")


def test_where_nothing_is_known_it_is_the_data_sets_and_that_is_said():
    found, (note,) = taken(dense=None, pruned=None)
    assert found == [OWN, OWN]
    assert note == (
        "dense and pruned: how images are normalised is not known, and the data set's is taken: "
        "mean 0.1 0.2 0.3 and deviation 0.4 0.5 0.6; --normalise names another"
    )


def test_models_that_are_known_to_differ_are_told_loudly_and_first():
    found, (loud, note) = taken(dense=IMAGENET, pruned=None, foreign=HALF)
    assert found == [IMAGENET, IMAGENET, HALF]
    assert loud.startswith("CAUTION: images are normalised differently, for dense by mean 0.485 0.456 0.406 and")
    assert "for foreign by mean 0.5 0.5 0.5 and deviation 0.5 0.5 0.5" in loud
    assert note.startswith("pruned: ")


def test_models_that_are_known_and_alike_need_no_word():
    assert taken(dense=IMAGENET, pruned=IMAGENET) == ([IMAGENET, IMAGENET], [])


@pytest.mark.parametrize(("way", "expected"), [("original", HALF), ("data", OWN), (IMAGENET, IMAGENET)])
def test_what_is_asked_for_holds_for_all(way, expected):
    found, (note,) = taken(way, dense=HALF, pruned=IMAGENET, own=None)
    assert found == [expected] * 3
    assert note.startswith("all images are normalised by mean ")


def test_one_guess_is_one_short_line_for_all_that_it_holds_for():
    guess, known = Source("as torchvision's own weights of resnet18", known=False), Source("a file", known=True)
    models = [replace(one, normalisation_source=guess) for one in given(**dict.fromkeys("abcde", IMAGENET))]
    (line,) = normalised(models, DATA, "own")[1]
    assert line == (
        "all models: normalisation guessed, as torchvision's own weights of resnet18: mean 0.485 0.456 0.406 and "
        "deviation 0.229 0.224 0.225; --normalise names another"
    )
    models[0] = replace(models[0], normalisation_source=known)
    (line,) = normalised(models, DATA, "own")[1]
    assert line.startswith("b, c, d and 1 more: normalisation guessed, ")
    models[3:] = [replace(one, normalisation_source=known) for one in models[3:]]
    (line,) = normalised(models, DATA, "own")[1]
    assert line.startswith("b and c: normalisation guessed, ")
    assert normalised([models[0], models[4]], DATA, "own")[1] == []


def test_what_was_noted_of_several_models_is_one_line():
    a, b, c = given(a=None, b=None, c=None)
    models = [replace(a, notes=("x", "y")), replace(b, notes=("y",)), replace(c, notes=("y",))]
    assert own_notes(models) == ["a: x", "all models: y"]
    assert own_notes([models[1]]) == ["b: y"]


def test_the_report_says_it_once_or_by_model():
    assert in_words(given(a=HALF, b=HALF)) == "mean 0.5 0.5 0.5 and deviation 0.5 0.5 0.5"
    assert in_words(given(a=HALF, b=OWN)).startswith("a: mean 0.5 0.5 0.5 and deviation 0.5 0.5 0.5; b: mean 0.1 ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data", "data"),
        ("0.5,0.5", HALF),
        ([0.5, 0.5], HALF),
        ("0.485,0.456,0.406,0.229,0.224,0.225", IMAGENET),
        (IMAGENET, IMAGENET),
        ([list(IMAGENET[0]), list(IMAGENET[1])], IMAGENET),
    ],
)
def test_it_is_stated_by_a_word_or_by_numbers(text, expected):
    settings = AuditSettings(normalise=text)
    assert settings.normalise == expected
    assert AuditSettings.model_validate(settings.as_dict()) == settings


@pytest.mark.parametrize("wrong", ["dataset", "0.5", "123.7,58.4", "0.5,0", "0.5,nan", "1,2,3", 7, ["a", "b"], None])
def test_what_it_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError, match=r"normalise\n.*must be own, original, data, or MEAN,STD"):
        AuditSettings(normalise=wrong)
