"""What every model scores, holds and was shown, the original and those trained again among them."""

import math
from collections.abc import Sequence

import pandas as pd

from sparsight.report.audit.data import AuditData
from sparsight.report.audit.words import metric_of, short
from sparsight.report.constant import ConstantAnswer
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, number, percent, plain, sentence

_ROLES = {"original": "the original", "model": "compared", "floor": "trained again"}


def accuracy_sheet(data: AuditData) -> Sheet | None:
    """A row a model, a column a measure; last the constant answer. None where nothing was measured."""
    columns = list(dict.fromkeys(data.accuracy[["of", "metric"]].itertuples(index=False, name=None)))
    found: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for model, role, of, metric, value in data.accuracy[["model", "role", "of", "metric", "value"]].itertuples(
        index=False, name=None
    ):
        found.setdefault((str(model), str(role)), {})[of, metric] = float(value)
    if not found:
        return None
    rows = [
        (
            *(short(data, model, 80), _ROLES.get(role, role)),
            *(number(own.get(column, math.nan)) for column in columns),
        )
        for (model, role), own in found.items()
    ]
    if data.constant is not None:
        of_constant = (number(_constant(data.constant, of, metric)) for of, metric in columns)
        rows.append((data.constant.words(60), "the constant answer", *of_constant))
    header = ("Model", "Role", *(_words(data, of, metric) for of, metric in columns))
    caption = "What every model scores on the test images."
    return Sheet("accuracy", caption, (Table("Test images", header, tuple(rows)),), _with_constant(data, columns))


def _with_constant(data: AuditData, columns: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """The rows of all models, and last those of the constant answer, of the scores that it has."""
    if data.constant is None:
        return data.accuracy
    scores = ((of, metric, _constant(data.constant, of, metric)) for of, metric in columns)
    name = f"always {data.constant.label}"
    rows = [(name, "constant", *score) for score in scores if math.isfinite(score[2])]
    last = pd.DataFrame(rows, columns=["model", "role", "of", "metric", "value"])
    return pd.concat((data.accuracy, last[list(data.accuracy.columns)]))


def _constant(answer: ConstantAnswer, of: str, metric: str) -> float:
    """What the constant answer scores; not a number for what is no score of answers."""
    scores = {"accuracy": answer.share, "balanced_accuracy": answer.balanced}
    return scores.get(metric, math.nan) if of in ("f", "g") else math.nan


def models_sheet(data: AuditData) -> Sheet | None:
    """A row a model: what it holds, and the images that it was shown. None where that was not recorded."""
    if not data.inputs:
        return None
    rows = [
        (
            short(data, one.name, 80),
            NO_VALUE if one.parameters is None else f"{one.parameters:,}",
            percent(one.zeros),
            " x ".join(map(str, one.size)),
            NO_VALUE if one.expected is None else f"{one.expected}",
            *(three(own) for own in (one.mean, one.deviation)),
            plain(sentence(one.source), 120) if one.source else NO_VALUE,
        )
        for one in data.inputs
    ]
    header = ("Model", "Parameters", "Zeros", "Pixels", "Expected", "Mean", "Deviation", "Mean and deviation are")
    caption = (
        "What every model holds, and how the test images were handed to it. Zeros: share of the weights of its "
        "convolutions, linear, attention and recurrent layers. Expected: side in pixels of the images that it is for."
    )
    frame = pd.DataFrame(
        [
            {
                "model": one.name,
                "role": one.role,
                "parameters": one.parameters,
                "zeros": one.zeros,
                "height": one.size[0],
                "width": one.size[1],
                "expected": one.expected,
                **{f"mean_{k}": value for k, value in zip("rgb", one.mean, strict=True)},
                **{f"deviation_{k}": value for k, value in zip("rgb", one.deviation, strict=True)},
                "source": one.source,
            }
            for one in data.inputs
        ]
    ).astype({"parameters": "Int64", "expected": "Int64"})
    return Sheet("models", caption, (Table("The models", header, tuple(rows)),), frame)


def three(own: Sequence[float]) -> str:
    """A number for each channel; one where they share it."""
    return f"{own[0]:.4g}" if len(set(own)) == 1 else " ".join(f"{value:.4g}" for value in own)


def _words(data: AuditData, of: str, metric: str) -> str:
    if metric == "auroc" and of == "concepts":
        return metric_of(data, "concept_auroc")
    return sentence(metric_of(data, metric, method=of))
