"""What a study reads its evidence against: probe, random directions, shuffled labels, refits, randomised networks,
pictures with one thing changed."""

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from benchmarks.speed.plain.concepts import bottleneck, concept_areas, concept_vectors, projected, used, used_labels
from benchmarks.speed.plain.material import BATCH, Bench
from benchmarks.speed.plain.saliency import grad_cam
from sparsight.data.toybirds import ToyBirdsSettings, intervene

CASCADES = 4
STAGES = (("fc",), ("layer3",), ("layer2",), ("layer1",), ("conv1", "bn1"))
"""What is randomised after what, from the head downwards."""


def control(
    bench: Bench, model: nn.Module, phi: Mapping[str, np.ndarray], key: Mapping[str, Any], *, is_dense: bool
) -> None:
    """Rows of ``controls``. The model is in evaluation and in the state that is looked at."""
    draw = np.random.default_rng(0)
    concepts, labels = used_labels(bench, "train"), {split: own.numpy() for split, own in bench.labels.items()}
    C = bench.settings.concepts.C

    scaler = StandardScaler().fit(phi["train"])
    probe = LogisticRegression(C=C, max_iter=1000).fit(scaler.transform(phi["train"]), labels["train"])
    bench.add("controls", **key, metric="probe", value=probe.score(scaler.transform(phi["test"]), labels["test"]))

    directions = draw.standard_normal((len(used(bench)), len(scaler.scale_))) / np.where(
        scaler.scale_ > 0, scaler.scale_, 1
    )
    bench.add("controls", **key, metric="g_random", value=_accuracy(bench, projected(phi, directions), labels))

    _, scores = concept_vectors(phi["train"], draw.permutation(concepts), C)
    shuffled = concept_areas(scores(phi["test"]), draw.permutation(used_labels(bench, "test")))
    bench.add("controls", **key, metric="shuffled_auroc", value=np.mean(shuffled))

    for name, effect in _effects(bench, model).items():
        bench.add("controls", **key, metric=name, value=effect)

    if is_dense:
        for _ in range(bench.settings.evidence.refits):
            drawn = draw.integers(0, len(concepts), len(concepts))
            varies = concepts[drawn].min(0) != concepts[drawn].max(0)
            Q, _ = concept_vectors(phi["train"][drawn], concepts[drawn][:, varies], C)
            again = {"train": phi["train"][drawn], "test": phi["test"]}
            own = {"train": labels["train"][drawn], "test": labels["test"]}
            bench.add("controls", **key, metric="refit", value=_accuracy(bench, projected(again, Q), own))
        for stage, likeness in _cascades(bench, model):
            bench.add("controls", **key, metric=stage, value=likeness)


def _accuracy(bench: Bench, values: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray]) -> float:
    """Of g on these concept values."""
    scaler = StandardScaler().fit(values["train"])
    g = bottleneck(bench, scaler.transform(values["train"]), labels["train"])
    return g.score(scaler.transform(values["test"]), labels["test"])


@torch.no_grad()
def _effects(bench: Bench, model: nn.Module) -> dict[str, float]:
    """How much the logits change with each group of pictures in which one thing is changed."""
    data = bench.settings.data
    assert isinstance(data, ToyBirdsSettings)
    pictures, places = _pictures(data, bench.settings.evidence.interventions)
    mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in (bench.data.mean, bench.data.std))
    flat = ((pictures.flatten(0, 1).float() / 255 - mean) / std).split(BATCH)
    logits = torch.cat([model(batch) for batch in flat]).unflatten(0, pictures.shape[:2])
    found = {}
    for name, place in places.items():
        changed = logits.gather(1, place[..., None].expand(-1, -1, logits.shape[2])) - logits[:, :1]
        found[f"do_{name}"] = float(changed.std(2).mean())
    return found


@cache
def _pictures(data: ToyBirdsSettings, count: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Drawn once, by the data set's own renderer: no library draws them."""
    drawn = intervene(data, count)
    return drawn.images, {"concepts": drawn.concepts, "parts": drawn.parts, "habitats": drawn.habitats}


def _cascades(bench: Bench, model: nn.Module) -> list[tuple[str, float]]:
    """Spearman's correlation of the first maps with those of ever more random copies, by stage."""
    count = bench.settings.evidence.sanity
    images, classes = bench.images["test"][:count], bench.labels["test"][:count].numpy()
    learned = grad_cam(model, images, classes)
    found = []
    for seed in range(CASCADES):
        torch.manual_seed(seed)
        looked = copy.deepcopy(model)
        for stage in STAGES:
            for name in stage:
                for module in looked.get_submodule(name).modules():
                    if hasattr(module, "reset_parameters"):
                        module.reset_parameters()
            own = grad_cam(looked, images, classes)
            alike = [
                spearmanr(a.ravel(), b.ravel()).statistic
                for a, b in zip(learned, own, strict=True)
                if np.ptp(a) > 0 and np.ptp(b) > 0
            ]
            found.append((stage[0], float(np.mean(alike)) if alike else float("nan")))
    return found
