import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.drift import shared, top_k_jaccard, top_k_overlap


def test_by_hand():
    first = torch.tensor([[0, 1, 2], [3, 4, 5], [0, 1, 2]])
    second = torch.tensor([[2, 1, 0], [0, 1, 2], [2, 8, 9]])
    assert shared(first, second).tolist() == [3, 0, 1]
    assert top_k_overlap(first, second).tolist() == [0, 1, 1 - 1 / 3]
    assert top_k_jaccard(first, second).tolist() == [0, 1, 1 - 1 / 5]


def test_short_and_empty_lists_by_hand():
    first = torch.tensor([[0, 1, -1], [-1, -1, -1], [-1, -1, -1], [5, -1, -1]])
    second = torch.tensor([[1, 2, 3], [4, -1, -1], [-1, -1, -1], [5, -1, -1]])
    assert shared(first, second).tolist() == [1, 0, 0, 1]
    overlap, jaccard = top_k_overlap(first, second).tolist(), top_k_jaccard(first, second).tolist()
    assert overlap[:2] == [1 - 1 / 3, 1]
    assert jaccard[:2] == [1 - 1 / 4, 1]
    assert all(math.isnan(values[2]) for values in (overlap, jaccard))
    assert overlap[3] == jaccard[3] == 0


lists = st.integers(1, 6).flatmap(
    lambda k: st.lists(st.permutations(range(8)).map(lambda order: order[:k]), min_size=2, max_size=2)
)


@given(lists)
def test_against_python_sets(pair):
    first, second = (set(side) for side in pair)
    a, b = (torch.tensor([side]) for side in pair)
    assert abs(float(top_k_jaccard(a, b)) - (1 - len(first & second) / len(first | second))) < 1e-12
    assert abs(float(top_k_overlap(a, b)) - (1 - len(first & second) / len(pair[0]))) < 1e-12
    assert torch.equal(top_k_jaccard(a, b), top_k_jaccard(b, a))
