"""Whether a classifier sees anything."""

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import constant_answer, sight

LABELS = np.array([0] * 73 + [1] * 27)


def test_the_constant_answer_is_the_largest_class():
    found = constant_answer(LABELS)
    assert (found.label, found.share, found.balanced) == (0, 0.73, 0.5)
    assert constant_answer(np.array([2, 1, 2, 1, 5])).label == 1


def test_one_answer_sees_nothing_however_many_images_have_it():
    found = sight(np.zeros(100, dtype=np.int64), LABELS, 0.05)
    assert (found.accuracy, found.answers, found.above, found.sees) == (0.73, 1, False, False)


@pytest.mark.parametrize("right", [0.55, 0.75, 0.78, 0.82, 0.9])
def test_an_accuracy_is_held_against_the_constant_answer_by_an_exact_interval(right):
    answers = LABELS.copy()
    wrong = np.linspace(0, 99, round(100 * (1 - right))).round().astype(int)
    answers[wrong] = 1 - answers[wrong]
    found = sight(answers, LABELS, 0.05)
    count = int((answers == LABELS).sum())
    expected = stats.binomtest(count, 100, 0.73, alternative="greater")
    assert found.above == (expected.pvalue <= 0.05)
    assert (found.low, found.high) == pytest.approx(stats.binomtest(count, 100).proportion_ci(0.9))


def test_a_network_that_is_trained_for_rare_classes_sees_below_the_line_of_the_common_one():
    answers = LABELS.copy()
    answers[:30] = 1  # 43 of 73 and 27 of 27 right: 0.70 of all, 0.79 of a class
    found = sight(answers, LABELS, 0.05)
    assert (found.above, found.sees) == (False, True)


def test_answers_at_random_are_said_to_see_at_the_level_at_most():
    draws = np.random.default_rng(0)
    for labels in (LABELS, np.arange(60) % 4, np.arange(24) % 2):
        seen = [sight(draws.permutation(labels), labels, 0.05).sees for _ in range(400)]
        assert np.mean(seen) < 0.07
