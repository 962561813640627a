"""``sparsight data``: what there is to study, and what it looks like."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsight.cli.options import SkipBad
from sparsight.errors import InputError

if TYPE_CHECKING:
    from sparsight.config import StudySettings

app = typer.Typer(rich_markup_mode=None, help="The data sets: which there are, how they look.")


@app.callback(invoke_without_command=True)
def _options(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_() -> None:
    """List the data sets."""
    from sparsight.data import DESCRIPTIONS

    for name, description in DESCRIPTIONS.items():
        typer.echo(f"{name:10} {description}")


@app.command()
def preview(
    name: Annotated[str, typer.Argument(metavar="NAME|folder:PATH", help="A data set, as toybirds, or class folders.")],
    data: Annotated[str | None, typer.Option(help="The folder where the data lie.")] = None,
    concepts: Annotated[
        str | None, typer.Option(help="The CSV file of a folder's concepts, or a folder of example images.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The picture to write; <NAME>.png by default.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data set, as shortcut=1.")
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Draw a contact sheet: a row a class, with its name, and the outline of the object where it is known."""
    import numpy as np

    from sparsight.data import load_dataset
    from sparsight.io import write_bytes
    from sparsight.report import contact_sheet

    read = load_dataset(_settings(name, data, concepts, _assignments(set_, skip_bad), "data preview").data)
    path = out or Path(f"{read.name if name.startswith('folder:') else name}.png")
    _check_picture(path)
    taken = np.sort(np.concatenate([one.numpy() for one in read.splits.values()]))  # not those that are left out
    masks = None if read.object_masks is None else read.object_masks.numpy()[taken]
    images = read.images.permute(0, 2, 3, 1).numpy()[taken]
    picture = contact_sheet(images, read.labels.numpy()[taken], read.class_names, masks)
    try:
        write_bytes(path, picture)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another --out") from None
    known = len(read.concept_names) or "no"
    typer.echo(f"{len(taken)} images, {len(read.class_names)} classes, {known} concepts: {path}")


@app.command()
def check(
    name: Annotated[
        str, typer.Argument(metavar="NAME|folder:PATH", help="A data set, class folders, or derm7pt or examples.")
    ],
    data: Annotated[str | None, typer.Option(help="The folder where the data lie.")] = None,
    concepts: Annotated[
        str | None, typer.Option(help="The CSV file of a folder's concepts, or a folder of example images.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data set, or concepts.top_k=K."),
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Read a data set whole; say what it holds, and everything in it that would stop a study."""
    from sparsight.beforehand import audited_part, equal_columns, few_test_images
    from sparsight.cli.inventory import print_inventory
    from sparsight.data import SOURCES, examine
    from sparsight.making import check_concepts

    assignments = _assignments(set_, skip_bad)
    if name in SOURCES:
        _check_source(name, data, assignments)
        return
    settings = _settings(name, data, concepts, assignments, "data check")
    read, found = examine(settings.data)
    problems = list(found)
    if read.concept_names and len(read.splits["train"]):
        try:
            check_concepts(settings, read)
        except InputError as error:
            problems.append(str(error))
    alike = equal_columns(read) if read.concept_names else []
    more = [*alike, *audited_part(settings.data, read), *few_test_images(read, settings.verdict.least_images)]
    print_inventory(read, more, problems)
    _refuse(name, problems)


@app.command()
def where(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A data set, or derm7pt; all by default.")
    ] = None,
) -> None:
    """Say from where, on which terms and how laid out a data set is had."""
    from sparsight.data import TERMS

    if name is not None and name not in TERMS:
        near = get_close_matches(name, TERMS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"{name!r}: no data set; {hint}known: {', '.join(TERMS)}")
    for known in [name] if name else TERMS:
        terms = TERMS[known]
        typer.echo(known)
        for head, text in (
            ("had from", terms.source),
            ("terms", terms.licence),
            ("give it as", terms.layout),
            ("made by", terms.reference),
        ):
            typer.echo(f"  {head:11}{text}")


def _check_picture(path: Path) -> None:
    """Refuse a place where something lies that is no picture of ours to replace."""
    from sparsight.plain import open_plain, strange

    if (found := strange(path)) is not None:
        raise InputError(f"{path}: is {found}; name the picture to write")
    with suppress(FileNotFoundError, NotADirectoryError), open_plain(path) as file:
        if not _PNG.startswith(file.read(len(_PNG))):
            raise InputError(f"{path}: is a file and no PNG picture to replace; choose another --out")


_PNG = b"\x89PNG\r\n\x1a\n"


def _check_source(kind: str, path: str | None, assignments: list[str]) -> None:
    """The counts of a source of concepts, and everything that would stop a study with it."""
    from sparsight.cli.inventory import print_source
    from sparsight.config import validated
    from sparsight.data import decode_examples, read_source

    if path is None:
        raise InputError(f"{kind}: name its folder by --data PATH ('sparsight data where {kind}' says more)")
    rooms = _rooms({"data": {}}, assignments)
    if other := next((room for room in rooms if room != "data"), None):
        raise InputError(f"--set {other}: a source of concepts has settings of data alone, as concept_examples=50")
    given = rooms["data"]
    room = {**given, "name": "ham10000", "concepts": kind, "concept_path": path}  # whose settings those of a source are
    settings: Any = validated({"data": room}, "data check").data
    source = read_source(kind, settings.concept_path)
    chosen, _, problems = decode_examples(source, settings, settings.seed, 64)
    print_source(source, chosen, problems)
    _refuse(kind, problems)


def _assignments(stated: Sequence[str] | None, skip_bad: bool) -> list[str]:
    return [*(stated or ()), *(["skip_bad=true"] if skip_bad else [])]


def _settings(
    name: str, path: str | None, concepts: str | None, assignments: Sequence[str], command: str
) -> "StudySettings":
    """The settings of a data set, by its name and what options and assignments add."""
    from sparsight.config import concepts_of, data_of, validated

    rooms: dict[str, dict[str, Any]] = {"data": data_of(name)}
    if path is not None:
        rooms["data"]["path"] = path
    rooms["data"] |= concepts_of(name, concepts)
    return validated(_rooms(rooms, assignments), command)


def _rooms(rooms: Mapping[str, dict[str, Any]], assignments: Sequence[str] | None) -> dict[str, dict[str, Any]]:
    """Rooms of settings with what was assigned; a key without a room is one of the data's."""
    from sparsight.config import parse_assignment

    found = {room: dict(settings) for room, settings in rooms.items()}
    for text in assignments or ():
        key, _, _ = text.partition("=")
        room, key, value = parse_assignment(text if "." in key else f"data.{text}")
        found.setdefault(room, {})[key] = value
    return found


def _refuse(name: str, problems: list[str]) -> None:
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        raise InputError(f"{name}: {len(problems)} things must be mended, the first: {problems[0]}")


@app.command()
def cache(clear: Annotated[bool, typer.Option("--clear", help="Remove what lies there.")] = False) -> None:
    """Say where decoded images are kept, and how much of the disk they take; any of it can be made again."""
    from sparsight.data import cache_folder, cached_files

    folder = cache_folder()
    if folder is None:
        typer.echo("no cache: SPARSIGHT_CACHE is off")
        return
    files = cached_files(folder)
    try:
        size = sum(file.stat().st_size for file in files)
        kept = sum(file.suffix == ".safetensors" for file in files)
        typer.echo(f"{folder}: {kept} sets of images, {size / 2**20:,.0f} MiB")
        for file in files if clear else []:
            file.unlink()
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be removed ({error.strerror}); mend its permissions") from None
    if clear:
        typer.echo("removed")
