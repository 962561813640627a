"""An arm's drift beside that of networks of its accuracy that nothing was pruned from: was it the pruning?

A worse network explains differently, whatever made it worse. The arm ``dense-at:ARM:ROUND`` stops a dense network at
the accuracy of a ticket: what the ticket drifts beyond it comes with the pruning.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sparsight.arms import find_arm
from sparsight.config import StudySettings
from sparsight.stats import t_interval
from sparsight.verdict import Drifted
from sparsight.verdict.test import ROUNDING


def matched(
    arm: str, drifts: Mapping[str, Sequence[Drifted]], rounds: Mapping[str, Sequence[int]], settings: StudySettings
) -> Iterator[dict[str, Any]]:
    """For each primary metric, the arm's drift less that of the dense network of its accuracy, in floor units.

    Seeds are paired; the interval is Student's, of 90 %, cut where the arm's drift would leave what it can be, and
    nothing is tested.

    Args:
        arm: its name.
        drifts: of every arm.
        rounds: of every arm.
        settings: the study's.
    """
    for name in settings.study.arms:
        stop = find_arm(name).stop_at
        if stop is None or stop[0] != arm:
            continue
        column = list(rounds[arm]).index(stop[1])
        others = {one.key: one for one in drifts[name]}
        for one in drifts[arm]:
            if not one.primary or not one.floor.shape[2]:
                continue
            unit = float(one.floor[:, column].mean())
            unit = unit if unit > ROUNDING else math.nan  # without a floor there is no unit
            of_same = others[one.key].drift[:, 0]
            reference = float(of_same.mean())
            apart = (one.drift[:, column] - of_same) / unit
            mean, low, high = t_interval(apart, 0.9, (one.least - reference) / unit, (one.most - reference) / unit)
            yield {
                "arm": name,
                "round": stop[1],
                "metric": one.metric,
                "difference": mean,
                "ci_low": low,
                "ci_high": high,
            }
