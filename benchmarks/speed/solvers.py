"""The concept bank and g beside scikit-learn's solvers, at the size of the paper's CUB study."""

import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int8, Int64
from torch import Tensor

from benchmarks.speed.bench import DiffersError, MissingPeerError, Row, attempt, compare, peer, same
from sparsight.concepts import ConceptSettings, concept_values, fit_pcbm, learn_bank, predict
from sparsight.concepts.pcbm import objective

SETTINGS = ConceptSettings(method="svm")
SOME = 3
"""Concepts that the one-by-one peer is timed on; its time for all is that many times longer."""
PATIENCE = 20
"""How many times our seconds saga is given to come within ``NEAR`` of our objective."""
NEAR = 1e-6
FEW = 10
"""Epochs by which saga's speed is measured."""


@dataclass(frozen=True)
class Problem:
    """Embeddings as a ReLU leaves them, driven by concepts that classes have with a few exceptions."""

    embedding: Float[Tensor, "n l"]
    concepts: Int8[Tensor, "n c"]
    labels: Int64[Tensor, " n"]
    train: slice
    test: slice


def drawn(train: int, width: int, concepts: int, classes: int) -> Problem:
    draw = torch.Generator().manual_seed(0)
    n = train + train // 3
    labels = torch.arange(n) % classes
    typical = torch.rand(classes, concepts, generator=draw) < 0.3
    present = typical[labels] ^ (torch.rand(n, concepts, generator=draw) < 0.05)
    shown = present + 0.7 * torch.randn(n, concepts, generator=draw)
    hidden = torch.randn(n, 50, generator=draw)
    mixing = torch.randn(concepts + 50, width, generator=draw) / math.sqrt(concepts)
    embedding = torch.cat([shown, hidden], 1) @ mixing + 0.3 * torch.randn(n, width, generator=draw)
    return Problem(embedding.clamp(min=0), present.to(torch.int8), labels, slice(train), slice(train, n))


def rows(repeats: int, quick: bool) -> Iterator[Row | MissingPeerError]:
    n, width, concepts, classes = (400, 64, 12, 10) if quick else (6000, 2048, 108, 200)
    problem = drawn(n, width, concepts, classes)
    yield attempt("concept bank", lambda: bank_row(problem, repeats))
    bank = learn_bank(problem.embedding[problem.train], problem.concepts[problem.train], _names(concepts), SETTINGS)
    values = concept_values(bank, problem.embedding, SETTINGS.value)
    yield attempt("g beside saga", lambda: saga_row(problem, values, classes))
    yield attempt("g beside SGDClassifier", lambda: sgd_row(problem, values, classes, repeats))


def bank_row(problem: Problem, repeats: int) -> Row:
    """All linear SVMs at once beside LinearSVC, one by one, at an objective within 1e-6."""
    svm = peer("sklearn.svm")
    phi, labels = problem.embedding[problem.train].double(), problem.concepts[problem.train]
    inputs = ((phi - phi.mean(0)) / phi.std(0, correction=0)).numpy()
    signs = 2.0 * labels.double().numpy() - 1
    concepts = labels.shape[1]
    some = min(SOME, concepts)

    def objective_of(w: np.ndarray, b: float, y: np.ndarray) -> float:
        short = np.maximum(0, 1 - y * (inputs @ w + b))
        return float((w @ w + b * b) / 2 + SETTINGS.C * (short**2).sum())

    def ours() -> Tensor:
        return learn_bank(phi, labels, _names(concepts), SETTINGS).objective

    def one_by_one() -> list[float]:
        found = []
        for y in signs.T[:some]:
            fit = svm.LinearSVC(C=SETTINGS.C, dual=False, tol=1e-4).fit(inputs, y)
            found.append(objective_of(fit.coef_[0], float(fit.intercept_[0]), y))
        return found

    theirs, own = np.array(one_by_one()), ours().numpy()[:some]
    if (own > theirs * (1 + 1e-9)).any():
        raise DiffersError("our objective lies above LinearSVC's")
    checked = same("objectives", float(np.abs(theirs / own - 1).max()), 1e-6)
    row = compare(
        f"concept bank: {concepts} linear SVMs, N = {len(inputs):,}, l = {inputs.shape[1]:,}, C = {SETTINGS.C}",
        f"LinearSVC one by one ({some} timed, x {concepts / some:g})", ours, one_by_one,
        target=20, faster=True, checked=checked, repeats=repeats, warm=False,
    )  # fmt: skip
    return replace(row, pairs=tuple((ours, other * concepts / some) for ours, other in row.pairs))


def saga_row(problem: Problem, values: Tensor, classes: int) -> Row:
    """g beside saga on the same objective: until it is ``NEAR`` ours, or ``PATIENCE`` times our time is over."""
    linear = peer("sklearn.linear_model")
    train, labels = values[problem.train].double(), problem.labels[problem.train]
    start = time.perf_counter()
    g = fit_pcbm(train, labels, classes, SETTINGS)
    own = time.perf_counter() - start
    strength = SETTINGS.lam / (train.shape[1] * classes)
    scaled = (train - g.mean) / g.scale

    def saga(epochs: int) -> tuple[float, float]:
        """Seconds of one fit of so many epochs, and how far its objective lies above ours."""
        spoken = {"penalty": "elasticnet"} if _old(peer("sklearn").__version__) else {}
        model = linear.LogisticRegression(
            solver="saga", l1_ratio=SETTINGS.rho, C=1 / (strength * len(train)), max_iter=epochs, tol=0, **spoken
        )
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(scaled.numpy(), labels.numpy())
        seconds = time.perf_counter() - start
        w, b = torch.from_numpy(model.coef_), torch.from_numpy(model.intercept_)
        loss = torch.nn.functional.cross_entropy(scaled @ w.T + b, labels)
        penalty = SETTINGS.rho * w.abs().sum() + (1 - SETTINGS.rho) / 2 * w.square().sum()
        return seconds, float(loss + strength * penalty) / g.objective - 1

    # Every fit from the beginning: one that goes on from its weights has lost saga's table of gradients.
    seconds, _ = saga(FEW)
    epochs = max(FEW, math.ceil(FEW * 1.1 * PATIENCE * own / seconds))
    spent, far = saga(epochs)
    state = f"given up after {epochs} epochs, still {far:.1g} above ours: at least so many times"
    seconds = spent
    while far <= NEAR and epochs:  # reached: fewer epochs may do
        if far < -NEAR:
            raise DiffersError("saga's objective lies below ours by more than is certified")
        state, spent = f"reached in {epochs} epochs", seconds
        epochs = epochs * 3 // 4
        seconds, far = saga(max(1, epochs))
    certified = abs(objective(g, train, labels, SETTINGS) / g.objective - 1)
    return Row(
        f"g: softmax, K = {classes}, N_c = {train.shape[1]}, N = {len(train):,}, elastic net, gap {g.gap:.1g}",
        f"saga to the same objective ({state}; one run)", ((own, spent),), PATIENCE, True,
        same("objective as stated", certified, 1e-9),
    )  # fmt: skip


def sgd_row(problem: Problem, values: Tensor, classes: int, repeats: int) -> Row:
    """g beside SGDClassifier to its default stop: another objective (one against the rest)."""
    linear = peer("sklearn.linear_model")
    train, labels = values[problem.train].double(), problem.labels[problem.train]
    g = fit_pcbm(train, labels, classes, SETTINGS)
    standard = ((values.double() - g.mean) / g.scale).numpy()
    truth = problem.labels.numpy()
    alpha = SETTINGS.lam / (train.shape[1] * classes)

    def sgd() -> object:
        return linear.SGDClassifier(
            loss="log_loss", penalty="elasticnet", alpha=alpha, l1_ratio=SETTINGS.rho, random_state=0
        ).fit(standard[problem.train], truth[problem.train])

    own = float((predict(g, values[problem.test]).argmax(1) == problem.labels[problem.test]).double().mean())
    theirs = float(sgd().score(standard[problem.test], truth[problem.test]))  # type: ignore[attr-defined]
    images = problem.test.stop - problem.test.start
    if own < theirs - 2 * math.sqrt(theirs * (1 - theirs) / images):
        raise DiffersError(f"our test accuracy {own:.3f} lies below SGDClassifier's {theirs:.3f}")
    return compare(
        f"g: softmax, K = {classes}, N_c = {train.shape[1]}, N = {len(train):,}, elastic net",
        "SGDClassifier to its default stop (one against the rest)",
        lambda: fit_pcbm(train, labels, classes, SETTINGS), sgd,
        target=1, faster=True, checked=f"test accuracy {own:.3f} against {theirs:.3f}", repeats=repeats, warm=False,
    )  # fmt: skip


def _names(concepts: int) -> tuple[str, ...]:
    return tuple(f"concept {i}" for i in range(concepts))


def _old(version: str) -> bool:
    """Before 1.8, ``l1_ratio`` alone did not say what the penalty is."""
    return tuple(map(int, version.split(".")[:2])) < (1, 8)
