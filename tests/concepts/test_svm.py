import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from sparsight.concepts import _gram
from sparsight.concepts._hinge import TOLERANCE, best_intercept, solve_hinge
from sparsight.concepts.svm import fit_hinge_svm

SHAPES = [(60, 3), (40, 30), (30, 50)]  # systems in the inputs' width, in the images, fewer images than dimensions


def draw(n, width, seed, c=3):
    draws = torch.Generator().manual_seed(seed)
    x = torch.randn(n, width, generator=draws, dtype=torch.float64)
    score = x[:, :c] + torch.randn(n, c, generator=draws)
    labels = (score > score.quantile(0.3, dim=0)).to(torch.int8)
    labels[3:9, 0] = -1
    return x, labels


def close(fit, other, sign=1.0):
    """Within what the certificates leave open."""
    apart = (fit.weights - sign * other.weights).norm(dim=1)
    return bool((apart <= fit.radius + other.radius).all()) and torch.allclose(
        fit.objective, other.objective, rtol=1e-8
    )


def test_two_images_by_hand():
    """At 1 and -1: both dual variables are min(C, 1/2), and w = 2 a; below C = 1/2 any |b| <= 1 - w is as good."""
    x, labels = torch.tensor([[1.0], [-1.0]]).double(), torch.tensor([[1], [0]], dtype=torch.int8)
    for C in (1e-3, 0.2, 0.5, 3.0, 1e6):
        fit = fit_hinge_svm(x, labels, C)
        assert fit.weights.item() == pytest.approx(min(2 * C, 1.0), rel=1e-8)
        assert fit.intercepts.item() == pytest.approx(0.0, abs=1e-8)
        w = min(2 * C, 1.0)
        assert fit.objective.item() == pytest.approx(w * w / 2 + 2 * C * (1 - w), rel=1e-8)


def test_the_rarer_side_sets_the_intercept():
    """Two at 1 against one at -1: the two share its C, so w = 2 C, and they lie on their margin."""
    x, labels = torch.tensor([[1.0], [1.0], [-1.0]]).double(), torch.tensor([[1], [1], [0]], dtype=torch.int8)
    fit = fit_hinge_svm(x, labels, 0.01)
    assert fit.weights.item() == pytest.approx(0.02, rel=1e-8)
    assert fit.intercepts.item() == pytest.approx(0.98, rel=1e-8)


@pytest.mark.parametrize(("n", "width"), SHAPES)
@pytest.mark.parametrize("C", [1e-3, 0.1, 100.0])
def test_optimality_conditions(n, width, C):
    """Weights that some dual variables within the box give, each at its bound where its margin is not 1."""
    x, labels = draw(n, width, seed=n)
    fit = fit_hinge_svm(x, labels, C)
    assert fit.converged.all()
    assert (fit.gradient <= TOLERANCE).all()
    for j in range(labels.shape[1]):
        known = labels[:, j] >= 0
        y = 2.0 * labels[known, j].double() - 1
        margin = y * (x[known] @ fit.weights[j] + fit.intercepts[j])
        free = (margin - 1).abs() < 1e-6
        system = torch.cat([x[known].T * y, y[None]])  # w = sum y a x and 0 = sum y a
        left = torch.cat([fit.weights[j], torch.zeros(1).double()]) - C * system[:, (margin < 1) & ~free].sum(1)
        if free.any():
            left -= system[:, free] @ torch.tensor(lsq_linear(system[:, free].numpy(), left.numpy(), (0, C)).x)
        assert left.norm() <= 1e-3 * fit.weights[j].norm()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(SHAPES), st.sampled_from([1e-4, 0.02, 1.0]), st.floats(0.1, 10.0))
def test_invariants(seed, shape, C, factor):
    x, labels = draw(*shape, seed)
    fit = fit_hinge_svm(x, labels, C)
    assert fit.converged.all()
    flipped = fit_hinge_svm(x, torch.where(labels < 0, labels, 1 - labels), C)
    assert close(fit, flipped, sign=-1.0)
    torch.testing.assert_close(fit.intercepts, -flipped.intercepts, rtol=0, atol=1e-3)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    assert close(fit, fit_hinge_svm(x[order], labels[order], C))
    scaled = fit_hinge_svm(x * factor, labels, C / factor**2)
    torch.testing.assert_close(scaled.objective * factor**2, fit.objective, rtol=1e-8, atol=0)
    known = labels[:, 0] >= 0
    alone = fit_hinge_svm(x[known], labels[known][:, :1], C)
    torch.testing.assert_close(alone.objective, fit.objective[:1], rtol=1e-8, atol=0)
    assert (alone.weights[0] - fit.weights[0]).norm() <= alone.radius + fit.radius[0]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30))
def test_best_intercept_has_the_least_loss(seed, n):
    draws = torch.Generator().manual_seed(seed)
    output = torch.randn(n, 1, generator=draws, dtype=torch.float64)
    y = torch.randint(-1, 2, (n, 1), generator=draws).double()
    y[:2, 0] = torch.tensor([1.0, -1.0]).double()

    def loss(b):
        return (y.abs() * (1 - y * (output + b)).clamp(min=0)).sum(0)

    b = best_intercept(output, y)
    kinks = (y - output)[y != 0]  # a piecewise linear loss is least at one of them
    least = min(loss(kink).item() for kink in kinks)
    assert loss(b).item() == pytest.approx(least, abs=1e-12)
    optimal = [kink.item() for kink in kinks if loss(kink).item() <= least + 1e-12]
    assert b.item() == pytest.approx((min(optimal) + max(optimal)) / 2, abs=1e-9)


def test_a_stored_gram_matrix_changes_nothing(monkeypatch):
    x, labels = draw(60, 40, seed=5)
    stored = fit_hinge_svm(x, labels, 0.1)
    monkeypatch.setattr(_gram, "MOST_STORED", 10)
    monkeypatch.setattr(_gram, "BATCH", 1)
    assert close(stored, fit_hinge_svm(x, labels, 0.1))


def test_steps_that_run_out_are_said(monkeypatch):
    monkeypatch.setattr("sparsight.concepts._hinge.MAX_STEPS", 2)
    x, labels = draw(200, 5, seed=1)
    y = torch.where(labels < 0, 0.0, 2.0 * labels.double() - 1)
    fit = solve_hinge(x, y, 1.0)
    assert (fit.gap > TOLERANCE).any()
    assert fit.gap.isfinite().all()
    assert not fit_hinge_svm(x, labels, 1.0).converged.all()
    monkeypatch.undo()
    best = solve_hinge(x, y, 1.0)
    assert (fit.objective * (1 - fit.gap) <= best.objective).all()
    assert (fit.objective >= best.objective * (1 - TOLERANCE)).all()
