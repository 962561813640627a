"""What result tables and report take, from the rows of one network and of one comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.networks import Network
from sparsight.planning.clocks import Clocks, timed
from sparsight.planning.work import compared
from sparsight.report.svg import png, svg
from sparsight.results.faithfulness import faithfulness_rows
from sparsight.results.pairs import Pair, drift_rows, image_values, pairs
from sparsight.results.tables import Looked, Row, accuracy_rows, concept_rows
from sparsight.training import one_thread

# Measured on runs of 9 to 175 networks (5,000 to 100,000 rows) on two cores of a Xeon of 2023, and scaled by how long
# the machine at hand takes for one chart. A study draws about as many charts whatever its size.
_CHART, _REPORT, _REPORT_ROW, _ALL_ROWS = 0.11, 6.6, 1.0e-4, 1.5e-5
"""Processor seconds of the chart below, of a report without rows, of a row in it, and of judging and writing a row."""
_ROW_BYTES, _REPORT_BYTES, _REPORT_ROW_BYTES = 3_400, 170 << 20, 1_100
"""Memory of a row while tables are written; of what draws; of a row in the report."""
_ROW_FILE, _REPORT_FILE, _ARM_FILE, _REPORT_ROW_FILE = 145, 2_200_000, 1_500_000, 70
"""A row as a file's line; a report's files without rows, and what an arm, whose maps are drawn, and a row add."""
_PARTS = {"ticket": 1.0, "retrain": 1.0, "seed": 0.8, "inheritance": 0.5, "refit": 0.1}
"""What a comparison takes of one of a ticket with its dense network, by kind."""
_WHOLE_ONLY = "inheritance"
"""The kind of comparison that has a row a metric, and none by class."""


@dataclass(frozen=True)
class Sample:
    """A network's evidence and numbers, and the evidence of its dense parent: what tables are made of."""

    arrays: Mapping[str, Tensor]
    dense: Mapping[str, Tensor]
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """One network's rows, one comparison and one chart.

    Attributes:
        network, pair, chart: seconds of each.
        network_rows, pair_rows: how many rows they have.
        metrics: how many metrics a comparison has.
        image_bytes: what a comparison keeps image by image.
    """

    network: Clocks
    pair: Clocks
    chart: Clocks
    network_rows: int
    pair_rows: int
    metrics: int
    image_bytes: int


@dataclass(frozen=True)
class Tables:
    """What all tables and the report of a study take.

    Attributes:
        tables, report: seconds.
        memory: bytes beyond what the process holds before.
        disk: bytes of ``results/`` and ``report/``.
    """

    tables: Clocks
    report: Clocks
    memory: int
    disk: int


def measure_tables(sample: Sample, settings: StudySettings, data: ConceptDataset) -> Measured:
    """Make the rows of one ticket and of its comparison with the dense parent, and draw a chart."""
    alone = settings.study.model_copy(update={"retrains": 0})
    network = Network(settings.study.arms[0], settings.study.seeds[0], None, 1)
    looked = Looked(
        network, (*network.place, sample.metrics["weights_remaining"]), sample.metrics, sample.arrays, sample.dense
    )

    def own() -> list[Row]:
        return [
            *accuracy_rows(looked),
            *faithfulness_rows(looked, data, settings.concepts, settings.saliency.method),
            *concept_rows(looked, data, settings.concepts),
        ]

    def comparison() -> tuple[Pair, list[Row]]:
        (pair,) = pairs([looked], settings.model_copy(update={"study": alone}), data)
        return pair, list(drift_rows(pair, data))

    with one_thread(torch.device("cpu")):
        rows, network_clocks = timed(own)
        comparison()  # loads what is first needed there
        (pair, pair_rows), pair_clocks = timed(comparison)
    _chart()
    _, chart = timed(_chart)
    kept = sum(values.nbytes for values in image_values(pair).values())
    return Measured(network_clocks, pair_clocks, chart, len(rows), len(pair_rows), len(pair.drifts), kept)


def tables(
    measured: Measured, networks: Sequence[Network], settings: StudySettings, concepts: bool, report: bool = True
) -> Tables:
    """What the tables of so many networks take, and the report if one is wanted."""
    count = compared(networks, settings, concepts)
    whole = count["ticket"] + count["retrain"] + count["seed"]
    rows = count["networks"] * measured.network_rows + whole * measured.pair_rows
    rows += count[_WHOLE_ONLY] * measured.metrics
    pairs_made = sum(part * count[kind] for kind, part in _PARTS.items())
    speed = measured.chart * (1 / _CHART)
    images = (count["ticket"] + count["retrain"]) * measured.image_bytes
    own = Tables(
        tables=measured.network * count["networks"] + measured.pair * pairs_made + speed * (_ALL_ROWS * rows),
        report=Clocks(0, 0),
        memory=rows * _ROW_BYTES + images,
        disk=rows * _ROW_FILE + images,
    )
    if not report:
        return own
    return Tables(
        own.tables,
        speed * (_REPORT + _REPORT_ROW * rows),
        max(own.memory, _REPORT_BYTES + rows * _REPORT_ROW_BYTES),
        own.disk + rows * _REPORT_ROW_FILE + _REPORT_FILE + len(settings.study.arms) * _ARM_FILE,
    )


def _chart() -> None:
    figure = Figure(figsize=(7, 4))
    axes = figure.add_subplot()
    for i in range(4):
        axes.plot([0, 1, 2, 3], [i, i + 1, i, i + 2], marker="o", label=f"arm {i}")
    axes.legend()
    png(figure)
    svg(figure, "plan")
