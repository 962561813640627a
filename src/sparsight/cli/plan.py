"""``sparsight plan``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sparsight.cli.options import (
    Arms,
    Classes,
    Concepts,
    Data,
    Device,
    ImageSize,
    KeepEmbeddings,
    NoReport,
    Out,
    Quick,
    Rate,
    Retrains,
    Rounds,
    Seeds,
    Set,
    SkipBad,
    Source,
    Workers,
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

    from sparsight.cli.show import Screen
    from sparsight.plan import StudyPlan

_DOING = {
    "images": "reading a few images",
    "ready": "starting as many processes as the study would",
    "see": "a pass over the images",
    "train": "a few steps of a training",
    "learn": "concepts and g",
    "collect": "evidence of a few images",
    "tables": "a row of the tables",
}
_STAGES = {
    "images": "reading the images",
    "training": "training",
    "evidence": "evidence",
    "tables": "result tables",
    "report": "report",
}


def plan(
    source: Source,
    out: Out = None,
    data: Data = None,
    concepts: Concepts = None,
    image_size: ImageSize = None,
    classes: Classes = None,
    skip_bad: SkipBad = False,
    quick: Quick = False,
    seeds: Seeds = None,
    arms: Arms = None,
    rounds: Rounds = None,
    rate: Rate = None,
    retrains: Retrains = None,
    device: Device = None,
    workers: Workers = None,
    no_report: NoReport = False,
    keep_embeddings: KeepEmbeddings = False,
    set_: Set = None,
) -> None:
    """Say what a study would take: time, memory, disk. Nothing is written.

    Takes the arguments of study, and measures a few of the study's own steps on this machine. What stands in the run's
    folder is taken off.
    """
    from sparsight.cli.show import Screen
    from sparsight.plan import plan_study
    from sparsight.study import default_folder

    settings = settings_of(
        source,
        data=data,
        concepts=concepts,
        image_size=image_size,
        classes=classes,
        skip_bad=skip_bad,
        quick=quick,
        seeds=seeds,
        arms=arms,
        rounds=rounds,
        rate=rate,
        retrains=retrains,
        device=device,
        keep_embeddings=keep_embeddings,
        assignments=set_,
    )
    console = Screen()
    with _told(console) as tell:
        made = plan_study(
            settings, out or default_folder(source, quick), workers=workers, report=not no_report, tell=tell
        )
    _print(console, made)


@contextmanager
def _told(console: "Screen") -> "Iterator[Callable[[str], None]]":
    """A line on the terminal that says what is being measured, and is gone afterwards."""
    with console.status("measuring") as status:
        yield lambda phase: status.update(f"measuring: {_DOING[phase]}")


def _print(console: "Screen", made: "StudyPlan") -> None:
    from sparsight.io import spoken_size
    from sparsight.planning import spoken_time

    kinds = {"dense": "dense", "retrain": "trained again without pruning", "ticket": "tickets"}
    counts = [(sum(one.kind == kind for one in made.networks), words) for kind, words in kinds.items()]
    stands = f", of which {made.standing} stand already" if made.standing else ""
    parts = ", ".join(f"{count} {words}" for count, words in counts if count)
    console.print(f"{len(made.networks)} networks{stands}: {parts}", soft_wrap=True)
    side_by_side = "in one process" if made.workers < 2 else f"{made.workers} side by side, a thread each"
    console.print(_table(made))
    said = made.said
    memory = "" if said.memory is None else f", {spoken_size(said.memory)} of memory"
    console.print(
        f"{spoken_time(said.wall)} of wall time with trainings {side_by_side} ({spoken_time(said.processor)} of "
        f"processors){memory}, and {spoken_size(said.disk)} in {made.folder}"
        + (f" and {spoken_size(made.cache)} in the cache of images" if made.cache else "")
        + ".",
        soft_wrap=True,
    )
    if len(made.designs) > 1:
        _print_designs(console, made)
    console.print(f"augmentation: {made.augmentation}", markup=False, soft_wrap=True)
    for note in made.notes:
        console.unfolded(f"note: {note}")
    console.print(f"measured in {spoken_time(made.calibration)}; nothing was written")


def _print_designs(console: "Screen", made: "StudyPlan") -> None:
    """What more seeds or more controls would take and find: a few designs, and which of the two buys more."""
    from rich.table import Table

    from sparsight.planning import advice, spoken_time

    first = made.designs[0]
    names = list(first.chances)
    table = Table(title="seeds or controls? chances in %" + (", noise low / typical / high" if len(names) > 1 else ""))
    for column in ("seeds", "controls", "trainings", "time left", "change found", "all preserved"):
        table.add_column(column, justify="right")
    grown = [one for one in made.designs if one.seeds >= first.seeds and one.retrains >= first.retrains]
    shown = [one for one in grown if one.seeds == first.seeds or one.retrains == first.retrains]
    for one in shown:
        found = [" / ".join(f"{100 * getattr(one.chances[name], what):.0f}" for name in names) for what in _CHANCES]
        mark = "*" if one is first else ""
        table.add_row(f"{one.seeds}{mark}", str(one.retrains), str(one.trainings), spoken_time(one.seconds), *found)
    console.print(table)
    middle = names[len(names) // 2]
    of = "the run's own noise" if middle == "own" else f"{middle} noise"
    said = advice(made.designs, middle)
    if said is not None:
        gains = [
            f"{one.seeds} seeds with {one.retrains} control{'s' * (one.retrains != 1)} each: "
            f"{100 * getattr(first.chances[middle], said.measure):.0f} to "
            f"{100 * getattr(one.chances[middle], said.measure):.0f} % for "
            f"{spoken_time(max(one.seconds - first.seconds, 0.0))} more"
            for one in (said.retrains, said.seeds)
        ]
        winner = {
            "seeds": "more seeds buy more in an hour",
            "retrains": "more controls buy more in an hour",
            "neither": "seeds and controls buy about the same in an hour",
        }[said.better]
        console.print(f"{winner} ({_CHANCES[said.measure]}, {of}): {'; '.join(gains)}", soft_wrap=True)


_CHANCES = {
    "changed": "a change of half a floor in all evidence is found",
    "preserved": "all metrics are preserved at a round, where nothing has moved",
}


def _table(made: "StudyPlan") -> "Table":
    from rich.table import Table

    from sparsight.planning import spoken_time

    table = Table()
    table.add_column("stage", min_width=18)
    for column in ("wall time", "share", "processor time"):
        table.add_column(column, justify="right")
    said = made.said
    for stage, words in _STAGES.items():
        seconds = said.seconds[stage]
        share = f"{seconds / said.wall:.0%}" if said.wall else "-"
        table.add_row(words, spoken_time(seconds), share, spoken_time(said.processor_seconds[stage]))
    return table
