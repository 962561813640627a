"""A network's evidence as files: arrays, and the numbers that are read most."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from sparsight.data import SPLITS
from sparsight.errors import DamagedError, InputError
from sparsight.evidence.collect import Evidence
from sparsight.evidence.interventions import Effects
from sparsight.evidence.layout import layout_flaw
from sparsight.evidence.learning import ConceptEvidence
from sparsight.evidence.metrics import numbers, unfit
from sparsight.io import check_sealed, read_json, read_metadata, read_tensors, tensor_layout, write_json, write_tensors

EVIDENCE, METRICS = "evidence.safetensors", "metrics.json"


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
    tensors = evidence_tensors(evidence, keep_embeddings) | ({} if changes is None else changes.tensors())
    write_tensors(folder / EVIDENCE, tensors, origin, "evidence")
    names = {} if changes is None else {"interventions": {key: list(own) for key, own in changes.names.items()}}
    metrics = {**numbers(evidence, mask), **names, "evidence": check_sealed(folder / EVIDENCE)}
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
        if flaw := layout_flaw(tensor_layout(folder / EVIDENCE)):
            flaws.append(DamagedError(folder / EVIDENCE, f"damaged ({flaw})"))
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
    """The arrays: ``logits/<split>``, ``embedding/test``, ``saliency/maps``, where there are concepts ``bank/Q``, ...

    Raises:
        InputError: if the file is missing or not whole.
        DamagedError: if an array in it is missing, or of another type or shape.
    """
    arrays = read_tensors(folder / EVIDENCE, "evidence")
    if flaw := layout_flaw(tensor_layout(folder / EVIDENCE)):
        raise DamagedError(folder / EVIDENCE, f"damaged ({flaw})")
    return arrays


def read_metrics(folder: Path) -> dict[str, Any]:
    """The numbers: accuracies by model and split, weights remaining, certificates, what is dead or dropped.

    Those of concepts and g stand all there, or none does (``has_concepts``).

    Raises:
        InputError: if the file is missing or damaged.
    """
    metrics: dict[str, Any] = read_json(folder / METRICS, "metrics")
    if place := unfit(metrics):
        raise DamagedError(folder / METRICS, f"damaged (no fit value of {place})")
    return metrics


def dense_prediction(folder: Path) -> Int64[Tensor, " n"]:
    """The class that the network of this folder predicts for each test image; ties go to the first class.

    Raises:
        InputError: if its evidence is missing or not whole.
    """
    return read_evidence(folder)["logits/test"].argmax(1)


def evidence_tensors(evidence: Evidence, keep_embeddings: bool) -> dict[str, Tensor]:
    """The arrays of ``evidence.safetensors``, but for those of interventions."""
    tensors = {"saliency/classes": evidence.maps.classes, "saliency/maps": evidence.maps.signed}
    if evidence.concepts is not None:
        tensors |= _concept_tensors(evidence.concepts)
    if evidence.cascades:
        tensors["gates/cascade"] = torch.stack([one.similarity for one in evidence.cascades])
    if evidence.maps.beside is not None:
        tensors["saliency/beside"] = evidence.maps.beside
    if evidence.maps.mask_energy is not None:
        tensors["saliency/mask_energy"] = evidence.maps.mask_energy
    if keep_embeddings:
        tensors["embedding/train"] = evidence.seen["train"].embedding
    for split in SPLITS[1:]:
        tensors[f"embedding/{split}"] = evidence.seen[split].embedding
        tensors[f"logits/{split}"] = evidence.seen[split].logits
        tensors[f"probe/logits/{split}"] = evidence.probe[split]
    return tensors


def _concept_tensors(concepts: ConceptEvidence) -> dict[str, Tensor]:
    return {
        "bank/Q": concepts.bank.Q,
        "bank/intercepts": concepts.bank.intercepts,
        "concepts/accuracy": concepts.held_out.accuracy,
        "concepts/auroc": concepts.held_out.auroc,
        "g/weights": concepts.pcbm.weights,
        "g/intercepts": concepts.pcbm.intercepts,
        "g/mean": concepts.pcbm.mean,
        "g/scale": concepts.pcbm.scale,
        **({} if concepts.examples is None else {"embedding/examples": concepts.examples}),
        **{f"g/logits/{split}": concepts.logits[split] for split in SPLITS[1:]},
        **concepts.controls.tensors(),
    }
