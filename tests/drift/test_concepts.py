import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.drift import by_group, listed, reordered, shared, top_k_jaccard, top_k_overlap, weight_spearman


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


def test_only_concepts_of_positive_weight_are_listed():
    weights = torch.tensor([[0.1, 0.0, 3.0, -4.0], [0.0, -1.0, -2.0, -0.0], [5.0, 5.0, 5.0, 5.0]])
    assert listed(weights, 3).tolist() == [[2, 0, -1], [-1, -1, -1], [0, 1, 2]]
    assert listed(weights, 1).tolist() == [[2], [-1], [0]]


def test_a_list_has_its_places_also_where_there_are_fewer_concepts():
    assert listed(torch.tensor([[1.0, 2.0], [-1.0, 2.0]]), 3).tolist() == [[1, 0, -1], [1, -1, -1]]
    with pytest.raises(ValueError, match="top 0"):
        listed(torch.ones(1, 2), 0)


def test_groups_by_hand():
    weights = torch.tensor([[1.0, 2.0, -3.0, 4.0], [-1.0, -1.0, 0.0, -1.0]])
    sums, names = by_group(weights, (("wing",), ("bill",), ("wing",), ("bill",)))
    assert names == ("wing", "bill")
    assert sums.tolist() == [[1, 6], [0, 0]]
    assert sums.dtype == torch.float64


def test_a_group_that_decides_both_ways_does_not_cancel():
    """Blue wings speak for the class as loudly as red ones against it: the group matters."""
    sums, _ = by_group(torch.tensor([[2.0, -2.0, 0.5]]), (("wing",), ("wing",), ("bill",)))
    assert sums.tolist() == [[2.0, 0.5]]
    assert listed(sums, 1).tolist() == [[0]]


def test_a_concept_of_several_names_is_shared_among_their_groups():
    weights = torch.tensor([[6.0, 1.0], [-6.0, 1.0]])
    sums, names = by_group(weights, (("wing", "bill", "wing"), ("bill",)))
    assert names == ("wing", "bill")
    assert sums.tolist() == [[4, 3], [0, 1]]
    apart, _ = by_group(torch.tensor([[2.0, 2.0, 2.0, 1.0]]), (("wing",), ("bill",), ("wing",), ("bill",)))
    assert apart.tolist() == [[4, 3]]  # as if each of its names had its part of the weight


def test_groups_for_each_concept():
    with pytest.raises(ValueError, match="groups of 2 concepts for 3 concepts"):
        by_group(torch.ones(1, 3), (("a",), ("b",)))
    with pytest.raises(ValueError, match="groups of 1 concepts for 2 concepts"):
        by_group(torch.ones(1, 2), (("a",), ()))


def test_drift_by_group_ignores_which_member_speaks():
    groups = (("wing",), ("wing",), ("bill",), ("bill",))
    sides = [by_group(torch.tensor([row]), groups)[0] for row in ([3.0, 0.0, 1.0, 0.0], [0.0, 3.0, 0.0, 1.0])]
    assert top_k_jaccard(*(listed(side, 3) for side in sides)).tolist() == [0]
    assert weight_spearman(*sides).tolist() == [0]


def test_what_the_order_of_equal_columns_changes_by_hand():
    weights = torch.tensor([[4.0, 3.0, 2.0, -1.0], [1.0, 9.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 5.0, 4.0]])
    # Class 0 lists 4; 2, 2, 2 are cut after two places: each list holds 2 of 3. Class 1: 3, 3, 3. Class 3: 5, 4.
    sizes = (1, 3, 1, 1)
    found = reordered(torch.tensor([[4.0, 6.0, 1.0, -1.0], *weights[1:].tolist()]), sizes, 3)
    assert found[:2].tolist() == pytest.approx([2 * (1 - 2 / 3) / 3, 0])
    assert found[2].isnan()
    assert found[3] == 0
    assert reordered(weights, (1, 1, 1, 1), 3).nan_to_num(0).tolist() == [0, 0, 0, 0]


def test_it_is_what_random_orders_change_on_average():
    draw = torch.Generator().manual_seed(2)
    weights, sizes, top_k = torch.rand(5, 6, generator=draw).sub(0.3), (4, 1, 2, 5, 1, 3), 4
    places = torch.tensor([c for c, size in enumerate(sizes) for _ in range(size)])
    apart = (weights / torch.tensor(sizes))[:, places]
    total = torch.zeros(5, dtype=torch.float64)
    for _ in range(4000):
        sides = []
        for _ in range(2):
            order = torch.randperm(len(places), generator=draw)
            own = listed(apart[:, order], top_k)
            sides.append(torch.where(own >= 0, order[own.clamp(min=0)], -1))
        total += top_k_overlap(*sides)
    assert torch.allclose(total / 4000, reordered(weights, sizes, top_k), atol=0.02)
    assert reordered(weights, sizes, top_k).max() > 0.15
