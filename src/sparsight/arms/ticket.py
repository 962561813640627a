"""A ticket: the mask, the weights under it, and its files."""

import json
from dataclasses import dataclass
from pathlib import Path

from sparsight.io import read_metadata, read_tensors, write_bytes, write_tensors
from sparsight.pruning import Mask
from sparsight.training import Epoch, State

_MASK = "mask/"
TICKET, END, LOG = "ticket.safetensors", "end.safetensors", "training.jsonl"


@dataclass(frozen=True)
class Ticket:
    """What one round leaves.

    Attributes:
        mask: which prunable weights are kept; all of them for a dense network.
        weights: the state that is looked at; zero where the mask is false.
        end: the state after the last epoch, where the rule chose another one to look at; else ``weights``.
        selected_epoch: epochs of training that ``weights`` has had.
    """

    mask: Mask
    weights: State
    end: State
    selected_epoch: int


def write_ticket(folder: Path, ticket: Ticket, log: tuple[Epoch, ...]) -> None:
    """Write the training's log, the end state where it differs, and last, as the sign that all stands, the ticket."""
    lines = "".join(json.dumps(epoch.as_dict()) + "\n" for epoch in log)
    write_bytes(folder / LOG, lines.encode())
    has_end = ticket.end is not ticket.weights
    if has_end:
        write_tensors(folder / END, ticket.end)
    tensors = {**ticket.weights, **{_MASK + name: keep for name, keep in ticket.mask.items()}}
    write_tensors(folder / TICKET, tensors, {"selected_epoch": ticket.selected_epoch, "has_end": has_end})


def has_ticket(folder: Path) -> bool:
    """Whether the training of this folder is done."""
    return (folder / TICKET).exists()


def read_ticket(folder: Path) -> Ticket:
    """Read what ``write_ticket`` wrote.

    Raises:
        InputError: if a file is missing or not whole.
    """
    tensors = read_tensors(folder / TICKET)
    note = read_metadata(folder / TICKET)
    mask = {name.removeprefix(_MASK): tensors.pop(name) for name in list(tensors) if name.startswith(_MASK)}
    end = read_tensors(folder / END) if note["has_end"] else tensors
    return Ticket(mask, tensors, end, note["selected_epoch"])
