"""The arguments of an audit, checked before anything is looked at or written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from sparsight.arguments import check_kind, check_methods, check_path, check_whole, several
from sparsight.auditing.settings import AuditSettings
from sparsight.auditing.taking import Model
from sparsight.data import ConceptDataset
from sparsight.errors import InputError
from sparsight.models import Given

_MODEL: tuple[type, ...] = (str, Path, nn.Module, Given)
_WORDS = "a torch.nn.Module, a model's name as the command line takes it, or a sparsight.models.Given"


def check_arguments(
    original: Any,
    pruned: Any,
    data: Any,
    floor: Any,
    concepts: Any,
    masks: Any,
    image_size: Any,
    data_settings: Any,
    settings: Any,
    out: Any,
    command: Any,
    listener: Any,
    labels: Any = None,
) -> tuple[list[Model], list[Model]]:
    """Check what ``audit_models`` was passed.

    Returns:
        The models beside the original, and those retrained, as lists.

    Raises:
        InputError: naming the argument that is of a wrong kind, with what to give.
    """
    check_kind("original", original, _MODEL, _WORDS)
    models = list(several("pruned", pruned, _MODEL, _WORDS))
    if not models:
        raise InputError("audit: no model to compare with the original; name one or more")
    again = [] if floor is None else list(several("floor", floor, _MODEL, _WORDS))
    for name, each in (("original", [original]), ("pruned", models), ("floor", again)):
        for one in each:
            if isinstance(one, str):
                check_path(name, one, optional=False)
            elif isinstance(one, Given):
                check_kind(f"{name}: Given.model", one.model, nn.Module, "a torch.nn.Module")
    check_kind("data", data, (ConceptDataset, str, Path), "class folders, a data set's name, or a ConceptDataset")
    if not isinstance(data, ConceptDataset):
        check_path("data", data, optional=False)
    for name, path in (("concepts", concepts), ("masks", masks), ("out", out)):
        check_path(name, path)
    if labels is not None:
        check_kind("labels", labels, (str, Path, Sequence, Mapping), "a file, a list of names, {index: name}, or None")
        if isinstance(labels, str | Path):
            check_path("labels", labels)
    check_whole("image_size", image_size, 1)
    if data_settings is not None:
        check_kind("data_settings", data_settings, Mapping, "settings of the data by name, as {'skip_bad': True}")
        for key in data_settings:
            check_kind("data_settings: a name", key, str, "text, as 'skip_bad'")
    if settings is not None:
        check_kind("settings", settings, AuditSettings, "sparsight.auditing.AuditSettings(margin=0.1), or None")
    if command is not None:
        check_kind("command", command, str, "text, or None")
    check_methods("listener", listener, ("note", "decoded", "looking", "seen"))
    return models, again
