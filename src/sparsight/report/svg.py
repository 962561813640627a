"""A matplotlib figure as bytes: PNG and SVG files, and SVG that takes the page's colours.

Figures are drawn in the colours of ``PALETTE``. In the page each of them is exchanged for a CSS variable, so that a
chart follows the reader's light or dark scheme; the files keep the colours, on white.
"""

import io
import re
from collections.abc import Mapping

import matplotlib
from markupsafe import escape
from matplotlib.figure import Figure
from matplotlib.text import Text

INK, FAINT = "#1c2530", "#5b6673"
ARM_COLOURS = ("#0068a8", "#c2410c", "#00785a", "#9b3d86", "#7a5d00", "#4a4f9c")
"""Labelled apart with any colour vision, and 4.5 to 1 against white; Okabe and Ito's hues, darkened."""

PALETTE: Mapping[str, str] = {INK: "ink", FAINT: "muted"} | {c: f"arm-{i}" for i, c in enumerate(ARM_COLOURS)}
"""Colour as drawn, and the page's CSS variable for it."""

_NO_DATES = {"Date": None, "Creator": None, "Format": None, "Type": None}


def literal(figure: Figure) -> None:
    """Make every text of the figure plain text: a ``$`` in a name is no formula."""
    for text in figure.findobj(Text):
        if isinstance(text, Text):
            text.set_parse_math(False)


def png(figure: Figure) -> bytes:
    """The figure as PNG on white, 200 dots an inch."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def svg(figure: Figure, slug: str) -> str:
    """The figure as SVG with real text and without a date; the same figure gives the same bytes.

    Args:
        figure: the figure.
        slug: makes the ids of this figure differ from those of another one on the same page.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": slug}):
        figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_DATES)
    return buffer.getvalue()


def inline(text: str, slug: str, description: str) -> str:
    """The ``<svg>`` element for the page: labelled, its ids its own, its colours and font the page's.

    Args:
        text: what :func:`svg` gave.
        slug: prefix of all ids.
        description: what the figure shows.
    """
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{slug}-", text)
    for colour, variable in PALETTE.items():
        text = text.replace(colour, f"var(--{variable})")
    text = re.sub(r"(font:[^;\"']*?[\d.]+px )[^;\"]*", r"\1var(--font)", text)
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)
