"""The supervised concept predictor t: one L2 logistic regression a concept."""

import torch
from jaxtyping import Float, Int8
from torch import Tensor
from torch.nn.functional import softplus

from sparsight.concepts._newton import LinearFit, fit_linear


def logistic(margin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``log(1 + exp(-m))`` and its two derivatives."""
    wrong = torch.sigmoid(-margin)
    return softplus(-margin), -wrong, wrong * (1 - wrong)


def fit_predictor(inputs: Float[Tensor, "n l"], labels: Int8[Tensor, "n c"], C: float) -> LinearFit:
    """Minimise ``1/2 ||w||^2 + C sum_i log(1 + exp(-y_i f_i))`` for each concept, the intercept free.

    The objective of scikit-learn's ``LogisticRegression(C)``.

    Args:
        inputs: standardised embeddings, float64.
        labels: 1 present, 0 absent, -1 unknown (no weight); both 0 and 1 occur in every column.
        C: weight of the loss.
    """
    return fit_linear(inputs, labels, logistic, C, penalise_intercept=False)
