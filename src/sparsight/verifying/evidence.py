"""Whether a network's numbers follow from the arrays that are stored with them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparsight.concepts import PCBM, ConceptBank, concept_values, held_out, predict
from sparsight.config import StudySettings
from sparsight.data import SPLITS, ConceptDataset
from sparsight.evidence import (
    TARGETS,
    concept_flaw,
    concepts_in_use,
    held_out_labels,
    read_evidence,
    read_metrics,
    scores,
)
from sparsight.networks import Network
from sparsight.saliency import dead, mask_energy

TRAINING = "embedding/train"


def evidence_faults(folder: Path, network: Network, settings: StudySettings, data: ConceptDataset) -> Iterator[str]:
    """What does not follow: scores of f and the probe, targets, dead maps, energy; where the data have concepts, scores
    of g, g's logits, concepts on held-out images.

    Raises:
        InputError: if a file is missing or damaged.
    """
    arrays = read_evidence(folder / network.folder)
    metrics = read_metrics(folder / network.folder)
    concepts = concepts_in_use(data)
    if flaw := concept_flaw(metrics, arrays, concepts):
        yield f"it {flaw}"
        concepts = ()
    logits = {"f": "", "probe": "probe/"} | ({"g-random": "g-random/"} if concepts else {})
    for split in SPLITS[1:]:
        labels = data.labels[data.splits[split]]
        for model, place in logits.items():
            if not _same_scores(scores(arrays[f"{place}logits/{split}"], labels), metrics["accuracy"][model][split]):
                yield f"scores of {model} on {split} do not follow from {'the' if model == 'f' else 'its'} logits"
    if concepts:
        yield from _concept_faults(arrays, metrics, settings, data)
    dense = None if network.kind == "dense" else read_evidence(folder / network.dense.folder)["logits/test"]
    yield from _map_faults(arrays, metrics, data, dense)


def _concept_faults(
    arrays: Mapping[str, Tensor], metrics: Mapping[str, Any], settings: StudySettings, data: ConceptDataset
) -> Iterator[str]:
    bank, g = stored_bank(arrays, metrics), stored_pcbm(arrays, metrics)
    for split in SPLITS if TRAINING in arrays else SPLITS[1:]:
        made = predict(g, concept_values(bank, arrays[f"embedding/{split}"], settings.concepts.value))
        if split in SPLITS[1:]:
            if not _same(made, arrays[f"g/logits/{split}"]):
                yield f"g's logits on {split} do not follow from the embeddings"
            made = arrays[f"g/logits/{split}"]
        if not _same_scores(scores(made, data.labels[data.splits[split]]), metrics["accuracy"]["g"][split]):
            yield f"scores of g on {split} do not follow from its logits"
    tested = arrays["embedding/test" if data.example_images is None else "embedding/examples"]
    told = held_out(bank, tested, held_out_labels(data))
    if not _same(told.accuracy, arrays["concepts/accuracy"]) or not _same(told.auroc, arrays["concepts/auroc"]):
        yield "held-out scores of concepts do not follow from the embeddings"


def _map_faults(
    arrays: Mapping[str, Tensor], metrics: Mapping[str, Any], data: ConceptDataset, dense: Tensor | None
) -> Iterator[str]:
    own = arrays["logits/test"].argmax(1)
    classes = (data.labels[data.splits["test"]], own, own if dense is None else dense.argmax(1))
    if not torch.equal(arrays["saliency/classes"], torch.stack(classes, dim=1)):
        yield "the explained classes are not label, prediction and the dense network's prediction"
    if metrics["predicted_classes"] != len(own.unique()):
        yield "the number of predicted classes does not follow from the logits"
    embedding = arrays["embedding/test"]
    channels = (int((embedding == embedding[0]).all(0).sum()), embedding.shape[1])
    if (metrics["dead_channels"], metrics["channels"]) != channels:
        yield "dead channels do not follow from the embeddings"
    maps = arrays["saliency/maps"]
    blank = dead(maps)
    if metrics["saliency"]["dead_maps"] != {target: int(blank[:, t].sum()) for t, target in enumerate(TARGETS)}:
        yield "dead maps do not follow from the maps"
    if data.object_masks is None:
        return
    masks = data.object_masks[data.splits["test"]]
    energy = torch.stack([mask_energy(maps[:, t], masks) for t in range(len(TARGETS))], dim=1)
    if not _same(energy, arrays["saliency/mask_energy"]):
        yield "mask energy does not follow from the maps"


def stored_bank(arrays: Mapping[str, Tensor], metrics: Mapping[str, Any]) -> ConceptBank:
    """The concept bank in a network's evidence; its losses are not kept."""
    concepts = metrics["concepts"]
    names, unknown = tuple(concepts["names"]), torch.full((len(concepts["names"]),), torch.nan, dtype=torch.float64)
    solved = (unknown, concepts["gradient"], concepts["converged"])
    return ConceptBank(arrays["bank/Q"], arrays["bank/intercepts"], names, concepts["no_direction"], *solved)


def stored_pcbm(arrays: Mapping[str, Tensor], metrics: Mapping[str, Any]) -> PCBM:
    """The g in a network's evidence."""
    solved = metrics["g"]
    rest = (solved["objective"], solved["duality_gap"], solved["iterations"], solved["converged"])
    return PCBM(arrays["g/weights"], arrays["g/intercepts"], arrays["g/mean"], arrays["g/scale"], *rest)


def _same_scores(made: Mapping[str, float], stated: Mapping[str, float]) -> bool:
    return made.keys() == stated.keys() and all(abs(made[name] - stated[name]) <= 1e-9 for name in made)


def _same(made: Tensor, stored: Tensor) -> bool:
    """Equal up to the order of sums, which another machine or number of threads may change; NaN equals NaN."""
    close = 1e-9 if stored.dtype == torch.float64 else 1e-5
    return made.shape == stored.shape and bool(
        torch.isclose(made, stored, rtol=close, atol=close, equal_nan=True).all()
    )
