"""``sparsight export``."""

from pathlib import Path
from typing import Annotated

import typer

from sparsight.cli.options import run_folder


def export(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", parser=run_folder, help="A run's folder; the network must be finished.")
    ],
    arm: Annotated[str, typer.Option(help="One of the run's arms, as magnitude.")],
    seed: Annotated[int, typer.Option(help="One of the run's seeds.")],
    round_: Annotated[int, typer.Option("--round", help="The round; 0 is the arm's dense parent.")],
    out: Annotated[
        Path | None, typer.Option(help="A new folder; exports/<run>/<arm>/seed-<s>/round-<rr> by default.")
    ] = None,
    formats: Annotated[
        str, typer.Option(metavar="LIST", help="Some of state, mask and onnx; the last needs the extra onnx.")
    ] = "state,mask,onnx",
) -> None:
    """Write a ticket for other tools: a plain state dict, masks for torch.nn.utils.prune, ONNX.

    Each file is read back and must give the ticket's logits on the run's first test images; card.json beside them says
    where they come from and what to feed them. A network of your own is built by running its code.
    """
    from rich.table import Table

    from sparsight.cli.content import content_named
    from sparsight.cli.show import Screen
    from sparsight.exporting import SPEED, export_ticket

    with content_named(run):
        made = export_ticket(run, arm, seed, round_, out, formats=[form.strip() for form in formats.split(",")])
    console = Screen()
    total = made.card["prunable"]
    table = Table(title="prunable weights")
    for column, side in (("layer", "left"), ("weights", "right"), ("kept", "right"), ("zeros", "right"), ("", "right")):
        table.add_column(column, justify="left" if side == "left" else "right", overflow="fold")
    for layer in made.layers:
        cells = (f"{layer.weights:,}", f"{layer.kept:,}", f"{layer.zeros:,}", f"{100 * layer.sparsity:.1f} %")
        table.add_row(layer.name, *cells)
    table.add_section()
    table.add_row(
        "all", f"{total['weights']:,}", f"{total['kept']:,}", f"{total['zeros']:,}", f"{100 * total['sparsity']:.1f} %"
    )
    console.print(table)
    for name, about in made.card["files"].items():
        console.unfolded(f"{name}: {about['checked']}")
    console.unfolded(SPEED)
    console.unfolded(f"files: {made.folder}")
