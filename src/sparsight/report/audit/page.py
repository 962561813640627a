"""The page of an audit: one HTML file with everything in it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from markupsafe import Markup

from sparsight.report.audit.by_class import by_class
from sparsight.report.audit.classes import class_table
from sparsight.report.audit.data import AuditData
from sparsight.report.audit.difference import SHOWN, difference_bar
from sparsight.report.audit.first import cards, nowhere, pointers
from sparsight.report.audit.images import mapless, shown_pictures
from sparsight.report.audit.verdicts import PARTS, reason_table, verdict_table
from sparsight.report.audit.words import (
    level,
    maps_words,
    margin_words,
    metric_of,
    positions,
    room,
    share_inside,
    short,
)
from sparsight.report.files import File, ShownChart
from sparsight.report.names import SYMBOLS
from sparsight.report.overlay import colour_bar, data_uri
from sparsight.report.sheet import Sheet
from sparsight.report.tables import ConceptTable, Table
from sparsight.report.templates import environment, verbatim
from sparsight.verdict import LEAST_FLOOR

_WORST = 10
"""Classes of a model that stand in the open."""


def page(
    data: AuditData,
    charts: Sequence[ShownChart],
    concepts: ConceptTable | None,
    sheets: Mapping[str, Sheet],
    written: Sequence[File],
) -> bytes:
    """The report's HTML.

    Args:
        data: the audit.
        charts: the charts.
        concepts: the concepts of each class.
        sheets: the tables by slug.
        written: the files beside the page.
    """
    found, pictures = by_class(data), shown_pictures(data)
    html = (
        environment()
        .get_template("audit/page.html.j2")
        .render(
            data=data,
            style=verbatim("style.css", "audit/style.css"),
            script=verbatim("audit/wipe.js"),
            charts=[(chart, Markup(chart.svg)) for chart in charts],
            cards=cards(data),
            pointers=pointers(data, found, pictures),
            nowhere=nowhere(data),
            pictures=pictures,
            mapless=mapless(data),
            left_out=len(data.pictures) - len(pictures),
            maps=maps_words(data),
            positions=positions(data),
            pixels=str(room(data, "saliency").get("method")).startswith("captum:"),
            lead=metric_of(data, found.lead) if found.lead else "",
            concepts=concepts,
            sheets=sheets,
            verdicts=[(model, {part: verdict_table(data, model, part) for part in PARTS}) for model in data.models],
            reasons=[table for model in data.models if (table := reason_table(data, model))],
            classes=[
                (place, model, *parted(class_table(data, found, model)))
                for place, model in enumerate(data.models)
                if found.values.get(model)
            ],
            missing=missing(data),
            symbols=SYMBOLS,
            level=level(data),
            inside=share_inside(data),
            margin=margin_words(data),
            least_floor=LEAST_FLOOR,
            against_floor=len(data.floor) >= LEAST_FLOOR,
            sign_from=SHOWN,
            bar=data_uri(colour_bar()),
            difference_bar=data_uri(difference_bar()),
            short=partial(short, data),
            rooms=[(name, own) for name, own in data.settings.items() if isinstance(own, Mapping)],
            plain_settings=[(name, own) for name, own in data.settings.items() if not isinstance(own, Mapping)],
            written=written,
        )
    )
    return html.strip().encode("utf-8", "replace") + b"\n"


def parted(table: Table) -> tuple[Table, Table]:
    """The first rows of a table, and the rest under a caption of its own."""
    rest = replace(table, caption=f"The others: {table.caption}", rows=table.rows[_WORST:])
    return replace(table, rows=table.rows[:_WORST]), rest


def missing(data: AuditData) -> list[tuple[str, str, str]]:
    """What is not available: the model, what, and why."""
    return [(model, what, why) for model, own in data.missing.items() for what, why in own.items()]
