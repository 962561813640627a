"""A run's numbers as curves: of every training by epoch, and of every arm and seed by round."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import pandas as pd

from sparsight.arms import TICKET, read_log
from sparsight.networks import Network
from sparsight.report import ReportData

_TRAINING = {
    "training/loss": "loss",
    "training/accuracy": "accuracy",
    "training/learning_rate": "learning_rate",
    "validation/accuracy": "validation_accuracy",
}
"""What is shown of an epoch, and its name in ``training.jsonl``."""
_ACCURACY = ("split", "model", "metric")
_PLACE = ("arm", "seed", "repeat", "round")
_DRIFT = ("family", "metric", "method", "target")


@dataclass(frozen=True)
class Scalar:
    """One point of a curve.

    Attributes:
        tag: the curve's name; slashes group curves.
        step: the epoch or the round.
        value: the number.
        time: when it was known, in seconds since 1970.
    """

    tag: str
    step: int
    value: float
    time: float


Curves = Mapping[str, Sequence[Scalar]]
"""Points by the folder, relative and with slashes, that a viewer takes for one run."""


def training_curves(folder: Path, networks: Sequence[Network]) -> Curves:
    """Loss, accuracies and learning rate of each training that is done, by epoch from 0, in the network's folder.

    A log holds how long each epoch took, and the ticket's file when the last one had ended.

    Args:
        folder: the run's.
        networks: those of its plan.

    Raises:
        DamagedError: if a log is not whole.
    """
    done = [network for network in networks if (folder / network.folder / TICKET).exists()]
    return {network.folder: list(_epochs(folder / network.folder)) for network in done}


def _epochs(home: Path) -> Iterator[Scalar]:
    log = read_log(home)
    time = (home / TICKET).stat().st_mtime - sum(epoch.seconds for epoch in log)
    for epoch in log:
        time += epoch.seconds
        for tag, name in _TRAINING.items():
            value = epoch.as_dict()[name]
            if value is not None:
                yield Scalar(tag, epoch.epoch, value, time)


def result_curves(data: ReportData, time: float) -> Curves:
    """What the result tables hold of each arm and seed, and of each parent and control, by round.

    Every accuracy by split, model and metric; the mean drift from the dense parent by family, metric, method and
    target; and the share of the weights that is left. An empty cell is no point.

    Args:
        data: the result tables.
        time: when they were written.
    """
    found: defaultdict[str, list[Scalar]] = defaultdict(list)
    for prefix, rows, names, column in (
        ("", data.accuracy, _ACCURACY, "value"),
        ("drift", _from_the_parent(data.drift), _DRIFT, "value"),
        ("weights_remaining", data.accuracy.drop_duplicates(list(_PLACE)), (), "weights_remaining"),
    ):
        for row in rows[rows[column].notna()].to_dict("records"):
            tag = "/".join(part for part in (prefix, *(row[name] for name in names)) if part)
            found[_home(*(row[name] for name in _PLACE[:3]))].append(Scalar(tag, row["round"], row[column], time))
    return found


def _from_the_parent(drift: pd.DataFrame) -> pd.DataFrame:
    """The means of what tickets and controls are compared with for verdicts; not parents of two seeds, nor refits."""
    of_networks = ~drift["arm"].str.startswith(("dense:", "refit:")) & (drift["unit"] == "all")
    return drift[of_networks & drift["reference_arm"].str.startswith("dense:")]


def _home(arm: str, seed: int, repeat: float) -> str:
    """The folder of what differs in the round alone."""
    first = Network(arm, seed, None if isnan(repeat) else int(repeat), 0)
    return first.folder if first.kind != "ticket" else first.folder.rpartition("/")[0]
