"""An original that sees nothing."""

from types import SimpleNamespace

import pytest
import torch

from sparsight.auditing import Look, doubts
from sparsight.evidence import Seen

DATA = SimpleNamespace(class_names=("cat", "dog", "cow"))


def looked(name, answers, labels):
    logits = torch.eye(3)[torch.tensor(answers)]
    return Look(name, Seen(torch.tensor(labels), logits, logits), None, None, {})


def found(answers, labels, *others):
    return doubts(
        looked("o", answers, labels), [looked(f"m{k}", one, labels) for k, one in enumerate(others)], DATA, 0.05
    )


LABELS = [0, 1, 2] * 20


def test_an_original_that_is_mostly_right_is_no_doubt():
    assert found(LABELS[:50] + [0] * 10, LABELS, LABELS) == doubts(looked("o", LABELS, LABELS), [], DATA, 0.05)


@pytest.mark.parametrize("shift", [1, 7, 11], ids=["none right", "chance", "chance again"])
def test_an_original_at_chance_voids_everything(shift):
    answers = [(label + (i % shift if shift > 1 else 1)) % 3 for i, label in enumerate(LABELS)]
    (line,) = found(answers, LABELS).void
    assert line.startswith("o, the original, answers at chance: 0.")
    assert "the constant answer 'cat' 0.333: nothing can be concluded from it; compare its accuracy" in line


def test_an_original_that_answers_one_class_voids_everything_even_where_most_images_are_of_it():
    labels = [1] * 55 + [0] * 5
    (line,) = found([1] * 60, labels, labels).void
    assert line.startswith("o, the original, answers 'dog' for every test image: nothing can be concluded from it")


def test_an_original_below_the_constant_answer_that_sees_is_a_caution():
    labels = [0] * 80 + [1] * 20
    answers = [0] * 50 + [1] * 30 + [1] * 20
    one = found(answers, labels)
    assert one.void == ()
    (line,) = one.cautions
    assert line.startswith("CAUTION: o, the original, answers 0.700 of the test images right")
    assert "not shown to be above the constant answer 'cat' (0.800); its mean over classes is (0.812" in line


def test_models_that_answer_one_class_are_named():
    assert found(LABELS, LABELS, [2] * 60, LABELS).cautions == ("m0: answers 'cow' for every test image",)


def test_a_g_that_answers_one_class_is_named():
    one = looked("o", LABELS, LABELS)
    concepts = SimpleNamespace(logits={"test": torch.eye(3)[torch.tensor([1] * 60)]})
    one = Look("o", one.seen, None, concepts, {})
    (line,) = doubts(one, [], DATA, 0.05).cautions
    assert line.startswith("o: g answers 'dog' for every test image")
