"""A linear probe: a fresh classifier on the embedding itself, beside f's head and g."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sparsight.concepts._standard import column_moments
from sparsight.concepts.predictor import fit_predictor


def probe_logits(
    train: Float[Tensor, "n l"],
    labels: Int64[Tensor, " n"],
    num_classes: int,
    C: float,
    others: tuple[Float[Tensor, "_ l"], ...] = (),
) -> tuple[Float[Tensor, "_ k"], ...]:
    """Fit one L2 logistic regression a class on standardised training embeddings; scores of them and of ``others``.

    g has a fresh head and f's own is pruned with the rest of the network: what g gains over f is told apart from what
    any fresh head would gain by this one. A class without training images, or with all of them, is never predicted
    against one that differs: its score is ``-inf``, unless it is the only one.

    Args:
        train: embeddings of the training images.
        labels: their classes, 0 to ``num_classes - 1``.
        num_classes: K.
        C: weight of the loss, as in ``fit_predictor``.
        others: embeddings of other images.

    References:
        Alain and Bengio. Understanding intermediate layers using linear classifier probes. ICLR Workshops 2017.
    """
    phi = train.double()
    mean, scale = column_moments(phi)
    targets = (labels[:, None] == torch.arange(num_classes)).to(torch.int8)
    varies = targets.any(0) & ~targets.all(0)
    weights = torch.zeros(num_classes, phi.shape[1], dtype=torch.float64)
    intercepts = torch.where(targets.all(0), 0.0, -torch.inf).double()
    if varies.any():
        fit = fit_predictor((phi - mean) / scale, targets[:, varies], C)
        weights[varies], intercepts[varies] = fit.weights, fit.intercepts
    return tuple((part.double() - mean) / scale @ weights.T + intercepts for part in (train, *others))
