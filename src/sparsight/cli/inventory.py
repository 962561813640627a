"""What a data set holds, as the terminal shows it."""

from collections.abc import Sequence

import torch
import typer

from sparsight.data import ABSENT, PRESENT, SPLITS, UNKNOWN, ConceptDataset

MOST = 20
LONGEST = 200
"""Characters of a name or a line."""


def print_inventory(data: ConceptDataset, problems: Sequence[str]) -> None:
    """Print images by split and class, concepts by how often they are known, masks, notes, and the first problems."""
    typer.echo("".join(f"{head:>12}" for head in SPLITS) + "  class")
    for k, name in enumerate(data.class_names):
        counts = [int((data.labels[data.splits[split]] == k).sum()) for split in SPLITS]
        typer.echo("".join(f"{count:12}" for count in counts) + f"  {_shown(name)}")
    if data.concept_names:
        typer.echo("".join(f"{head:>12}" for head in ("present", "absent", "unknown")) + "  concept")
    used = data.concepts[torch.cat([data.splits[split] for split in SPLITS])]
    train = data.concepts[data.splits["train"]]
    for c, name in enumerate(data.concept_names):
        counts = [int((used[:, c] == value).sum()) for value in (PRESENT, ABSENT, UNKNOWN)]
        varies = (train[:, c] == PRESENT).any() and (train[:, c] == ABSENT).any()
        mark = "" if varies else "  (constant in training: dropped)"
        typer.echo("".join(f"{count:12}" for count in counts) + f"  {_shown(name)}{mark}")
    typer.echo(f"masks: {'none' if data.object_masks is None else 'of the object'}")
    for note in data.notes:
        typer.echo(f"note: {_shown(note)}")
    for problem in problems[:MOST]:
        typer.echo(f"problem: {_shown(problem, 2 * LONGEST)}")
    if len(problems) > MOST:
        typer.echo(f"and {len(problems) - MOST} more problems")


def _shown(text: str, most: int = LONGEST) -> str:
    shown = text if len(text) <= most else f"{text[: most - 60]} ... {text[-50:]}"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown)
