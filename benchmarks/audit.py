"""The audit of two ResNet-50 on 500 drawn images of 224 px, Grad-CAM and concepts, against two bare forward passes.

python benchmarks/audit.py [repeats]
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch.nn.utils import prune
from torchvision.models import resnet50

import sparsight
from sparsight.auditing import AuditSettings
from sparsight.data import ConceptDataset, normalise
from sparsight.data.toybirds import ToyBirdsSettings, toybirds
from sparsight.runs import machine

PIXELS, BATCH = 224, 32


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    birds = toybirds(ToyBirdsSettings(train=244, validation=12, test=244, image_size=PIXELS))
    torch.manual_seed(0)
    dense = resnet50(num_classes=len(birds.class_names))
    sparse = resnet50(num_classes=len(birds.class_names))
    sparse.load_state_dict(dense.state_dict())
    for module in sparse.modules():
        if isinstance(module, torch.nn.Conv2d):
            prune.l1_unstructured(module, "weight", 0.5)
            prune.remove(module, "weight")
    batches = [normalise(images, birds, torch.device("cpu")) for images in birds.images.split(BATCH)]
    settings = AuditSettings(margin=0.1)
    jobs: dict[str, Callable[[], object]] = {
        "two bare forward passes": lambda: [_forward(model, batches) for model in (dense, sparse)],
        "the same, channels last": lambda: [_forward(model, batches, last=True) for model in (dense, sparse)],
        "audit": lambda: sparsight.audit_models(dense, sparse, birds, settings=settings),
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    processor: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            start, own = time.perf_counter(), time.process_time()
            job()
            seconds[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - own)
    print(machine())
    print(f"{sum(map(len, batches))} images of {PIXELS} px, {_concepts(birds)}; medians of {repeats}, alternating")
    for name in jobs:
        print(f"{name:26} {_spread(seconds[name])} s, processor {_spread(processor[name])} s")
    for name in list(jobs)[:2]:
        ratios = [a / b for a, b in zip(seconds["audit"], seconds[name], strict=True)]
        own = [a / b for a, b in zip(processor["audit"], processor[name], strict=True)]
        print(f"audit over {name}: {_spread(ratios)}, by processor time {_spread(own)}")


@torch.no_grad()
def _forward(model: torch.nn.Module, batches: list[torch.Tensor], last: bool = False) -> list[torch.Tensor]:
    form = torch.channels_last if last else torch.contiguous_format
    model.eval().to(memory_format=form)
    return [model(images.contiguous(memory_format=form)) for images in batches]


def _concepts(birds: ConceptDataset) -> str:
    return f"{len(birds.concept_names)} concepts, {len(birds.class_names)} classes"


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


if __name__ == "__main__":
    main()
