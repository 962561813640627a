"""The tables that end a study."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.table import Table

from sparsight.arms import find_arm
from sparsight.cli.show import Screen
from sparsight.config import StudySettings
from sparsight.io import read_json
from sparsight.results.rules import VERDICT
from sparsight.runs import RESULTS
from sparsight.stats import mean
from sparsight.study import StudyResult

LEAST_SEEDS, LEAST_RETRAINS = 3, 1
_CLASS = 40
"""Letters of the name of a class."""
_REASONS_FIT = 900
"""Letters of the reasons of one round; the rest are counted."""


def print_summary(result: StudyResult, asked: StudySettings | None = None, heard: Collection[str] = ()) -> None:
    """Print, by arm and round, accuracies and, where there are concepts, top-k overlap, means over the seeds, and the
    verdicts; then where the report is.

    Args:
        result: of the study.
        asked: what was asked for; what the run holds beyond it is said.
        heard: notices that were printed before.
    """
    console = Screen()
    console.print(_numbers(result))
    _print_verdicts(console, result, read_json(result.folder / RESULTS / VERDICT, "verdict")["arms"])
    held = result.settings
    if asked is not None and _extent(asked) != _extent(held):
        console.print(
            f"note: this run holds arms {', '.join(held.study.arms)}, seeds {', '.join(map(str, held.study.seeds))}, "
            f"{held.pruning.rounds} rounds and {held.study.retrains} retrain{'s' * (held.study.retrains != 1)}, "
            "as asked for now and before",
            soft_wrap=True,
        )
    for notice in result.notices:
        if notice not in heard:
            console.unfolded(f"note: {notice}")
    said = f"report: {result.report}" if result.report is not None else f"tables: {result.folder / RESULTS}"
    console.unfolded(said)


def _extent(settings: StudySettings) -> tuple[Any, ...]:
    """That by which a run may have been extended."""
    return settings.study.arms, settings.study.seeds, settings.study.retrains, settings.pruning.rounds


def _numbers(result: StudyResult) -> Table:
    """Accuracies and overlap of the arms, then of the retrained networks; last the constant answer."""
    seeds = len(result.settings.study.seeds)
    k = result.settings.concepts.top_k
    concepts = bool((result.accuracy["model"] == "g").any())
    columns = ("f", "g", f"top {k} shared with dense") if concepts else ("f",)
    shared = f" and shared top {k} concepts" if concepts else ""
    table = _table(f"test accuracy{shared}, mean of {seeds} seed{'s' * (seeds > 1)}", columns)
    for arm, label in [*((arm, arm) for arm in result.settings.study.arms), *_controls(result)]:
        rows = result.accuracy[result.accuracy["arm"] == arm]
        shares = rows.groupby("round")["weights_remaining"].mean()
        cells = []
        for number, share in shares.items():
            round_ = int(str(number))
            # A control is never pruned; where it is a sequence, it is the round that tells its networks apart.
            place = f"round {round_}" if arm != label and round_ else f"{share:.1%}"
            values = [_accuracy(result, arm, round_, model) for model in ("f", "g")[: len(columns)]]
            values += [_overlap(result, arm, round_)] if concepts else []
            cells.append((place, *map(_cell, values)))
        _add(table, label, cells)
    if (line := result.constant) is not None:
        scores = (_cell(line.share) for _ in columns[: 2 if concepts else 1])
        _add(table, line.words(_CLASS), [("-", *scores, *(("-",) if concepts else ()))])
    return table


def _controls(result: StudyResult) -> list[tuple[str, str]]:
    """Each rule's retrained networks, and what they are called: by arms, for a rule's name may be a long one."""
    arms: dict[str, list[str]] = {}
    for arm in result.settings.study.arms:
        arms.setdefault(f"retrain:{find_arm(arm).control}", []).append(arm)
    held = set(result.accuracy["arm"])
    found = {name: own for name, own in arms.items() if name in held}
    if len(found) == 1:
        return [(name, "retrained") for name in found]
    return [
        (name, f"retrained: {own[0]}" + (f" and {len(own) - 1} more" if len(own) > 1 else ""))
        for name, own in found.items()
    ]


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title)
    table.add_column("arm", overflow="fold", min_width=12)
    for column in ("weights left", *columns):
        table.add_column(column, justify="right", overflow="fold", min_width=5)
    return table


def _add(table: Table, label: str, cells: Sequence[tuple[str, ...]]) -> None:
    """Rows of one arm, its name on the first."""
    for i, row in enumerate(cells):
        table.add_row(label if i == 0 else "", *row, end_section=i == len(cells) - 1)


def _print_verdicts(console: Screen, result: StudyResult, judged: Mapping[str, Any]) -> None:
    """Winning ticket or not and what became of the explanation, by arm and round; then a sentence an arm."""
    shown = {arm: judged[arm] for arm in result.settings.study.arms if judged[arm]["rounds"]}
    if not shown:
        return
    table = _table("verdicts against networks trained again without pruning", ("winning ticket?", "explanation"))
    for arm, one in shown.items():
        cells = [(f"{row['weights_remaining']:.1%}", row["winning"], row["explanation"]) for row in one["rounds"]]
        _add(table, arm, cells)
    console.print(table)
    for arm, one in shown.items():
        console.unfolded(one["sentence"])
        for text, rounds in undecided(one["rounds"]).items():
            console.unfolded(f"? {arm}, round{'s' * (len(rounds) > 1)} {', '.join(map(str, rounds))}: {text}")
    study = result.settings.study
    if len(study.seeds) < LEAST_SEEDS or study.retrains < LEAST_RETRAINS:
        console.print(
            f"note: a verdict needs {LEAST_SEEDS} seeds and {LEAST_RETRAINS} retrain: --seeds 3 --retrains 1 extends "
            "this run, --seeds 5 --retrains 2 decides more often",
            soft_wrap=True,
        )


def undecided(rounds: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Why rounds are undecided: by text, each with its rounds; many reasons of one round are counted.

    Args:
        rounds: of one arm, as ``verdict.json`` has them.
    """
    found: dict[str, list[int]] = {}
    for row in rounds:
        texts = [f"winning ticket undecided: {row['why_winning']}"] if row.get("why_winning") else []
        if why := row.get("why_explanation"):
            texts.append(f"explanation undecided: {_of_metrics(why)}")
        for text in texts:
            found.setdefault(text, []).append(int(row["round"]))
    return found


def _of_metrics(why: Mapping[str, str]) -> str:
    """Each metric with its reason, those that share one together; the first ones where that is long."""
    shared: dict[str, list[str]] = {}
    for metric, reason in why.items():
        shared.setdefault(reason, []).append(metric)
    parts = [f"{', '.join(metrics)}: {reason}" for reason, metrics in shared.items()]
    fit = 1
    while fit < len(parts) and sum(map(len, parts[: fit + 1])) <= _REASONS_FIT:
        fit += 1
    left = sum(len(metrics) for metrics in list(shared.values())[fit:])
    return "; ".join(parts[:fit]) + (f"; {left} more in {RESULTS}/{VERDICT}" if left else "")


def _accuracy(result: StudyResult, arm: str, round_: int, model: str) -> float:
    rows = result.accuracy
    chosen = (rows["arm"] == arm) & (rows["round"] == round_) & (rows["model"] == model)
    return mean(rows[chosen & (rows["split"] == "test") & (rows["metric"] == "accuracy")]["value"])


def _overlap(result: StudyResult, arm: str, round_: int) -> float:
    rows = result.drift
    chosen = (rows["arm"] == arm) & (rows["round"] == round_) & (rows["metric"] == "top_k_overlap")
    return 1 - mean(rows[chosen & (rows["unit"] == "all")]["value"])


def _cell(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"
