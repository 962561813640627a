"""A training that was broken off, as a file beside its ticket-to-be."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import read_metadata, read_tensors, write_tensors
from sparsight.training import Best, Checkpoint, Epoch, Optimiser, State, Within

CHECKPOINT, CHECKPOINT_KIND = "checkpoint.safetensors", "checkpoint"
_PARTS = ("state", "momentum", "best", "noise", "within")
_WITHIN = ("step", "correct", "seen", "validation", "seconds")


def write_checkpoint(folder: Path, origin: Mapping[str, str | None], checkpoint: Checkpoint) -> None:
    """Write where a training stands; the file before it is replaced.

    Args:
        folder: the network's.
        origin: which network it is, and the digests of what it comes from.
        checkpoint: where it stands.
    """
    best, within = checkpoint.best, checkpoint.within
    parts = (
        checkpoint.state,
        checkpoint.optimiser.momentum,
        {} if best is None else best.state,
        {} if within is None else within.noise,
        {} if within is None else {"losses": within.losses},
    )
    tensors = {
        f"{part}/{name}": value for part, state in zip(_PARTS, parts, strict=True) for name, value in state.items()
    }
    note = {
        "epoch": checkpoint.epoch,
        "steps": checkpoint.optimiser.steps,
        "best": None if best is None else {"epoch": best.epoch, "accuracy": best.accuracy},
        "log": [asdict(epoch) for epoch in checkpoint.log],
        "within": None if within is None else {name: getattr(within, name) for name in _WITHIN},
        "origin": dict(origin),
    }
    write_tensors(folder / CHECKPOINT, tensors, note, CHECKPOINT_KIND)


def read_checkpoint(folder: Path, origin: Mapping[str, str | None]) -> Checkpoint | None:
    """Where the training of this folder was broken off; None where it was not, or where the file is of no use.

    One that is damaged, another network's, or of other data costs the epochs that it held, and no more: the training
    starts again and ends the same.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        tensors, note = read_tensors(path, CHECKPOINT_KIND), read_metadata(path)
    except InputError:
        return None
    if note.get("origin") != dict(origin):
        return None
    parts: dict[str, State] = {part: {} for part in _PARTS}
    for key, value in tensors.items():
        part, _, name = key.partition("/")
        parts[part][name] = value
    best = note["best"] and Best(parts["best"], note["best"]["epoch"], note["best"]["accuracy"])
    memory = Optimiser(parts["momentum"], note["steps"])
    log = tuple(Epoch(**epoch) for epoch in note["log"])
    place = note.get("within")
    within = place and Within(losses=parts["within"]["losses"], noise=parts["noise"], **place)
    return Checkpoint(note["epoch"], parts["state"], memory, best or None, log, within or None)


def remove_checkpoint(folder: Path) -> None:
    """Forget where the training stood; it has ended."""
    (folder / CHECKPOINT).unlink(missing_ok=True)
