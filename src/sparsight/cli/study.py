"""``sparsight study``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sparsight.errors import InputError


def study(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PRESET|FILE|folder:PATH",
            help="A preset (toybirds, mnist, cub200, ham10000, ...), a YAML file, or class folders.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="The run's folder; runs/<preset> by default.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Where the data lie: class folders, MNIST's IDX files, CUB_200_2011, HAM10000.")
    ] = None,
    concepts: Annotated[
        str | None,
        typer.Option(help="A folder's CSV file of concepts, or where example images lie: Derm7pt, or a folder."),
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="Side of the images in pixels.")] = None,
    classes: Annotated[int | None, typer.Option(help="Take the first so many classes of cub200.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small study for a first look, in minutes or less.")] = False,
    seeds: Annotated[str | None, typer.Option(help="How many seeds (3), or which (0,4,7).")] = None,
    arms: Annotated[str | None, typer.Option(help="Ways of pruning, as magnitude,released-code.")] = None,
    rounds: Annotated[int | None, typer.Option(help="Rounds, the dense one counted.")] = None,
    rate: Annotated[float | None, typer.Option(help="Share of the weights that each round removes.")] = None,
    retrains: Annotated[int | None, typer.Option(help="Retrain controls a seed.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or auto.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Trainings side by side; one a core by default, 0: in this process.")
    ] = None,
    checkpoint_every: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Save a training that goes on at least so often.")
    ] = 60.0,
    keep_embeddings: Annotated[
        bool, typer.Option("--keep-embeddings", help="Keep the training images' embeddings, too.")
    ] = False,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="ROOM.KEY=VALUE", help="Any other setting; may be repeated.")
    ] = None,
) -> None:
    """Prune, explain and report: the paper's study in one command.

    Killed or stopped, the same command goes on with what stands. More seeds, arms, rounds or retrains extend a run.
    """
    from sparsight.cli.progress import Progress
    from sparsight.cli.summary import print_summary
    from sparsight.config import concepts_of, load_study, parse_assignment
    from sparsight.study import default_folder, run_study

    overrides: dict[str, dict[str, Any]] = {}
    for room, key, value in map(parse_assignment, set_ or []):
        overrides.setdefault(room, {})[key] = value
    for room, key, value in (
        ("study", "seeds", None if seeds is None else parse_seeds(seeds)),
        ("study", "arms", None if arms is None else [arm.strip() for arm in arms.split(",")]),
        ("study", "retrains", retrains),
        ("data", "path", data),
        *(("data", key, value) for key, value in concepts_of(source, concepts).items()),
        ("data", "image_size", image_size),
        ("data", "classes", classes),
        ("pruning", "rounds", rounds),
        ("pruning", "rate", rate),
        ("training", "device", device),
        ("evidence", "keep_embeddings", keep_embeddings or None),
    ):
        if value is not None:
            overrides.setdefault(room, {})[key] = value
    settings = load_study(source, quick=quick, overrides=overrides)
    with Progress() as progress:
        result = run_study(
            settings,
            out or default_folder(source, quick),
            workers=workers,
            checkpoint_seconds=checkpoint_every,
            listener=progress,
        )
    print_summary(result, settings)


def parse_seeds(text: str) -> list[int]:
    """``3`` is seeds 0, 1, 2; ``0,4,7`` is those three.

    Raises:
        InputError: if the text has another form.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise InputError(f"--seeds {text!r}: must be a number of seeds, as 3, or a list, as 0,4,7")
    numbers = [int(part) for part in parts]
    if len(parts) > 1:
        return numbers
    if not 1 <= numbers[0] <= 1000:
        raise InputError(f"--seeds {text!r}: must be from 1 to 1000")
    return list(range(numbers[0]))
