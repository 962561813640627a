"""The folder that an export is written to: all of it appears, or nothing."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import PARTIAL, hold_place, partial_file, read_json, remove_partial_files
from sparsight.runs import errors_named

FORMATS = {"state": "state.safetensors", "mask": "mask.safetensors", "onnx": "model.onnx"}
"""The forms of a ticket, and the file of each."""
CARD = "card.json"
KIND = "export"
"""What the card's file says that it is."""


@contextmanager
def staged_folder(out: Path, run: Path, names: Sequence[str], ticket: str) -> Iterator[dict[str, Path]]:
    """Files to write to, which take their places in ``out`` when the block ends without an error, the card last.

    After an error the folder is as it was, and a new one is gone. An export of the same ticket is replaced.

    Args:
        out: the folder.
        run: the run's, whose files its manifest lists, so that no other may stand among them.
        names: of the files beside the card.
        ticket: the SHA-256 of the ticket that is exported.

    Yields:
        Where to write each file, by its name, the card's among them.

    Raises:
        InputError: if the folder cannot be used or written, or holds something else.
    """
    with errors_named(out, "mend it or choose another --out"), hold_place(out):
        _check(out, run, ticket)
        made = [place for place in (out, *out.parents) if not place.exists()]
        try:
            with ExitStack() as staged:  # unwinds from its end: the card, entered first, takes its place last
                remove_partial_files(out)
                yield {name: staged.enter_context(partial_file(out / name)) for name in (CARD, *names)}
                for name in (CARD, *FORMATS.values()):
                    (out / name).unlink(missing_ok=True)
        except BaseException:
            for place in made:
                with suppress(OSError):
                    place.rmdir()
            raise


def _check(out: Path, run: Path, ticket: str) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; choose another --out")
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(run)):
        raise InputError(f"{out}: lies in the run, which is to hold its own files alone; choose another --out")
    found = [entry.name for entry in out.iterdir() if not entry.name.endswith(PARTIAL)] if out.exists() else []
    if not found:
        return
    others = sorted(set(found) - {CARD, *FORMATS.values()})
    try:
        held = None if others else read_json(out / CARD, KIND).get("ticket")
    except InputError:
        held = None
    if held is None:
        raise InputError(f"{out}: holds other files ({(others or found)[0][:80]}); choose another --out")
    if held != ticket:
        raise InputError(f"{out}: holds the export of another ticket; choose another --out")
