"""The Python that makes an audit again."""

from collections.abc import Iterator, Sequence

from torch import nn

from sparsight.auditing.asked import Images
from sparsight.auditing.labels import Labels
from sparsight.auditing.settings import AuditSettings
from sparsight.auditing.taking import Model
from sparsight.models import Given


def in_python(
    models: Sequence[Model], pruned: int, images: Images, settings: AuditSettings, labels: Labels | None = None
) -> str:
    """One call; what has no name there is a variable: ``original``, ``model``, ``again``, ``data``.

    Args:
        models: the original, the others, and those retrained.
        pruned: how many the others are.
        images: which ones, and how they are read.
        settings: of which those are written that are not the default.
        labels: names of the outputs of models that have none.
    """
    first, *others = _expressions(models, pruned)
    parts = [first, f"[{', '.join(others[:pruned])}]", "data" if images.called is None else repr(images.called)]
    if others[pruned:]:
        parts.append(f"floor=[{', '.join(others[pruned:])}]")
    more = dict(images.more)
    size = more.pop("image_size", None)
    names = None if labels is None else labels.path or list(labels.names)
    named = {
        "concepts": images.concepts,
        "masks": images.masks,
        "labels": names,
        "image_size": size,
        "data_settings": more or None,
    }
    parts += [f"{name}={value!r}" for name, value in named.items() if value is not None]
    if own := settings.model_dump(mode="json", exclude_defaults=True):
        written = ", ".join(f"{name}={value!r}" for name, value in own.items())
        parts.append(f"settings=sparsight.auditing.AuditSettings({written})")
    return f"sparsight.audit_models({', '.join(parts)})"


def _expressions(models: Sequence[Model], pruned: int) -> Iterator[str]:
    variables = ["original", *_numbered("model", pruned), *_numbered("again", len(models) - 1 - pruned)]
    for model, variable in zip(models, variables, strict=True):
        if isinstance(model, nn.Module):
            yield variable
        else:
            yield repr(model.name if isinstance(model, Given) else str(model))


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}_{k + 1}" for k in range(count)]
