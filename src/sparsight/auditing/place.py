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
    """Refuse a folder that holds something else than an earlier audit of the same models on the same images.

    Args:
        out: the folder, which need not exist.
        asked: what is audited, as ``audit.json`` names it.

    Raises:
        InputError: if it cannot be used.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out}: is no folder; choose another --out")
    found = sorted(entry.name for entry in out.iterdir()) if out.exists() else []
    if not found:
        return
    try:
        held = read_json(out / RECORD, _KIND).get("asked") if RECORD in found else None
    except InputError:
        held = None
    if held is None:
        raise InputError(f"{out}: holds other files ({found[0][:80]}); choose another --out")
    if held != dict(asked):
        raise InputError(f"{out}: holds an audit of other models or images; choose another --out")


def write_folder(
    out: Path, asked: Mapping[str, Any], looks: Mapping[str, Look], report: Callable[[Path], Path]
) -> Path:
    """Write the evidence of each model, the report, and ``audit.json``, which names them.

    Files are named by the models' places, never by their names. An earlier audit of the same is replaced.

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
        write_json(staged / RECORD, {"asked": dict(asked), "evidence": files}, _KIND)
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
