"""Read ``results/`` back as what a report shows."""

import csv
import io
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sparsight.arms import find_arm
from sparsight.config import StudySettings, load_study, presets_on
from sparsight.data import SPLITS
from sparsight.errors import DamagedError, InputError
from sparsight.evidence import METRICS, has_concepts, read_metrics
from sparsight.io import read_cell, read_json
from sparsight.networks import plan
from sparsight.plain import open_plain
from sparsight.report import COLUMNS, ConstantAnswer, ReportData
from sparsight.results.answers import answer_notices, constant_of
from sparsight.results.looks import look_notices
from sparsight.results.notices import coarse_notices, notices, undefined_notices
from sparsight.results.rules import VERDICT, other_rules
from sparsight.results.strips import STRIPS, read_strips
from sparsight.results.write import DRIFT
from sparsight.runs import RESULTS, STUDY, check_result, read_manifest
from sparsight.training import augmentation_words

_TEXT = {
    "arm",
    "reference_arm",
    "split",
    "model",
    "metric",
    "method",
    "target",
    "unit",
    "unit_id",
    "class",
    "concept",
    "family",
    "switch",
    "axis",
    "verdict",
    "reason",
}
_COUNT = {
    "released",
    "seed",
    "round",
    "rank",
    "reference_seed",
    "reference_repeat",
    "reference_round",
    "seeds",
    "retrains",
}


RESULT_FILES = tuple(f"{RESULTS}/{name}" for name in (*(f"{name}.csv" for name in COLUMNS), DRIFT, VERDICT, STRIPS))
"""The files of results, by their places in a run."""


def read_results(folder: Path, settings: StudySettings, manifest: Mapping[str, Any]) -> ReportData:
    """Everything that the report of a run shows.

    Raises:
        InputError: if a table is missing, damaged, or made by other rules.
    """
    networks = plan(settings)
    for name in (*RESULT_FILES, *(f"{network.folder}/{METRICS}" for network in networks)):
        check_result(folder, manifest, name)
    if why := other_rules(folder):
        raise InputError(f"{folder / RESULTS}: {why}")
    tables = {name: read_table(folder / RESULTS / f"{name}.csv", columns) for name, columns in COLUMNS.items()}
    (classes, strips), judged = read_strips(folder), read_json(folder / RESULTS / VERDICT, "verdict")
    design, first = settings.study, read_metrics(folder / networks[0].folder)
    line = constant_of(folder, networks)
    epochs = settings.training.epochs
    tested = manifest["images"]["test"]
    again = f"{min(settings.evidence.interventions, tested)} of {tested} test images"
    return ReportData(
        title=f"sparsight study: {_called(settings)}",
        preset=folder.name,
        command=command(folder, settings),
        settings=settings.as_dict(),
        arms=design.arms,
        rules={arm: find_arm(arm).control for arm in design.arms},
        parents={arm: find_arm(arm).parent for arm in design.arms},
        seeds=design.seeds,
        rounds=settings.pruning.rounds,
        classes=classes,
        accuracy=tables["accuracy"],
        faithfulness=tables["faithfulness"],
        concepts=tables["concepts"],
        drift=tables["drift"],
        ablation=tables["ablation"],
        verdict=tables["verdict"],
        judged=judged,
        strips=strips,
        notices=(
            *answer_notices(folder, networks, classes, settings.verdict.level),
            *notices(folder, networks, manifest, settings.saliency.method),
            *undefined_notices(tables["drift"]),
            *coarse_notices(judged),
            *look_notices(settings),
        ),
        constant=ConstantAnswer(classes[line.label], line.share, line.balanced),
        facts={
            **{f"arm {name}": find_arm(name).summary for name in design.arms},
            "network": f"{settings.model.name}, {epochs} epoch{'s' * (epochs != 1)} a round",
            "images": ", ".join(f"{manifest['images'][split]} {split}" for split in SPLITS),
            "augmentation": augmentation_words(settings.training, settings.data.flip),
            **({"scenes drawn again": again} if "interventions" in first else {}),
            "networks trained": str(len(networks)),
            "wall time": f"{_duration(manifest['wall_seconds'])} for networks and tables; reading the images, writing "
            "this page and sessions that were broken off are not counted",
            "machine": manifest["machine"],
        },
        versions=manifest["versions"],
        has_concepts=has_concepts(first),
        results={name: manifest["files"][name] for name in RESULT_FILES},
    )


def _called(settings: StudySettings) -> str:
    """A user's folder of images by its own name."""
    data = settings.data
    return (data.path.name if data.name == "folder" else "") or data.name


def result_flaws(folder: Path) -> list[DamagedError]:
    """What is wrong with the manifest and the files of results of a run; what is missing is not wrong."""
    try:
        manifest = read_manifest(folder)
    except DamagedError as error:
        return [error]
    except InputError:
        return []
    flaws = []
    for name in RESULT_FILES:
        try:
            check_result(folder, manifest, name)
        except DamagedError as error:
            flaws.append(error)
        except InputError:
            continue
    return flaws


def command(folder: Path, settings: StudySettings) -> str:
    """The command that makes the run again somewhere else."""
    for name in presets_on(settings.data.name):
        for option in ("", " --quick"):
            try:
                same = settings == load_study(name, quick=bool(option))
            except InputError:  # a preset without quick settings
                continue
            if same:
                return f"sparsight study {name}{option}"
    return f"sparsight study {shlex.quote(str(folder / STUDY))} --out NEW_FOLDER"


def read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """A result table with every digit as written; empty numbers are NaN, and text is text whatever it spells.

    Raises:
        InputError: if the file is missing, has other columns, or holds a word where a number belongs.
    """
    remedy = "run the study's command again to have it made"
    try:
        with open_plain(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
            header, *rows = csv.reader(text)
        if tuple(header) != columns:
            raise ValueError("it has other columns than a result table")
        cells = dict(zip(columns, zip(*rows, strict=True) if rows else ((),) * len(columns), strict=True))
        return pd.DataFrame({name: _column(name, values) for name, values in cells.items()})
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error}); {remedy}") from None


def _column(name: str, values: Sequence[str]) -> "pd.Series[Any]":
    if name in _TEXT:
        return pd.Series([read_cell(value) for value in values], dtype="str")
    if name in _COUNT:
        return pd.Series([int(value) for value in values], dtype="int64")
    return pd.Series([float(value or "nan") for value in values], dtype="float64")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
