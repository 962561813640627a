"""A ticket: the mask, the weights under it, and its files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from sparsight.errors import DamagedError
from sparsight.io import check_sealed, read_metadata, read_tensors, write_bytes, write_tensors
from sparsight.plain import read_plain
from sparsight.pruning import Mask
from sparsight.seals import ZEROS, sealed
from sparsight.training import Epoch, Optimiser, State

_MASK = "mask/"
TICKET, LOG = "ticket.safetensors", "training.jsonl"
BESIDE = {"end": "end.safetensors", "optimiser": "optimiser.safetensors", "start": "start.safetensors"}
"""Files of a ticket's other states, where it has them; the ticket names their digests."""


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


def write_ticket(
    folder: Path, ticket: Ticket, log: tuple[Epoch, ...], origin: Mapping[str, str | None] | None = None
) -> None:
    """Write the training's log, the other states that there are, and last, as the sign that all stands, the ticket.

    Args:
        folder: the network's.
        ticket: what the training left.
        log: its epochs.
        origin: which network it is, and the digests of what it comes from; kept in the ticket.
    """
    origin = origin or {}
    write_bytes(folder / LOG, _log_bytes(log, origin.get("network") or ""))
    others = {kind: states for kind, states in _others(ticket).items() if states is not None}
    for kind, (states, about) in others.items():
        write_tensors(folder / BESIDE[kind], states, about, kind)
    digests = {kind: check_sealed(folder / BESIDE[kind]) if kind in others else None for kind in BESIDE}
    tensors = {**ticket.weights, **{_MASK + name: keep for name, keep in ticket.mask.items()}}
    note: dict[str, Any] = {"selected_epoch": ticket.selected_epoch, **digests, **origin}
    write_tensors(folder / TICKET, tensors, note, "ticket")


def _others(ticket: Ticket) -> dict[str, tuple[State, dict[str, int]] | None]:
    """The states beside the ticket's own, each with its note; None for those that there are not."""
    optimiser = ticket.optimiser
    return {
        "end": None if ticket.end is ticket.weights else (ticket.end, {}),
        "optimiser": None if optimiser is None else (optimiser.momentum, {"steps": optimiser.steps}),
        "start": None if ticket.start is None else (ticket.start, {}),
    }


def _log_bytes(log: tuple[Epoch, ...], network: str) -> bytes:
    """A line an epoch; the last one names the network, too, and carries the seal."""
    lines = [json.dumps(epoch.as_dict()) for epoch in log] or ["{}"]
    last = json.dumps({**json.loads(lines[-1]), "network": network})
    last = f'{last[:-1]}, "seal": "sha256:{ZEROS.decode()}"}}'
    return sealed("".join(f"{line}\n" for line in [*lines[:-1], last]).encode(), ".jsonl")


def ticket_flaws(folder: Path, network: str = "") -> list[DamagedError]:
    """What is wrong with the files of a training that is done: damaged, or another network's.

    Args:
        folder: the network's.
        network: its name, as ``write_ticket`` was given it.

    Raises:
        InputError: if a file is missing.
    """
    flaws = []
    digests: dict[str, Any] = {}
    try:
        origin = ticket_origin(folder)
        if origin.get("network", "") == network:
            digests = {kind: origin.get(kind) for kind in BESIDE if origin.get(kind) is not None}
        else:
            flaws.append(DamagedError(folder / TICKET, "belongs to another network"))
    except DamagedError as error:
        flaws.append(error)
    for kind, digest in digests.items():
        try:
            if check_sealed(folder / BESIDE[kind]) != digest:
                flaws.append(DamagedError(folder / BESIDE[kind], "belongs to another ticket"))
        except DamagedError as error:
            flaws.append(error)
    try:
        check_sealed(folder / LOG)
        if _named_in(folder / LOG) != network:
            flaws.append(DamagedError(folder / LOG, "belongs to another network"))
    except DamagedError as error:
        flaws.append(error)
    return flaws


def _named_in(log: Path) -> object:
    """The network that the last line of a log names; None if it is a line of something else."""
    try:
        last = json.loads(read_plain(log).decode().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return last.get("network") if isinstance(last, dict) else None


def read_log(folder: Path) -> tuple[Epoch, ...]:
    """The epochs of a training; none where it was stopped before the first.

    Raises:
        InputError: if the file is missing.
        DamagedError: if it is not whole.
    """
    path = folder / LOG
    check_sealed(path)
    names = [field.name for field in fields(Epoch)]
    try:
        lines = [json.loads(line) for line in read_plain(path).decode().splitlines()]
        return tuple(Epoch(**{name: line[name] for name in names}) for line in lines if names[0] in line)
    except (ValueError, KeyError, TypeError):
        raise DamagedError(path) from None


def ticket_origin(folder: Path) -> dict[str, Any]:
    """What a ticket says of itself: its network, the digests of what it comes from, ``selected_epoch``, ``end``.

    Raises:
        InputError: if it is missing.
        DamagedError: if it is not whole.
    """
    return read_metadata(folder / TICKET, "ticket")


def read_ticket(folder: Path) -> Ticket:
    """Read what ``write_ticket`` wrote.

    Raises:
        InputError: if a file is missing or not whole.
    """
    tensors = read_tensors(folder / TICKET, "ticket")
    note = read_metadata(folder / TICKET)
    if not {*BESIDE, "selected_epoch"} <= note.keys():
        raise DamagedError(folder / TICKET)
    mask = {name.removeprefix(_MASK): tensors.pop(name) for name in list(tensors) if name.startswith(_MASK)}
    for name, keep in mask.items():
        if keep.dtype != torch.bool or name not in tensors or keep.shape != tensors[name].shape:
            raise DamagedError(folder / TICKET, f"damaged (no fit mask of {name})")
    paths = {kind: folder / BESIDE[kind] for kind in BESIDE if note[kind] is not None}
    states = {kind: read_tensors(path, kind) for kind, path in paths.items()}
    optimiser = None
    if "optimiser" in states:
        optimiser = Optimiser(states["optimiser"], read_metadata(paths["optimiser"])["steps"])
    end = states.get("end", tensors)
    return Ticket(mask, tensors, end, note["selected_epoch"], optimiser, states.get("start"))
