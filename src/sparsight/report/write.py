"""A report on disk: ``index.html``, ``report.json`` and its schema, ``figures/``, ``tables/``, and a list of it all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sparsight.io import write_bytes, write_list
from sparsight.report.charts import CONTROL, charts
from sparsight.report.contents import contents
from sparsight.report.data import ReportData
from sparsight.report.export import csv, latex_concepts
from sparsight.report.files import File, ShownChart, write_chart, write_figure, write_schema, write_sheet
from sparsight.report.measures import Measures, beside_name, maps_name, measures
from sparsight.report.page import page
from sparsight.report.sheets import sheets
from sparsight.report.strips import strip_figure
from sparsight.report.tables import ConceptTable, concept_table, shared_frame
from sparsight.report.text import plain, sentence

INDEX = "index.html"
PAGES = (INDEX, "report.json")
"""What every report has at its top."""
LIST_KIND = "report"


def write_report(data: ReportData, folder: Path) -> Path:
    """Write a report.

    Every file appears whole or not at all; no file's name is made of a name in the data, and the same data give the
    same bytes (with the same libraries).

    Args:
        data: what to show.
        folder: where; it is made if it is missing, files of an older report are replaced or removed, and those of
            others stay.

    Returns:
        The path of ``index.html``.
    """
    measured = measures(data)
    shared = shared_frame(data)
    concepts = [concept_table(data, shared, arm, CONTROL) for arm in data.arms] if len(shared) else []
    found = sheets(data, measured)
    shown, drawn = _write_charts(data, measured, folder)
    written = [
        *drawn,
        *_write_strips(data, folder),
        *(write_sheet(sheet, folder) for sheet in found.values()),
        *_write_concepts(shared, concepts, folder),
        File("report", (".json",), "The numbers of this page for programs; its schema is schema.json."),
        write_schema("sparsight.report", folder),
    ]
    write_bytes(folder / "report.json", _json(contents(data, measured, shared, found, written)))
    index = folder / INDEX
    write_bytes(index, page(data, measured, shown, concepts, found, written))
    write_list(folder, {INDEX, *(f"{file.path}{suffix}" for file in written for suffix in file.suffixes)}, LIST_KIND)
    return index


def _json(value: dict[str, Any]) -> bytes:
    """On one line: with a line a value, the lists of 200 classes would take half as much again."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return f"{text}\n".encode()


def _write_charts(data: ReportData, measured: Measures, folder: Path) -> tuple[list[ShownChart], list[File]]:
    shown, written = [], []
    for chart in charts(data, measured):
        own, file = write_chart(chart.figure, chart.slug, chart.section, chart.caption, folder)
        shown.append(own)
        written.append(file)
    return shown, written


def _write_strips(data: ReportData, folder: Path) -> list[File]:
    written = []
    for index, arm in enumerate(data.arms):
        if any(strip.arms.get(arm) for strip in data.strips):
            maps, beside = maps_name(data), beside_name(data)
            caption = f"{sentence(maps)}{'' if beside is None else f' and {beside}'} of {plain(arm)}, image by round."
            figure = strip_figure(data.strips, arm, maps, beside)
            written.append(write_figure(figure, f"strips-{index}", caption, folder))
    return written


def _write_concepts(shared: pd.DataFrame, concepts: Sequence[ConceptTable], folder: Path) -> list[File]:
    """Every seed's concepts as CSV; those of the first seed as LaTeX, one file an arm."""
    if not concepts:
        return []
    write_bytes(folder / "tables/concepts.csv", csv(shared))
    written = [File("tables/concepts", (".csv",), "The top concepts of each class: all networks.")]
    for index, table in enumerate(concepts):
        path = f"tables/concepts-{index}"
        write_bytes(folder / f"{path}.tex", latex_concepts(table))
        written.append(File(path, (".tex",), f"The top concepts of each class under {plain(table.arm)}: first seed."))
    return written
