"""``sparsight data``: what there is to study, and what it looks like."""

from pathlib import Path
from typing import Annotated

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
    data: Annotated[str | None, typer.Option(help="Where the data lie.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data set.")
    ] = None,
) -> None:
    """Read a data set whole; say what it holds, and everything in it that cannot be used."""
    from sparsight.cli.inventory import print_inventory
    from sparsight.config import data_of, parse_assignment, validated
    from sparsight.data import DataError, FolderSettings, load_dataset, read_folder

    settings = {key: value for _, key, value in (parse_assignment(f"data.{text}") for text in set_ or [])}
    where = {} if data is None else {"path": data}
    room = validated({"data": {**data_of(name), **where, **settings}}, "data").data
    if isinstance(room, FolderSettings):
        read, problems = read_folder(room)
    else:
        read, problems = load_dataset(room), ()
    print_inventory(read, problems)
    if problems:
        raise (
            DataError(problems[:1], name)
            if len(problems) == 1
            else InputError(f"{name}: {len(problems)} things must be mended, the first: {problems[0]}")
        )
