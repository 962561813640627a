"""Whether networks that are passed as retrained can be: own weights, an accuracy and drifts like the others'."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from sparsight.auditing.look import Look
from sparsight.auditing.settings import FloorSettings
from sparsight.comparison import Drift
from sparsight.errors import InputError
from sparsight.models import Given
from sparsight.stats import mean
from sparsight.verdict import LEAST_FLOOR, PairedShares, VerdictSettings

DEFAULT = FloorSettings()
NAMED = 0.6
"""Of a limit, its default at the most, as a share (of ``most_apart``, of its logarithm): what lies beyond is named,
also where a higher limit allows it."""

SAME = 1e-3
"""Of the standard deviation of a network's logits: rounding and noise of 1e-6 stay below, a retraining far above."""


def check_weights(given: Sequence[Given], floor: int) -> None:
    """Refuse a floor that holds a network twice, the original, or a model that is judged by it.

    Equal are networks whose parameters are, in their order, whatever their names, and in whatever precision they were
    saved.

    Args:
        given: the original, the models, the retrained networks.
        floor: how many the last are.

    Raises:
        InputError: naming both networks.
    """
    first = len(given) - floor
    for place, one in enumerate(given[first:], start=first):
        for other in given[:place]:
            if one.model is other.model or _equal(_parameters(one.model), _parameters(other.model)):
                raise _same(one.name, other.name, "hold the same weights")


def check_answers(looks: Sequence[Look], floor: int) -> None:
    """Refuse the same where weights cannot be compared, as those of permuted channels: by logits that are the same up
    to ``SAME`` of their standard deviation on every test image, which no retraining gives.

    Raises:
        InputError: naming both networks.
    """
    first = len(looks) - floor
    for place, one in enumerate(looks[first:], start=first):
        for other in looks[:place]:
            apart = (one.seen.logits.double() - other.seen.logits.double()).abs().max()
            if bool(apart <= SAME * other.seen.logits.double().std()):
                raise _same(one.name, other.name, "give the same numbers for every test image")


def check_accuracy(
    original: Look, again: Sequence[Look], settings: FloorSettings, verdict: VerdictSettings
) -> Iterator[str]:
    """Networks whose accuracy is not that of the original retrained: those that are within the limit, a line each.

    Accuracies differ where McNemar's exact test shows it, at a level that all share; and they are named from a
    part of ``most_lost`` on (``NAMED``).

    Raises:
        InputError: for one that is further from the original's than ``most_lost``.
    """
    before = (original.predictions == original.seen.labels).numpy()
    for one in again:
        right = (one.predictions == one.seen.labels).numpy()
        pair = PairedShares(int((right & ~before).sum()), int((before & ~right).sum()), len(right))
        if pair.p_differ() > verdict.level / len(again) or abs(pair.value) <= NAMED * min(
            settings.most_lost, DEFAULT.most_lost
        ):
            continue
        text = (
            f"{one.name}, of the floor, answers {mean(right):.3f} of the test images right, the original "
            f"{mean(before):.3f}"
        )
        if abs(pair.value) > settings.most_lost:
            raise InputError(
                f"{text}: further apart than {settings.most_lost:g}, so that it is not the original retrained; leave "
                "it out or retrain it, or --set floor.most_lost=X allows more"
            )
        yield f"CAUTION: {text}; if it was retrained otherwise, the floor is too high"


def check_drifts(
    again: Sequence[Look], drifts: Sequence[Sequence[Drift]], settings: FloorSettings, verdict: VerdictSettings
) -> Iterator[str]:
    """Networks whose drifts from the original are unlike the others': those that are within the limit, a line each.

    A network's drift is held against the median of the floor's, metric by metric over the primary ones, and the median
    of these ratios decides: neither one network nor one metric alone moves it. Differences below the least margin are
    none.

    Raises:
        InputError: for one whose ratio is beyond ``most_apart``, or below 1 over it.
    """
    if len(again) < LEAST_FLOOR:
        return
    found = [{one.metric: mean(one.values) for one in own if one.primary} for own in drifts]
    ratios = [_ratio(own, found, verdict.least_margin) for own in found]
    for one, ratio in sorted(zip(again, ratios, strict=True), key=lambda each: -abs(np.log(each[1]))):
        times = f"{ratio:.2g} times" if ratio >= 1 else f"1/{1 / ratio:.2g} of"
        text = f"{one.name}, of the floor, is {times} as far from the original as the floor's median"
        if abs(np.log(ratio)) > np.log(settings.most_apart):
            raise InputError(
                f"{text}: beyond {settings.most_apart:g} times, so that the floor's networks are not alike; leave it "
                "out or retrain it, or --set floor.most_apart=X allows more"
            )
        if abs(np.log(ratio)) > NAMED * np.log(min(settings.most_apart, DEFAULT.most_apart)):
            yield f"CAUTION: {text}; if it was retrained otherwise, the floor is wrong"


def _ratio(own: Mapping[str, float], found: Sequence[Mapping[str, float]], least: float) -> float:
    ratios = []
    for metric, value in own.items():
        middle = float(np.nanmedian([each[metric] for each in found])) if not np.isnan(value) else np.nan
        if np.isnan(middle):
            continue
        alike = abs(value - middle) < least
        ratios.append(1.0 if alike else float(np.clip(value / middle, 1e-3, 1e3)) if middle > 0 else 1e3)
    return float(np.median(ratios)) if ratios else 1.0


def _parameters(model: nn.Module) -> list[Tensor]:
    """The numbers that training moves; of a network without any, those that it keeps."""
    found: list[Tensor] = [*model.parameters()] or [*model.buffers()]
    return [one.detach() for one in found if one.is_floating_point()]


def _equal(first: Sequence[Tensor], second: Sequence[Tensor]) -> bool:
    """Whether two networks' tensors are equal, or would be in half precision: one may have been saved in it."""
    if not first or [one.shape for one in first] != [other.shape for other in second]:
        return False
    try:
        return any(
            all(torch.equal(one.cpu().to(kind), other.cpu().to(kind)) for one, other in zip(first, second, strict=True))
            for kind in (torch.float16, torch.bfloat16)
        )
    except (RuntimeError, NotImplementedError, TypeError):  # numbers of a kind that is not read: answers are compared
        return False


def _same(one: str, other: str, what: str) -> InputError:
    return InputError(
        f"{one} and {other}: {what}; networks of the floor are the original retrained, each another time: leave one out"
    )
