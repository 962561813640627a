"""The models of an audit in the terminal: what each was shown, and how right it was."""

from rich.table import Table

from sparsight.report.audit import AuditData, AuditInput, short
from sparsight.report.text import plain

_NAME = 26
"""Letters of a name, so that the table fits 80 columns."""
_ROLES = {"original": "original", "model": "compared", "floor": "floor"}


def models_table(data: AuditData) -> Table:
    """A row a model: accuracy, size of the images, mean and deviation; last the answer without a look at them.

    Args:
        data: the audit's.
    """
    table = Table(title="the models on the test images")
    table.add_column("model", max_width=_NAME, overflow="fold")
    table.add_column("", max_width=8)
    table.add_column("accuracy", justify="right", min_width=8)
    table.add_column("pixels", justify="right", max_width=9, overflow="fold")
    table.add_column("mean, deviation", max_width=19, overflow="fold")
    for one in data.inputs:
        size = " x ".join(map(str, one.size))
        table.add_row(
            short(data, one.name, 2 * _NAME), _ROLES.get(one.role, one.role), _accuracy(one), size, _shown(one)
        )
    if data.constant is not None:
        table.add_section()
        label = plain(data.constant.label, _NAME)
        table.add_row(f"always {label}", "constant", f"{data.constant.share:.3f}", "", "")
    return table


def _accuracy(one: AuditInput) -> str:
    return f"{one.accuracy:.3f}" + ("\none class" if one.answers == 1 else "")


def _shown(one: AuditInput) -> str:
    """Mean over deviation, one number where the channels share it."""
    rows = ([f"{value:.4g}" for value in own] for own in (one.mean, one.deviation))
    return "\n".join(own[0] if len(set(own)) == 1 else " ".join(own) for own in rows)
