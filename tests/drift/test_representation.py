import inspect
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.drift import linear_cka


def draw(seed, n, width):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed)).double()


def test_by_hand():
    """One column each: the alignment is the squared correlation, here (1/2)²."""
    x, y = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[1.0], [3.0], [2.0]])
    assert linear_cka(x, y) == pytest.approx(1 - 0.25, abs=1e-15)
    assert linear_cka(x, -2 * y + 7) == pytest.approx(1 - 0.25, abs=1e-15)


def test_unrelated_directions_are_at_1():
    x = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    y = torch.tensor([[0.0], [0.0], [1.0], [-1.0]])
    assert linear_cka(x, y) == 1


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_an_embedding_that_is_the_same_for_all_images(kind):
    varied = draw(0, 7, 3).to(kind)
    same = torch.tensor([[0.1, 1e-20, 3e7]], dtype=kind).repeat(7, 1)
    rounded = same * (1 + torch.finfo(kind).eps * torch.tensor([[0], [1], [0], [2], [0], [1], [0]], dtype=kind))
    for dead in (torch.zeros(7, 3, dtype=kind), same, rounded):
        assert math.isnan(linear_cka(varied, dead))
        assert math.isnan(linear_cka(dead, varied))
        assert math.isnan(linear_cka(dead, dead))


def test_a_dead_column_changes_nothing():
    x, y = draw(0, 9, 3), draw(1, 9, 2)
    beside = torch.cat([x, torch.full((9, 1), 0.1).double()], 1)
    assert linear_cka(beside, y) == pytest.approx(linear_cka(x, y), abs=1e-14)


def test_one_image_or_none_or_no_number():
    assert math.isnan(linear_cka(torch.ones(1, 3), torch.ones(1, 3)))
    assert math.isnan(linear_cka(torch.ones(0, 3), torch.ones(0, 3)))
    broken = draw(0, 5, 2)
    broken[2, 1] = torch.inf
    assert math.isnan(linear_cka(broken, draw(1, 5, 2)))


def test_other_images_are_refused():
    with pytest.raises(ValueError, match="5 and of 6 images"):
        inspect.unwrap(linear_cka)(draw(0, 5, 2), draw(0, 6, 2))


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.sampled_from([3, 10, 40]),
    widths=st.tuples(st.sampled_from([2, 12]), st.sampled_from([3, 30])),
    scale=st.sampled_from([1e-30, 0.5, 1e30]),
)
def test_invariants(seed, n, widths, scale):
    x, y = draw(seed, n, widths[0]), draw(seed + 1, n, widths[1])
    found = linear_cka(x, y)
    assert 0 <= found <= 1
    assert linear_cka(x, x) == 0
    assert linear_cka(y, x) == pytest.approx(found, abs=1e-12)
    assert linear_cka(x * scale, y) == pytest.approx(found, abs=1e-12)
    assert linear_cka(x + 5, y) == pytest.approx(found, abs=1e-12)
    turn = torch.linalg.qr(draw(seed + 2, widths[1], widths[1])).Q
    assert linear_cka(x, y @ turn) == pytest.approx(found, abs=1e-12)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    assert linear_cka(x[order], y[order]) == pytest.approx(found, abs=1e-12)
