"""The concept bank: a direction in embedding space for every concept."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int8, Int64
from torch import Tensor

from sparsight.concepts._standard import column_moments
from sparsight.concepts.predictor import fit_predictor
from sparsight.concepts.settings import ConceptSettings, ValueKind
from sparsight.concepts.svm import fit_hinge_svm, fit_svm
from sparsight.stats import auroc

FITS = {"predictor": fit_predictor, "svm": fit_svm, "svm-hinge": fit_hinge_svm}

NO_DIRECTION = "no direction: the embedding does not tell this concept (zero-norm vector)"


@dataclass(frozen=True)
class ConceptBank:
    """Concept vectors in the space of raw embeddings, all float64.

    Attributes:
        Q: concept vectors.
        intercepts: so that ``Q @ phi + intercepts`` are the concept scores.
        names: one a concept.
        dropped: concepts without a direction (their row of ``Q`` is zero) and why; their values are all 0.
        objective: each concept's objective at the solution.
        gradient: largest relative gradient norm of the concept models (`LinearFit`); of ``svm-hinge``, duality gap.
        converged: whether every concept model is solved.
    """

    Q: Float[Tensor, "c l"]
    intercepts: Float[Tensor, " c"]
    names: tuple[str, ...]
    dropped: Mapping[str, str]
    objective: Float[Tensor, " c"]
    gradient: float
    converged: bool


@dataclass(frozen=True)
class HeldOut:
    """How well a bank tells each concept on images it was not learned from; unknown labels are left out.

    Attributes:
        accuracy: share of known images on the right side of score 0; NaN where no label is known.
        auroc: area under the ROC curve; NaN where one side is empty.
        positives, negatives: how many images have and lack the concept.
    """

    accuracy: Float[Tensor, " c"]
    auroc: Float[Tensor, " c"]
    positives: Int64[Tensor, " c"]
    negatives: Int64[Tensor, " c"]


def vectors_only(Q: Float[Tensor, "c l"], intercepts: Float[Tensor, " c"], names: tuple[str, ...]) -> ConceptBank:
    """A bank of vectors that were not fitted here: read back, or drawn. Its objectives are not known."""
    unknown = torch.full((len(names),), torch.nan, dtype=torch.float64)
    return ConceptBank(Q, intercepts, names, {}, unknown, 0.0, True)


def constant_concepts(concepts: Int8[Tensor, "n c"]) -> Bool[Tensor, " c"]:
    """Which concepts have fewer than two different known labels: nothing can be learned about them."""
    return ~((concepts == 1).any(0) & (concepts == 0).any(0))


def learn_bank(
    embeddings: Float[Tensor, "n l"], concepts: Int8[Tensor, "n c"], names: tuple[str, ...], settings: ConceptSettings
) -> ConceptBank:
    """Learn the vector of every concept from training embeddings.

    The models are fitted on standardised embeddings, so that C means the same for every network, and mapped back:
    a column that is constant in training gets weight 0.

    Args:
        embeddings: of the training images, any float type.
        concepts: 1 present, 0 absent, -1 unknown.
        names: one a concept.
        settings: method and C.

    Raises:
        ValueError: if lengths disagree, an embedding is not finite or a concept is constant.
    """
    if len(embeddings) != len(concepts) or concepts.shape[1] != len(names):
        raise ValueError(f"{len(embeddings)} embeddings, concepts {tuple(concepts.shape)}, {len(names)} names")
    if not embeddings.isfinite().all():
        raise ValueError("embeddings must be finite")
    constant = constant_concepts(concepts)
    if constant.any():
        raise ValueError(f"concept {names[int(constant.nonzero()[0])]!r} is constant in training: drop it first")
    phi = embeddings.double()
    mean, scale = column_moments(phi)
    inputs = (phi - mean) / scale
    fit = FITS[settings.method](inputs, concepts, settings.C)
    # A vector as short as the solver's own uncertainty is rounding; divided by its norm it would look like a direction.
    told = fit.weights.norm(dim=1) > fit.radius
    varies = inputs.any(0)  # the rest is zero but for the rounding of the solver's change of axes
    weights = (fit.weights * told[:, None] / scale).where(varies, phi.new_zeros(()))
    return ConceptBank(
        Q=weights,
        intercepts=fit.intercepts - weights @ mean,
        names=names,
        dropped={name: NO_DIRECTION for name, kept in zip(names, told.tolist(), strict=True) if not kept},
        objective=fit.objective,
        gradient=float(fit.gradient.max()) if len(names) else 0.0,
        converged=bool(fit.converged.all()),
    )


def concept_scores(bank: ConceptBank, embeddings: Float[Tensor, "n l"]) -> Float[Tensor, "n c"]:
    """``q . phi + b``: above 0, the concept is predicted present."""
    scores: Tensor = embeddings.double() @ bank.Q.T + bank.intercepts
    return scores


def concept_values(bank: ConceptBank, embeddings: Float[Tensor, "n l"], kind: ValueKind) -> Float[Tensor, "n c"]:
    """The values that g reads; a concept without a direction has value 0 everywhere.

    ``projection`` is ``<phi, q> / ||q||^2`` (the paper), ``distance`` the signed distance ``(q . phi + b) / ||q||``
    to the decision plane, ``sigmoid`` that of the score.
    """
    norm = bank.Q.norm(dim=1)
    told = norm > 0
    safe = norm.where(told, norm.new_ones(()))
    if kind == "projection":
        values: Tensor = embeddings.double() @ (bank.Q / safe[:, None]).T / safe
    elif kind == "distance":
        values = concept_scores(bank, embeddings) / safe
    else:
        values = torch.sigmoid(concept_scores(bank, embeddings))
    return values.where(told, values.new_zeros(()))


def held_out(bank: ConceptBank, embeddings: Float[Tensor, "n l"], concepts: Int8[Tensor, "n c"]) -> HeldOut:
    """Accuracy and AUROC of every concept's score against known labels."""
    scores = concept_scores(bank, embeddings)
    positive, negative = concepts == 1, concepts == 0
    known = positive | negative
    right = ((scores > 0) == positive) & known
    areas = [auroc(scores[mask, j].numpy(), positive[mask, j].numpy()) for j, mask in enumerate(known.unbind(1))]
    return HeldOut(
        accuracy=right.sum(0).double() / known.sum(0),
        auroc=torch.tensor(areas, dtype=torch.float64),
        positives=positive.sum(0),
        negatives=negative.sum(0),
    )
