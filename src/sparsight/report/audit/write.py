"""The report of an audit on disk: ``index.html``, ``report.json`` and its schema, ``figures/`` and ``tables/``."""

from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from sparsight.io import json_bytes, write_bytes
from sparsight.report.audit.accuracy import accuracy_sheet, models_sheet
from sparsight.report.audit.by_class import by_class
from sparsight.report.audit.classes import class_sheet
from sparsight.report.audit.concepts import concept_table, shared_frame
from sparsight.report.audit.contents import contents
from sparsight.report.audit.data import AuditData
from sparsight.report.audit.forest import forest
from sparsight.report.audit.multiples import PANELS, multiples
from sparsight.report.audit.page import page
from sparsight.report.audit.pictures import answers_sheet, image_sheet, picture_figure
from sparsight.report.audit.verdicts import PARTS, rows_of, verdict_sheet
from sparsight.report.audit.words import metric_of, short
from sparsight.report.export import csv, latex_concepts
from sparsight.report.files import File, ShownChart, write_chart, write_figure, write_schema, write_sheet
from sparsight.report.gates import sheet_of_gates
from sparsight.report.several import names_sheet
from sparsight.report.sheet import Sheet
from sparsight.report.tables import ConceptTable
from sparsight.report.text import sentence
from sparsight.verdict import primary_names

MOST_CLASSES = 4 * PANELS
"""Classes in small multiples; the tables hold all."""


def write_audit_report(data: AuditData, folder: Path) -> Path:
    """Write the report of an audit.

    Every file appears whole or not at all; no file's name is made of a name in the data, and the same data give the
    same bytes (with the same libraries).

    Args:
        data: what to show.
        folder: where; it is made if it is missing, and files of an older report are replaced.

    Returns:
        The path of ``index.html``.
    """
    shared = shared_frame(data)
    concepts = concept_table(data, shared)
    found = sheets(data)
    charts, written = _write_charts(data, folder)
    written += [write_sheet(sheet, folder) for sheet in found.values()]
    if concepts is not None:
        written.append(_write_concepts(data, concepts, csv(shared), folder))
    write_bytes(folder / "report.json", json_bytes(contents(data)))
    written.append(File("report", (".json",), "All of this for programs; its schema is schema.json."))
    written.append(write_schema("sparsight.report.audit", folder))
    index = folder / "index.html"
    write_bytes(index, page(data, charts, concepts, found, written))
    return index


def sheets(data: AuditData) -> dict[str, Sheet]:
    """The tables of the report by slug; those that there is nothing for are left out."""
    primary = primary_names(bool(len(data.concepts)))
    gates = sheet_of_gates(data.gates, primary, lambda metric: metric_of(data, metric))
    makers = (verdict_sheet, accuracy_sheet, models_sheet, class_sheet, image_sheet, answers_sheet)
    found = [*(maker(data) for maker in makers), gates, names_sheet(data.concept_names)]
    return {sheet.slug: sheet for sheet in found if sheet is not None}


def _write_charts(data: AuditData, folder: Path) -> tuple[list[ShownChart], list[File]]:
    charts, written = [], []
    for figure, slug, section, caption in (*_forests(data), *_multiples(data)):
        chart, file = write_chart(figure, slug, section, caption, folder)
        charts.append(chart)
        written.append(file)
    for place, model in enumerate(data.models):
        if (drawn := picture_figure(data, model)) is not None:
            caption = f"The images whose evidence moved most: the original, {short(data, model, 80)}, the difference."
            written.append(write_figure(drawn, f"images-{place}", caption, folder))
    return charts, written


def _forests(data: AuditData) -> Iterator[tuple[Figure, str, str, str]]:
    """Three figures a model: what makes the headline, accuracy and faithfulness, the other drifts."""
    drift, signed = "drift from the original", "difference from the original"
    for part, section, axis in (
        ("primary", "verdicts", drift),
        ("levels", "verdicts", signed),
        ("others", "others", drift),
    ):
        for place, model in enumerate(data.models):
            if rows := rows_of(data, model, part):
                figure = forest(data, rows, axis, signed=axis == signed)
                caption = f"{sentence(PARTS[part])}: {short(data, model, 80)}."
                yield figure, f"{part}-{place}", f"{section}-{place}", caption


def _multiples(data: AuditData) -> Iterator[tuple[Figure, str, str, str]]:
    found = by_class(data)
    if not found.lead:
        return
    labels = found.moved()
    most = max([0.1, *(found.most(label) for label in labels)])
    for start in range(0, min(len(labels), MOST_CLASSES), PANELS):
        own = labels[start : start + PANELS]
        axis = f"drift: {metric_of(data, found.lead)}"
        caption = (
            f"Classes {start + 1} to {start + len(own)} of {len(labels)}. Open: the original. Filled: a model, "
            "to the right by how far its evidence moved, up or down by what became of its accuracy."
        )
        yield multiples(found, data.original, own, axis, most), f"classes-{start // PANELS}", "classes", caption


def _write_concepts(data: AuditData, concepts: ConceptTable, numbers: bytes, folder: Path) -> File:
    write_bytes(folder / "tables/concepts.csv", numbers)
    write_bytes(folder / "tables/concepts.tex", latex_concepts(concepts, "original"))
    return File("tables/concepts", (".csv", ".tex"), "The top concepts of each class, of every model.")
