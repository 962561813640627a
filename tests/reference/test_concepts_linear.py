"""The concept models against scikit-learn's LinearSVC and LogisticRegression, by an objective written down here."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from sparsight.concepts import ConceptSettings, concept_scores, held_out, learn_bank

UNKNOWN_SHARE = 0.1


def draw(n, width, c, seed):
    """Correlated embeddings of unequal scale and place, and concepts that are noisy functions of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, width)) @ rng.normal(size=(width, width)) * rng.uniform(0.1, 5, width) + 3
    score = (x - x.mean(0)) @ rng.normal(size=(width, c)) / 10 + rng.normal(size=(n, c))
    labels = np.where(score > np.quantile(score, rng.uniform(0.1, 0.9, c), axis=0).diagonal(), 1, 0)
    labels[rng.random(labels.shape) < UNKNOWN_SHARE] = -1
    return torch.tensor(x, dtype=torch.float32), torch.tensor(labels, dtype=torch.int8)


def objective(method, w, b, C, z, y):
    """What both sides claim to minimise; ``y`` is -1 or 1."""
    margin = y * (z @ w + b)
    if method == "svm":
        return 0.5 * (w @ w + b * b) + C * np.square(np.maximum(0, 1 - margin)).sum()
    return 0.5 * w @ w + C * np.logaddexp(0, -margin).sum()


def reference(method, C, z, y):
    if method == "svm":
        model = LinearSVC(C=C, loss="squared_hinge", dual=False, tol=1e-10, max_iter=100_000)
    else:
        model = LogisticRegression(C=C, solver="newton-cg", tol=1e-10, max_iter=10_000)
    model.fit(z, y)
    return model.coef_[0], model.intercept_[0]


@pytest.mark.parametrize("method", ["predictor", "svm"])
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize(("n", "width"), [(200, 12), (60, 90)])
def test_no_objective_is_above_scikit_learns(method, C, n, width):
    x, concepts = draw(n, width, 6, seed=n)
    bank = learn_bank(x, concepts, tuple("abcdef"), ConceptSettings(method=method, C=C))
    assert bank.converged
    mean, deviation = x.double().numpy().mean(0), x.double().numpy().std(0)
    for j in range(6):
        known = (concepts[:, j] >= 0).numpy()
        z, y = ((x.double().numpy() - mean) / deviation)[known], concepts[known, j].numpy() * 2.0 - 1
        w = bank.Q[j].numpy() * deviation
        b = bank.intercepts[j].item() + bank.Q[j].numpy() @ mean
        ours, theirs = objective(method, w, b, C, z, y), objective(method, *reference(method, C, z, y), C, z, y)
        assert ours == pytest.approx(theirs, rel=1e-6)
        assert ours <= theirs * (1 + 1e-9)
        assert bank.objective[j].item() == pytest.approx(ours, rel=1e-9)


@pytest.mark.parametrize("method", ["predictor", "svm"])
def test_scores_are_scikit_learns(method):
    x, concepts = draw(150, 10, 4, seed=1)
    test, truth = draw(80, 10, 4, seed=2)
    bank = learn_bank(x, concepts, tuple("abcd"), ConceptSettings(method=method))
    mean, deviation = x.double().numpy().mean(0), x.double().numpy().std(0)
    told = held_out(bank, test, truth)
    for j in range(4):
        known = (concepts[:, j] >= 0).numpy()
        z = (x.double().numpy() - mean) / deviation
        w, b = reference(method, 0.01, z[known], concepts[known, j].numpy())
        expected = (test.double().numpy() - mean) / deviation @ w + b
        np.testing.assert_allclose(concept_scores(bank, test)[:, j].numpy(), expected, atol=1e-5)
        asked = (truth[:, j] >= 0).numpy()
        right = (expected > 0) == (truth[:, j] == 1).numpy()
        assert told.accuracy[j].item() == pytest.approx(right[asked].mean())
