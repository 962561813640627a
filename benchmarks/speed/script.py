"""The study as a straightforward script: torch, torch.nn.utils.prune, scikit-learn, grad-cam, scipy and pandas.

What a researcher writes in an afternoon, as the libraries' own pages show it: one process, torch's own threads, images
normalised once and kept in memory. Data set, network, initial weights and budget are those of the run that it is held
against. Of what the study makes it leaves out linear probes, random directions and shuffled labels, refits,
interventions, randomised networks, verdicts and the report.

python -m benchmarks.speed.script RUN OUT    RUN: a folder with study.yaml and data.safetensors; tables go to OUT
"""

import argparse
import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from scipy.stats import rankdata, spearmanr
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import prune

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset, read_dataset
from sparsight.draws import key_seed
from sparsight.models import build_model
from sparsight.runs import DATA, read_settings

FREEZE_BELOW = 6e-7
SHARE = 0.2
BATCH = 128
State = dict[str, Tensor]


@dataclass
class Bench:
    """The data set as tensors by split, the settings, and the tables as they grow."""

    data: ConceptDataset
    settings: StudySettings
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in (self.data.mean, self.data.std))
        splits = self.data.splits
        self.images = {name: (self.data.images[own].float() / 255 - mean) / std for name, own in splits.items()}
        self.labels = {name: self.data.labels[own] for name, own in splits.items()}
        self.concepts = {name: self.data.concepts[own].numpy() for name, own in splits.items()}
        assert self.data.object_masks is not None
        self.masks = self.data.object_masks[splits["test"]].numpy()

    def add(self, table: str, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)


@dataclass
class Seen:
    """What is measured on one network's test images."""

    predicted: np.ndarray
    maps: dict[str, np.ndarray]
    embedding: np.ndarray
    values: np.ndarray
    rows: np.ndarray


def run_arm(bench: Bench, arm: str, seed: int) -> None:
    """The dense network, the tickets of all rounds, and the controls: the same sequence with nothing pruned."""
    released = arm == "released-code"
    settings, classes = bench.settings, len(bench.data.class_names)

    def fresh() -> nn.Module:
        return build_model(settings.model, classes, key_seed("initial weights", seed))

    model = fresh()
    initial = copy.deepcopy(model.state_dict())
    selected = train(bench, model, (seed, 0, 0), released)
    trained = copy.deepcopy(model.state_dict())
    dense = look(bench, model, selected, (arm, seed, None, 0), None)
    for repeat in range(settings.study.retrains + 1):
        model = fresh()
        model.load_state_dict(trained)
        # Where nothing is carried from round to round, one control serves all rounds.
        for round_ in range(1, settings.pruning.rounds if released or not repeat else 2):
            if not repeat:
                prune_layers(model, settings.pruning.rate, norms=released)
            rewind(model, initial, released, round_)
            selected = train(bench, model, (seed, repeat, round_), released)
            trained_on = copy.deepcopy(model.state_dict())
            place = (f"retrain:{arm}", seed, repeat, round_) if repeat else (arm, seed, None, round_)
            look(bench, model, selected, place, dense)
            model.load_state_dict(trained_on)


def prune_layers(model: nn.Module, rate: float, norms: bool) -> None:
    """Mask the smallest weights of each layer among those that are left; the released code takes norms, too."""
    kinds: tuple[type[nn.Module], ...] = (nn.Conv2d, nn.Linear, *((nn.BatchNorm2d,) if norms else ()))
    for module in model.modules():
        if isinstance(module, kinds):
            prune.l1_unstructured(module, "weight", amount=rate)


def rewind(model: nn.Module, initial: State, released: bool, round_: int) -> None:
    """Back to the initial values; the released code keeps norm statistics and, from round 2 on, biases."""
    for name, value in model.state_dict().items():
        kept = "running" in name or "tracked" in name or (name.endswith("bias") and round_ > 1)
        plain = name.removesuffix("_orig")
        if plain in initial and not (released and kept):
            value.copy_(initial[plain])


def train(bench: Bench, model: nn.Module, draw: tuple[int, int, int], released: bool) -> State:
    """Train in place; the state to look at, which is the last one or, by the released code, the best of those scored
    before each epoch."""
    how, images, labels = bench.settings.training, bench.images["train"], bench.labels["train"]
    steps = len(images) // how.batch_size
    sgd = torch.optim.SGD(model.parameters(), how.learning_rate, how.momentum, weight_decay=how.weight_decay)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, how.epochs * steps)
    lot = torch.Generator().manual_seed(key_seed("script", *draw))
    best, selected = -1.0, model.state_dict()
    for _ in range(how.epochs):
        if released and (score := validated(bench, model)) > best:
            best, selected = score, copy.deepcopy(model.state_dict())
        model.train()
        for chosen in torch.randperm(len(images), generator=lot)[: steps * how.batch_size].split(how.batch_size):
            mirrored = torch.rand(len(chosen), 1, 1, 1, generator=lot) < 0.5
            batch = torch.where(mirrored, images[chosen].flip(3), images[chosen])
            loss = cross_entropy(model(batch), labels[chosen])
            sgd.zero_grad()
            loss.backward()
            if released:
                freeze_negative(model)
            sgd.step()
            cosine.step()
    return selected


def freeze_negative(model: nn.Module) -> None:
    """No gradient for weights below the released code's threshold."""
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if weight is not None:
            parameter = getattr(module, "weight_orig", weight)
            parameter.grad[weight.detach() < FREEZE_BELOW] = 0


@torch.no_grad()
def validated(bench: Bench, model: nn.Module) -> float:
    model.eval()
    predicted = torch.cat([model(batch).argmax(1) for batch in bench.images["validation"].split(BATCH)])
    return float((predicted == bench.labels["validation"]).float().mean())


def look(
    bench: Bench, model: nn.Module, state: State, place: tuple[str, int, int | None, int], dense: Seen | None
) -> Seen:
    """Embeddings, concepts, g and Grad-CAM of the network in that state; rows of accuracy, concepts, faithfulness and,
    where there is a dense network, of drift from it."""
    model.load_state_dict(state)
    model.eval()
    key = dict(zip(("arm", "seed", "repeat", "round"), place, strict=True)) | {"weights_remaining": density(model)}
    logits, phi = embed(bench, model)
    values, areas = concept_values(bench, phi)
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
    maps = {name: grad_cam(bench, model, classes) for name, classes in targets.items()}
    maps.setdefault("dense", maps["prediction"])
    for target, own in maps.items():
        with np.errstate(invalid="ignore"):
            energy = (own * bench.masks).sum((1, 2)) / own.sum((1, 2))
        bench.add("faithfulness", **key, metric="mask_energy", target=target, unit="all", value=np.nanmean(energy))
    seen = Seen(predicted, maps, phi["test"], values["test"], g.coef_)
    if dense is not None:
        for metric, target, value in drifts(bench, dense, seen):
            bench.add("drift", **key, metric=metric, target=target, value=value)
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


def used_names(bench: Bench) -> list[str]:
    return [bench.data.concept_names[j] for j in used(bench)]


def used(bench: Bench) -> np.ndarray:
    """The concepts that some training images have and others lack."""
    train = bench.concepts["train"]
    return (train.min(0) != train.max(0)).nonzero()[0]


def concept_values(bench: Bench, phi: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[float]]:
    """One logistic regression a concept, the paper's concept values, and held-out AUROCs."""
    scaler = StandardScaler().fit(phi["train"])
    train, test = (scaler.transform(phi[split]) for split in ("train", "test"))
    vectors, areas = [], []
    for j in used(bench):
        t = LogisticRegression(C=bench.settings.concepts.C, max_iter=1000).fit(train, bench.concepts["train"][:, j])
        vectors.append(t.coef_[0] / np.where(scaler.scale_ > 0, scaler.scale_, 1))
        areas.append(roc_auc_score(bench.concepts["test"][:, j], t.decision_function(test)))
    Q = np.stack(vectors)
    return {split: own @ Q.T / (Q**2).sum(1) for split, own in phi.items()}, areas


def bottleneck(bench: Bench, values: np.ndarray, labels: np.ndarray) -> SGDClassifier:
    """g by stochastic gradient descent to scikit-learn's default stop, as the paper has it: cheaper than saga."""
    how = bench.settings.concepts
    alpha = how.lam / (values.shape[1] * len(bench.data.class_names))
    g = SGDClassifier(loss="log_loss", penalty="elasticnet", alpha=alpha, l1_ratio=how.rho, random_state=0)
    return g.fit(values, labels)


def grad_cam(bench: Bench, model: nn.Module, classes: np.ndarray) -> np.ndarray:
    """grad-cam's maps of the test images: the positive part, each scaled to its range, at the size of the image."""
    found = []
    with GradCAM(model=model, target_layers=[model.layer3]) as cam:
        for start in range(0, len(classes), BATCH):
            chosen = slice(start, start + BATCH)
            targets = [ClassifierOutputTarget(int(k)) for k in classes[chosen]]
            found.append(cam(input_tensor=bench.images["test"][chosen], targets=targets))
    return np.concatenate(found)


def drifts(bench: Bench, dense: Seen, own: Seen) -> list[tuple[str, str, float]]:
    """How far a network's evidence is from the dense network's: means over images, concepts or classes."""
    found = []
    for target in own.maps:
        first, second = (side.maps[target].reshape(len(side.predicted), -1) for side in (dense, own))
        found.append(
            ("map_spearman", target, _mean(1 - _correlated(rankdata(first, axis=1), rankdata(second, axis=1))))
        )
        tops = [side >= np.quantile(side, 1 - SHARE, axis=1, keepdims=True) for side in (first, second)]
        overlap = (tops[0] & tops[1]).sum(1) / (tops[0] | tops[1]).sum(1)
        found.append(("map_iou_20", target, _mean(1 - overlap)))
    found.append(("value_agreement", "", _mean(1 - _correlated(dense.values.T, own.values.T))))
    pairs = list(zip(dense.rows, own.rows, strict=True))
    found.append(("weight_spearman", "", _mean([1 - spearmanr(a, b).statistic for a, b in pairs])))
    k = bench.settings.concepts.top_k
    shared = [len(set(np.argsort(-a)[:k]) & set(np.argsort(-b)[:k])) / k for a, b in pairs]
    found.append(("top_k_overlap", "", 1 - _mean(shared)))
    first, second = (side.embedding - side.embedding.mean(0) for side in (dense, own))
    norms = [np.linalg.norm(side.T @ side) for side in (first, second)]
    found.append(("linear_cka", "", 1 - float(np.linalg.norm(first.T @ second) ** 2 / (norms[0] * norms[1]))))
    found.append(("flips", "", float((dense.predicted != own.predicted).mean())))
    return found


def _correlated(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each row; NaN where one is constant."""
    first, second = (side - side.mean(1, keepdims=True) for side in (first, second))
    with np.errstate(invalid="ignore"):
        return (first * second).sum(1) / np.sqrt((first**2).sum(1) * (second**2).sum(1))


def _mean(values: Any) -> float:
    return float(np.nanmean(values))


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.speed.script")
    asked.add_argument("run", type=Path, help="a folder with study.yaml and data.safetensors")
    asked.add_argument("out", type=Path, help="a folder for the tables")
    given = asked.parse_args()
    settings = read_settings(given.run)
    bench = Bench(read_dataset(given.run / DATA), settings)
    for arm in settings.study.arms:
        for seed in settings.study.seeds:
            run_arm(bench, arm, seed)
    given.out.mkdir(parents=True, exist_ok=True)
    for name, rows in bench.tables.items():
        pd.DataFrame(rows).to_csv(given.out / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()
