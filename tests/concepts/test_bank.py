import pytest
import torch
from pydantic import ValidationError

from sparsight.concepts import (
    ConceptSettings,
    concept_scores,
    concept_values,
    constant_concepts,
    fit_pcbm,
    held_out,
    learn_bank,
)

METHODS = ("predictor", "svm", "svm-hinge")
KINDS = ("projection", "distance", "sigmoid")


def draw(n=120, width=6, c=3, seed=0):
    draws = torch.Generator().manual_seed(seed)
    x = torch.randn(n, width, generator=draws) * torch.arange(1, width + 1) + 2
    concepts = (x[:, :c] + torch.randn(n, c, generator=draws) > 2).to(torch.int8)
    return x, concepts


@pytest.mark.parametrize("method", METHODS)
def test_unknown_labels_have_no_weight(method):
    x, concepts = draw()
    hidden = concepts.clone()
    hidden[::3, 1] = -1
    settings = ConceptSettings(method=method)
    bank = learn_bank(x, hidden, ("a", "b", "c"), settings)
    full = learn_bank(x, concepts, ("a", "b", "c"), settings)
    torch.testing.assert_close(bank.Q[[0, 2]], full.Q[[0, 2]], rtol=1e-6, atol=1e-8)
    assert not torch.allclose(bank.Q[1], full.Q[1], rtol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_a_concept_does_not_depend_on_its_company(method):
    x, concepts = draw(c=5)
    together = learn_bank(x, concepts, tuple("abcde"), ConceptSettings(method=method))
    alone = learn_bank(x, concepts[:, 3:4], ("d",), ConceptSettings(method=method))
    torch.testing.assert_close(together.Q[3:4], alone.Q, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_scores_do_not_depend_on_the_scale_of_embeddings(method):
    x, concepts = draw()
    factor, shift = torch.tensor([1e-4, 1.0, 1e3, 2.0, 5.0, 0.1]).double(), torch.arange(6).double()
    moved = x.double() * factor + shift
    settings = ConceptSettings(method=method)
    plain, scaled = learn_bank(x, concepts, tuple("abc"), settings), learn_bank(moved, concepts, tuple("abc"), settings)
    torch.testing.assert_close(concept_scores(plain, x), concept_scores(scaled, moved), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_constant_embedding_column_has_weight_zero(method):
    x, concepts = draw()
    x = x.double()
    x[:, 4] = 0.1  # its mean over 120 images is not 0.1 in float64
    assert x[:, 4].mean() != x[0, 4]
    bank = learn_bank(x, concepts, tuple("abc"), ConceptSettings(method=method))
    assert (bank.Q[:, 4] == 0).all()
    assert (bank.Q[:, 3] != 0).all()
    assert not bank.dropped


@pytest.mark.parametrize("method", METHODS)
def test_dead_embedding_has_no_directions(method):
    _, concepts = draw()
    x = torch.full((120, 6), 0.3)
    bank = learn_bank(x, concepts, tuple("abc"), ConceptSettings(method=method))
    assert bank.converged
    assert (bank.Q == 0).all()
    assert set(bank.dropped) == set("abc")
    for kind in KINDS:
        assert (concept_values(bank, torch.randn(5, 6), kind) == 0).all()
    told = held_out(bank, x, concepts)
    assert (told.auroc == 0.5).all()
    share = (concepts == 1).double().mean(0)
    torch.testing.assert_close(told.accuracy, torch.maximum(share, 1 - share))


@pytest.mark.parametrize("method", METHODS)
def test_a_direction_of_rounding_is_none(method):
    """A concept that two of three images have wherever they lie: its vector is 0 but for rounding."""
    corners = torch.tensor([[1.0, 0.3], [1.0, -0.3], [-1.0, 0.3], [-1.0, -0.3]]).double().repeat(30, 1)
    concepts = torch.stack([corners[:, 0] > 0, torch.arange(120) // 4 % 3 > 0], 1).to(torch.int8)
    x = corners @ torch.tensor([[0.7, 0.1], [0.3, 0.9]]).double() + 1 / 3
    bank = learn_bank(x, concepts, ("side", "everywhere"), ConceptSettings(method=method))
    assert set(bank.dropped) == {"everywhere"}


def test_values_by_hand():
    x, concepts = draw()
    bank = learn_bank(x, concepts, tuple("abc"), ConceptSettings())
    phi, q, b = x[7].double(), bank.Q[1], bank.intercepts[1]
    assert concept_scores(bank, x)[7, 1].item() == pytest.approx(float(q @ phi + b))
    expected = {
        "projection": q @ phi / q.square().sum(),
        "distance": (q @ phi + b) / q.square().sum().sqrt(),
        "sigmoid": 1 / (1 + torch.exp(-(q @ phi + b))),
    }
    for kind, value in expected.items():
        assert concept_values(bank, x, kind)[7, 1].item() == pytest.approx(float(value), rel=1e-10)


def test_linear_values_give_the_same_g():
    x, concepts = draw(c=4)
    labels = torch.arange(120) % 3
    x[:, 0] += labels
    bank = learn_bank(x, concepts, tuple("abcd"), ConceptSettings())
    fits = {
        kind: fit_pcbm(concept_values(bank, x, kind), labels, 3, ConceptSettings(tolerance=1e-10)) for kind in KINDS
    }
    assert fits["projection"].weights.abs().max() > 0.01
    torch.testing.assert_close(fits["projection"].weights, fits["distance"].weights, rtol=0, atol=1e-5)
    assert fits["projection"].objective == pytest.approx(fits["distance"].objective, rel=1e-9)
    assert fits["sigmoid"].objective != pytest.approx(fits["projection"].objective, rel=1e-6)


def test_held_out_counts_and_undefined():
    x, concepts = draw()
    bank = learn_bank(x, concepts, tuple("abc"), ConceptSettings())
    truth = torch.tensor([[1, 1, -1], [0, 1, -1], [-1, 1, -1], [1, -1, -1]], dtype=torch.int8)
    told = held_out(bank, x[:4], truth)
    assert told.positives.tolist() == [2, 3, 0]
    assert told.negatives.tolist() == [1, 0, 0]
    assert told.auroc.isnan().tolist() == [False, True, True]
    assert told.accuracy.isnan().tolist() == [False, False, True]


def test_constant_concepts_are_named_and_refused():
    x, _ = draw()
    concepts = torch.stack([torch.arange(120) % 2, torch.ones(120), -torch.ones(120)], 1).to(torch.int8)
    concepts[::4, 1] = -1
    assert constant_concepts(concepts).tolist() == [False, True, True]
    with pytest.raises(ValueError, match="'b' is constant"):
        learn_bank(x, concepts, tuple("abc"), ConceptSettings())


def test_embeddings_must_be_finite():
    x, concepts = draw()
    x[3, 3] = float("nan")
    with pytest.raises(ValueError, match="finite"):
        learn_bank(x, concepts, tuple("abc"), ConceptSettings())


@pytest.mark.parametrize("method", METHODS)
def test_same_answer_twice(method):
    x, concepts = draw()
    first, again = (learn_bank(x, concepts, tuple("abc"), ConceptSettings(method=method)) for _ in range(2))
    assert torch.equal(first.Q, again.Q)
    assert torch.equal(first.intercepts, again.intercepts)


@pytest.mark.parametrize(
    "wrong",
    [{"C": 0}, {"rho": 1.1}, {"rho": -0.1}, {"lam": 0}, {"tolerance": 0}, {"top_k": 0}, {"method": "cav"}, {"k": 1}],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        ConceptSettings(**wrong)
