"""The concept models against scikit-learn's LinearSVC, SVC and LogisticRegression, by objectives written down here."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC, LinearSVC

from sparsight.concepts import ConceptSettings, concept_scores, held_out, learn_bank
from sparsight.concepts.svm import fit_hinge_svm

METHODS = ("predictor", "svm", "svm-hinge")
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
    if method == "svm-hinge":
        return 0.5 * w @ w + C * np.maximum(0, 1 - margin).sum()
    return 0.5 * w @ w + C * np.logaddexp(0, -margin).sum()


def reference(method, C, z, y):
    if method == "svm":
        model = LinearSVC(C=C, loss="squared_hinge", dual=False, tol=1e-10, max_iter=100_000)
    elif method == "svm-hinge":
        return libsvm(C, z, y)[:2]
    else:
        model = LogisticRegression(C=C, solver="newton-cg", tol=1e-10, max_iter=10_000)
    model.fit(z, y)
    return model.coef_[0], model.intercept_[0]


@pytest.mark.parametrize("method", METHODS)
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


def libsvm(C, z, y):
    """SVC's weights, intercept and the interval of intercepts as good.

    libsvm keeps its kernel in single precision, which costs up to 1e-3 of the objective where C is large. So its
    support vectors are kept and solved for again: those at C stay there, and the others' margins are 1.
    """
    y = np.where(y > 0, 1.0, -1.0)
    model = SVC(kernel="linear", C=C, tol=1e-8).fit(z, y)
    a = np.zeros(len(y))
    a[model.support_] = np.abs(model.dual_coef_[0])
    low, high = a <= 1e-7 * a.max(), a >= C * (1 - 1e-7)
    free = ~low & ~high
    w, b = model.coef_[0], model.intercept_[0]
    if free.any():
        at_bound = C * y[high] @ z[high]
        system = np.block(
            [[z[free] @ z[free].T, np.ones((free.sum(), 1))], [np.ones((1, free.sum())), np.zeros((1, 1))]]
        )
        target = np.append(y[free] - z[free] @ at_bound, -C * y[high].sum())
        solved = np.linalg.lstsq(system, target, rcond=1e-13)[0]
        again = at_bound + solved[:-1] @ z[free], solved[-1]
        if objective("svm-hinge", *again, C, z, y) < objective("svm-hinge", w, b, C, z, y):
            w, b = again
    value = y - z @ w
    can_rise, can_fall = np.where(y > 0, ~high, ~low), np.where(y > 0, ~low, ~high)
    return w, b, value[can_rise].max(), value[can_fall].min()


def hinge_problem(kind):
    """Standardised inputs, labels of -1 (unknown), 0 and 1, and C."""
    rng = np.random.default_rng(sum(map(ord, kind)))
    z = rng.normal(size=(160, 8)) @ rng.normal(size=(8, 8))
    score = z[:, :3] + 0.7 * rng.normal(size=(160, 3))
    C = 0.3
    if kind == "separable":
        score, C = z[:, :3], 1e3
    elif kind == "wide":  # more dimensions than images, as with 50 + 50 examples a concept
        z = np.hstack([z[:100], rng.normal(size=(100, 300))])
        score, C = score[:100], 0.01
    elif kind == "at bound":
        C = 1e-6
    elif kind == "unbalanced":
        score = score - score.std()
    elif kind == "duplicated":
        z, score = np.tile(z[:40], (4, 1)), np.tile(score[:40], (4, 1))
    elif kind == "constant columns":
        z[:, [2, 5]] = 3.0
    labels = (score > 0).astype(np.int8)
    if kind == "unknown":
        labels[rng.random(labels.shape) < 0.4] = -1
    if kind == "balanced at bound":  # no free support vector: the intercept is an interval
        C = 1e-6
        labels = (np.argsort(np.argsort(score, axis=0), axis=0) >= len(score) // 2).astype(np.int8)
    deviation = z.std(0)
    return (z - z.mean(0)) / np.where(deviation > 0, deviation, 1), labels, C


KINDS = ["separable", "inseparable", "wide", "at bound", "balanced at bound", "unbalanced", "duplicated"]


@pytest.mark.parametrize("kind", [*KINDS, "constant columns", "unknown"])
def test_the_hinge_machine_is_libsvms(kind):
    z, labels, C = hinge_problem(kind)
    fit = fit_hinge_svm(torch.tensor(z), torch.tensor(labels), C)
    assert fit.converged.all()
    for j in range(labels.shape[1]):
        known = labels[:, j] >= 0
        inputs, y = z[known], labels[known, j] * 2.0 - 1
        reference_w, reference_b, low, high = libsvm(C, inputs, y)
        w, b = fit.weights[j].numpy(), fit.intercepts[j].item()
        ours = objective("svm-hinge", w, b, C, inputs, y)
        theirs = objective("svm-hinge", reference_w, reference_b, C, inputs, y)
        assert fit.objective[j].item() == pytest.approx(ours, rel=1e-10)
        assert ours == pytest.approx(theirs, rel=1e-6)
        assert ours <= theirs * (1 + 1e-9)
        assert np.linalg.norm(w - reference_w) <= 1e-4 * np.linalg.norm(reference_w)
        assert low - 1e-5 <= b <= high + 1e-5
        assert b == pytest.approx(reference_b, abs=1e-5)
        if kind == "balanced at bound":
            assert high - low > 1


@pytest.mark.parametrize("method", METHODS)
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
