"""Concept activation vectors: one linear support vector machine a concept."""

import torch
from jaxtyping import Float, Int8
from torch import Tensor

from sparsight.concepts._hinge import TOLERANCE, solve_hinge
from sparsight.concepts._newton import LinearFit, fit_linear


def squared_hinge(margin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``max(0, 1 - m)^2``, its derivative and its generalised second derivative."""
    short = (1 - margin).clamp(min=0)
    return short.square(), -2 * short, 2.0 * (short > 0)


def fit_svm(inputs: Float[Tensor, "n l"], labels: Int8[Tensor, "n c"], C: float) -> LinearFit:
    """Minimise ``1/2 (||w||^2 + b^2) + C sum_i max(0, 1 - y_i f_i)^2`` for each concept.

    The objective of scikit-learn's ``LinearSVC(C)``: the intercept is penalised as liblinear does.

    Args:
        inputs: standardised embeddings, float64.
        labels: 1 present, 0 absent, -1 unknown (no weight); both 0 and 1 occur in every column.
        C: weight of the loss.
    """
    return fit_linear(inputs, labels, squared_hinge, C, penalise_intercept=True)


def fit_hinge_svm(inputs: Float[Tensor, "n l"], labels: Int8[Tensor, "n c"], C: float) -> LinearFit:
    """Minimise ``1/2 ||w||^2 + C sum_i max(0, 1 - y_i f_i)`` for each concept.

    The objective of scikit-learn's ``SVC(kernel="linear", C=C)``: the intercept is free. Where the least loss leaves it
    an interval, it is the interval's middle, as libsvm takes it.

    Args:
        inputs: standardised embeddings, float64.
        labels: 1 present, 0 absent, -1 unknown (no weight); both 0 and 1 occur in every column.
        C: weight of the loss.

    Returns:
        The fit; its ``gradient`` is the relative duality gap, since the objective has no gradient at its optimum.
    """
    fit = solve_hinge(inputs, torch.where(labels < 0, 0.0, 2.0 * labels.double() - 1.0), C)
    # By the penalty's curvature of 1; what is left of a gap within rounding is no certificate of anything smaller.
    radius = (2 * fit.gap.clamp(min=TOLERANCE) * fit.objective).sqrt()
    return LinearFit(fit.weights, fit.intercepts, fit.objective, fit.gap, fit.gap <= TOLERANCE, radius)
