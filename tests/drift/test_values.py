import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.drift import value_agreement


def test_by_hand():
    first = torch.tensor([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]])
    second = torch.tensor([[5.0, 9.0, 1.0], [7.0, 8.0, 3.0], [9.0, 7.0, 2.0]])
    torch.testing.assert_close(value_agreement(first, second), torch.tensor([0.0, 2.0, 0.5]).double())


def test_a_dropped_concept_agrees_with_nothing():
    values = torch.tensor([[0.0, 1.0], [0.0, 2.0], [0.0, 4.0]])
    assert value_agreement(values, values).isnan().tolist() == [True, False]
    assert value_agreement(values, values.flip(1)).tolist() == [1, 1], "and with one that is told"


def test_a_single_image_tells_nothing():
    assert value_agreement(torch.ones(1, 2), torch.ones(1, 2)).isnan().all()


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-20, 0.5, 1e20]), offset=st.sampled_from([0.0, -3.0]))
def test_invariants(seed, scale, offset):
    first, second = torch.randn(2, 12, 5, generator=torch.Generator().manual_seed(seed)).double()
    found = value_agreement(first, second)
    assert (value_agreement(first, first) == 0).all()
    torch.testing.assert_close(found, value_agreement(second, first))
    torch.testing.assert_close(found, value_agreement((first + offset) * scale, second))
    torch.testing.assert_close(2 - found, value_agreement(-first, second))
