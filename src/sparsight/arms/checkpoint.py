"""A training that was broken off, as a file beside its ticket-to-be."""

from dataclasses import asdict
from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import read_metadata, read_tensors, write_tensors
from sparsight.training import Best, Checkpoint, Epoch, Optimiser, State

CHECKPOINT = "checkpoint.safetensors"
_PARTS = ("state", "momentum", "best")


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write where a training stands; the file before it is replaced."""
    best = checkpoint.best
    parts = (checkpoint.state, checkpoint.optimiser.momentum, {} if best is None else best.state)
    tensors = {
        f"{part}/{name}": value for part, state in zip(_PARTS, parts, strict=True) for name, value in state.items()
    }
    note = {
        "epoch": checkpoint.epoch,
        "steps": checkpoint.optimiser.steps,
        "best": None if best is None else {"epoch": best.epoch, "accuracy": best.accuracy},
        "log": [asdict(epoch) for epoch in checkpoint.log],
    }
    write_tensors(folder / CHECKPOINT, tensors, note)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Where the training of this folder was broken off; None where it was not, or where the file is damaged.

    A damaged file costs the epochs that it held, and no more: the training starts again and ends the same.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        tensors, note = read_tensors(path), read_metadata(path)
    except InputError:
        return None
    parts: dict[str, State] = {part: {} for part in _PARTS}
    for key, value in tensors.items():
        part, _, name = key.partition("/")
        parts[part][name] = value
    best = note["best"] and Best(parts["best"], note["best"]["epoch"], note["best"]["accuracy"])
    memory = Optimiser(parts["momentum"], note["steps"])
    log = tuple(Epoch(**epoch) for epoch in note["log"])
    return Checkpoint(note["epoch"], parts["state"], memory, best or None, log)


def remove_checkpoint(folder: Path) -> None:
    """Forget where the training stood; it has ended."""
    (folder / CHECKPOINT).unlink(missing_ok=True)
