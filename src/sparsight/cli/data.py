"""``sparsight data``: what there is to study, and what it looks like."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sparsight.errors import InputError

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
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set, as toybirds.")],
    out: Annotated[Path | None, typer.Option(help="The picture to write; <NAME>.png by default.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data set, as shortcut=1.")
    ] = None,
) -> None:
    """Draw a contact sheet: a row a class, with its name, and the outline of the object where it is known."""
    from sparsight.config import data_of, parse_assignment, validated
    from sparsight.data import load_dataset
    from sparsight.io import write_bytes
    from sparsight.report import contact_sheet

    settings = {key: value for _, key, value in (parse_assignment(f"data.{text}") for text in set_ or [])}
    data = load_dataset(validated({"data": {**data_of(name), **settings}}, "data").data)
    path = out or Path(f"{data.name if name.startswith('folder:') else name}.png")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name the picture to write")
    masks = None if data.object_masks is None else data.object_masks.numpy()
    images = data.images.permute(0, 2, 3, 1).numpy()
    picture = contact_sheet(images, data.labels.numpy(), data.class_names, masks)
    try:
        write_bytes(path, picture)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another --out") from None
    typer.echo(f"{len(data)} images, {len(data.class_names)} classes, {len(data.concept_names)} concepts: {path}")


@app.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME|folder:PATH", help="A data set, or class folders.")],
    data: Annotated[str | None, typer.Option(help="Where the data lie: class folders, or MNIST's IDX files.")] = None,
    concepts: Annotated[str | None, typer.Option(help="The CSV file of a folder's concepts.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data set, or concepts.top_k=K."),
    ] = None,
) -> None:
    """Read a data set whole; say what it holds, and everything in it that would stop a study."""
    from sparsight.cli.inventory import print_inventory
    from sparsight.config import data_of, parse_assignment, validated
    from sparsight.data import FolderSettings, load_dataset, read_folder
    from sparsight.making import check_concepts

    rooms: dict[str, dict[str, Any]] = {"data": data_of(name)}
    for key, value in (("path", data), ("concepts", concepts)):
        if value is not None:
            rooms["data"][key] = value
    for text in set_ or []:
        key, _, _ = text.partition("=")
        room, key, value = parse_assignment(text if "." in key else f"data.{text}")
        rooms.setdefault(room, {})[key] = value
    settings = validated(rooms, "data check")
    if isinstance(settings.data, FolderSettings):
        read, found = read_folder(settings.data)
    else:
        read, found = load_dataset(settings.data), ()
    problems = list(found)
    if read.concept_names and len(read.splits["train"]):
        try:
            check_concepts(settings, read)
        except InputError as error:
            problems.append(str(error))
    print_inventory(read, problems)
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        raise InputError(f"{name}: {len(problems)} things must be mended, the first: {problems[0]}")
