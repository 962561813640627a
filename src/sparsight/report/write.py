"""A report on disk: ``index.html``, ``figures/`` and ``tables/``."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sparsight.io import write_bytes
from sparsight.report.ablation import ablation_table, ablations
from sparsight.report.charts import CONTROL, charts
from sparsight.report.data import ReportData
from sparsight.report.export import csv, latex, latex_concepts
from sparsight.report.files import File, ShownChart, write_chart, write_figure, write_sheet
from sparsight.report.measures import Measures, beside_name, maps_name, measures
from sparsight.report.page import page, verdict_sheets
from sparsight.report.strips import strip_figure
from sparsight.report.tables import ConceptTable, by_round, concept_table, long_frame, shared_frame
from sparsight.report.text import plain, sentence


def write_report(data: ReportData, folder: Path) -> Path:
    """Write a report.

    Every file appears whole or not at all; no file's name is made of a name in the data, and the same data give the
    same bytes (with the same libraries).

    Args:
        data: what to show.
        folder: where; it is made if it is missing, and files of an older report are replaced.

    Returns:
        The path of ``index.html``.
    """
    measured = measures(data)
    shared = shared_frame(data)
    concepts = [concept_table(data, shared, arm, CONTROL) for arm in data.arms] if len(shared) else []
    sheets = verdict_sheets(data)
    shown, drawn = _write_charts(data, measured, folder)
    written = [
        *drawn,
        *_write_strips(data, folder),
        *(write_sheet(sheet, folder) for sheet in sheets.values()),
        *_write_tables(data, measured, folder),
        *_write_concepts(shared, concepts, folder),
    ]
    index = folder / "index.html"
    write_bytes(index, page(data, measured, shown, concepts, sheets, written))
    return index


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


def _write_tables(data: ReportData, measured: Measures, folder: Path) -> list[File]:
    """The tables by round: their numbers as CSV, one ``tabular`` an arm as LaTeX."""
    tables = {
        "accuracy": (
            "Test accuracy of f, g, a linear probe and g on random concepts."
            if data.has_concepts
            else "Test accuracy of f and a linear probe.",
            [measured.f, measured.probe, measured.g, measured.random],
        ),
        "accuracy-unequal": ("Balanced accuracy and AUROC of f and g.", list(measured.unequal)),
        "concepts-shared": ("Share of the top concepts that the dense network has, too.", [measured.shared]),
        "mask-energy": (
            "Energy in the mask, the mask's area, pointing game, dead maps.",
            [measured.energy, measured.area, measured.pointing, measured.dead],
        ),
        "truth-agreement": (
            "Rank agreement of explanations with what interventions do.",
            [measured.weights_truth, measured.energy_truth],
        ),
        "concept-auroc": ("Held-out AUROC of the concepts.", list(measured.auroc.values())),
    }
    written = []
    for own in ablations(data):
        slug, caption = (
            f"ablation-{own.model}",
            f"What each switch costs {own.model}, and what leaving it out gives back.",
        )
        write_bytes(folder / f"tables/{slug}.csv", csv(data.ablation[data.ablation["model"] == own.model]))
        write_bytes(folder / f"tables/{slug}.tex", latex([ablation_table(own)]))
        written.append(File(f"tables/{slug}", (".csv", ".tex"), caption))
    for slug, (caption, quantities) in tables.items():
        known = [quantity for quantity in quantities if not quantity.empty]
        if known:
            write_bytes(folder / f"tables/{slug}.csv", csv(long_frame(known)))
            texts = [by_round(known, arm, data.rules[arm], CONTROL) for arm in data.arms]
            write_bytes(folder / f"tables/{slug}.tex", latex(texts))
            written.append(File(f"tables/{slug}", (".csv", ".tex"), caption))
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
