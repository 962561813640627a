"""The verdicts as tables: what makes the headline, everything else, and the reason of each."""

from sparsight.report.audit.data import AuditData
from sparsight.report.audit.words import (
    Row,
    numbers_of,
    reason_words,
    row_words,
    share_inside,
    short,
    verdict_rows,
    word_of,
)
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import number, percent, sentence

PARTS = {
    "primary": "the drifts that make the headline",
    "levels": "accuracy, and faithfulness to what is true",
    "others": "the other drifts, without a headline",
}
"""What verdicts are shown in, and what stands in each."""


WAY = "Of the way to nothing in common"
"""Heads the column of drifts as shares of the drift of evidence that has nothing in common."""


def rows_of(data: AuditData, model: str, part: str) -> list[Row]:
    """The rows of a model that belong to a part."""
    return [row for row in verdict_rows(data, model) if _part(row) == part]


def verdict_sheet(data: AuditData) -> Sheet | None:
    """Every verdict; None where nothing was judged."""
    tables = [table for model in data.models for part in PARTS if (table := verdict_table(data, model, part))]
    return Sheet("verdicts", "Every verdict with what it rests on.", tuple(tables), data.verdicts) if tables else None


def verdict_table(data: AuditData, model: str, part: str) -> Table | None:
    """The verdicts of one part; None where it has no rows."""
    found = rows_of(data, model, part)
    levels = part == "levels"
    what = f"{'Difference' if levels else 'Drift'} [{percent(share_inside(data))} interval]"
    caption = f"{sentence(PARTS[part])}: {short(data, model, 40)}"
    header = ("Measure", "Verdict", what, *(() if levels else (WAY,)), "Floor", "Margin", "Over")
    rows = tuple(
        (
            row_words(data, row),
            word_of(data, row),
            numbers_of(row),
            *(() if levels else (percent(float(row["share"])),)),
            number(float(row["floor"])),
            number(float(row["margin"])),
            over(row),
        )
        for row in found
    )
    return Table(caption, header, rows) if rows else None


def reason_table(data: AuditData, model: str) -> Table | None:
    """Why each verdict of a model is what it is."""
    rows = tuple(
        (row_words(data, row), f"{word_of(data, row)}. {sentence(reason_words(data, row))}.")
        for part in PARTS
        for row in rows_of(data, model, part)
    )
    return Table(f"Reasons: {short(data, model, 60)}", ("Measure", "Verdict and reason"), rows) if rows else None


def over(row: Row) -> str:
    """What a mean was taken over: ``1,000 images``; of all images at once they are the units."""
    unit = "image" if row["unit"] == "all" else str(row["unit"])
    ending = "" if row["units"] == 1 else "es" if unit == "class" else "s"
    return f"{int(row['units']):,} {unit}{ending}"


def _part(row: Row) -> str:
    if row["axis"] != "similarity":
        return "levels"
    return "primary" if row["primary"] else "others"
