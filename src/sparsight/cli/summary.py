"""The table that ends a study."""

from rich.console import Console
from rich.table import Table

from sparsight.config import StudySettings
from sparsight.stats import mean
from sparsight.study import StudyResult


def print_summary(result: StudyResult, asked: StudySettings | None = None) -> None:
    """Print, by arm and round, accuracies and top-k overlap, means over the seeds; then where the report is.

    Args:
        result: of the study.
        asked: what was asked for; what the run holds beyond it is said.
    """
    console = Console(highlight=False)
    seeds = len(result.settings.study.seeds)
    k = result.settings.concepts.top_k
    table = Table(title=f"test accuracy and shared top {k} concepts, mean of {seeds} seed{'s' * (seeds > 1)}")
    for column in ("arm", "weights left", "f", "g", f"top {k} shared with dense"):
        left = column == "arm"
        table.add_column(column, justify="left" if left else "right", overflow="fold", min_width=12 if left else 5)
    for arm in (*result.settings.study.arms, "retrain:right"):
        shares = result.accuracy[result.accuracy["arm"] == arm].groupby("round")["weights_remaining"].mean()
        for i, (round_, share) in enumerate(shares.items()):
            cells = [_accuracy(result, arm, int(str(round_)), model) for model in ("f", "g")]
            overlap = _overlap(result, arm, int(str(round_)))
            table.add_row(
                arm if i == 0 else "",
                f"{share:.1%}",
                *map(_cell, cells),
                _cell(overlap),
                end_section=i == len(shares) - 1,
            )
    console.print(table)
    if asked is not None and (asked.study, asked.pruning) != (result.settings.study, result.settings.pruning):
        held = result.settings
        console.print(
            f"note: this run holds arms {', '.join(held.study.arms)}, seeds {', '.join(map(str, held.study.seeds))}, "
            f"{held.pruning.rounds} rounds and {held.study.retrains} retrains, as asked for now and before",
            markup=False,
            soft_wrap=True,
        )
    for notice in result.notices:
        console.print(f"note: {notice}", markup=False, soft_wrap=True)
    console.print(f"report: {result.report}", markup=False, soft_wrap=True)


def _accuracy(result: StudyResult, arm: str, round_: int, model: str) -> float:
    rows = result.accuracy
    chosen = (rows["arm"] == arm) & (rows["round"] == round_) & (rows["model"] == model)
    return mean(rows[chosen & (rows["split"] == "test") & (rows["metric"] == "accuracy")]["value"])


def _overlap(result: StudyResult, arm: str, round_: int) -> float:
    rows = result.drift
    chosen = (rows["arm"] == arm) & (rows["round"] == round_) & (rows["metric"] == "top_k_overlap")
    return 1 - mean(rows[chosen]["value"])


def _cell(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"
