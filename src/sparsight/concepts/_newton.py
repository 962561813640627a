"""One convex solver for every linear concept model: truncated Newton, batched over the concepts."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int8
from torch import Tensor

# value, first and second derivative of a loss of the margin y * f, entry by entry
MarginLoss = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]

TOLERANCE = 1e-10  # of the gradient norm, relative to the bound of `_gradient_scale`
LEAST_FORCING = 1e-3  # of the gradient norm, what a step may leave at the end
MAX_STEPS = 200
MAX_CG_STEPS = 500
MAX_HALVINGS = 40


@dataclass(frozen=True)
class LinearFit:
    """Linear models, one a concept, and how well each is solved.

    Attributes:
        weights: one row a concept.
        intercepts: one a concept.
        objective: the value of each concept's objective.
        gradient: each concept's gradient norm over the bound of its norm at zero.
        converged: whether that is at most ``TOLERANCE``.
        radius: how far from the optimum a converged vector can lie, since the penalty's curvature is 1.
    """

    weights: Float[Tensor, "c l"]
    intercepts: Float[Tensor, " c"]
    objective: Float[Tensor, " c"]
    gradient: Float[Tensor, " c"]
    converged: Bool[Tensor, " c"]
    radius: Float[Tensor, " c"]


def fit_linear(
    inputs: Float[Tensor, "n l"],
    labels: Int8[Tensor, "n c"],
    loss: MarginLoss,
    C: float,
    penalise_intercept: bool,
) -> LinearFit:
    """Minimise ``1/2 ||w||^2 [+ 1/2 b^2] + C sum_i loss(y_i (w . x_i + b))`` for every concept at once.

    Newton steps by conjugate gradients (a Hessian times a vector is two matrix products for all concepts together)
    and a backtracking line search of its own for each concept; a concept that has converged is left alone. Every
    objective is strongly convex in w, so a small gradient certifies the optimum.

    Args:
        inputs: float64, standardised.
        labels: 1 present, 0 absent, -1 unknown; an unknown image has no weight for that concept.
        loss: the loss of a margin and its two derivatives.
        C: weight of the loss.
        penalise_intercept: whether the intercept is part of the penalty, as in liblinear.
    """
    # In the principal axes of the inputs the penalty is the same and every Hessian nearly diagonal: embeddings are
    # strongly correlated, and this takes the many steps that conjugate gradients would need for it.
    spectrum, axes = torch.linalg.eigh(inputs.T @ inputs)
    design = torch.cat([inputs @ axes, inputs.new_ones(len(inputs), 1)], dim=1)
    short = design.float()
    spectrum = torch.cat([spectrum.clamp(min=0), spectrum.new_full((1,), len(inputs))]) / len(inputs)
    sign = torch.where(labels < 0, 0.0, 2.0 * labels.double() - 1.0)
    known = sign.square() * C
    ridge = torch.ones(design.shape[1], dtype=torch.float64)
    ridge[-1] = float(penalise_intercept)
    scale = _gradient_scale(design, known, loss)

    theta = torch.zeros(labels.shape[1], design.shape[1], dtype=torch.float64)
    output = torch.zeros_like(sign)
    objective, gradient = torch.zeros_like(scale), torch.zeros_like(scale)
    live = torch.arange(labels.shape[1])
    for step in range(MAX_STEPS + 1):
        y, weight, t, f = sign[:, live], known[:, live], theta[live], output[:, live]
        value, slope, curvature = loss(y * f)
        penalty = 0.5 * (ridge * t.square()).sum(1)
        now = penalty + (weight * value).sum(0)
        grad = ridge * t + (weight * y * slope).T @ design
        norm = grad.norm(dim=1)
        objective[live], gradient[live] = now, norm / scale[live]
        going = norm > TOLERANCE * scale[live]
        if step == MAX_STEPS or not going.any():
            break
        live, y, weight, t, f, now = live[going], y[:, going], weight[:, going], t[going], f[:, going], now[going]
        grad, norm, curvature = grad[going], norm[going], curvature[:, going]
        # The forcing term falls with the gradient: superlinear convergence, as far as single precision goes.
        accuracy = (norm / scale[live]).sqrt().clamp(LEAST_FORCING, 0.1) * norm
        bend = weight * curvature
        diagonal = (ridge + bend.sum(0)[:, None] * spectrum).clamp(min=torch.finfo(torch.float64).tiny)
        direction = _conjugate_gradients(short, bend.float(), ridge, diagonal, grad, accuracy)
        change = design @ direction.T
        length = _line_search(y, weight, loss, ridge, t, f, direction, change, grad, now)
        theta[live] = t + length[:, None] * direction
        output[:, live] = f + length * change
    return LinearFit(
        weights=theta[:, :-1] @ axes.T,
        intercepts=theta[:, -1].clone(),
        objective=objective,
        gradient=gradient,
        converged=gradient <= TOLERANCE,
        radius=TOLERANCE * scale,
    )


def _gradient_scale(design: Tensor, known: Tensor, loss: MarginLoss) -> Float[Tensor, " c"]:
    """An upper bound of the loss's gradient norm at zero, which no cancellation between images can make small."""
    slope = loss(torch.zeros(1, dtype=torch.float64))[1].abs()
    bound: Tensor = (known * design.norm(dim=1)[:, None]).sum(0) * slope
    return bound


def _conjugate_gradients(
    design: Tensor, bend: Tensor, ridge: Tensor, diagonal: Tensor, gradient: Tensor, accuracy: Tensor
) -> Float[Tensor, "c p"]:
    """Solve ``H d = -gradient`` for each concept to residual norm ``accuracy``; solved concepts leave the batch.

    Args:
        design: inputs in their principal axes and a column of ones, in single precision, which halves the time: a
            direction is wanted to a few digits, and where it leads is certified in double precision.
        bend: weight times second derivative of the loss, one column a concept, in single precision.
        ridge: the penalty's second derivative.
        diagonal: an estimate of each Hessian's diagonal, the preconditioner.
        gradient: one row a concept.
        accuracy: one a concept.
    """
    solution = torch.zeros_like(gradient)
    rows = torch.arange(len(gradient))
    d, residual = solution.clone(), -gradient
    vector = residual / diagonal
    product = (residual * vector).sum(1)
    for _ in range(MAX_CG_STEPS):
        image = ridge * vector + (bend * (design @ vector.float().T)).T @ design
        curvature = (vector * image).sum(1)
        # 0 only along a free intercept without curvature: what is solved so far is kept.
        alpha = torch.where(curvature > 0, product / curvature, 0.0)[:, None]
        d = d + alpha * vector
        residual = residual - alpha * image
        solution[rows] = d
        going = (residual.norm(dim=1) > accuracy) & (curvature > 0)
        if not going.any():
            break
        after = (residual.square() / diagonal).sum(1)
        vector = residual / diagonal + (after / product)[:, None] * vector
        product = after
        if not going.all():
            rows, d, residual, vector, product = rows[going], d[going], residual[going], vector[going], product[going]
            accuracy, diagonal, bend = accuracy[going], diagonal[going], bend[:, going]
    return solution


def _line_search(
    y: Tensor,
    weight: Tensor,
    loss: MarginLoss,
    ridge: Tensor,
    theta: Tensor,
    output: Tensor,
    direction: Tensor,
    change: Tensor,
    gradient: Tensor,
    now: Tensor,
) -> Float[Tensor, " c"]:
    """A step length a concept by halving from 1 until the objective has fallen enough (Armijo)."""
    descent = (gradient * direction).sum(1)
    # Near the optimum the decrease drowns in the rounding of the objective; such a step must not be refused.
    slack = 1e-14 * now.abs()
    length = torch.ones_like(now)
    for _ in range(MAX_HALVINGS):
        moved = theta + length[:, None] * direction
        value = loss(y * (output + length * change))[0]
        after = 0.5 * (ridge * moved.square()).sum(1) + (weight * value).sum(0)
        refused = after > now + 1e-4 * length * descent + slack
        if not refused.any():
            break
        length = torch.where(refused, length / 2, length)
    return length
