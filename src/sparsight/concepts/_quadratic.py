"""One step of the proximal Newton method: minimise a quadratic model plus the l1 term."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sparsight.concepts._softmax import ElasticSoftmax

MAX_ROUNDS = 6
MAX_CG_STEPS = 100


def quadratic_step(
    problem: ElasticSoftmax,
    T: Float[Tensor, "k p"],
    gradient: Float[Tensor, "k p"],
    p: Float[Tensor, "n k"],
    ridge: Float[Tensor, " p"],
    accuracy: float,
) -> tuple[Float[Tensor, "k p"], bool]:
    """A direction d that makes ``g . d + 1/2 d (H + ridge) d + l1 |T + d|`` small, and whether the model found it.

    Rounds of a primal-dual active set method: guess from a proximal step with the Hessian's diagonal which weights
    are zero and the signs of the others, solve the linear system that remains by conjugate gradients, guess again.
    Mostly the guesses settle after two to five rounds; where they go round in a circle the best round counts, and
    where none was better than standing still, the proximal step itself does (False is returned).

    Args:
        problem: the objective.
        T: where the model is taken.
        gradient: of the smooth part at T.
        p: probabilities at T.
        ridge: added to the Hessian's diagonal, one number a column.
        accuracy: relative residual at which a linear system counts as solved.
    """
    hessian = problem.hessian(p)

    def times(direction: Tensor) -> Tensor:
        return hessian(direction) + ridge * direction

    diagonal = problem.curvature(p) + ridge
    diagonal = diagonal.clamp(min=1e-12 * float(diagonal.max()))
    d, slope = torch.zeros_like(T), gradient  # slope: gradient of the model's smooth part at d
    best, lowest = d, 0.0
    pattern, target = torch.empty(0), 0.0
    for _ in range(MAX_ROUNDS):
        goal = _shrink(T + d - slope / diagonal, problem.l1 / diagonal)
        free = (goal != 0) | (problem.l1 == 0)
        sign = torch.where(problem.l1 > 0, goal.sign(), 0.0)
        if torch.equal(pattern, sign):
            break
        pattern = sign
        to_zero = torch.where(free, 0.0, -T - d)
        d, slope = d + to_zero, slope + times(to_zero)
        residual = _free_part(-(slope + problem.l1 * sign), free)
        target = target or accuracy * float(residual.norm())
        step, change = _conjugate_gradients(times, diagonal, free, residual, target)
        d, slope = d + step, slope + change
        shrinks = float(problem.penalty(T + d) - problem.penalty(T))
        model = float((gradient * d).sum() + 0.5 * (d * (slope - gradient)).sum()) + shrinks
        if model < lowest:
            best, lowest = d, model
    if lowest < 0:
        return best, True
    return _shrink(T - gradient / diagonal, problem.l1 / diagonal) - T, False


def _shrink(values: Tensor, threshold: Tensor) -> Tensor:
    """Nearer to zero by ``threshold``, or zero."""
    return values.sign() * (values.abs() - threshold).clamp(min=0)


def _free_part(values: Float[Tensor, "k p"], free: Bool[Tensor, "k p"]) -> Float[Tensor, "k p"]:
    """Zero where not free; mean zero in columns that are free as a whole.

    There the model is flat but for the penalties (see `best_levels`, which takes care of that direction).
    """
    return torch.where(free, values - free.all(0) * values.mean(0), 0.0)


def _conjugate_gradients(
    times: Callable[[Tensor], Tensor], diagonal: Tensor, free: Tensor, residual: Tensor, target: float
) -> tuple[Tensor, Tensor]:
    """Solve ``times(step) = residual`` among the free weights to residual norm ``target``; also ``times(step)``."""
    step, change = torch.zeros_like(residual), torch.zeros_like(residual)
    scaled = _free_part(residual / diagonal, free)
    vector, product = scaled, float((residual * scaled).sum())
    for _ in range(MAX_CG_STEPS):
        if float(residual.norm()) <= target or product <= 0:
            break
        image = times(vector)
        bend = float((vector * image).sum())
        if bend <= 0:  # no curvature left to float64
            break
        length = product / bend
        step, change = step + length * vector, change + length * image
        residual = residual - length * _free_part(image, free)
        scaled = _free_part(residual / diagonal, free)
        before, product = product, float((residual * scaled).sum())
        vector = scaled + (product / before) * vector
    return step, change
