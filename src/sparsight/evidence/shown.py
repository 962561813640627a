"""The test images that a report shows, and their maps by a second method."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.data import ConceptDataset, normalise
from sparsight.evidence.settings import EvidenceSettings
from sparsight.models import Split
from sparsight.saliency import SaliencySettings, maps_of

MOST = 8


def shown_images(data: ConceptDataset, first: Sequence[str] = ()) -> list[int]:
    """Places in the test split of ``MOST`` images at most: one a class, of many classes some, of few classes more.

    Args:
        data: the data set.
        first: names of classes to be among them, before all others; those that have no test image are passed over.
    """
    labels = data.labels[data.splits["test"]]
    present = labels.unique().tolist()
    known = {data.class_names[k]: k for k in present}
    named = [known[name] for name in dict.fromkeys(first) if name in known][:MOST]
    others, room = [k for k in present if k not in named], MOST - len(named)
    spread = named + ([others[i * len(others) // room] for i in range(room)] if len(others) > room else others)
    each = max(1, MOST // len(spread)) if len(spread) < MOST // 2 else 1
    members = [(labels == k).nonzero()[:, 0] for k in spread]
    return [int(found[i * len(found) // each]) for found in members for i in range(min(each, len(found)))]


def check_shown(data: ConceptDataset, first: Sequence[str]) -> list[str]:
    """Say which of the classes that are to be shown first cannot be."""
    present = {data.class_names[k] for k in data.labels[data.splits["test"]].unique().tolist()}
    names = list(dict.fromkeys(first))
    absent = [name if len(name) <= 80 else f"{name[:60]}..." for name in names if name not in present]
    if not absent:
        return []
    return [f"evidence.shown: {len(absent)} of {len(names)} classes have no test image: {', '.join(absent)}"]


def maps_beside(
    model: nn.Module,
    split: Split,
    data: ConceptDataset,
    settings: EvidenceSettings,
    saliency: SaliencySettings,
    device: torch.device,
) -> Float[Tensor, "m h w"] | None:
    """Maps by ``saliency.beside`` of the images that a report shows, each explained for its label; None without."""
    if saliency.beside is None:
        return None
    chosen = data.splits["test"][shown_images(data, settings.shown)]
    images, labels = normalise(data.images[chosen], data, device), data.labels[chosen].to(device)
    return maps_of(model, split, images, labels[:, None], saliency.second).maps[:, 0].cpu()
