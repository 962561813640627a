"""A run as event files for TensorBoard."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sparsight.config import evidence_digest, training_digest
from sparsight.errors import InputError
from sparsight.exporting.scalars import Curves, Scalar, result_curves, training_curves
from sparsight.io import PARTIAL, read_json, write_json
from sparsight.networks import plan
from sparsight.results import read_results
from sparsight.runs import MANIFEST, check_run, check_settings, errors_named, has_ended, read_manifest, read_settings

CARD, _KIND = "scalars.json", "scalars"
_AGAIN = "choose another --out"


@dataclass(frozen=True)
class Scalars:
    """What was written.

    Attributes:
        folder: where; what TensorBoard takes as its log directory.
        trained: networks whose training has ended.
        planned: networks of the run.
        results: whether there are result tables, which a run has once it has ended.
        points: numbers in all.
    """

    folder: Path
    trained: int
    planned: int
    results: bool
    points: int


def export_scalars(run: str | Path, out: str | Path | None = None) -> Scalars:
    """Write what a run, ended or not, holds by now as event files for TensorBoard.

    Each network has a directory, named as its folder in the run, with its training by epoch; each arm and seed, parent
    and control has one with the result tables by round. ``scalars.json`` beside them names the run.

    Args:
        run: the run's folder; nothing is written to it.
        out: a new or empty folder, or one that this has written for the same run, which is replaced as a whole; by
            default ``exports/<run>/tensorboard``.

    Raises:
        InputError: if TensorBoard is not installed, no network is trained yet, a file of the run is damaged, or the
            folder cannot be used; then it is as it was.
    """
    run = Path(run)
    check_run(run)
    if find_spec("tensorboard") is None:
        raise InputError("tensorboard: is not installed; pip install 'sparsight[tensorboard]'")
    settings = read_settings(run)
    check_settings(run)
    networks, ended = plan(settings), has_ended(run)
    trainings = training_curves(run, networks)
    if not trainings:
        raise InputError(f"{run}: no network is trained yet; try again when one is")
    results: Curves = {}
    if ended:
        time = (run / MANIFEST).stat().st_mtime
        results = result_curves(read_results(run, settings, read_manifest(run)), time)
    homes = {home: [*trainings.get(home, ()), *results.get(home, ())] for home in (*trainings, *results)}
    called = Path(os.path.realpath(run)).name or "run"
    folder = Path(out) if out is not None else Path("exports", called, "tensorboard")
    asked = {"run": called, "training": training_digest(settings), "evidence": evidence_digest(settings)}
    with _whole_folder(folder, run, asked) as staged:
        for home, points in homes.items():
            _write_events(staged / home, points)
        write_json(staged / CARD, asked, _KIND)
    return Scalars(folder, len(trainings), len(networks), ended, sum(map(len, homes.values())))


def _write_events(folder: Path, points: Sequence[Scalar]) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for point in points:
            writer.add_scalar(point.tag, point.value, point.step, point.time)


@contextmanager
def _whole_folder(out: Path, run: Path, asked: dict[str, Any]) -> Iterator[Path]:
    """A folder to write to, which takes the place of ``out`` when the block ends; after an error all is as it was."""
    with errors_named(out, f"mend it or {_AGAIN}"):
        _check(out, run, asked)
        made = [place for place in out.absolute().parents if not place.exists()]
        staged, aside = (out.parent / f".{out.name}.{os.getpid()}{end}{PARTIAL}" for end in ("", ".before"))
        try:
            staged.mkdir(parents=True)
            yield staged
            if out.exists():
                out.rename(aside)
            staged.rename(out)
        finally:
            if aside.exists() and not out.exists():
                aside.rename(out)
            for left in (staged, aside):
                shutil.rmtree(left, ignore_errors=True)
            for place in made:  # a folder that is not empty stays
                with suppress(OSError):
                    place.rmdir()


def _check(out: Path, run: Path, asked: dict[str, Any]) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out}: is no folder; {_AGAIN}")
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(run)):
        raise InputError(f"{out}: lies in the run, which is to hold its own files alone; {_AGAIN}")
    found = sorted(entry.name for entry in out.iterdir()) if out.exists() else []
    if not found:
        return
    try:
        held = read_json(out / CARD, _KIND) if CARD in found else None
    except InputError:
        held = None
    if held is None:
        raise InputError(f"{out}: holds other files ({found[0][:80]}); {_AGAIN}")
    if held != asked:
        raise InputError(f"{out}: holds the scalars of another run; {_AGAIN}")
