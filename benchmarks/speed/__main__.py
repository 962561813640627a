"""How fast sparsight is, beside its peers.

python -m benchmarks.speed [--only NAME,...] [--repeats 5] [--quick] [--out FILE]

A table of ratios, each from alternating runs on this machine. Exits with 1 if an answer differs from its reference.
"""

import argparse
import datetime
import importlib
import platform
import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.speed.bench import DiffersError, MissingPeerError, Row, markdown
from sparsight.runs import machine, versions

NAMES = ("solvers", "gradcam", "evidence", "drift", "training", "loading", "study")
"""A module each, with ``rows(repeats, quick)``, which yields rows, or why one is skipped."""


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__.splitlines()[0])
    asked.add_argument("--only", help=f"names of {', '.join(NAMES)}, separated by commas")
    asked.add_argument("--repeats", type=int, default=5, help="runs of each side")
    asked.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast")
    asked.add_argument("--out", type=Path, help="write the table here as well")
    given = asked.parse_args()
    names = given.only.split(",") if given.only else NAMES
    if unknown := [name for name in names if name not in NAMES]:
        asked.error(f"--only {unknown[0]}: must be among {', '.join(NAMES)}")
    if given.repeats < 1:
        asked.error(f"--repeats {given.repeats}: must be 1 or more")
    if given.out and not given.out.absolute().parent.is_dir():
        asked.error(f"--out {given.out}: there is no such folder")
    where = _where(given.repeats, given.quick)  # before anything runs: it names the commit that is measured
    rows: list[Row] = []
    lost: list[str] = []
    wrong: list[str] = []
    for name in names:
        try:
            for row in importlib.import_module(f"benchmarks.speed.{name}").rows(given.repeats, given.quick):
                if isinstance(row, MissingPeerError):
                    lost.append(f"{name}: skipped: {row}")
                    continue
                rows.append(row)
                print(" | ".join(row.cells()), flush=True)
        except MissingPeerError as why:
            lost.append(f"{name}: skipped: {why}")
        except DiffersError as why:
            wrong.append(f"{name}: WRONG: {why}")
    text = "\n\n".join([where, markdown(rows), *lost, *wrong]) + "\n"
    print("\n" + text)
    if given.out:
        given.out.write_text(text)
    sys.exit(bool(wrong))


def _where(repeats: int, quick: bool) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    libraries = ", ".join(f"{name} {version}" for name, version in versions().items())
    card = f"; {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    sizes = "; QUICK: sizes are small, and ratios mean nothing" if quick else ""
    return (
        f"{datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}, commit {commit.strip() or 'unknown'}; {machine()}{card}; "
        f"{platform.python_implementation()} {platform.python_version()}; {libraries}; medians and ranges of {repeats} "
        f"alternating runs, {torch.get_num_threads()} threads{sizes}"
    )


if __name__ == "__main__":
    main()
