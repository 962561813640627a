"""Concepts of several names: their columns are equal, and they are one concept."""

from collections.abc import Mapping

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import plain

LONGEST = 2_000
"""Characters of all names of a concept, as the page shows them; the files hold them whole."""


def all_names(data: ReportData) -> dict[str, tuple[str, ...]]:
    """By what a concept is called, all its names; of those that have several alone."""
    return {str(one["name"]): tuple(map(str, one["names"])) for one in data.judged.get("concepts", ())}


def names_table(names: Mapping[str, tuple[str, ...]]) -> Table:
    """The same as text."""
    rows = tuple((name, plain(", ".join(plain(one) for one in own), LONGEST)) for name, own in names.items())
    return Table("Concepts of several names", ("Called here", "All its names"), rows)


def names_sheet(names: Mapping[str, tuple[str, ...]]) -> Sheet | None:
    """What each concept of several names is called, and a row for each of its names; None where all have one."""
    frame = pd.DataFrame([(name, one) for name, own in names.items() for one in own], columns=["concept", "name"])
    caption = "Concepts of several names: their columns are equal, so that they are one concept."
    return Sheet("concept-names", caption, (names_table(names),), frame) if names else None
