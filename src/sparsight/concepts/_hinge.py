"""The soft-margin support vector machine with a free intercept, solved to a certified optimum.

With ``K`` the Gram matrix of the inputs, the dual of a concept is to maximise ``sum a - 1/2 (y a)' K (y a)`` over
``0 <= a <= C`` and ``y' a = 0``; then ``w = sum_i y_i a_i x_i``. Proximal steps in ``a`` round the hinge off over a
width of ``C / stiffness``, which Newton's method can take: only images on the rounded part bend the objective, and a
Newton step solves a system of as many equations. Each proximal step starts from the last one's ``a`` and is stiffer.
All concepts go side by side, each at its own pace; what is left between primal and dual objective is the certificate.

References:
    C.-C. Chang and C.-J. Lin. LIBSVM: A library for support vector machines. ACM TIST 2011.
    R. T. Rockafellar. Augmented Lagrangians and applications of the proximal point algorithm in convex programming.
    Mathematics of Operations Research 1976.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from sparsight.concepts._gram import Gram

TOLERANCE = 1e-9  # of the duality gap, relative to the objective
MAX_STEPS = 200
MAX_HALVINGS = 100
SOFTEST, STIFFEST = 30.0, 1e5  # stiffness times the mean squared norm of the inputs
FAST, SLOW = 10.0, 2.0  # by how much the next proximal step is stiffer: fast after one that took two Newton steps
ROUNDING = 1e-12  # of a margin


@dataclass(frozen=True)
class HingeFit:
    """Solutions and their certificates.

    Attributes:
        weights: one row a concept.
        intercepts: one a concept.
        objective: the value of each concept's objective.
        gap: what it can at most lie above the optimum, over itself.
    """

    weights: Float[Tensor, "c l"]
    intercepts: Float[Tensor, " c"]
    objective: Float[Tensor, " c"]
    gap: Float[Tensor, " c"]


@dataclass(frozen=True)
class _State:
    """Concepts under way: the weights are ``sum_i beta_i x_i``, and ``image`` is ``K beta``.

    A proximal step keeps the dual variables near ``anchor``; ``steps`` counts its Newton steps.
    """

    number: Int64[Tensor, " c"]
    y: Float[Tensor, "n c"]
    cap: Float[Tensor, "n c"]
    anchor: Float[Tensor, "n c"]
    beta: Float[Tensor, "n c"]
    image: Float[Tensor, "n c"]
    intercept: Float[Tensor, " c"]
    stiffness: Float[Tensor, " c"]
    steps: Int64[Tensor, " c"]


@dataclass(frozen=True)
class _Point:
    """Where a proximal step stands: its best intercept, the dual variables, and which images bend its objective.

    ``excess`` is ``beta - y a``, 0 at the solution, and ``pull`` is ``K excess``.
    """

    intercept: Float[Tensor, " c"]
    dual: Float[Tensor, "n c"]
    bends: Bool[Tensor, "n c"]
    excess: Float[Tensor, "n c"]
    pull: Float[Tensor, "n c"]


def solve_hinge(inputs: Float[Tensor, "n l"], y: Float[Tensor, "n c"], C: float) -> HingeFit:
    """Minimise ``1/2 ||w||^2 + C sum_i max(0, 1 - y_i (w . x_i + b))`` for each concept.

    Ends after ``MAX_STEPS`` Newton steps at the latest; the gap says how far it came.

    Args:
        inputs: float64.
        y: 1 or -1, or 0 for an image without weight; both 1 and -1 occur in every column.
        C: weight of the loss.
    """
    gram = Gram(inputs)
    size = float(inputs.square().sum(1).mean())
    size = size if size > 0 else 1 / C
    beta = _start(gram, y, C, size)
    zeros, number = y.new_zeros(y.shape[1]), torch.arange(y.shape[1], device=y.device)
    fit = HingeFit(y.new_zeros(y.shape[1], inputs.shape[1]), zeros.clone(), zeros.clone(), zeros + torch.inf)
    live = _State(
        number=number,
        y=y.clone(),
        cap=C * y.abs(),
        anchor=torch.zeros_like(y),
        beta=beta,
        image=gram.times(beta),
        intercept=zeros,
        stiffness=zeros + SOFTEST / size,
        steps=torch.zeros_like(number),
    )
    for step in range(MAX_STEPS + 1):
        at = _look(gram, live)
        norm = (live.beta * live.image).sum(0)
        primal = norm / 2 + (live.cap * (1 - live.y * (live.image + at.intercept)).clamp(min=0)).sum(0)
        apart = primal + norm / 2 - (live.y * live.beta).sum(0)
        ended = (apart.abs() <= TOLERANCE * primal + ROUNDING * live.cap.sum(0)) | (step == MAX_STEPS)
        if ended.any():
            ended[ended.clone()] = _certify(gram, _only(live, ended), fit) | (step == MAX_STEPS)
            live, at, primal = _only(live, ~ended), _only(at, ~ended), primal[~ended]
        if not len(live.number):
            break
        left = (at.excess * at.pull).sum(0) / 2  # about what the objective of the proximal step can still fall
        moved = (at.dual - live.anchor).square().sum(0) / live.stiffness
        done = left <= torch.maximum(moved, 0.1 * TOLERANCE * primal)
        if done.any():
            stiffer = _next(_only(live, done), _only(at, done), STIFFEST / size)
            _put(live, done, stiffer)
            _put(at, done, _look(gram, stiffer))
        live = _newton_step(gram, live, at)
    return fit


def _start(gram: Gram, y: Float[Tensor, "n c"], C: float, size: float) -> Float[Tensor, "n c"]:
    """The weights of ridge regression, held so short that no ``beta`` is above C: near, and one system for all."""
    centred = torch.where(y == 0, 0.0, y - y.sum(0) / y.abs().sum(0))
    beta = gram.solve(centred, size)
    return beta * (C / beta.abs().amax(0)).clamp(max=1)


_Columns = TypeVar("_Columns", _State, _Point)


def _only(columns: _Columns, which: Tensor) -> _Columns:
    return replace(columns, **{field.name: getattr(columns, field.name)[..., which] for field in fields(columns)})


def _put(columns: _Columns, which: Tensor, others: _Columns) -> None:
    for field in fields(columns):
        getattr(columns, field.name)[..., which] = getattr(others, field.name)


def _dual(state: _State, output: Float[Tensor, "n c"]) -> tuple[Float[Tensor, "n c"], Float[Tensor, "n c"]]:
    """The proximal step's dual variables where the scores are ``output``; also before they are held in [0, C]."""
    pushed = state.anchor + state.stiffness * (1 - state.y * output)
    return torch.minimum(pushed.clamp(min=0), state.cap), pushed


def _look(gram: Gram, state: _State) -> _Point:
    intercept = _best_intercept(state)
    dual, pushed = _dual(state, state.image + intercept)
    excess = state.beta - state.y * dual
    return _Point(intercept, dual, (pushed > 0) & (pushed < state.cap), excess, gram.times(excess))


def _next(state: _State, at: _Point, stiffest: float) -> _State:
    """The proximal step after one that is done."""
    stiffness = (state.stiffness * torch.where(state.steps <= 2, FAST, SLOW)).clamp(max=stiffest)
    steps = torch.zeros_like(state.steps)
    return replace(state, anchor=at.dual, intercept=at.intercept, stiffness=stiffness, steps=steps)


def _best_intercept(state: _State) -> Float[Tensor, " c"]:
    """The intercept at which ``y' a = 0``: Newton's method within a bracket, since ``y' a`` falls with the intercept.

    Of an interval of such intercepts, the middle: from its end, the shortest way would bend the objective.
    """
    known = state.y != 0
    kink, reach = state.y - state.image, 2 * state.cap.amax(0) / state.stiffness
    low = kink.masked_fill(~known, torch.inf).amin(0) - reach
    high = kink.masked_fill(~known, -torch.inf).amax(0) + reach
    b = state.intercept.clamp(low, high)
    for _ in range(MAX_HALVINGS):
        dual, pushed = _dual(state, state.image + b)
        slope = (state.y * dual).sum(0)
        bend = state.stiffness * ((pushed > 0) & (pushed < state.cap)).sum(0)
        off = slope.abs() > 1e-14 * dual.sum(0) + 1e-15 * bend  # as far as rounding lets it be 0
        if not off.any():
            break
        low, high = torch.where(slope > 0, b, low), torch.where(slope < 0, b, high)
        guess = b + slope / bend
        b = torch.where(off, torch.where((guess > low) & (guess < high), guess, (low + high) / 2), b)
    above = pushed >= state.cap
    room = torch.where(above, pushed - state.cap, -pushed) / state.stiffness
    up = room.masked_fill(~known | (above != (state.y > 0)), torch.inf).amin(0)
    down = room.masked_fill(~known | (above == (state.y > 0)), torch.inf).amin(0)
    between = (bend == 0) & up.isfinite() & down.isfinite()
    return torch.where(between, b + (up - down) / 2, b)


def _newton_step(gram: Gram, state: _State, at: _Point) -> _State:
    """Towards the solution of the proximal step, as far as its objective falls."""
    towards, shift = gram.solve_free(at.bends, state.stiffness, at.pull, -(state.y * at.dual).sum(0))
    change, image = towards - at.excess, gram.times(towards) - at.pull
    output, output_change = state.image + at.intercept, image + shift
    linear, quadratic = (change * state.image).sum(0), (change * image).sum(0)

    def slope(length: Tensor) -> Tensor:
        dual, _ = _dual(state, output + length * output_change)
        return linear + length * quadratic - (dual * state.y * output_change).sum(0)

    length = _line_search(slope, torch.zeros_like(shift))
    return replace(
        state,
        beta=state.beta + length * change,
        image=state.image + length * image,
        intercept=at.intercept + length * shift,
        steps=state.steps + 1,
    )


def _line_search(slope: Callable[[Tensor], Tensor], none: Float[Tensor, " c"]) -> Float[Tensor, " c"]:
    """Lengths of at most 1 where the slope is a tenth of what it is at 0, or still falls: the secant rule, held in."""
    low, high, length = none, torch.ones_like(none), torch.ones_like(none)
    at_low, at_high = slope(low), slope(high)
    enough = 0.1 * at_low.abs()
    going = at_high > enough
    for _ in range(MAX_HALVINGS):
        if not going.any():
            break
        guess = low + (high - low) * (at_low / (at_low - at_high)).clamp(0.1, 0.9)
        length = torch.where(going, guess, length)
        now = slope(length)
        rises = now > 0
        high, at_high = torch.where(going & rises, length, high), torch.where(going & rises, now, at_high)
        low, at_low = torch.where(going & ~rises, length, low), torch.where(going & ~rises, now, at_low)
        going = going & (now.abs() > enough)
    return length


def _certify(gram: Gram, state: _State, fit: HingeFit) -> Bool[Tensor, " c"]:
    """Write concepts into ``fit`` as their dual variables give them; whether the duality gap is small enough."""
    dual = torch.minimum((state.y * state.beta).clamp(min=0), state.cap)
    positive = state.y > 0
    sides = torch.stack([(dual * positive).sum(0), (dual * ~positive).sum(0)])
    share = torch.where(sides > 0, sides.amin(0) / sides, 0.0)
    dual = dual * torch.where(positive, share[0], share[1])  # now y' a = 0
    image = gram.times(state.y * dual)
    below = dual.sum(0) - (state.y * dual * image).sum(0) / 2
    # Where a margin of 1 is short by rounding, C times that would be the gap: weights longer by as little cost less.
    beta, image = state.y * dual * (1 + ROUNDING), image * (1 + ROUNDING)
    intercept = best_intercept(image, state.y)
    loss = (state.cap * (1 - state.y * (image + intercept)).clamp(min=0)).sum(0)
    objective = (beta * image).sum(0) / 2 + loss
    gap = ((objective - below) / objective).clamp(min=0)
    fit.weights[state.number] = beta.T @ gram.inputs
    fit.intercepts[state.number] = intercept
    fit.objective[state.number] = objective
    fit.gap[state.number] = gap
    return gap <= TOLERANCE


def best_intercept(output: Float[Tensor, "n c"], y: Float[Tensor, "n c"]) -> Float[Tensor, " c"]:
    """The middle of the intercepts that give the least hinge loss, where ``output`` is ``w . x``.

    The loss bends by C at every ``y_i - w . x_i``, and its slope starts at -C for each positive image: with p of them
    it is least between the p-th and the next of these values. So the intercept depends on the weights alone, and
    continuously. At the optimum both values are those of the free support vectors, if any is free, and libsvm's own.
    """
    kinks = (y - output).masked_fill(y == 0, torch.inf).sort(dim=0).values
    positives = (y > 0).sum(0, keepdim=True)
    return ((kinks.gather(0, positives - 1) + kinks.gather(0, positives)) / 2)[0]
