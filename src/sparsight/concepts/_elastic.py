"""Solve eq. 1 to a certified optimum: a proximal Newton method for softmax regression under an elastic net."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from sparsight.concepts._quadratic import quadratic_step
from sparsight.concepts._softmax import ElasticSoftmax

MAX_STEPS = 200
MAX_HALVINGS = 40
DAMPING = 0.1  # of a step, per unit of the subgradient; vanishes with it, so that convergence stays superlinear


@dataclass(frozen=True)
class ElasticFit:
    """A solution and its certificate.

    Attributes:
        T: weights, intercepts in the last column.
        objective: its value.
        gap: what the objective can at most lie above the optimum, over the objective.
        iterations: Newton steps.
    """

    T: Float[Tensor, "k p"]
    objective: float
    gap: float
    iterations: int


def solve(problem: ElasticSoftmax, tolerance: float) -> ElasticFit:
    """Newton steps on the objective's quadratic model plus the l1 term, until the relative duality gap is small.

    Ends after ``MAX_STEPS`` steps at the latest; the gap says how far it came.
    """
    T = torch.zeros(problem.target.shape[1], problem.design.shape[1], dtype=torch.float64)
    T[:, -1] = problem.target.mean(0).log()
    size = problem.design.square().mean(0)
    size = size.where(size > 0, 1.0)
    objective, p = problem.value(T)
    bound, damping = 0.0, DAMPING
    for step in range(MAX_STEPS + 1):
        bound = max(bound, problem.lower_bound(p))
        gap = max(0.0, objective - bound) / objective if objective > 0 else 0.0
        if gap <= tolerance or step == MAX_STEPS:
            break
        gradient = problem.gradient(T, p)
        # Measured in units in which every column has size 1, so that the scale of concept values does not matter.
        steepness = float((problem.subgradient(T, gradient) / size.sqrt()).norm())
        ridge = damping * steepness * size
        direction, found = quadratic_step(problem, T, gradient, p, ridge, accuracy=min(0.1, steepness**0.5))
        # More damping makes the model nearly diagonal, and then its sign pattern is always found.
        damping = DAMPING if found else damping * 10
        T, objective, p = _line_search(problem, T, direction, gradient, objective)
    return ElasticFit(T, objective, gap, step)


def _line_search(
    problem: ElasticSoftmax, T: Tensor, direction: Tensor, gradient: Tensor, objective: float
) -> tuple[Tensor, float, Tensor]:
    """Halve the step from 1 until the objective has fallen enough; move each column to its best level."""
    descent = float((gradient * direction).sum() + problem.penalty(T + direction) - problem.penalty(T))
    length = 1.0
    for _ in range(MAX_HALVINGS):
        moved = best_levels(problem, T + length * direction)
        value, p = problem.value(moved)
        # The slack is the rounding of the objective: without it the last steps would be refused.
        if value <= objective + 1e-4 * length * descent + 1e-15 * objective:
            return moved, value, p
        length /= 2
    return T, objective, problem.value(T)[1]


def best_levels(problem: ElasticSoftmax, T: Float[Tensor, "k p"]) -> Float[Tensor, "k p"]:
    """Shift every column by the constant that makes its penalty smallest; intercepts get mean 0.

    Adding a constant to a column changes no probability, so the loss has no curvature in that direction, the penalty
    decides alone, and Newton's model would take wild steps there. The best shift of ``sum_k l1 |w_k - t| +
    l2/2 (w_k - t)^2`` is the median of the w and of the stationary points ``mean(w) + l1 (k - 2 i) / (l2 k)`` of its
    k + 1 pieces.
    """
    k = len(T)
    below = torch.arange(k, -k - 1, -2, dtype=torch.float64)[:, None]
    # Without l2 the pieces are straight: their stationary points lie at infinity, or anywhere for the flat one.
    reach = torch.where(below == 0, 0.0, problem.l1 * below / (problem.l2 * k))
    reach = torch.where(problem.l1 + problem.l2 == 0, 0.0, reach)
    return T - torch.cat([T, T.mean(0) + reach]).median(0).values
