"""A whole study of ToyBirds, each side in a fresh process, beside a straightforward script (``plain``).

Arms, seeds, rounds and controls are the same, and both find the data set drawn. The size is one seed and one pruned
round, run twice at most; with ``SPARSIGHT_BENCH_FULL=1`` it is the default study once, which takes about half an hour.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from benchmarks.speed.bench import DiffersError, Row, compare, peer, same
from sparsight.config import StudySettings, load_study
from sparsight.data import load_dataset, staged_dataset
from sparsight.networks import plan
from sparsight.runs import DATA, open_run

FULL = "SPARSIGHT_BENCH_FULL"
SMALL = {"study": {"seeds": [0]}, "pruning": {"rounds": 2}}
QUICK = {
    "data": {"train": 160, "validation": 40, "test": 80},
    "training": {"epochs": 1},
    "pruning": {"rounds": 2},
    "study": {"seeds": [0]},
    "evidence": {"interventions": 4, "sanity": 16},
}
ACCURACY, DENSITY, LISTS = 0.1, 1e-3, 0.25
"""How far accuracies of networks that are no pair of twins may be apart, in the mean over an arm's networks; shares of
the weights; and how much of the dense network's lists of concepts must be the same. By chance 0.09 is."""


def rows(repeats: int, quick: bool) -> Iterator[Row]:
    for name in ("sklearn", "pytorch_grad_cam"):
        peer(name)
    full = bool(os.environ.get(FULL)) and not quick
    runs = 1 if full else min(repeats, 2)
    settings = load_study("toybirds", overrides=QUICK if quick else None if full else SMALL)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "study.yaml").write_text(yaml.safe_dump(settings.as_dict()))
        begun = folder / "begun"
        with open_run(begun, settings), staged_dataset(begun / DATA, load_dataset(settings.data)):
            pass
        number = count()
        last: dict[str, Path] = {}
        controls: list[float] = []

        def ours() -> None:
            last["ours"] = run = folder / f"run-{next(number)}"
            shutil.copytree(begun, run)
            _run("sparsight", "study", folder / "study.yaml", "--out", run)

        def script() -> None:
            last["script"] = out = folder / f"tables-{next(number)}"
            _run("benchmarks.speed.plain", begun, out)
            controls.append(json.loads((out / "seconds.json").read_text())["controls"])

        row = compare(
            f"study of ToyBirds, everything, with its report: {_words(settings)}",
            "script over torch, torch.nn.utils.prune, scikit-learn, grad-cam, scipy, with the same controls; without "
            f"verdicts and report ({runs} runs)",
            ours, script, target=2, faster=True, checked="", repeats=runs, warm=False,
        )  # fmt: skip
        checked = "not at this size" if quick else _alike(*(_tables(last[side]) for side in ("ours", "script")))
        yield replace(row, checked=checked)
        yield replace(
            row,
            against="the script without what its evidence is read against (probe, random directions, shuffled labels, "
            "refits, randomised networks, interventions), which the study makes all the same",
            pairs=tuple((ours, script - own) for (ours, script), own in zip(row.pairs, controls, strict=True)),
            checked="as above",
        )


def _run(module: str, *words: object) -> None:
    said = subprocess.run([sys.executable, "-m", module, *map(str, words)], capture_output=True, text=True, check=False)
    if said.returncode:
        raise DiffersError(f"{module} failed: {said.stderr.strip().splitlines()[-1:]}")


def _words(settings: StudySettings) -> str:
    design, data = settings.study, settings.data
    return (
        f"{len(design.seeds)} seed{'s' * (len(design.seeds) > 1)}, {settings.pruning.rounds} rounds of "
        f"{settings.training.epochs} epochs, arms {' and '.join(design.arms)}, retrains {design.retrains}: "
        f"{len(plan(settings))} networks of {settings.model.name}, {data.train:,} images of {data.image_size} px"  # type: ignore[union-attr]
    )


def _tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Accuracies and lists of concepts of dense networks and tickets, from either side's tables."""
    results = folder / "results"
    place = results if results.exists() else folder
    tables = {name: pd.read_csv(place / f"{name}.csv") for name in ("accuracy", "concepts")}
    accuracy = tables["accuracy"]
    if "metric" in accuracy:
        tables["accuracy"] = accuracy[(accuracy["metric"] == "accuracy") & accuracy["model"].isin(("f", "g"))]
    return {
        name: table[table["repeat"].isna() & ~table["arm"].str.contains(":") & (table.get("split", "test") != "train")]
        for name, table in tables.items()
    }


def _alike(ours: Mapping[str, pd.DataFrame], script: Mapping[str, pd.DataFrame]) -> str:
    """Whether both did the same work, in words.

    Raises:
        DiffersError: if networks, densities, accuracies or the dense networks' lists of concepts differ.
    """
    key = ["arm", "seed", "round", "split", "model"]
    both = ours["accuracy"].merge(script["accuracy"], on=key, suffixes=("", "_script"))
    if not len(both) == len(ours["accuracy"]) == len(script["accuracy"]):
        raise DiffersError("the tables name other networks")
    density = float((both["weights_remaining"] - both["weights_remaining_script"]).abs().max())
    by_arm = both.assign(apart=both["value"] - both["value_script"]).groupby(["arm", "model"])["apart"].mean().abs()
    lists = [
        table[table["round"] == 0].groupby(["arm", "seed", "class"])["concept"].agg(set)
        for table in (ours["concepts"], script["concepts"])
    ]
    shared = float(np.mean([len(own & lists[1][place]) / len(own) for place, own in lists[0].items()]))
    if shared < LISTS:
        raise DiffersError(f"the dense networks' lists of concepts share {shared:.2f}, wanted is {LISTS}")
    return "; ".join(
        (
            same("densities", density, DENSITY),
            same("mean accuracies of f and g by arm", float(by_arm.max()), ACCURACY),
            f"{shared:.0%} of the dense networks' lists are shared",
        )
    )
