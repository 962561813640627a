"""What a study is asked for by: the arguments that ``study`` and ``plan`` share, and the settings that they make."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsight.errors import InputError

if TYPE_CHECKING:
    from sparsight.config import StudySettings


def run_folder(text: str) -> Path:
    """The folder of a run as it was named; an empty name would be the folder that one is in."""
    if not text:
        raise InputError("RUN: is given nothing; give the folder that sparsight study made")
    return Path(text)


def _seconds(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a number of seconds, as 60")
    return value


Source = Annotated[
    str,
    typer.Argument(
        metavar="PRESET|FILE|folder:PATH",
        help="A preset (toybirds, mnist, cub200, ham10000, ...), a YAML file, or class folders.",
    ),
]
Out = Annotated[Path | None, typer.Option(help="The run's folder; runs/<preset> by default.")]
Data = Annotated[
    str | None, typer.Option(help="Where the data lie: class folders, MNIST's IDX files, CUB_200_2011, HAM10000.")
]
Concepts = Annotated[
    str | None,
    typer.Option(help="A folder's CSV file of concepts, or where example images lie: Derm7pt, or a folder."),
]
ImageSize = Annotated[int | None, typer.Option(help="Side of the images in pixels.")]
Classes = Annotated[int | None, typer.Option(help="Take the first so many classes of cub200.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out images that cannot be read, and name them.")]
Quick = Annotated[bool, typer.Option("--quick", help="A small study for a first look, in minutes or less.")]
Seeds = Annotated[str | None, typer.Option(help="How many seeds (3), or which (0,4,7).")]
Arms = Annotated[str | None, typer.Option(help="Ways of pruning, as magnitude,released-code.")]
Rounds = Annotated[int | None, typer.Option(help="Rounds, the dense one counted.")]
Rate = Annotated[float | None, typer.Option(help="Share of the weights that each round removes.")]
Retrains = Annotated[int | None, typer.Option(help="Retrain controls a seed.")]
UntilDecided = Annotated[
    bool,
    typer.Option("--until-decided", help="Add seeds until every arm is decided; the looks share the level of 5 %."),
]
AtMost = Annotated[int | None, typer.Option(metavar="SEEDS", help="Seeds of --until-decided at the most; 10.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or auto.")]
Workers = Annotated[
    int | None, typer.Option(min=0, help="Trainings side by side; one a core by default, 0: in this process.")
]
CheckpointEvery = Annotated[
    float,
    typer.Option(min=0, metavar="SECONDS", callback=_seconds, help="Save a training that goes on at least so often."),
]
NoReport = Annotated[
    bool,
    typer.Option(
        "--no-report",
        help="Tables only; an earlier report of other tables is removed. sparsight report RUN writes it later.",
    ),
]
KeepEmbeddings = Annotated[bool, typer.Option("--keep-embeddings", help="Keep the training images' embeddings, too.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="ROOM.KEY=VALUE", help="Any other setting; may be repeated.")
]


def settings_of(
    source: str,
    *,
    data: str | None,
    concepts: str | None,
    image_size: int | None,
    classes: int | None,
    skip_bad: bool,
    quick: bool,
    seeds: str | None,
    arms: str | None,
    rounds: int | None,
    rate: float | None,
    retrains: int | None,
    device: str | None,
    keep_embeddings: bool,
    assignments: list[str] | None,
) -> "StudySettings":
    """The settings that a command line asks for; each argument is what the option of its name was given.

    Raises:
        InputError: if a value, a key or a file cannot be used.
    """
    from sparsight.config import concepts_of, load_study, parse_assignment

    overrides: dict[str, dict[str, Any]] = {}
    for room, key, value in map(parse_assignment, assignments or []):
        overrides.setdefault(room, {})[key] = value
    for room, key, value in (
        ("study", "seeds", None if seeds is None else parse_seeds(seeds)),
        ("study", "arms", None if arms is None else [arm.strip() for arm in arms.split(",")]),
        ("study", "retrains", retrains),
        ("data", "path", data),
        *(("data", key, value) for key, value in concepts_of(source, concepts).items()),
        ("data", "image_size", image_size),
        ("data", "classes", classes),
        ("data", "skip_bad", skip_bad or None),
        ("pruning", "rounds", rounds),
        ("pruning", "rate", rate),
        ("training", "device", device),
        ("evidence", "keep_embeddings", keep_embeddings or None),
    ):
        if value is not None:
            overrides.setdefault(room, {})[key] = value
    return load_study(source, quick=quick, overrides=overrides)


def parse_seeds(text: str) -> list[int]:
    """``3`` is seeds 0, 1, 2; ``0,4,7`` is those three.

    Raises:
        InputError: if the text has another form.
    """
    from sparsight.config import LARGEST_SEED

    parts = [part.strip() for part in text.split(",")]
    if not all(map(str.isdecimal, parts)):
        raise InputError(f"--seeds {text!r}: must be a number of seeds, as 3, or a list, as 0,4,7")
    numbers = [int(part) if len(part) < 100 else LARGEST_SEED + 1 for part in parts]  # more digits make no int
    if len(parts) > 1:
        if max(numbers) > LARGEST_SEED:
            raise InputError(f"--seeds {text!r}: a seed must be from 0 to {LARGEST_SEED}")
        return numbers
    if not 1 <= numbers[0] <= 1000:
        raise InputError(f"--seeds {text!r}: must be from 1 to 1000, or a list, as 0,4,7")
    return list(range(numbers[0]))
