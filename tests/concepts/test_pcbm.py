import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.concepts import ConceptSettings, fit_pcbm, objective, predict, resolved, shown_weights, top_concepts


def draw(n, c, k, seed, rank=None):
    """Concept values that tell the classes, of rank ``rank`` but for a little noise; every class occurs."""
    draws = torch.Generator().manual_seed(seed)
    labels = torch.cat([torch.arange(k), torch.randint(0, k, (n - k,), generator=draws)])
    rank = rank or c
    inner = torch.randn(k, rank, generator=draws)[labels] + torch.randn(n, rank, generator=draws)
    values = inner @ torch.randn(rank, c, generator=draws) + 1e-4 * torch.randn(n, c, generator=draws)
    return values.double(), labels


def eq_1(W, b, values, labels, lam, rho):
    """Eq. 1 for standardised values, once more and by other means than the solver's."""
    chances = torch.softmax(values @ W.T + b, 1)[torch.arange(len(labels)), labels]
    penalty = rho * W.abs().sum() + (1 - rho) / 2 * W.square().sum()
    return float(-chances.log().mean() + lam / W.numel() * penalty)


@given(
    seed=st.integers(0, 2**20),
    k=st.sampled_from([2, 3, 7]),
    c=st.sampled_from([1, 4, 12]),
    lam=st.sampled_from([0.01, 0.2, 2.0]),
    rho=st.sampled_from([0.0, 0.5, 0.99, 1.0]),
    step=st.sampled_from([1e-4, 1e-2, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_the_certificate_holds_against_any_other_weights(seed, k, c, lam, rho, step):
    values, labels = draw(60, c, k, seed)
    g = fit_pcbm(values, labels, k, ConceptSettings(lam=lam, rho=rho))
    assert g.converged
    z = (values - g.mean) / g.scale
    assert g.objective == pytest.approx(eq_1(g.weights, g.intercepts, z, labels, lam, rho), rel=1e-10)
    assert g.objective == pytest.approx(objective(g, values, labels, ConceptSettings(lam=lam, rho=rho)), rel=1e-10)
    floor = g.objective * (1 - g.gap) * (1 - 1e-12)
    draws = torch.Generator().manual_seed(seed)
    for _ in range(10):
        W = g.weights + step * torch.randn(k, c, generator=draws).double()
        b = g.intercepts + step * torch.randn(k, generator=draws).double()
        assert eq_1(W, b, z, labels, lam, rho) >= floor
    shrunk = g.weights * (1 - step)
    assert eq_1(shrunk, g.intercepts, z, labels, lam, rho) >= floor


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
def test_a_looser_gap_still_bounds_the_optimum(tolerance):
    values, labels = draw(200, 10, 4, seed=2)
    best = fit_pcbm(values, labels, 4, ConceptSettings(tolerance=1e-10))
    g = fit_pcbm(values, labels, 4, ConceptSettings(tolerance=tolerance))
    assert g.gap <= tolerance
    assert g.objective * (1 - g.gap) <= best.objective <= g.objective


@pytest.mark.parametrize("rank", [1, 2, 5])
@pytest.mark.parametrize("k", [2, 10])
def test_nearly_collinear_values_are_solved(rank, k):
    """As from the embedding of a network that has lost most of its dimensions."""
    values, labels = draw(400, 24, k, seed=rank, rank=rank)
    g = fit_pcbm(values, labels, k, ConceptSettings())
    assert g.converged
    assert g.iterations < 60


def test_strong_penalty_leaves_the_class_frequencies():
    values, labels = draw(80, 5, 3, seed=3)
    g = fit_pcbm(values, labels, 3, ConceptSettings(lam=1e4))
    assert (g.weights == 0).all()
    shares = torch.bincount(labels, minlength=3) / 80
    torch.testing.assert_close(predict(g, values).softmax(1), shares.double().expand(80, 3), atol=1e-5, rtol=0)


def test_weights_are_sparse_and_predict_well():
    values, labels = draw(300, 20, 4, seed=4)
    g = fit_pcbm(values, labels, 4, ConceptSettings(lam=2.0))
    assert 0.1 < (g.weights == 0).double().mean() < 0.95
    assert (predict(g, values).argmax(1) == labels).double().mean() > 0.8


def test_constant_column_has_weight_zero_and_counts_in_the_penalty():
    values, labels = draw(150, 6, 3, seed=5)
    dead = torch.cat([values[:, :2], torch.full((150, 1), 0.1).double(), values[:, 2:]], 1)
    rest = [0, 1, 3, 4, 5, 6]
    g = fit_pcbm(dead, labels, 3, ConceptSettings(lam=0.7, tolerance=1e-10))
    same = fit_pcbm(values, labels, 3, ConceptSettings(lam=0.6, tolerance=1e-10))
    assert (g.weights[:, 2] == 0).all()
    assert g.objective == pytest.approx(same.objective, rel=1e-9)
    torch.testing.assert_close(g.weights[:, rest], same.weights, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", ["values", "none"])
def test_standardised_or_not(kind):
    values, labels = draw(150, 6, 3, seed=6)
    moved = values * torch.tensor([1e-3, 1.0, 2.0, 30.0, 0.1, 5.0]) + 1
    g = fit_pcbm(moved, labels, 3, ConceptSettings(standardise=kind))
    plain = fit_pcbm(values, labels, 3, ConceptSettings(standardise=kind))
    assert g.converged
    assert (g.objective == pytest.approx(plain.objective, rel=1e-5)) == (kind == "values")
    if kind == "none":
        assert (g.mean == 0).all()
        assert (g.scale == 1).all()


def test_a_class_without_images_is_never_predicted_and_costs_nothing():
    values, labels = draw(150, 6, 3, seed=7)
    gapped = torch.tensor([0, 2, 3])[labels]  # class 1 of 4 does not occur
    g = fit_pcbm(values, gapped, 4, ConceptSettings(lam=0.8, tolerance=1e-10))
    same = fit_pcbm(values, labels, 3, ConceptSettings(lam=0.6, tolerance=1e-10))
    assert g.intercepts[1] == -torch.inf
    assert (g.weights[1] == 0).all()
    assert g.objective == pytest.approx(same.objective, rel=1e-9)
    logits = predict(g, values)
    assert (logits.softmax(1)[:, 1] == 0).all()
    assert logits.softmax(1).isfinite().all()
    # The limit is the optimum: a finite intercept, however low, only adds to the loss.
    z = (values - g.mean) / g.scale
    for low in (-5.0, -20.0):
        assert eq_1(g.weights, g.intercepts.clamp(min=low), z, gapped, 0.8, 0.99) >= g.objective * (1 - 1e-9)


def test_one_class_alone_is_certain():
    values, labels = torch.randn(20, 3), torch.full((20,), 2)
    g = fit_pcbm(values, labels, 4, ConceptSettings())
    assert g.converged
    assert (g.objective, g.gap) == (0.0, 0.0)
    assert (predict(g, values).argmax(1) == 2).all()


def test_all_values_constant():
    g = fit_pcbm(torch.zeros(30, 4), torch.arange(30) % 3, 3, ConceptSettings())
    assert g.converged
    assert (g.weights == 0).all()


def test_same_answer_twice():
    values, labels = draw(100, 8, 3, seed=8)
    first, again = (fit_pcbm(values, labels, 3, ConceptSettings()) for _ in range(2))
    assert torch.equal(first.weights, again.weights)


def test_two_classes_show_the_difference():
    weights = torch.tensor([[0.5, -1.0, 0.0], [-0.5, 1.0, 2.0]])
    assert shown_weights(weights).tolist() == [[1.0, -2.0, -2.0], [-1.0, 2.0, 2.0]]
    three = torch.arange(9.0).reshape(3, 3)
    assert torch.equal(shown_weights(three), three)


def test_top_concepts_by_signed_weight_and_then_by_index():
    weights = torch.tensor([[0.0, -3.0, 0.5, 0.5, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0], [-2.0, -1.0, -0.0, 0.0, -5.0]])
    indices, values = top_concepts(weights, 3)
    assert indices.tolist() == [[2, 3, 0], [0, 1, 2], [2, 3, 1]]
    assert values.tolist() == [[0.5, 0.5, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, -1.0]]


@pytest.mark.parametrize("k", [0, 6])
def test_top_of_too_many_is_refused(k):
    with pytest.raises(ValueError, match="concepts"):
        top_concepts(torch.zeros(2, 5), k)


@pytest.mark.parametrize(
    ("values", "labels", "word"),
    [
        (torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), "labels"),
        (torch.full((4, 3), float("inf")), torch.arange(4), "finite"),
        (torch.zeros(5, 3), torch.arange(5), "outside"),
    ],
)
def test_wrong_arguments(values, labels, word):
    with pytest.raises(ValueError, match=word):
        fit_pcbm(values, labels, 4, ConceptSettings())


def test_weights_that_the_solver_does_not_tell_apart_are_equal():
    rows = [[2.0, 1.0 + 3e-7, 1.0, 0.0, 9e-7], [-1.0, 1.0 - 3e-7, 1.0 + 4e-6, 1e-9, -1e-9]]
    weights = torch.tensor(rows, dtype=torch.float64)
    steps = resolved(weights, 1e-6)  # in units of 2e-6
    assert steps.tolist() == [[1e6, 5e5, 5e5, 0, 0], [-5e5, 5e5, 500002, 0, 0]]
    assert top_concepts(steps, 3)[0].tolist() == [[0, 1, 2], [2, 1, 3]]
    assert torch.equal(resolved(-weights, 1e-6), -resolved(weights, 1e-6))
    assert torch.equal(resolved(weights * 7, 1e-6), steps)  # of the weights' own size


def test_nothing_is_resolved_of_nothing():
    assert torch.equal(resolved(torch.zeros(2, 3), 1e-6), torch.zeros(2, 3).double())
    assert resolved(torch.zeros(2, 0), 1e-6).shape == (2, 0)
    odd = resolved(torch.tensor([[1.0, torch.nan, torch.inf]]), 0.5)
    assert odd[0, 0] == 2
    assert odd[0, 1].isnan()
    assert odd[0, 2].isinf()
