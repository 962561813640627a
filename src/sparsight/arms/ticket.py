"""A ticket: the mask, the weights under it, and its files."""

import json
from dataclasses import dataclass
from pathlib import Path

from sparsight.io import read_metadata, read_tensors, write_bytes, write_tensors
from sparsight.pruning import Mask
from sparsight.training import Epoch, Optimiser, State

_MASK = "mask/"
TICKET, END, LOG = "ticket.safetensors", "end.safetensors", "training.jsonl"
OPTIMISER, REWOUND = "optimiser.safetensors", "start.safetensors"


@dataclass(frozen=True)
class Ticket:
    """What one round leaves.

    Attributes:
        mask: which prunable weights are kept; all of them for a dense network.
        weights: the state that is looked at; zero where the mask is false, unless the arm revives weights.
        end: the state after the last epoch, where the rule chose another one to look at; else ``weights``.
        selected_epoch: epochs of training that ``weights`` has had.
        optimiser: what the optimiser remembers, where the rule keeps it.
        start: what later rounds are rewound to, where that is not the state before the first training.
    """

    mask: Mask
    weights: State
    end: State
    selected_epoch: int
    optimiser: Optimiser | None = None
    start: State | None = None

    @property
    def alive(self) -> Mask:
        """The weights that the mask keeps or whose value is not 0: the mask itself, unless weights were revived."""
        return {name: keep | (self.weights[name] != 0) for name, keep in self.mask.items()}


def write_ticket(folder: Path, ticket: Ticket, log: tuple[Epoch, ...]) -> None:
    """Write the training's log, the other states that there are, and last, as the sign that all stands, the ticket."""
    lines = "".join(json.dumps(epoch.as_dict()) + "\n" for epoch in log)
    write_bytes(folder / LOG, lines.encode())
    has_end = ticket.end is not ticket.weights
    if has_end:
        write_tensors(folder / END, ticket.end)
    if ticket.optimiser is not None:
        write_tensors(folder / OPTIMISER, ticket.optimiser.momentum, {"steps": ticket.optimiser.steps})
    if ticket.start is not None:
        write_tensors(folder / REWOUND, ticket.start)
    note = {
        "selected_epoch": ticket.selected_epoch,
        "has_end": has_end,
        "has_optimiser": ticket.optimiser is not None,
        "has_start": ticket.start is not None,
    }
    tensors = {**ticket.weights, **{_MASK + name: keep for name, keep in ticket.mask.items()}}
    write_tensors(folder / TICKET, tensors, note)


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
    optimiser = None
    if note["has_optimiser"]:
        momentum = read_tensors(folder / OPTIMISER)
        optimiser = Optimiser(momentum, read_metadata(folder / OPTIMISER)["steps"])
    start = read_tensors(folder / REWOUND) if note["has_start"] else None
    return Ticket(mask, tensors, end, note["selected_epoch"], optimiser, start)
