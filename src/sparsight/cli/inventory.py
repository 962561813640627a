"""What a data set holds, as the terminal shows it."""

from collections.abc import Sequence

import torch
import typer

from sparsight.data import ABSENT, PRESENT, SPLITS, UNKNOWN, Chosen, ConceptDataset, ConceptSource, mean_areas
from sparsight.evidence import concepts_in_use
from sparsight.unseen import visible

MOST = 20
LONGEST = 200
"""Characters of a name or a line."""


def print_inventory(data: ConceptDataset, more: Sequence[str], problems: Sequence[str]) -> None:
    """Print images by split and class, concepts by how often they are known, masks, notes, and the first problems.

    Args:
        data: what could be read.
        more: notes beside those of the data set itself.
        problems: what stands in the way of a study.
    """
    typer.echo("".join(f"{head:>12}" for head in SPLITS) + "  class")
    for k, name in enumerate(data.class_names):
        counts = [int((data.labels[data.splits[split]] == k).sum()) for split in SPLITS]
        typer.echo("".join(f"{count:12}" for count in counts) + f"  {_shown(name)}")
    if not data.concept_names:
        typer.echo("concepts: none")
    elif data.example_concepts is not None and data.example_held_out is not None:
        _print_examples(data.concept_names, data.example_concepts, data.example_held_out, _marks(data))
    else:
        _print_concepts(data)
    typer.echo(f"masks: {_masks(data)}")
    kept = "a mirrored image keeps its class" if data.flip else "a mirrored image is another one: none is mirrored"
    typer.echo(f"mirroring: {kept}")
    for note in (*data.notes, *more):
        typer.echo(f"note: {_shown(note, 3 * LONGEST)}")
    _print_problems(problems)


def print_source(source: ConceptSource, chosen: Chosen, problems: Sequence[str]) -> None:
    """Print how many examples there are and how many are drawn, by concept and kind; notes, and the first problems."""
    typer.echo("".join(f"{head:>12}" for head in ("positive", "negative")) + "  concept, as it is there")
    for concept in source.concepts:
        typer.echo(f"{len(concept.positive):12}{len(concept.negative):12}  {_shown(concept.name)}")
    _print_examples([concept.name for concept in source.concepts], chosen.concepts, chosen.held_out)
    for note in (*source.notes, *chosen.notes):
        typer.echo(f"note: {_shown(note, 3 * LONGEST)}")
    _print_problems(problems)


def _masks(data: ConceptDataset) -> str:
    if data.object_masks is None:
        return "none"
    areas = mean_areas(data.object_masks, torch.cat([data.splits[split] for split in SPLITS]))
    return f"of the object, mean area {float(areas.mean()):.2f}" if len(areas) else "of the object"


def _print_concepts(data: ConceptDataset) -> None:
    typer.echo("".join(f"{head:>12}" for head in ("present", "absent", "unknown")) + "  concept")
    used = data.concepts[torch.cat([data.splits[split] for split in SPLITS])]
    for c, (name, mark) in enumerate(zip(data.concept_names, _marks(data), strict=True)):
        counts = [int((used[:, c] == value).sum()) for value in (PRESENT, ABSENT, UNKNOWN)]
        typer.echo("".join(f"{count:12}" for count in counts) + f"  {_shown(name)}{mark}")


def _marks(data: ConceptDataset) -> list[str]:
    """What is to be said behind the name of each concept: that it is dropped, or one with an earlier one."""
    marks = ["  (constant in training: dropped)"] * len(data.concept_names)
    for one in concepts_in_use(data):
        for place in one.columns:
            marks[place] = f"  (equal column: one concept with {_shown(one.names[0])})"
        marks[one.columns[0]] = ""
    return marks


def _print_examples(
    names: Sequence[str], concepts: torch.Tensor, held_out: torch.Tensor, marks: Sequence[str] = ()
) -> None:
    """Positive + negative examples that each concept is learned from and tested on."""
    typer.echo("".join(f"{head:>12}" for head in ("learned", "tested")) + "  concept, by positive + negative examples")
    for c, name in enumerate(names):
        sides = [concepts[held_out == out, c] for out in (False, True)]
        cells = [f"{int((side == PRESENT).sum())} + {int((side == ABSENT).sum())}" for side in sides]
        typer.echo("".join(f"{cell:>12}" for cell in cells) + f"  {_shown(name)}{marks[c] if marks else ''}")


def _print_problems(problems: Sequence[str]) -> None:
    for problem in problems[:MOST]:
        typer.echo(f"problem: {_shown(problem, 2 * LONGEST)}")
    if len(problems) > MOST:
        typer.echo(f"and {len(problems) - MOST} more problems")


def _shown(text: str, most: int = LONGEST) -> str:
    shown = text if len(text) <= most else f"{text[: most - 60]} ... {text[-50:]}"
    return visible(shown)
