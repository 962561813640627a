"""An audit's folder: all of it appears, or nothing."""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sparsight.auditing.look import Look
from sparsight.errors import InputError
from sparsight.io import PARTIAL, read_json, write_json, write_tensors

RECORD, EVIDENCE, REPORT = "audit.json", "evidence", "report"
_KIND = "audit"


def check_place(out: Path, asked: Mapping[str, Any]) -> None:
    """Refuse a folder that holds something else than an earlier audit of the same, or anything beside it.

    Args:
        out: the folder, which need not exist.
        asked: what is audited, as ``audit.json`` names it.

    Raises:
        InputError: if it cannot be used.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out}: is no folder; choose another --out")
    top = sorted(entry.name for entry in out.iterdir()) if out.exists() else []
    if not top:
        return
    try:
        held = read_json(out / RECORD, _KIND) if RECORD in top else {}
    except InputError:
        held = {}
    before, known = held.get("asked"), held.get("files")
    if not isinstance(before, dict) or not isinstance(known, list):
        raise InputError(f"{out}: holds other files ({top[0][:80]}); choose another --out")
    if others := sorted(set(_files(out)) - {RECORD, *map(str, known)}):
        raise InputError(f"{out}: holds another file ({others[0][:80]}); take it away or choose another --out")
    differing = [key for key in dict.fromkeys((*asked, *before)) if before.get(key) != asked.get(key)]
    if differing:
        raise InputError(
            f"{out}: holds another audit, which differs in its {', '.join(differing)}; choose another --out"
        )


def _files(folder: Path) -> list[str]:
    """The paths of all files below, and of folders that hold none, as they stand there."""
    found = [one for one in folder.rglob("*") if one.is_symlink() or not one.is_dir() or not any(one.iterdir())]
    return sorted(one.relative_to(folder).as_posix() for one in found)


def write_folder(
    out: Path, asked: Mapping[str, Any], looks: Mapping[str, Look], report: Callable[[Path], Path]
) -> Path:
    """Write the evidence of each model, the report, and ``audit.json``, which names them.

    Files are named by the models' places, never by their names. An earlier audit of the same is replaced, unless
    somebody has put files of his own there.

    Args:
        out: the folder.
        asked: what was audited.
        looks: by the models' names, the original first.
        report: writes the report into a folder and gives its page.

    Returns:
        The report's page.

    Raises:
        InputError: if the folder cannot be used or written; then it is as it was.
    """
    check_place(out, asked)
    staged = out.parent / f".{out.name}.{os.getpid()}{PARTIAL}"
    aside = out.parent / f".{out.name}.{os.getpid()}.before{PARTIAL}"
    try:
        (staged / EVIDENCE).mkdir(parents=True)
        files = {}
        for place, (name, one) in enumerate(looks.items()):
            files[name] = f"{EVIDENCE}/model-{place:02d}.safetensors"
            write_tensors(staged / files[name], one.arrays(), {"model": name}, "evidence")
        page = report(staged / REPORT)
        write_json(staged / RECORD, {"asked": dict(asked), "evidence": files, "files": _files(staged)}, _KIND)
        if out.exists():
            out.rename(aside)
        staged.rename(out)
    except OSError as error:
        if aside.exists() and not out.exists():
            aside.rename(out)
        why = error.strerror or error
        raise InputError(f"{error.filename or out}: cannot be written ({why}); choose another --out") from error
    finally:
        for left in (staged, aside):
            with suppress(OSError):
                shutil.rmtree(left)
    return out / REPORT / page.name
