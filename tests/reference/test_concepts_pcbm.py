"""g against scikit-learn's elastic-net logistic regression, by eq. 1 written down here."""

import warnings

import numpy as np
import pytest
import sklearn
import torch
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from sparsight.concepts import ConceptSettings, fit_pcbm

# scikit-learn 1.8 deprecates `penalty`: there, l1_ratio alone says what the penalty is.
PENALTY = {} if tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 8) else {"penalty": "elasticnet"}


def draw(n, c, k, seed):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    values = rng.normal(size=(k, c))[labels] + 1.5 * rng.normal(size=(n, c)) @ (
        np.eye(c) + 0.3 * rng.normal(size=(c, c))
    )
    return values * rng.uniform(0.2, 4, c) + rng.normal(size=c), labels


def eq_1(W, b, values, labels, lam, rho):
    logits = values @ W.T + b
    loss = (logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]).mean()
    return loss + lam / W.size * (rho * np.abs(W).sum() + (1 - rho) / 2 * np.square(W).sum())


def scikit_learn(values, labels, k, lam, rho):
    """W and b by saga; for two classes its one row w stands for rows -w/2 and w/2, whose penalty differs."""
    n, c = values.shape
    strength = lam / (c * k)
    model = LogisticRegression(
        **PENALTY, l1_ratio=rho, C=1 / (n * strength), solver="saga", tol=1e-10, max_iter=50_000, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # not converged
        model.fit(values, labels)
    return model.coef_, model.intercept_


@pytest.mark.parametrize(
    ("n", "c", "k", "lam", "rho"),
    [(300, 8, 3, 0.2, 0.99), (200, 6, 4, 2.0, 0.5), (250, 10, 3, 0.5, 1.0), (250, 10, 3, 0.5, 0.0)],
)
def test_no_objective_is_above_scikit_learns(n, c, k, lam, rho):
    raw, labels = draw(n, c, k, seed=n + k)
    g = fit_pcbm(torch.tensor(raw), torch.tensor(labels), k, ConceptSettings(lam=lam, rho=rho, tolerance=1e-8))
    assert g.converged
    values = (raw - raw.mean(0)) / raw.std(0)
    ours = eq_1(g.weights.numpy(), g.intercepts.numpy(), values, labels, lam, rho)
    theirs = eq_1(*scikit_learn(values, labels, k, lam, rho), values, labels, lam, rho)
    assert g.objective == pytest.approx(ours, rel=1e-12)
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert ours * (1 - g.gap) <= theirs * (1 + 1e-12)
    assert ours <= theirs * (1 + 1e-8)


@pytest.mark.parametrize("rho", [0.99, 0.0])
def test_two_classes_agree_with_one_row(rho):
    """Rows -w/2 and w/2 have l1 norm |w| and half the square of w: scikit-learn's one row with that penalty."""
    raw, labels = draw(300, 7, 2, seed=5)
    lam = 0.4
    g = fit_pcbm(torch.tensor(raw), torch.tensor(labels), 2, ConceptSettings(lam=lam, rho=rho, tolerance=1e-10))
    values = (raw - raw.mean(0)) / raw.std(0)
    one_row = 2 * rho / (1 + rho)  # rho |w| + (1 - rho)/4 w^2 as an elastic net of strength (1 + rho)/2
    w, b = scikit_learn(values, labels, 2, lam * (1 + rho) / 2, one_row)
    theirs = eq_1(np.vstack([-w, w]) / 2, np.append(-b, b) / 2, values, labels, lam, rho)
    assert g.objective == pytest.approx(theirs, rel=1e-6)
    np.testing.assert_allclose((g.weights[1] - g.weights[0]).numpy(), w[0], atol=1e-4)
