import inspect
import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.drift import effective_dimensions, linear_cka, linear_cka_left_out
from sparsight.drift.representation import _aligned, _aligned_rows


def draw(seed, n, width):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed)).double()


def columns(*values):
    return torch.tensor(values).T.double()


def hsic(first, second):
    """The unbiased estimate from its definition: a mean over all ordered quadruples of different images."""
    K, L = (side @ side.T for side in (first.double().numpy(), second.double().numpy()))
    quads = np.array(list(permutations(range(len(K)), 4)))
    i, j, k, m = quads.T
    return float(np.mean(K[i, j] * (L[i, j] + L[k, m] - 2 * L[i, k])))


def by_quadruples(first, second):
    return 1 - hsic(first, second) / math.sqrt(hsic(first, first) * hsic(second, second))


def test_by_hand():
    """Of columns -1, 1, -1, 1 and -1, -1, 1, 1 the six pairs say opposite things, but for two of which both say -1.

    Off the diagonal the Gram matrix of the first holds 1 for the pairs 13 and 24 and -1 for the other four, so that
    each row sums to -1 and, U-centred, it holds 4/3 and -2/3; of the second it holds 4/3 for 12 and 34. Their products
    sum to 2 (4 (4/3)(-2/3) + 2 (2/3)²) = -16/3, their squares to 2 (2 (4/3)² + 4 (2/3)²) = 32/3: a correlation of -1/2.
    """
    x, y = columns([-1, 1, -1, 1]), columns([-1, -1, 1, 1])
    assert linear_cka(x, y) == pytest.approx(1.5, abs=1e-15)
    assert linear_cka(x, -2 * y + 7) == pytest.approx(1.5, abs=1e-15)
    # Both columns together hold 2/3 for those four pairs and -4/3 for 14 and 23: correlations of 1/2 and -1 with them.
    both = torch.cat([x, y], 1)
    assert linear_cka(x, both) == pytest.approx(0.5, abs=1e-15)
    assert linear_cka(columns([-1, 1, 1, -1]), both) == pytest.approx(2, abs=1e-15)


def test_pairs_of_images_without_the_images_themselves():
    """Images that are all at right angles share nothing: what the usual estimate sees is each image's own norm."""
    x = torch.eye(6).double()
    assert math.isnan(linear_cka(x, x))
    near, other = x + 0.01 * draw(0, 6, 6), x + 0.01 * draw(1, 6, 6)
    assert linear_cka(near, other) > 0.5
    centred = [side - side.mean(0) for side in (near, other)]
    shared, *own = ((a.T @ b).square().sum() for a, b in (centred, centred[:1] * 2, centred[1:] * 2))
    assert 1 - shared / (own[0] * own[1]).sqrt() < 0.01


@pytest.mark.parametrize(("n", "widths"), [(4, (1, 2)), (5, (3, 3)), (7, (2, 9)), (8, (20, 4)), (9, (1, 1))])
def test_against_a_mean_over_quadruples(n, widths):
    for seed in range(3):
        x, y = draw(seed, n, widths[0]) + 3, draw(seed + 9, n, widths[1])
        y[:, :1] += x[:, :1]
        assert linear_cka(x, y) == pytest.approx(by_quadruples(x, y), abs=1e-11)


@pytest.mark.parametrize(("n", "widths"), [(5, (2, 3)), (8, (3, 20)), (30, (40, 4)), (12, (6, 6))])
def test_without_each_image(n, widths):
    x, y = draw(0, n, widths[0]) + 2, draw(1, n, widths[1])
    y[:, :2] += x[:, :2]
    found = linear_cka_left_out(x, y)
    rest = [torch.arange(n) != i for i in range(n)]
    np.testing.assert_allclose(found, [linear_cka(x[left], y[left]) for left in rest], rtol=0, atol=1e-12)
    assert linear_cka_left_out(x, x).tolist() == [0.0] * n
    assert linear_cka_left_out(x[:4], y[:4]).isnan().all()


def test_gram_matrices_and_covariances_give_the_same():
    for n, widths in ((6, (30, 20)), (60, (30, 20)), (25, (3, 80))):
        x, y = draw(0, n, widths[0]), draw(1, n, widths[1])
        gram = (x @ x.T) * (y @ y.T)
        assert _aligned(x, y) == pytest.approx(float(gram.sum()), rel=1e-13)
        np.testing.assert_allclose(_aligned_rows(x, y), gram.sum(1), rtol=1e-12)


@pytest.mark.parametrize(("n", "width"), [(30, 512), (100, 2048), (100, 64)])
@pytest.mark.parametrize("flat", [True, False])
def test_it_is_right_on_average_however_few_the_images(n, width, flat):
    """Embeddings whose alignment is 0.9 over all images that there could be: the usual estimate is 0.005 to 0.07."""
    spread = torch.ones(width) if flat else 1 / torch.arange(1, width + 1)
    found = []
    for seed in range(12):
        x, apart = (draw(seed + other, n, width) * spread.sqrt() for other in (0, 1000))
        found.append(linear_cka(x, math.sqrt(0.9) * x + math.sqrt(0.1) * apart))
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found) - 0.1) < 3.5 * error
    assert error < 0.01


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_an_embedding_that_is_the_same_for_all_images(kind):
    varied = draw(0, 7, 3).to(kind)
    same = torch.tensor([[0.1, 1e-20, 3e7]], dtype=kind).repeat(7, 1)
    rounded = same * (1 + torch.finfo(kind).eps * torch.tensor([[0], [1], [0], [2], [0], [1], [0]], dtype=kind))
    for dead in (torch.zeros(7, 3, dtype=kind), same, rounded):
        assert linear_cka(varied, dead) == linear_cka(dead, varied) == 1, "nothing is in common"
        assert math.isnan(linear_cka(dead, dead))
        assert math.isnan(effective_dimensions(dead))
        assert linear_cka_left_out(varied, dead).tolist() == [1] * 7
        assert linear_cka_left_out(dead, dead).isnan().all()


def test_one_image_beside_others_that_are_all_the_same_is_no_pair():
    alone = torch.full((7, 3), 2.0)
    alone[3] = torch.tensor([1.0, 5.0, -3.0])
    assert linear_cka(alone, draw(0, 7, 2)) == 1
    assert math.isnan(linear_cka(alone, alone))
    assert effective_dimensions(alone) == math.inf
    two = alone.clone()
    two[5, 0] = 9
    assert not math.isnan(linear_cka(two, draw(0, 7, 2)))
    left_out = linear_cka_left_out(two, draw(0, 7, 2)) == 1
    assert left_out.nonzero()[:, 0].tolist() == [3, 5]
    assert linear_cka_left_out(two, two).isnan().nonzero()[:, 0].tolist() == [3, 5]


def test_a_dead_column_changes_nothing():
    x, y = draw(0, 9, 3), draw(1, 9, 2)
    beside = torch.cat([x, torch.full((9, 1), 0.1).double()], 1)
    assert linear_cka(beside, y) == pytest.approx(linear_cka(x, y), abs=1e-14)
    assert effective_dimensions(beside) == pytest.approx(effective_dimensions(x), abs=1e-12)


def test_fewer_than_four_images_or_no_number():
    for n in range(4):
        assert math.isnan(linear_cka(draw(0, n, 3), draw(1, n, 3)))
        assert math.isnan(effective_dimensions(draw(0, n, 3)))
        assert linear_cka_left_out(draw(0, n, 3), draw(1, n, 3)).shape == (n,)
    assert not math.isnan(linear_cka(draw(0, 4, 3), draw(1, 4, 3)))
    broken = draw(0, 5, 2)
    broken[2, 1] = torch.inf
    assert math.isnan(linear_cka(broken, draw(1, 5, 2)))
    assert math.isnan(effective_dimensions(broken))


def test_other_images_are_refused():
    with pytest.raises(ValueError, match="5 and of 6 images"):
        inspect.unwrap(linear_cka)(draw(0, 5, 2), draw(0, 6, 2))


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.sampled_from([4, 10, 40]),
    widths=st.tuples(st.sampled_from([2, 12]), st.sampled_from([3, 30])),
    scale=st.sampled_from([1e-30, 0.5, 1e30]),
)
def test_invariants(seed, n, widths, scale):
    x, y = draw(seed, n, widths[0]), draw(seed + 1, n, widths[1])
    found = linear_cka(x, y)
    assert 0 <= found <= 2
    assert linear_cka(x, x) == 0
    close = {"abs": 1e-9 if n == 4 else 1e-11}  # of 4 images two numbers are left, and may be small differences
    assert linear_cka(y, x) == pytest.approx(found, **close)
    assert linear_cka(x * scale, y) == pytest.approx(found, **close)
    assert linear_cka(x + 5, y) == pytest.approx(found, **close)
    turn = torch.linalg.qr(draw(seed + 2, widths[1], widths[1])).Q
    assert linear_cka(x, y @ turn) == pytest.approx(found, **close)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    assert linear_cka(x[order], y[order]) == pytest.approx(found, **close)


def dimensions_by_quadruples(x):
    """From its definition: products of two pairs' squared distances over the means of squared covariances."""
    apart = torch.cdist(x, x).square().numpy() / 2
    quads = np.array(list(permutations(range(len(x)), 4)))
    return float(np.mean(apart[quads[:, 0], quads[:, 1]] * apart[quads[:, 2], quads[:, 3]])) / hsic(x, x)


@pytest.mark.parametrize(("n", "width"), [(4, 2), (6, 3), (8, 20)])
def test_effective_dimensions_against_a_mean_over_quadruples(n, width):
    x = draw(0, n, width) * torch.arange(1, width + 1) + 4
    assert effective_dimensions(x) == pytest.approx(dimensions_by_quadruples(x), rel=1e-9)
    assert effective_dimensions(-1e20 * x) == pytest.approx(effective_dimensions(x), rel=1e-9)


@pytest.mark.parametrize(("n", "width"), [(30, 5), (100, 64), (100, 500)])
def test_effective_dimensions_of_equal_directions_are_their_number(n, width):
    """Where the plug-in estimate could not exceed n - 1."""
    found = [effective_dimensions(draw(seed, n, width)) for seed in range(20)]
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found) - width) < 3.5 * error
    assert error < 0.02 * width
