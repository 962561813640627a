"""A ticket: the mask, the weights under it, and its files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsight.errors import DamagedError
from sparsight.io import check_sealed, read_metadata, read_tensors, write_bytes, write_tensors
from sparsight.pruning import Mask
from sparsight.seals import ZEROS, sealed
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


def write_ticket(
    folder: Path, ticket: Ticket, log: tuple[Epoch, ...], origin: Mapping[str, str | None] | None = None
) -> None:
    """Write the training's log, the end state where it differs, and last, as the sign that all stands, the ticket.

    Args:
        folder: the network's.
        ticket: what the training left.
        log: its epochs.
        origin: which network it is, and the digests of what it comes from; kept in the ticket.
    """
    origin = origin or {}
    write_bytes(folder / LOG, _log_bytes(log, origin.get("network") or ""))
    end = None
    if ticket.end is not ticket.weights:
        write_tensors(folder / END, ticket.end, kind="end")
        end = check_sealed(folder / END)
    tensors = {**ticket.weights, **{_MASK + name: keep for name, keep in ticket.mask.items()}}
    write_tensors(folder / TICKET, tensors, {"selected_epoch": ticket.selected_epoch, "end": end, **origin}, "ticket")


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
    end = None
    try:
        origin = ticket_origin(folder)
        if origin.get("network", "") == network:
            end = origin.get("end")
        else:
            flaws.append(DamagedError(folder / TICKET, "belongs to another network"))
    except DamagedError as error:
        flaws.append(error)
    try:
        if end is not None and check_sealed(folder / END) != end:
            flaws.append(DamagedError(folder / END, "belongs to another ticket"))
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
        last = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return last.get("network") if isinstance(last, dict) else None


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
    if not {"end", "selected_epoch"} <= note.keys():
        raise DamagedError(folder / TICKET)
    mask = {name.removeprefix(_MASK): tensors.pop(name) for name in list(tensors) if name.startswith(_MASK)}
    end = read_tensors(folder / END, "end") if note["end"] is not None else tensors
    return Ticket(mask, tensors, end, note["selected_epoch"])
