"""The models of an audit in the terminal: how right each was, what it holds, and what it was shown."""

import math

from rich.table import Table
from rich.text import Text

from sparsight.report.audit import AuditData, AuditInput, short
from sparsight.report.text import NO_VALUE

_NAME = 26
"""Letters of a name, so that the table fits 80 columns."""
_ROLES = {"original": "original", "model": "compared", "floor": "floor"}


def models_table(data: AuditData) -> Table:
    """A row a model: accuracy, parameters and zeros, its images; last the answer without a look at them.

    Args:
        data: the audit's.
    """
    table = Table(title="the models on the test images")
    table.add_column("model", max_width=_NAME, overflow="fold")
    table.add_column("", max_width=8)
    table.add_column("accuracy", justify="right", min_width=9)
    table.add_column("parameters", justify="right", min_width=10)
    table.add_column("pixels, mean, deviation", max_width=23, overflow="fold")
    for one in data.inputs:
        # Of strings, a line break would be written out, as in a name; those of numbers are ours.
        numbers = (Text(cell) for cell in (_accuracy(one), _held(one), _shown(one)))
        table.add_row(short(data, one.name, 2 * _NAME), _ROLES.get(one.role, one.role), *numbers)
    if data.constant is not None:
        table.add_section()
        table.add_row(data.constant.words(_NAME), "constant", f"{data.constant.share:.3f}", "", "")
    return table


def _accuracy(one: AuditInput) -> str:
    return f"{one.accuracy:.3f}" + ("\none class" if one.answers == 1 else "")


def _held(one: AuditInput) -> str:
    """Parameters over the share of its weights that are zero."""
    if one.parameters is None:
        return NO_VALUE
    return rounded(one.parameters) + ("" if math.isnan(one.zeros) else f"\n{one.zeros:.1%} zero")


def rounded(count: int) -> str:
    """A count in four digits at most, as ``512``, ``11.69 M``."""
    for unit, name in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if count >= unit:
            return f"{count / unit:.4g}{name}"
    return str(count)


def _shown(one: AuditInput) -> str:
    """Size, and the size that it is for where that is another one; mean over deviation, one number where the channels
    share it."""
    size = " x ".join(map(str, one.size))
    if one.expected is not None and one.expected != min(one.size):
        size += f"\nmade for {one.expected}"
    rows = ([f"{value:.4g}" for value in own] for own in (one.mean, one.deviation))
    return "\n".join([size, *(own[0] if len(set(own)) == 1 else " ".join(own) for own in rows)])
