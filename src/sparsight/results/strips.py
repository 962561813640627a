"""A few test images and what each network of one seed sees in them, for the report's pictures."""

from pathlib import Path

import torch
from torch import Tensor

from sparsight.arms import find_arm
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.evidence import TARGETS, read_evidence, read_metrics, shown_images
from sparsight.io import read_metadata, read_tensors, tensors_bytes
from sparsight.networks import Network
from sparsight.report import Strip, StripCell
from sparsight.runs import RESULTS
from sparsight.saliency import dead

STRIPS = "strips.safetensors"


def strips_bytes(folder: Path, settings: StudySettings, data: ConceptDataset) -> bytes:
    """``strips.safetensors``: images, masks, and maps and predictions by arm and round, of the first seed.

    The maps are signed and raw, and explain the label: arms of different rules have dense networks that may predict
    different classes, and a picture compares arms. Those by ``saliency.beside`` are there, too, where there
    are some.
    """
    places = torch.tensor(shown_images(data, settings.evidence.shown))
    indices = data.splits["test"][places]
    seed, target = settings.study.seeds[0], TARGETS.index("label")
    tensors: dict[str, Tensor] = {"images": data.images[indices].permute(0, 2, 3, 1), "labels": data.labels[indices]}
    if data.object_masks is not None:
        tensors["masks"] = data.object_masks[indices]
    remaining = {}
    for i, arm in enumerate(settings.study.arms):
        for round_ in (0, *find_arm(arm).rounds(settings.pruning.rounds)):
            network = Network(arm, seed, None, round_)
            home = folder / (network if round_ else network.dense).folder
            arrays = read_evidence(home)
            tensors[f"{i}/{round_}/maps"] = arrays["saliency/maps"][places, target]
            if settings.saliency.beside is not None:
                tensors[f"{i}/{round_}/beside"] = arrays["saliency/beside"]
            tensors[f"{i}/{round_}/predictions"] = arrays["logits/test"][places].argmax(1)
            remaining[f"{i}/{round_}"] = read_metrics(home)["weights_remaining"]
    note = {"arms": settings.study.arms, "classes": data.class_names, "weights_remaining": remaining}
    return tensors_bytes(tensors, note, "strips")


def read_strips(folder: Path) -> tuple[tuple[str, ...], tuple[Strip, ...]]:
    """The classes' names, and what ``strips_bytes`` holds.

    Raises:
        InputError: if the file is missing or damaged.
    """
    arrays = {name: tensor.numpy() for name, tensor in read_tensors(folder / RESULTS / STRIPS, "strips").items()}
    note = read_metadata(folder / RESULTS / STRIPS)
    classes = tuple(note["classes"])

    def cells(image: int, arm: int, kind: str) -> tuple[StripCell, ...]:
        rounds = sorted(int(key.split("/")[1]) for key in note["weights_remaining"] if key.startswith(f"{arm}/"))
        return tuple(
            StripCell(
                round=r,
                weights_remaining=note["weights_remaining"][f"{arm}/{r}"],
                map=arrays[f"{arm}/{r}/{kind}"][image],
                prediction=classes[int(arrays[f"{arm}/{r}/predictions"][image])],
                dead=bool(dead(torch.from_numpy(arrays[f"{arm}/{r}/{kind}"][image]))),
            )
            for r in rounds
            if f"{arm}/{r}/{kind}" in arrays
        )

    return classes, tuple(
        Strip(
            image=arrays["images"][i],
            mask=arrays["masks"][i] if "masks" in arrays else None,
            class_name=classes[int(arrays["labels"][i])],
            explained=classes[int(arrays["labels"][i])],
            arms={arm: cells(i, j, "maps") for j, arm in enumerate(note["arms"])},
            beside={arm: cells(i, j, "beside") for j, arm in enumerate(note["arms"])},
        )
        for i in range(len(arrays["images"]))
    )
