"""The numbers of a network that are read most: what they are made of, and whether those that were read are whole."""

from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sparsight.data import SPLITS
from sparsight.evidence.collect import Evidence
from sparsight.evidence.explaining import TARGETS
from sparsight.evidence.in_use import ConceptInUse
from sparsight.evidence.learning import ConceptEvidence
from sparsight.stats import auroc, balanced_accuracy

MODELS, CONCEPT_MODELS = ("f", "probe"), ("g", "g-random")
"""The classifiers that are scored: the network and a linear probe of it; where there are concepts the bottleneck, and
it on random directions."""
_CONCEPT_ARRAYS = ("bank/", "concepts/", "g/", "g-random/", "gates/shuffled_auroc", "refit/")
"""How the names of arrays begin that only a data set with concepts has."""


def numbers(evidence: Evidence, mask: Mapping[str, Tensor]) -> dict[str, Any]:
    """Accuracies by model and split, weights remaining, certificates, what is dead or dropped.

    Args:
        evidence: on the network.
        mask: the weights that count as left.
    """
    embedding = evidence.seen["test"].embedding
    kept = {name: int(keep.sum()) for name, keep in mask.items()}
    total = sum(keep.numel() for keep in mask.values())
    concepts = evidence.concepts
    logits = {"f": {split: evidence.seen[split].logits for split in SPLITS}, "probe": evidence.probe}
    if concepts is not None:
        logits = {"f": logits["f"], "g": concepts.logits, "probe": evidence.probe, "g-random": concepts.controls.random}
    return {
        "accuracy": {
            model: {split: scores(own[split], evidence.seen[split].labels) for split in SPLITS}
            for model, own in logits.items()
        },
        "weights_remaining": sum(kept.values()) / total,
        "weights": {"kept": sum(kept.values()), "prunable": total},
        "dead_layers": list(evidence.dead_layers),
        "cascade": list(evidence.cascades[0].stages) if evidence.cascades else None,
        "dead_channels": int((embedding == embedding[0]).all(0).sum()),
        "channels": embedding.shape[1],
        "predicted_classes": len(evidence.seen["test"].logits.argmax(1).unique()),
        **({} if concepts is None else _concept_metrics(concepts)),
        "saliency": {
            "closed_form": evidence.maps.closed_form,
            "images": len(evidence.maps.dead),
            "dead_maps": {target: int(evidence.maps.dead[:, t].sum()) for t, target in enumerate(TARGETS)},
        },
    }


def _concept_metrics(concepts: ConceptEvidence) -> dict[str, Any]:
    bank, g = concepts.bank, concepts.pcbm
    several = {one.name: list(one.names) for one in concepts.concepts if len(one.names) > 1}
    return {
        "concepts": {
            "names": list(bank.names),
            **({"all_names": several} if several else {}),
            "no_direction": dict(bank.dropped),
            "converged": bank.converged,
            "gradient": bank.gradient,
        },
        "g": {
            "objective": g.objective,
            "duality_gap": g.gap,
            "converged": g.converged,
            "iterations": g.iterations,
        },
    }


def scores(logits: Float[Tensor, "n k"], labels: Int64[Tensor, " n"]) -> dict[str, float]:
    """Accuracy, balanced accuracy and, of two classes, AUROC."""
    predicted = logits.argmax(1)
    scores = {
        "accuracy": float((predicted == labels).double().mean()),
        "balanced_accuracy": balanced_accuracy(predicted.numpy(), labels.numpy()),
    }
    if logits.shape[1] == 2:
        scores["auroc"] = auroc((logits[:, 1] - logits[:, 0]).double().numpy(), torch.eq(labels, 1).numpy())
    return scores


def has_concepts(metrics: Mapping[str, Any]) -> bool:
    """Whether metrics are of a network that was looked at with concepts."""
    return "concepts" in metrics


def concept_flaw(metrics: Mapping[str, Any], arrays: Iterable[str], concepts: Sequence[ConceptInUse]) -> str:
    """Why evidence is not of the concepts of a data set, or of one without; empty where it is.

    Args:
        metrics: the numbers.
        arrays: names of the arrays.
        concepts: the concepts in use; none where the data set has none.
    """
    has = bool(concepts)
    if not has_concepts(metrics) == has == any(name.startswith(_CONCEPT_ARRAYS) for name in arrays):
        return "lacks what is learned of the data's concepts" if has else "speaks of concepts that the data do not have"
    if has and metrics["concepts"]["names"] != [one.name for one in concepts]:
        return "does not have the concepts that the data have, equal columns once"
    return ""


def unfit(metrics: Mapping[str, Any]) -> str:
    """The first place where something is missing or of another type than is read there; empty where all is well.

    What belongs to concepts and g is asked for where any of it is there.
    """
    some = any(_at(metrics, place) is not _MISSING for place in _CONCEPT_PLACES)
    for place, kind in (_TYPES | (_CONCEPT_TYPES if some else {})).items():
        if not isinstance(_at(metrics, place), kind):
            return ".".join(place)
    for place in _NAMES:
        found = _at(metrics, place)
        if isinstance(found, list) and not all(isinstance(name, str) for name in found):
            return ".".join(place)
    return ""


def _at(metrics: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        metrics = metrics.get(key, _MISSING) if isinstance(metrics, dict) else _MISSING
    return metrics


_MISSING = object()
_NUMBER = (int, float, NoneType)  # NaN is null
_TYPES: dict[tuple[str, ...], type | tuple[type, ...]] = {
    ("evidence",): str,
    ("weights_remaining",): (int, float),
    ("weights", "kept"): int,
    ("weights", "prunable"): int,
    ("dead_layers",): list,
    ("dead_channels",): int,
    ("channels",): int,
    ("predicted_classes",): int,
    ("saliency", "closed_form"): bool,
    ("saliency", "images"): int,
    **{("saliency", "dead_maps", target): int for target in TARGETS},
    **{("accuracy", model, split, "accuracy"): _NUMBER for model in MODELS for split in SPLITS},
    ("cascade",): (list, NoneType),
}
"""What is read from metrics, and its type."""
_CONCEPT_TYPES: dict[tuple[str, ...], type | tuple[type, ...]] = {
    ("concepts", "names"): list,
    ("concepts", "no_direction"): dict,
    ("concepts", "converged"): bool,
    ("concepts", "gradient"): _NUMBER,
    ("g", "objective"): _NUMBER,
    ("g", "duality_gap"): _NUMBER,
    ("g", "iterations"): int,
    ("g", "converged"): bool,
    **{("accuracy", model, split, "accuracy"): _NUMBER for model in CONCEPT_MODELS for split in SPLITS},
}
"""The same where there are concepts."""
_NAMES = (
    *(("dead_layers",), ("cascade",), ("concepts", "names")),
    *(("interventions", key) for key in ("concepts", "groups", "parts", "habitats")),
)
"""Lists of names, where they are there."""
_CONCEPT_PLACES = (("concepts",), ("g",), *(("accuracy", model) for model in CONCEPT_MODELS))
"""What only a network that was looked at with concepts has."""
