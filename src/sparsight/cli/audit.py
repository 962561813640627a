"""``sparsight audit``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

_FLOOR, _MARGIN, _NUMBERS = "--floor", "--margin", tuple("0123456789.")
MODEL = (
    "torchvision:NAME@WEIGHTS, timm:NAME@WEIGHTS (timm:NAME.TAG@WEIGHTS states which of timm's they come from), "
    "hf:FOLDER, or package.module:function, also with @WEIGHTS. WEIGHTS is a file, FILE#ENTRY for another entry of a "
    "checkpoint, or the name of torchvision's own."
)


def audit(
    original: Annotated[str, typer.Argument(metavar="ORIGINAL", help=f"The dense model: {MODEL}")],
    pruned: Annotated[list[str], typer.Argument(metavar="PRUNED...", help="The models made from it, named likewise.")],
    data: Annotated[
        str, typer.Option(help="Class folders, a data set's NAME or NAME:PATH, or a run's folder, whose images serve.")
    ],
    concepts: Annotated[
        str | None, typer.Option(help="A CSV file of concepts, or a folder of example images of each.")
    ] = None,
    masks: Annotated[
        str | None, typer.Option(help="A folder of object masks, laid out as the images are, or a COCO JSON file.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Names of the outputs of models that have none: one a line, or JSON, a list or by index.",
        ),
    ] = None,
    floor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL...",
            help="The original retrained, three times or more: makes a verdict. "
            "Refused beyond --set floor.most_lost=X (accuracy) and floor.most_apart=X (times the median drift).",
        ),
    ] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SHARE",
            help="How much of the way to evidence with nothing in common still counts as near: 0.3, or "
            "map_spearman=0.4,linear_cka=0.2; alone or default: what retrained networks were measured to drift.",
        ),
    ] = None,
    layer: Annotated[str | None, typer.Option(help="The layer whose maps are explained; found by default.")] = None,
    method: Annotated[
        str | None, typer.Option(help="Maps: gradcam, gradcam++, hirescam, layercam, captum:NAME.")
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="Side of the images in pixels; the models' own.")] = None,
    normalise: Annotated[
        str | None,
        typer.Option(metavar="WAY", help="own, original, data, or MEAN,STD; own is the original's where not known."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out images that cannot be read, and name them.")
    ] = False,
    fail_on: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="Exit with 1 on changed or beyond (either), or on undecided (and these)."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The audit's folder; audits/<images> by default.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or auto.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="ROOM.KEY=VALUE", help="Any other setting; may be repeated.")
    ] = None,
) -> None:
    """Compare models with their original: accuracy, concepts, maps, and what they may be said to share.

    Without --floor the answer is how far they are apart, and whether that is within --margin or beyond; with it,
    whether they differ by more than the original does when it is trained again.
    """
    from sparsight.audit import audit_models
    from sparsight.cli.audited import Watching, command_line, print_audit, settings_of
    from sparsight.cli.failing import check_fail_on, failures, only_levels
    from sparsight.unseen import visible

    given = (fail_on, len(floor or ()), margin or None)
    check_fail_on(*given)
    rooms, own = _assigned(set_ or [])
    settings = settings_of(
        rooms,
        layer=layer,
        margin=",".join(margin) if margin else None,
        normalise=normalise,
        method=method,
        device=device,
    )
    folder = out or Path("audits") / (Path(data.rpartition(":")[2]).name or "audit")
    with Watching() as watching:
        found = audit_models(
            original,
            pruned,
            data,
            floor=floor or (),
            concepts=concepts,
            masks=masks,
            labels=labels,
            image_size=image_size,
            data_settings={**own, **({"skip_bad": True} if skip_bad else {})},
            settings=settings,
            out=folder,
            command=command_line(),
            listener=watching,
        )
    assert found.page is not None  # a folder was given
    print_audit(found, found.page, watching.heard)
    if only_levels(*given):
        typer.echo(
            f"note: --fail-on {fail_on}: with neither --floor nor --margin, accuracy and faithfulness alone can fail",
            err=True,
        )
    if fail_on is not None and (reasons := failures(found, fail_on)):
        typer.echo(f"exit 1, as --fail-on {fail_on} asks:", err=True)
        for reason in reasons:
            typer.echo(f"  {visible(reason)}", err=True)
        raise typer.Exit(1)


def spread(arguments: Sequence[str]) -> list[str]:
    """``--floor A B C`` as ``--floor A --floor B --floor C``: what follows it, up to the next option, are models. And
    ``--margin`` without a value as ``--margin default``."""
    made: list[str] = []
    after_floor = False
    for one in arguments:
        if after_floor and not one.startswith("-") and made[-1] != _FLOOR:
            made.append(_FLOOR)
        after_floor = one == _FLOOR or (after_floor and not one.startswith("-"))
        if made and made[-1] == _MARGIN and one.startswith("-") and one[1:2] not in _NUMBERS:
            made.append("default")
        made.append(one)
    return [*made, "default"] if made and made[-1] == _MARGIN else made


def _assigned(assignments: Sequence[str]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Settings by room, and those of the data set."""
    from sparsight.config import parse_assignment

    rooms: dict[str, dict[str, Any]] = {}
    for room, key, value in map(parse_assignment, assignments):
        rooms.setdefault(room, {})[key] = value
    return rooms, rooms.pop("data", {})
