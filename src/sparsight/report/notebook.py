"""A study in a notebook: what each arm comes to, and accuracies by arm and round."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from sparsight.report.constant import ConstantAnswer


def study_summary(
    accuracy: pd.DataFrame,
    arms: Sequence[str],
    sentences: Mapping[str, str],
    report: Path | None,
    constant: ConstantAnswer | None,
) -> str:
    """A fragment of HTML, escaped, as ``_repr_html_`` wants it.

    Args:
        accuracy: the run's table.
        arms: those to show, in this order.
        sentences: each arm's verdict.
        report: where the page is, if there is one.
        constant: the constant answer, if it is known.
    """
    rows = accuracy[(accuracy["split"] == "test") & (accuracy["metric"] == "accuracy") & accuracy["arm"].isin(arms)]
    means = rows.pivot_table(
        index=["arm", "round", "weights_remaining"], columns="model", values="value", aggfunc="mean", sort=False
    )
    shown = means.reindex(columns=[model for model in ("f", "g", "probe", "g-random") if model in means.columns])
    order = {arm: place for place, arm in enumerate(arms)}
    shown = shown.sort_index(key=lambda level: level.map(order) if level.name == "arm" else level)
    table = shown.reset_index().to_html(index=False, border=0, float_format="{:.3f}".format, escape=True)
    lines = [Markup("<li>{}</li>").format(sentences[arm]) for arm in arms if arm in sentences]
    seeds = rows["seed"].nunique()
    page = Markup("") if report is None else Markup("; the report: <code>{}</code>").format(report)
    line = "" if constant is None else f"; {constant.words(60)}: {constant.share:.3f}"
    head = Markup("<p>Test accuracy, means of {} seed{}{}{}</p>").format(seeds, "" if seeds == 1 else "s", line, page)
    return Markup("<ul>{}</ul>{}{}").format(Markup("").join(lines), head, Markup(table))
