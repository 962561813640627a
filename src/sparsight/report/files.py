"""Files beside a page, and what the page says of them."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from matplotlib.figure import Figure

from sparsight.io import write_bytes
from sparsight.report.export import csv, latex
from sparsight.report.sheet import Sheet
from sparsight.report.svg import inline, png, svg


@dataclass(frozen=True)
class ShownChart:
    """A chart in the page: its part of the page, its ``<svg>`` element, its caption and its files without suffix."""

    section: str
    svg: str
    caption: str
    path: str


@dataclass(frozen=True)
class File:
    """A file beside the page in one or more formats, and what stands in it."""

    path: str
    suffixes: tuple[str, ...]
    content: str


def write_chart(figure: Figure, slug: str, section: str, caption: str, folder: Path) -> tuple[ShownChart, File]:
    """Write a figure that the page shows as PNG and SVG."""
    text, file = _write(figure, slug, caption, folder)
    return ShownChart(section, inline(text, slug, caption), caption, file.path), file


def write_figure(figure: Figure, slug: str, caption: str, folder: Path) -> File:
    """Write a figure as PNG and SVG."""
    return _write(figure, slug, caption, folder)[1]


def write_sheet(sheet: Sheet, folder: Path) -> File:
    """Write a table's numbers as CSV and its text as LaTeX."""
    write_bytes(folder / f"tables/{sheet.slug}.csv", csv(sheet.frame))
    write_bytes(folder / f"tables/{sheet.slug}.tex", latex(list(sheet.tables)))
    return File(f"tables/{sheet.slug}", (".csv", ".tex"), sheet.caption)


def write_schema(package: str, folder: Path) -> File:
    """Write the schema of ``report.json``, which stands in a package, beside it."""
    write_bytes(folder / "schema.json", files(package).joinpath("schema.json").read_bytes())
    return File("schema", (".json",), "What report.json may hold, as a JSON Schema.")


def _write(figure: Figure, slug: str, caption: str, folder: Path) -> tuple[str, File]:
    """The SVG's text, too."""
    text = svg(figure, slug)
    write_bytes(folder / f"figures/{slug}.svg", text.encode("utf-8", "replace"))
    write_bytes(folder / f"figures/{slug}.png", png(figure))
    return text, File(f"figures/{slug}", (".png", ".svg"), caption)
