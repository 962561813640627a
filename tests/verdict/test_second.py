"""The procedure agrees with a second one, which was written from ``docs/statistics.md`` alone."""

import numpy as np
import pytest

from tests.verdict import agreement, agreement_pair, second


def test_random_studies_have_the_same_words_and_numbers_a_second_time() -> None:
    outcome = agreement.run(key=1, count=200)

    assert outcome.differences == []
    assert outcome.counts["studies with a tie"] <= 2
    # every word occurs, so that agreement says something of each
    for word in ("changed", "preserved", "undecided"):
        assert outcome.words[word] > 2000
        assert outcome.words[f"explanation {word}"] > 100
    for word in ("yes", "no", "undecided"):
        assert outcome.words[f"winning {word}"] > 100
    for word in ("A", "B", "neither", "undecided"):
        assert outcome.words[f"hypothesis {word}"] > 10


def test_levels_of_looks_are_those_of_the_page() -> None:
    for looks, levels in {
        (3, 5): (0.010800, 0.046807),
        (3, 5, 7, 10): (0.001350, 0.005575, 0.014683, 0.044771),
        (5, 10): (0.006250, 0.047943),
    }.items():
        assert second.planned_levels(looks, 0.05) == pytest.approx(levels, abs=6e-7)


def test_a_second_time_a_paired_t_test_of_one_round() -> None:
    tickets, controls = np.array([[0.31], [0.36], [0.33]]), np.array([[[0.30]], [[0.31]], [[0.32]]])
    metric = second.Drift(("concepts", "m", "", ""), True, tickets, controls, np.inf, np.inf, 0.0)

    (judged,) = second.judge([second.Arm((1,), (metric,))], second.Rules())

    x = (tickets - controls[:, :, 0])[:, 0]
    t = x.mean() / (x.std(ddof=1) / np.sqrt(3))
    assert judged.rows[metric.name, 1].changed == pytest.approx(second.upper_tail(t, 2))


def test_random_pairs_have_the_same_words_and_p_values_a_second_time() -> None:
    outcome = agreement_pair.run(key=1, count=100)

    assert outcome.differences == []
    for word in ("preserved", "changed", "within the margin", "beyond the margin", "undecided"):
        assert outcome.words[word] > 4
        assert outcome.words[f"level {word}"] > 4
