"""Concepts and g by scikit-learn."""

from collections.abc import Callable, Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from benchmarks.speed.plain.material import Bench


def used(bench: Bench) -> np.ndarray:
    """The concepts that some training images have and others lack."""
    train = bench.concepts["train"]
    return (train.min(0) != train.max(0)).nonzero()[0]


def used_names(bench: Bench) -> list[str]:
    return [bench.data.concept_names[j] for j in used(bench)]


def used_labels(bench: Bench, split: str) -> np.ndarray:
    return bench.concepts[split][:, used(bench)]


def concept_vectors(
    phi: np.ndarray, labels: np.ndarray, C: float
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """One logistic regression a concept on standardised embeddings: vectors, and scores of other embeddings."""
    scaler = StandardScaler().fit(phi)
    train = scaler.transform(phi)
    fits = [LogisticRegression(C=C, max_iter=1000).fit(train, own) for own in labels.T]
    Q = np.stack([fit.coef_[0] / np.where(scaler.scale_ > 0, scaler.scale_, 1) for fit in fits])
    return Q, lambda other: np.stack([fit.decision_function(scaler.transform(other)) for fit in fits], axis=1)


def concept_areas(scores: np.ndarray, labels: np.ndarray) -> list[float]:
    """Held-out AUROCs."""
    return [roc_auc_score(own, score) for own, score in zip(labels.T, scores.T, strict=True)]


def projected(phi: Mapping[str, np.ndarray], Q: np.ndarray) -> dict[str, np.ndarray]:
    """The paper's concept values."""
    return {split: own @ Q.T / (Q**2).sum(1) for split, own in phi.items()}


def bottleneck(bench: Bench, values: np.ndarray, labels: np.ndarray) -> SGDClassifier:
    """g by stochastic gradient descent to scikit-learn's default stop, as the paper has it: cheaper than saga."""
    how = bench.settings.concepts
    alpha = how.lam / (values.shape[1] * len(bench.data.class_names))
    g = SGDClassifier(loss="log_loss", penalty="elasticnet", alpha=alpha, l1_ratio=how.rho, random_state=0)
    return g.fit(values, labels)
