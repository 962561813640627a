"""Drifts of small networks that are retrained, as shares of the way to evidence with nothing in common.

python benchmarks/margins.py BANK [DATA] [SET...]

Networks are kept in the folder BANK and not trained twice. CUB and HAM10000 are looked for in the folder DATA and left
out where they are not there. A retrained network has the original's start and images, in another order, as those of
``--floor``. The last table holds the words of networks that are retrained, and pruned hard, at the defaults.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import prune

from sparsight.audit import audit_models
from sparsight.auditing import AuditSettings
from sparsight.data import DATA_SETTINGS, ConceptDataset, load_dataset, normalise
from sparsight.models import Given

STARTS, RETRAINS, EPOCHS, BATCH, RATE = 2, 4, 12, 50, 0.05
MOST = 1_000
"""Images that a network is trained on."""
QUANTILE = 0.95
SHARES = (0.5, 0.9)
"""Of the weights of all convolutions, the smallest of each, that are pruned without further training."""

SETS: dict[str, tuple[str, dict[str, object]]] = {
    "toybirds": ("", {"train": 600, "validation": 60, "test": 300, "image_size": 32}),
    "mnist": ("", {}),
    "cub200": ("CUB_200_2011", {"image_size": 48}),
    "ham10000": ("HAM10000", {"image_size": 32, "images": 1500}),
}


class Plain(nn.Module):
    """Three convolutions and a mean over places."""

    def __init__(self, classes: int, width: int = 24) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 2 * width)
        self.features = nn.Sequential(
            *(
                layer
                for i in range(3)
                for layer in (
                    nn.Conv2d(widths[i], widths[i + 1], 3, 2 if i < 2 else 1, 1, bias=False),
                    nn.BatchNorm2d(widths[i + 1]),
                    nn.ReLU(),
                )
            )
        )
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        out: Tensor = self.head(self.features(images).mean((2, 3)))
        return out


class Residual(nn.Module):
    """A stem and three residual blocks."""

    def __init__(self, classes: int, width: int = 24) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, width, 3, 1, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.Conv2d(width, width, 3, 1, 1, bias=False),
                nn.BatchNorm2d(width),
            )
            for _ in range(3)
        )
        self.last = nn.ReLU()
        self.head = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        x = self.stem(images)
        for i, block in enumerate(self.blocks):
            x = torch.relu(x + block(x))
            x = nn.functional.avg_pool2d(x, 2) if i == 0 else x
        out: Tensor = self.head(self.last(x).mean((2, 3)))
        return out


NETWORKS: dict[str, Callable[[int], nn.Module]] = {"plain": Plain, "residual": Residual}


def main() -> None:
    bank, data, chosen = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None, sys.argv[3:]
    bank.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, (place, own) in SETS.items():
        if (chosen and name not in chosen) or (place and (data is None or not (data / place).exists())):
            continue
        images = load_dataset(
            DATA_SETTINGS[name].model_validate({**({"path": data / place} if place and data else {}), **own})
        )
        for kind in NETWORKS:
            for start in range(STARTS):
                rows += list(_measured(images, name, kind, start, bank))
                print(f"{name}, {kind}, start {start}", file=sys.stderr, flush=True)
    found = pd.DataFrame(rows)
    found.to_csv(bank / "margins.csv", index=False)
    for line in _tables(found):
        print(line)


def _measured(data: ConceptDataset, name: str, kind: str, start: int, bank: Path) -> Iterator[dict[str, object]]:
    original = _trained(data, name, kind, start, 0, bank)
    others = {f"retrained {k}": _trained(data, name, kind, start, k, bank) for k in range(1, RETRAINS + 1)}
    others |= {f"pruned {share:.0%}": _pruned(original, data, name, kind, start, bank, share) for share in SHARES}
    known = (data.mean, data.std)
    models = [Given(label, model, normalisation=known) for label, model in others.items()]
    audit = audit_models(
        Given("original", original, normalisation=known), models, data, settings=AuditSettings(margin="default")
    )
    for model in others:
        shared = {"set": name, "network": kind, "start": start, "model": model, "word": audit.headlines[model].word}
        table = audit.verdicts[(audit.verdicts["model"] == model) & (audit.verdicts["axis"] == "similarity")]
        for row in table.to_dict("records"):
            keys = ("metric", "target", "primary", "drift", "ceiling", "share", "verdict")
            yield {**shared, **{key: row[key] for key in keys}}


def _trained(data: ConceptDataset, name: str, kind: str, start: int, order: int, bank: Path) -> nn.Module:
    torch.manual_seed(start)
    model, path = NETWORKS[kind](len(data.class_names)), bank / f"{name}-{kind}-{start}-{order}.pt"
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    train = data.splits["train"][:MOST]
    images, labels = normalise(data.images[train], data, torch.device("cpu")), data.labels[train]
    steps = EPOCHS * -(-len(train) // BATCH)
    optimiser = torch.optim.SGD(model.parameters(), RATE, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    draw = torch.Generator().manual_seed(1000 * start + order)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(train), generator=draw).split(BATCH):
            optimiser.zero_grad()
            cross_entropy(model(images[batch]), labels[batch]).backward()
            optimiser.step()
            schedule.step()
    torch.save(model.state_dict(), path)
    return model.eval()


def _pruned(
    original: nn.Module, data: ConceptDataset, name: str, kind: str, start: int, bank: Path, share: float
) -> nn.Module:
    model = _trained(data, name, kind, start, 0, bank)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            prune.l1_unstructured(module, "weight", share)
            prune.remove(module, "weight")
    return model


def _tables(found: pd.DataFrame) -> Iterator[str]:
    again = found[found["model"].str.startswith("retrained") & np.isfinite(found["share"])]
    sets = list(dict.fromkeys(again["set"]))
    yield "| metric | " + " | ".join(f"{one}: median, most" for one in sets) + f" | median | {QUANTILE:.0%} | most |"
    yield "| --- |" + " --- |" * (len(sets) + 3)
    for (metric, target), own in again.groupby(["metric", "target"], sort=False):
        by_set = [own[own["set"] == one]["share"] for one in sets]
        cells = [f"{one.median():.2f}, {one.max():.2f}" if len(one) else "–" for one in by_set]
        cells += [f"{own['share'].quantile(q):.2f}" for q in (0.5, QUANTILE, 1.0)]
        yield f"| {metric} {target} | " + " | ".join(cells) + " |"
    yield ""
    yield "| model | pairs | beyond | within | undecided | measures beyond |"
    yield "| --- | --- | --- | --- | --- | --- |"
    kinds = found["model"].str.replace(r"retrained \d+", "retrained", regex=True)
    for kind, own in found[found["primary"].astype(bool)].groupby(kinds, sort=False):
        pairs = own.groupby(["set", "network", "start", "model"])["word"].first()
        counts = [int((pairs == word).sum()) for word in ("beyond the margin", "within the margin", "undecided")]
        beyond = (own["verdict"] == "beyond the margin").mean()
        yield f"| {kind} | {len(pairs)} | {' | '.join(map(str, counts))} | {beyond:.1%} |"


if __name__ == "__main__":
    main()
