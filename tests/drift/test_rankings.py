import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.drift import rank_biased_overlap, weight_spearman


def weights(*rows):
    return torch.tensor([list(map(float, row)) for row in rows])


def draw(seed, k=4, c=9):
    """Rows with ties, zeros and negative weights."""
    return torch.randint(-3, 5, (k, c), generator=torch.Generator().manual_seed(seed)).float()


def test_rank_biased_overlap_by_hand():
    """At p = 1/2. Swapped: X = 0, 2, so 1 * (0 + 1/4) + 1/4. Disjoint: 0. One of two shared, second: X = 0, 1."""
    first = weights([2, 1, 0, 0], [2, 1, 0, 0], [2, 1, 0, 0], [2, 1, 0, 0])
    second = weights([1, 2, 0, 0], [0, 0, 2, 1], [0, 1, 2, 0], [2, 1, 0, 0])
    similarity = [1 / 4 + 1 / 4, 0, 1 / 8 + 1 / 8, 1]
    assert rank_biased_overlap(first, second, persistence=0.5).tolist() == [1 - value for value in similarity]


def test_uneven_lists_by_hand():
    """S = (a), L = (b, a): X = 0, 1 and X_s = 0: 1/2 * 1/4 + 1/2 * 1/4. The head of a list agrees as far as is seen."""
    first = weights([1, 0, 0], [3, 0, 0])
    second = weights([1, 2, 0], [3, 2, 1])
    assert rank_biased_overlap(first, second, persistence=0.5).tolist() == pytest.approx([1 - 1 / 4, 0], abs=1e-15)


def test_empty_lists():
    found = rank_biased_overlap(weights([0, -1], [0, -1], [1, -1]), weights([-2, 0], [0, 1], [0, 0]))
    assert found[0].isnan()
    assert found[1:].tolist() == [1, 1]


def test_of_equal_weights_the_smaller_index_comes_first():
    tied, ordered = weights([2, 2, 2, 1]), weights([4, 3, 2, 1])
    assert rank_biased_overlap(tied, ordered).tolist() == [0]
    assert rank_biased_overlap(tied, weights([2, 3, 4, 1]))[0] > 0


def test_the_first_ranks_count_most():
    top = rank_biased_overlap(weights([5, 4, 3, 2, 1]), weights([4, 5, 3, 2, 1]))
    end = rank_biased_overlap(weights([5, 4, 3, 2, 1]), weights([5, 4, 3, 1, 2]))
    assert 0 < end < top


def test_weights_that_are_not_numbers():
    broken = weights([1, float("nan")], [1, float("inf")], [1, 2])
    for measure in (rank_biased_overlap, weight_spearman):
        assert measure(broken, weights([1, 2], [1, 2], [1, 2])).isnan().tolist() == [True, True, False]


@pytest.mark.parametrize("persistence", [0.0, 1.0, -0.5, float("nan")])
def test_persistence_out_of_range(persistence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        rank_biased_overlap(weights([1]), weights([1]), persistence=persistence)


def test_spearman_by_hand():
    """Midranks of (0, 0, 2) are 1.5, 1.5, 3; against 1, 2, 3 that is sqrt(3) / 2."""
    found = weight_spearman(weights([1, 2, 3], [1, 2, 3], [0, 0, 2]), weights([3, 2, 1], [10, 20, 30], [1, 2, 3]))
    torch.testing.assert_close(found, torch.tensor([2, 0, 1 - 3**0.5 / 2]).double())


def test_a_constant_row_has_no_ranking():
    found = weight_spearman(weights([0, 0, 0], [1, 2, 3], [7, 7, 7]), weights([1, 2, 3], [0, 0, 0], [7, 7, 7]))
    assert found[:2].tolist() == [1, 1], "no concept has nothing in common with some"
    assert found[2].isnan()
    assert weight_spearman(weights([1], [2]), weights([1], [2])).isnan().all(), "one concept ranks nothing"


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-30, 0.3, 1.0, 1e30]), p=st.sampled_from([0.5, 0.9, 0.99]))
def test_invariants(seed, scale, p):
    first, second = draw(seed), draw(seed + 1)
    for measure, most in ((lambda a, b: rank_biased_overlap(a, b, persistence=p), 1), (weight_spearman, 2)):
        itself = measure(first, first)
        assert (itself[~itself.isnan()] == 0).all()
        found = measure(first, second)
        torch.testing.assert_close(found, measure(second, first), equal_nan=True, rtol=0, atol=1e-12)
        torch.testing.assert_close(found, measure(first * scale, second), equal_nan=True, rtol=0, atol=0)
        assert ((found >= 0) & (found <= most))[~found.isnan()].all()
