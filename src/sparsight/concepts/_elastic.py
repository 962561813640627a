"""Solve eq. 1 to a certified optimum: a primal-dual interior point method for softmax regression under an elastic net.

Concept values are nearly collinear, because a few dimensions of the embedding carry most concepts. Methods that look at
one weight at a time then need many thousands of steps, and guesses of which weights are zero go round in circles. Here
``l1 |w|`` becomes ``l1 u`` under ``-u <= w <= u``, a barrier keeps away from the bounds, and each Newton system is
solved by conjugate gradients with each class's own block of the Hessian, factored, as preconditioner.

References:
    K. Koh, S.-J. Kim and S. Boyd. An Interior-Point Method for Large-Scale l1-Regularized Logistic Regression.
    JMLR 2007.
    S. Boyd and L. Vandenberghe. Convex Optimization. Cambridge University Press 2004, section 11.7.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from sparsight.concepts._softmax import ElasticSoftmax

MAX_STEPS = 100
MAX_HALVINGS = 40
MAX_CG_STEPS = 200
CG_ACCURACY = 1e-2  # tighter costs more steps of the conjugate gradients than it saves of Newton's
NEAR = 100  # times the tolerance: a sum of slacks from which on the gap is certified after every step
NEGLIGIBLE = 1e-3  # p (1 - p) of an image that the preconditioner does without, over the largest of that class
TO_BOUND = 0.99
"""Share of the way to the nearest bound that a step may go."""


@dataclass(frozen=True)
class ElasticFit:
    """A solution and its certificate.

    Attributes:
        T: weights, intercepts in the last column; weights that are zero at the optimum are exactly zero.
        objective: its value.
        gap: what the objective can at most lie above the optimum, over the objective.
        iterations: Newton steps.
    """

    T: Float[Tensor, "k p"]
    objective: float
    gap: float
    iterations: int


@dataclass(frozen=True)
class _Point:
    """Weights T within (-u, u), and the multipliers of ``u - T >= 0`` and ``u + T >= 0``, all of shape (k, p).

    With what the objective is at T, but for its l1 term, and the class probabilities there.
    """

    T: Tensor
    u: Tensor
    upper: Tensor
    lower: Tensor
    smooth: float
    p: Float[Tensor, "n k"]


def solve(problem: ElasticSoftmax, tolerance: float) -> ElasticFit:
    """Newton steps along the central path until the relative duality gap of the rounded weights is small.

    Ends after ``MAX_STEPS`` steps at the latest; the gap says how far it came.
    """
    point = _start(problem)
    bound, shrink = 0.0, 0.2
    for step in range(MAX_STEPS + 1):
        slack = (point.upper * (point.u - point.T) + point.lower * (point.u + point.T))[problem.penalised]
        # On the central path the sum of the slacks is the gap; to certify it takes half as long as a step.
        if step in (0, MAX_STEPS) or float(slack.sum()) <= NEAR * tolerance * point.smooth:
            rounded = _rounded(problem, point)
            objective, p_rounded = problem.value(rounded)
            bound = max(bound, problem.lower_bound(point.p), problem.lower_bound(p_rounded))
            gap = max(0.0, objective - bound) / objective if objective > 0 else 0.0
            if gap <= tolerance:
                break
        if step < MAX_STEPS:
            barrier = shrink * float(slack.mean()) / 2 if slack.numel() else 0.0
            point, length = _newton_step(problem, point, barrier)
            shrink = 0.1 if length > 0.9 else 0.3 if length > 0.5 else 0.6
    rounded[:, -1] -= rounded[:, -1].mean()
    return ElasticFit(rounded, objective, gap, step)


def _start(problem: ElasticSoftmax) -> _Point:
    """Weights 0, the best intercepts, and bounds as wide as an optimal weight can be on average."""
    l1 = problem.l1.expand(problem.target.shape[1], -1)
    T = torch.zeros_like(l1)
    T[:, -1] = problem.target.mean(0).log()
    objective, p = problem.smooth(T)
    total = float(l1.sum())
    u = torch.full_like(T, objective / total if total > 0 and objective > 0 else 1.0)
    return _Point(T, u, l1 / 2, l1 / 2, objective, p)


def _rounded(problem: ElasticSoftmax, point: _Point) -> Tensor:
    """The weights, those zero that the multipliers put there: at the optimum either a weight or a multiplier is 0."""
    pull = torch.minimum(point.upper, point.lower) / problem.l1
    largest = point.T[problem.penalised].abs().max() if problem.penalised.any() else point.T.new_ones(())
    return point.T.masked_fill(problem.penalised & (pull * largest > point.T.abs()), 0.0)


def _newton_step(problem: ElasticSoftmax, point: _Point, barrier: float) -> tuple[_Point, float]:
    """One step towards the minimum of the objective plus the barrier; also how long it was, at most 1."""
    on, l1 = problem.penalised, problem.l1
    above, below = point.u - point.T, point.u + point.T
    stiff_above, stiff_below = point.upper / above, point.lower / below
    stiff = torch.where(on, stiff_above + stiff_below, 1.0)
    push_above, push_below = barrier / above, barrier / below
    tilt = (stiff_above - stiff_below) / stiff
    force = push_above + push_below - l1

    gradient = problem.gradient(point.T, point.p)
    added = torch.where(on, 4 * stiff_above * stiff_below / stiff, 0.0)
    target = -gradient - torch.where(on, push_above - push_below - tilt * force, 0.0)
    hessian = problem.hessian(point.p)
    dT = _conjugate_gradients(lambda d: hessian(d) + added * d, _factored_blocks(problem, point.p, added), target)
    du = torch.where(on, force / stiff + tilt * dT, 0.0)
    d_upper = push_above - point.upper - stiff_above * (du - dT)
    d_lower = push_below - point.lower - stiff_below * (du + dT)

    def merit(smooth: float, T: Tensor, u: Tensor) -> float:
        return smooth + float((l1 * u - barrier * ((u - T).log() + (u + T).log()))[on].sum())

    slope = float((gradient * dT).sum() + ((push_above - push_below) * dT - force * du)[on].sum())
    length = min(_room(above, du - dT, on), _room(below, du + dT, on))
    now = merit(point.smooth, point.T, point.u)
    # The direction is a descent direction of the objective with its barrier, so halving the step ends.
    for halving in range(MAX_HALVINGS + 1):
        T, u = point.T + length * dT, point.u + length * du
        smooth, p = problem.smooth(T)
        enough = now + 1e-4 * length * slope + 1e-13 * abs(now)
        if halving == MAX_HALVINGS or merit(smooth, T, u) <= enough:
            break
        length /= 2
    dual = min(_room(point.upper, d_upper, on), _room(point.lower, d_lower, on))
    moved = _Point(T, u, point.upper + dual * d_upper, point.lower + dual * d_lower, smooth, p)
    return moved, min(length, dual)


def _room(value: Tensor, change: Tensor, on: Tensor) -> float:
    """How far a step may go, at most 1, so that positive values stay positive."""
    falling = on & (change < 0)
    return min(1.0, TO_BOUND * float((-value / change)[falling].min())) if falling.any() else 1.0


def _factored_blocks(
    problem: ElasticSoftmax, p: Float[Tensor, "n k"], added: Float[Tensor, "k p"]
) -> Float[Tensor, "k p p"]:
    """Cholesky factors of each class's diagonal block of the Hessian, with ``added`` on its diagonal.

    Class by class, so that memory does not grow with n k p; images that are all but certain of a class are left out,
    and single precision will do: both make the preconditioner hardly worse.
    """
    weights, design = ((p * (1 - p)).T / len(p)).float(), problem.design.float()
    counts, roots = weights > NEGLIGIBLE * weights.amax(1, keepdim=True), weights.sqrt()
    blocks = torch.empty(len(weights), *design.shape[1:] * 2)
    for block, count, root in zip(blocks, counts, roots, strict=True):
        images = count.nonzero().flatten()
        rows = design.index_select(0, images).mul_(root[images, None])
        torch.mm(rows.T, rows, out=block)
    blocks = blocks.double()
    diagonal = blocks.diagonal(dim1=1, dim2=2)
    # More than rounding, so that a class whose images are all certain or alike still has a factor.
    diagonal += 1e-6 * diagonal.mean(1, keepdim=True) + 1e-300
    diagonal += problem.l2 + added
    factors: Tensor = torch.linalg.cholesky(blocks)
    return factors


def _conjugate_gradients(
    times: Callable[[Tensor], Tensor], factors: Float[Tensor, "k p p"], target: Float[Tensor, "k p"]
) -> Float[Tensor, "k p"]:
    """Solve ``times(x) = target`` to ``CG_ACCURACY`` in the norm of the preconditioner."""
    x, residual = torch.zeros_like(target), target
    scaled = torch.cholesky_solve(residual[:, :, None], factors)[:, :, 0]
    direction, size = scaled, float((residual * scaled).sum())
    enough = CG_ACCURACY**2 * size
    for _ in range(MAX_CG_STEPS):
        if size <= enough:
            break
        image = times(direction)
        bend = float((direction * image).sum())
        if bend <= 0:  # no curvature left to float64
            break
        x = x + size / bend * direction
        residual = residual - size / bend * image
        scaled = torch.cholesky_solve(residual[:, :, None], factors)[:, :, 0]
        before, size = size, float((residual * scaled).sum())
        direction = scaled + size / before * direction
    return x
