"""A network's evidence as files: arrays, and the numbers that are read most."""

from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sparsight.data import SPLITS
from sparsight.errors import DamagedError, InputError
from sparsight.evidence.collect import TARGETS, Evidence
from sparsight.evidence.interventions import Effects
from sparsight.io import check_sealed, read_json, read_metadata, read_tensors, write_json, write_tensors
from sparsight.stats import auroc, balanced_accuracy

EVIDENCE, METRICS = "evidence.safetensors", "metrics.json"
MODELS = ("f", "g", "probe", "g-random")
"""The classifiers that are scored: the network, the concept bottleneck, and what both are read against."""


def write_evidence(
    folder: Path,
    evidence: Evidence,
    mask: dict[str, Tensor],
    keep_embeddings: bool,
    origin: Mapping[str, str | None] | None = None,
    changes: Effects | None = None,
) -> None:
    """Write ``evidence.safetensors`` and last, as the sign that all stands, ``metrics.json``, which names the first.

    Args:
        folder: the network's.
        evidence: on the network.
        mask: the weights that count as left.
        keep_embeddings: whether those of the training images are kept, too.
        origin: the digests of what is explained; kept in the evidence.
        changes: what interventions do to its logits, where scenes can be drawn again.
    """
    tensors = _tensors(evidence, keep_embeddings) | ({} if changes is None else changes.tensors())
    write_tensors(folder / EVIDENCE, tensors, origin, "evidence")
    names = {} if changes is None else {"interventions": {key: list(own) for key, own in changes.names.items()}}
    metrics = {**_metrics(evidence, mask), **names, "evidence": check_sealed(folder / EVIDENCE)}
    write_json(folder / METRICS, metrics, "metrics")


def has_evidence(folder: Path) -> bool:
    """Whether this folder's network has been looked at, and the files are whole."""
    try:
        return not evidence_flaws(folder)
    except InputError:
        return False


def evidence_flaws(folder: Path, network: str | None = None) -> list[DamagedError]:
    """What is wrong with the evidence files: damaged, or another network's than the one named, if one is.

    Raises:
        InputError: if one is missing.
    """
    flaws = []
    digest = None
    try:
        origin = evidence_origin(folder)
        if network is not None and origin.get("network") != network:
            flaws.append(DamagedError(folder / EVIDENCE, "belongs to another network"))
        else:
            digest = check_sealed(folder / EVIDENCE)
    except DamagedError as error:
        flaws.append(error)
    try:
        named = read_metrics(folder).get("evidence")
        if digest is not None and named != digest:
            flaws.append(DamagedError(folder / METRICS, "belongs to other evidence"))
    except DamagedError as error:
        flaws.append(error)
    return flaws


def evidence_origin(folder: Path) -> dict[str, Any]:
    """The digests that ``write_evidence`` was given.

    Raises:
        InputError: if the file is missing.
        DamagedError: if it is not whole.
    """
    return read_metadata(folder / EVIDENCE, "evidence")


def read_evidence(folder: Path) -> dict[str, Tensor]:
    """The arrays: ``logits/<split>``, ``embedding/test``, ``bank/Q``, ``g/weights``, ``saliency/maps``, ...

    Raises:
        InputError: if the file is missing or not whole.
    """
    return read_tensors(folder / EVIDENCE, "evidence")


def read_metrics(folder: Path) -> dict[str, Any]:
    """The numbers: accuracies by model and split, weights remaining, certificates, what is dead or dropped.

    Raises:
        InputError: if the file is missing or damaged.
    """
    metrics: dict[str, Any] = read_json(folder / METRICS, "metrics")
    for place, kind in _TYPES.items():
        value: Any = metrics
        for key in place:
            value = value.get(key, _MISSING) if isinstance(value, dict) else _MISSING
        if not isinstance(value, kind):
            raise DamagedError(folder / METRICS, f"damaged (no fit value of {'.'.join(place)})")
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
    ("concepts", "names"): list,
    ("concepts", "no_direction"): dict,
    ("concepts", "converged"): bool,
    ("concepts", "gradient"): _NUMBER,
    ("g", "objective"): _NUMBER,
    ("g", "duality_gap"): _NUMBER,
    ("g", "iterations"): int,
    ("g", "converged"): bool,
    ("saliency", "closed_form"): bool,
    ("saliency", "images"): int,
    **{("saliency", "dead_maps", target): int for target in TARGETS},
    **{("accuracy", model, split, "accuracy"): _NUMBER for model in MODELS for split in SPLITS},
    ("cascade",): (list, NoneType),
}
"""What is read from metrics, and its type."""


def dense_prediction(folder: Path) -> Int64[Tensor, " n"]:
    """The class that the network of this folder predicts for each test image; ties go to the first class.

    Raises:
        InputError: if its evidence is missing or not whole.
    """
    return read_evidence(folder)["logits/test"].argmax(1)


def _tensors(evidence: Evidence, keep_embeddings: bool) -> dict[str, Tensor]:
    tensors = {
        "bank/Q": evidence.bank.Q,
        "bank/intercepts": evidence.bank.intercepts,
        "concepts/accuracy": evidence.held_out.accuracy,
        "concepts/auroc": evidence.held_out.auroc,
        "g/weights": evidence.pcbm.weights,
        "g/intercepts": evidence.pcbm.intercepts,
        "g/mean": evidence.pcbm.mean,
        "g/scale": evidence.pcbm.scale,
        "saliency/classes": evidence.maps.classes,
        "saliency/maps": evidence.maps.signed,
        **evidence.controls.tensors(),
    }
    if evidence.cascades:
        tensors["gates/cascade"] = torch.stack([one.similarity for one in evidence.cascades])
    if evidence.maps.mask_energy is not None:
        tensors["saliency/mask_energy"] = evidence.maps.mask_energy
    if keep_embeddings:
        tensors["embedding/train"] = evidence.seen["train"].embedding
    for split in SPLITS[1:]:
        tensors[f"embedding/{split}"] = evidence.seen[split].embedding
        tensors[f"logits/{split}"] = evidence.seen[split].logits
        tensors[f"g/logits/{split}"] = evidence.g_logits[split]
    return tensors


def _metrics(evidence: Evidence, mask: dict[str, Tensor]) -> dict[str, Any]:
    embedding = evidence.seen["test"].embedding
    kept = {name: int(keep.sum()) for name, keep in mask.items()}
    total = sum(keep.numel() for keep in mask.values())
    logits = {
        "f": {split: evidence.seen[split].logits for split in SPLITS},
        "g": evidence.g_logits,
        "probe": evidence.controls.probe,
        "g-random": evidence.controls.random,
    }
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
        "concepts": {
            "names": list(evidence.bank.names),
            "no_direction": dict(evidence.bank.dropped),
            "converged": evidence.bank.converged,
            "gradient": evidence.bank.gradient,
        },
        "g": {
            "objective": evidence.pcbm.objective,
            "duality_gap": evidence.pcbm.gap,
            "converged": evidence.pcbm.converged,
            "iterations": evidence.pcbm.iterations,
        },
        "saliency": {
            "closed_form": evidence.maps.closed_form,
            "images": len(evidence.maps.dead),
            "dead_maps": {target: int(evidence.maps.dead[:, t].sum()) for t, target in enumerate(TARGETS)},
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
