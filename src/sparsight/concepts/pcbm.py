"""g: a sparse linear classifier from concept values to labels (the post-hoc concept bottleneck)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sparsight.concepts._elastic import solve
from sparsight.concepts._softmax import elastic_softmax
from sparsight.concepts._standard import column_moments
from sparsight.concepts.settings import ConceptSettings


@dataclass(frozen=True)
class PCBM:
    """g and the certificate of its optimum, all float64.

    Attributes:
        weights: of standardised concept values, one row a class.
        intercepts: one a class; their mean over the classes that occur in training is 0, and a class that does not
            occur has ``-inf``.
        mean, scale: subtracted from and dividing concept values first (0 and 1 where they are not standardised).
        objective: eq. 1 at the solution.
        gap: relative duality gap: the objective lies at most ``gap * objective`` above the optimum.
        iterations: Newton steps taken.
        converged: whether ``gap`` is within the tolerance that was asked for.
    """

    weights: Float[Tensor, "k c"]
    intercepts: Float[Tensor, " k"]
    mean: Float[Tensor, " c"]
    scale: Float[Tensor, " c"]
    objective: float
    gap: float
    iterations: int
    converged: bool


def fit_pcbm(
    values: Float[Tensor, "n c"], labels: Int64[Tensor, " n"], num_classes: int, settings: ConceptSettings
) -> PCBM:
    """Solve eq. 1: ``(1/n) sum CE + lam / (c K) (rho ||W||_1 + (1 - rho)/2 ||W||_F^2)``, the intercepts free.

    The c of the penalty counts all columns of ``values``, the K all classes, whether they occur or not. A class
    without training images has no finite optimum: its intercept runs to minus infinity and its weights to 0, and
    that limit is what is returned, so it is never predicted.

    Args:
        values: concept values of the training images; a constant column gets weight 0.
        labels: 0 to ``num_classes - 1``.
        num_classes: K.
        settings: standardisation, ``lam``, ``rho`` and ``tolerance``.

    Raises:
        ValueError: if there are no images or no values, lengths disagree, a value is not finite or a label is out of
            range.
    """
    if not values.numel() or len(values) != len(labels):
        raise ValueError(f"concept values {tuple(values.shape)} for {len(labels)} labels")
    if not values.isfinite().all():
        raise ValueError("concept values must be finite")
    if not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        raise ValueError(f"a label lies outside 0..{num_classes - 1}")
    values = values.double()
    mean, scale = column_moments(values)
    if settings.standardise == "none":
        mean, scale = torch.zeros_like(mean), torch.ones_like(scale)
    present, compact = labels.unique(return_inverse=True)
    strength = settings.lam / (values.shape[1] * num_classes)
    problem = elastic_softmax(
        (values - mean) / scale, compact, len(present), strength * settings.rho, strength * (1 - settings.rho)
    )
    fit = solve(problem, settings.tolerance)
    weights = torch.zeros(num_classes, values.shape[1], dtype=torch.float64)
    intercepts = torch.full((num_classes,), -torch.inf, dtype=torch.float64)
    weights[present], intercepts[present] = fit.T[:, :-1], fit.T[:, -1]
    return PCBM(weights, intercepts, mean, scale, fit.objective, fit.gap, fit.iterations, fit.gap <= settings.tolerance)


def predict(pcbm: PCBM, values: Float[Tensor, "n c"]) -> Float[Tensor, "n k"]:
    """Logits of g; ``-inf`` for a class that training did not have."""
    return (values.double() - pcbm.mean) / pcbm.scale @ pcbm.weights.T + pcbm.intercepts


def objective(
    pcbm: PCBM, values: Float[Tensor, "n c"], labels: Int64[Tensor, " n"], settings: ConceptSettings
) -> float:
    """Eq. 1 at g's weights, on the concept values and labels that it was learned from."""
    loss = torch.nn.functional.cross_entropy(predict(pcbm, values), labels)
    size, squares = pcbm.weights.abs().sum(), pcbm.weights.square().sum()
    strength = settings.lam / pcbm.weights.numel()
    return float(loss + strength * (settings.rho * size + (1 - settings.rho) / 2 * squares))


def shown_weights(weights: Float[Tensor, "k c"]) -> Float[Tensor, "k c"]:
    """The weights to read a class's concepts from.

    Of two classes only the difference of the rows is defined: each class is shown it with its own sign.
    """
    return weights - weights.flip(0) if len(weights) == 2 else weights


def resolved(weights: Float[Tensor, "k c"], tolerance: float) -> Float[Tensor, "k c"]:
    """Weights in whole multiples of the solver's tolerance: what lists and rankings are made of.

    g is certified to a share ``tolerance`` of its objective, and no digit of a weight beyond that share of the largest
    one means anything: which of two weights is the larger that differ by less is decided by the order in which sums
    were taken. So weights that round to the same multiple are equal, and of those the concept with the smaller index
    comes first; one that rounds to 0 is 0.

    Args:
        weights: as shown, or sums of them by group.
        tolerance: relative duality gap at which g is solved.

    Returns:
        ``round(weights / unit)``, half to even, with ``unit = tolerance * max |weights|`` over all classes and
        concepts; 0 where all weights are 0. A weight that is not finite stays so, and counts for no unit.
    """
    sizes = weights.double().abs()
    unit = tolerance * float(torch.where(sizes.isfinite(), sizes, 0.0).max()) if sizes.numel() else 0.0
    return (weights.double() / unit).round() if unit > 0 else weights.double()


def top_concepts(weights: Float[Tensor, "k c"], k: int) -> tuple[Int64[Tensor, "k top"], Float[Tensor, "k top"]]:
    """The ``k`` concepts of largest signed weight for every class and their weights, largest first.

    Of equal weights the concept with the smaller index comes first.

    Raises:
        ValueError: if there are fewer than ``k`` concepts.
    """
    if not 1 <= k <= weights.shape[1]:
        raise ValueError(f"top {k} of {weights.shape[1]} concepts")
    ordered = weights.sort(dim=1, descending=True, stable=True)
    return ordered.indices[:, :k], ordered.values[:, :k]
