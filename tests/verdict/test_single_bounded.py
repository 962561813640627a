"""Gaffke's bound: against exact values and random weights, what holds for any numbers, and its error rates."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import betainc, betaincinv

from sparsight.verdict.single_bounded import chance_to_reach, upper_end

numbers = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=2, max_size=40)


def by_fractions(values, limit):
    """The chance for distinct values, a sum of powers over differences, without rounding."""
    a, t = [Fraction(x) for x in values], Fraction(limit)
    total = Fraction(0)
    for i, x in enumerate(a):
        if x > t:
            total += (x - t) ** (len(a) - 1) / math.prod(x - y for j, y in enumerate(a) if j != i)
    return float(total)


@pytest.mark.parametrize("n", [1, 2, 5, 12, 100, 2000])
def test_of_zeros_and_ones_it_is_clopper_and_pearsons(n):
    for ones in sorted({0, 1, n // 10, n // 2, n - 1} - {n}):
        values = np.array([1.0] * ones + [0.0] * (n - ones) + [1.0])
        for limit in (0.0005, 0.01, 0.1, 0.5, 0.9, 0.9995):
            expected = betainc(n - ones, ones + 1, 1 - limit)
            assert chance_to_reach(values, limit) == pytest.approx(expected, rel=1e-6, abs=1e-8)
        assert upper_end(values, 0.05) == pytest.approx(betaincinv(ones + 1, n - ones, 0.95), abs=1e-8)


@pytest.mark.parametrize("count", [2, 3, 5, 13])
def test_of_few_numbers_it_is_a_sum_of_fractions(count):
    draws = np.random.default_rng(count)
    for spread in (1.0, 0.01):
        values = np.append(spread * draws.random(count - 1), 1.0)
        for limit in (0.003, 0.05, 0.3, 0.6, 0.99):
            assert chance_to_reach(values, limit) == pytest.approx(by_fractions(values, limit), rel=1e-7, abs=1e-12)


def test_of_many_numbers_it_is_the_share_of_random_weights():
    draws = np.random.default_rng(0)
    weights = draws.standard_exponential((40_000, 61))
    weights /= weights.sum(1, keepdims=True)
    for values in (np.append(draws.beta(0.3, 2.7, 60), 2.0), np.append(draws.normal(0, 0.2, 60), -1.0)):
        for limit in np.quantile(weights @ values, [0.01, 0.05, 0.5, 0.95]):
            share = float((weights @ values >= limit).mean())
            assert chance_to_reach(values, limit) == pytest.approx(
                share, abs=4 * math.sqrt(share * (1 - share) / 40_000)
            )


def test_it_is_a_plain_answer_at_the_ends():
    values = np.array([0.2, 0.2, 0.7, 1.0])
    assert [chance_to_reach(values, limit) for limit in (0.1, 0.2, 1.0, 1.1)] == [1.0, 1.0, 0.0, 0.0]
    assert chance_to_reach(np.ones(5), 1.0) == 1.0
    assert upper_end(np.ones(5), 0.05) == 1.0
    still = np.append(np.zeros(30), 1.0)
    assert [chance_to_reach(still, limit) for limit in (1e-300, 1e-18)] == [1.0, 1.0], "what is no number apart"
    assert chance_to_reach(-still, -1e-300) == 0.0
    nearly = np.append(np.full(30, 0.5), 0.5 + 1e-13)
    assert 0.5 < upper_end(nearly, 0.05) <= 0.5 + 1e-13


@settings(deadline=None, max_examples=60)
@given(numbers, st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 100), st.floats(-5, 5))
def test_whatever_the_numbers(values, one, other, scale, shift):
    a = np.append(np.sort(np.round(values, 6)), 1.0)
    low, high = sorted((round(one, 6), round(other, 6)))
    p = chance_to_reach(a, low)
    assert 0 <= p <= 1
    assert chance_to_reach(a, high) <= p + 1e-7, "a larger limit is reached less often"
    assert chance_to_reach(np.append(a, 1.0)[1:], low) >= p - 1e-7, "larger numbers reach a limit more often"
    inside = not np.isclose(a, low, rtol=0, atol=1e-5).any()  # where numbers lie at the limit, rounding decides
    if inside:
        assert chance_to_reach(scale * a + shift, scale * low + shift) == pytest.approx(p, rel=1e-5, abs=1e-7)
        assert chance_to_reach(-a, -low) == pytest.approx(1 - p, rel=1e-5, abs=1e-7)


@settings(deadline=None, max_examples=60)
@given(numbers, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_end_is_where_the_chance_is_the_level(values, level):
    a = np.append(np.round(values, 6), 1.0)
    end = upper_end(a, level)
    assert a.min() <= end <= 1
    if a.min() < 1:
        assert chance_to_reach(a, end) == pytest.approx(level, abs=1e-6)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("middle", [0.02, 0.2, 0.5])
@pytest.mark.parametrize("rest", [0.0, 0.5, 0.9])
def test_of_laws_on_three_points_the_error_rate_is_exactly_known_and_at_most_the_level(share, middle, rest):
    """Units are 1 with ``share``, ``middle`` with ``rest`` of what is left, else 0: all samples of 12."""
    n, chances = 12, np.array([share, (1 - share) * rest, (1 - share) * (1 - rest)])
    mean = share + middle * chances[1]
    counts = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n - i + 1)])
    samples = [np.repeat([1.0, middle, 0.0], count) for count in counts]
    weights = stats.multinomial.pmf(counts, n, chances)
    below = np.array([chance_to_reach(np.append(one, 1.0), mean) <= 0.05 for one in samples])
    above = np.array([chance_to_reach(-np.append(one, 0.0), -mean) <= 0.05 for one in samples])
    assert weights[below].sum() <= 0.05
    assert weights[above].sum() <= 0.05


SKEWED = {
    "beta(0.3, 2.7)": lambda draws, size: draws.beta(0.3, 2.7, size),
    "log-normal, cut": lambda draws, size: np.minimum(draws.lognormal(-3.1, 1.2, size), 2.0),
    "zeros and a uniform": lambda draws, size: (draws.random(size) < 0.1) * draws.uniform(0.2, 1, size),
    "lists of three": lambda draws, size: draws.choice([0, 0.5, 0.8, 1], size, p=[0.845, 0.1, 0.025, 0.03]),
}


@pytest.mark.parametrize("law", SKEWED)
@pytest.mark.parametrize("n", [30, 100])
def test_no_skew_makes_it_call_means_too_small_or_too_large(law, n):
    draws, samples = np.random.default_rng([n, len(law)]), 500
    mean = float(SKEWED[law](np.random.default_rng(0), 2_000_000).mean())
    values = SKEWED[law](draws, (samples, n))
    below = sum(chance_to_reach(np.append(one, 2.0), mean) <= 0.05 for one in values)
    above = sum(chance_to_reach(-np.append(one, 0.0), -mean) <= 0.05 for one in values)
    tolerable = stats.binom.ppf(0.999, samples, 0.05)
    assert max(below, above) <= tolerable
    student = stats.ttest_1samp(values, mean, axis=1, alternative="less").pvalue
    assert (student <= 0.05).mean() > 0.07, "these laws are the ones that mislead Student's t"
    bound = [chance_to_reach(np.append(one, 2.0), 4 * mean) <= 0.05 for one in values]
    assert n == 30 or np.mean(bound) > 0.9
