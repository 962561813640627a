"""What an audit was asked for, as ``audit.json`` records it: the same for a command line and for Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from sparsight.auditing.labels import Labels
from sparsight.auditing.settings import AuditSettings
from sparsight.auditing.taking import Model, distinct
from sparsight.data import ConceptDataset, data_digest
from sparsight.models import Given, check_whole, fingerprint, network_digest, users_code


@dataclass(frozen=True, eq=False)
class Images:
    """Which images an audit looks at, as they were asked for.

    Attributes:
        data: a data set that is read already; or a data set's name, ``NAME:PATH``, class folders or a run's folder.
        concepts: a CSV file of concepts, or a folder of example images.
        masks: a folder of masks, or a COCO JSON file.
        more: other settings of the data set, as ``image_size`` or ``skip_bad``.
    """

    data: ConceptDataset | str | Path
    concepts: str | None = None
    masks: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def called(self) -> str | None:
        """What the images are called; None of a data set that is read already."""
        return None if isinstance(self.data, ConceptDataset) else path_text(self.data)


def asked(
    original: Model,
    pruned: Sequence[Model],
    floor: Sequence[Model],
    images: Images,
    settings: AuditSettings,
    labels: Labels | None = None,
) -> dict[str, Any]:
    """The record. Two audits of equal records compare the same models on the same images by the same settings.

    A model by name is recorded with the SHA-256 of its files; a module, and a data set that is read already, with that
    of what they hold. Names of outputs are recorded themselves, wherever they come from, and not at all where none were
    passed.

    Raises:
        InputError: if a file of a model is missing or cannot be read, or a module's weights hold no numbers.
    """
    models = (original, *pruned, *floor)
    for model, role in zip(models, roles(len(pruned), len(floor)), strict=True):
        if not isinstance(model, str | Path):
            with users_code(f"{_name(model, role)}: looking at its weights"):
                check_whole(_name(model, role), model.model if isinstance(model, Given) else model)
    names = distinct(_name(model, role) for model, role in zip(models, roles(len(pruned), len(floor)), strict=True))
    weights = {name: _contents(model) for name, model in zip(names, models, strict=True)}
    last = 1 + len(pruned)
    held = images.data if isinstance(images.data, ConceptDataset) else None
    return {
        "original": names[0],
        "models": names[1:last],
        "floor": names[last:],
        "data": {"name": held.name, "sha256": data_digest(held)} if held is not None else images.called,
        "concepts": images.concepts,
        "masks": images.masks,
        "images": dict(images.more),
        "settings": settings.as_dict(),
        "weights": weights,
        **({} if labels is None else {"labels": list(labels.names)}),
    }


def path_text(path: str | Path) -> str:
    """A path as text, the same whether it was passed as text or as a path, with a slash behind it or without; any
    other name as it is."""
    return str(Path(path)) if isinstance(path, Path) or Path(path).exists() else path


def roles(pruned: int, floor: int) -> list[str]:
    """The part that each model has in an audit, which names those that have no name of their own."""
    return ["original", *["model"] * pruned, *["trained again"] * floor]


def _name(model: Model, role: str) -> str:
    return role if isinstance(model, nn.Module) else model.name if isinstance(model, Given) else str(model)


def _contents(model: Model) -> list[str]:
    if isinstance(model, nn.Module):
        return [network_digest(model)]
    return [network_digest(model.model)] if isinstance(model, Given) else fingerprint(str(model))
