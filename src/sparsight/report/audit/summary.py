"""An audit in a notebook: a small table."""

from functools import partial

from sparsight.report.audit.data import AuditData
from sparsight.report.audit.first import cards
from sparsight.report.audit.words import short
from sparsight.report.templates import environment


def summary_html(data: AuditData) -> str:
    """The verdict of each model as a table, self-contained and escaped, as ``_repr_html_`` wants it.

    Args:
        data: the audit.
    """
    template = environment().get_template("audit/summary.html.j2")
    return template.render(data=data, cards=cards(data), short=partial(short, data)).strip()
