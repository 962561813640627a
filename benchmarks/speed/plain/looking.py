"""Embeddings, concepts, g and Grad-CAM of one network."""

import time

import numpy as np
import torch
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from benchmarks.speed.plain.concepts import (
    bottleneck,
    concept_areas,
    concept_vectors,
    projected,
    used_labels,
    used_names,
)
from benchmarks.speed.plain.controls import control
from benchmarks.speed.plain.drifts import drifts
from benchmarks.speed.plain.material import BATCH, Bench, Seen, State
from benchmarks.speed.plain.saliency import grad_cam


def look(
    bench: Bench, model: nn.Module, state: State, place: tuple[str, int, int | None, int], dense: Seen | None
) -> Seen:
    """Embeddings, concepts, g and Grad-CAM of the network in that state; rows of accuracy, concepts, faithfulness and,
    where there is a dense network, of drift from it; and what they are read against."""
    model.load_state_dict(state)
    model.eval()
    key = dict(zip(("arm", "seed", "repeat", "round"), place, strict=True)) | {"weights_remaining": density(model)}
    logits, phi = embed(bench, model)
    Q, scores = concept_vectors(phi["train"], used_labels(bench, "train"), bench.settings.concepts.C)
    values = projected(phi, Q)
    areas = concept_areas(scores(phi["test"]), used_labels(bench, "test"))
    scaler = StandardScaler().fit(values["train"])
    labels = {split: own.numpy() for split, own in bench.labels.items()}
    g = bottleneck(bench, scaler.transform(values["train"]), labels["train"])
    for split in ("validation", "test"):
        f_right, g_right = (
            accuracy_score(labels[split], own)
            for own in (logits[split].argmax(1), g.predict(scaler.transform(values[split])))
        )
        bench.add("accuracy", **key, split=split, model="f", value=f_right)
        bench.add("accuracy", **key, split=split, model="g", value=g_right)
    for name, area in zip(used_names(bench), areas, strict=True):
        bench.add("faithfulness", **key, metric="concept_auroc", target="", unit=name, value=area)
    for k, row in enumerate(g.coef_):
        for rank, j in enumerate(np.argsort(-row)[: bench.settings.concepts.top_k], start=1):
            name = {"class": bench.data.class_names[k], "rank": rank, "concept": used_names(bench)[j]}
            bench.add("concepts", **key, **name, weight=row[j])
    predicted = logits["test"].argmax(1)
    targets = {"label": labels["test"], "prediction": predicted}
    if dense is not None:
        targets["dense"] = dense.predicted
    maps = {name: grad_cam(model, bench.images["test"], classes) for name, classes in targets.items()}
    maps.setdefault("dense", maps["prediction"])
    for target, own in maps.items():
        with np.errstate(invalid="ignore"):
            energy = (own * bench.masks).sum((1, 2)) / own.sum((1, 2))
        bench.add("faithfulness", **key, metric="mask_energy", target=target, unit="all", value=np.nanmean(energy))
    seen = Seen(predicted, maps, phi["test"], values["test"], g.coef_)
    if dense is not None:
        for metric, target, value in drifts(bench, dense, seen):
            bench.add("drift", **key, metric=metric, target=target, value=value)
    start = time.perf_counter()
    control(bench, model, phi, key, is_dense=dense is None)
    bench.control_seconds += time.perf_counter() - start
    return seen


def density(model: nn.Module) -> float:
    """Share of the prunable weights that is left."""
    masks = dict(model.named_buffers())
    kept = total = 0
    for name, module in model.named_modules():
        mask = masks.get(f"{name}.weight_mask")
        if mask is not None or isinstance(module, nn.Conv2d | nn.Linear):
            total += module.weight.numel()
            kept += module.weight.numel() if mask is None else int(mask.sum())
    return kept / total


@torch.no_grad()
def embed(bench: Bench, model: nn.Module) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Logits and embeddings by split."""
    caught: list[Tensor] = []
    hook = model.avgpool.register_forward_hook(lambda module, inputs, output: caught.append(output.flatten(1)))
    logits, embeddings = {}, {}
    for split, images in bench.images.items():
        caught.clear()
        logits[split] = torch.cat([model(batch) for batch in images.split(BATCH)]).numpy()
        embeddings[split] = torch.cat(caught).numpy()
    hook.remove()
    return logits, embeddings
