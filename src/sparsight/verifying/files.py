"""Whether a run's files are those that were written, and come from each other."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sparsight.errors import DamagedError, InputError
from sparsight.io import LIST, LOCK, check_plain, read_list, sha256_plain, strange_places
from sparsight.networks import Network
from sparsight.plain import entries, plain_files, strange, strange_on_the_way
from sparsight.report import LIST_KIND, PAGES
from sparsight.runs import MANIFEST, REPORT, REPORT_FOLDERS, STUDY
from sparsight.seals import FORMS, seal_of
from sparsight.standing import Standing
from sparsight.verifying.check import Check, Found

_NEITHER = {STUDY, MANIFEST, LOCK}
"""Files at the top that the manifest cannot list, or that hold nothing."""


def files_of(folder: Path) -> list[Path]:
    """Every plain file of a run but its report's, which is drawn again from the rest."""
    return sorted(path for path in plain_files(folder) if path.relative_to(folder).parts[0] != REPORT)


def check_plain_files(folder: Path) -> tuple[Check, bool]:
    """Whether a run holds plain files and folders alone, and whether it can be read: no folder of its own may be a
    link, as what a link leads to is not the run's.

    Raises:
        InputError: if a file may not be read.
    """
    broken = strange_places(folder, REPORT, REPORT_FOLDERS)
    wrong = [Found(flaw.path, flaw.why) for flaw in broken]
    named = {flaw.path for flaw in broken}
    for path in entries(folder):
        inside = path.relative_to(folder)
        if inside.parts[0] == REPORT or path in named or inside.name == LOCK:
            continue
        if (found := strange(path)) is not None:
            wrong.append(Found(path, f"is {found}, not a plain file"))
        else:
            check_plain(path)
    after = "; nothing else can be checked beside it" if broken else ""
    looked = f"no links, pipes or devices among the files and folders of the run{after}"
    return Check("plain files", looked, _lines(folder, wrong)), not broken


def check_seals(folder: Path) -> Check:
    """Every file that carries its own hash."""
    carrying = [path for path in files_of(folder) if path.suffix in FORMS]
    broken = [Found(path, "damaged") for path in carrying if seal_of(path) is None]
    return Check("seals", f"{len(carrying)} files that carry their SHA-256", _lines(folder, broken))


def check_manifest(folder: Path, manifest: Mapping[str, Any], networks: Sequence[Network]) -> Check:
    """Every file against the manifest, and the manifest against the files."""
    listed = manifest["files"]
    wrong = list(_against(folder, listed, folder / MANIFEST, "the manifest"))
    wrong += [Found(path, "not listed in the manifest") for path in _unlisted(folder, listed)]
    homes = [network.folder for network in networks]
    absent = [home for home in homes if not any(name.startswith(f"{home}/") for name in listed)]
    wrong += [Found(folder / MANIFEST, f"lists no file of {home}") for home in absent]
    beyond = len(list(_beyond(folder, listed)))
    left = f"; {beyond} files of an extension that has not ended" if beyond else ""
    return Check("manifest", f"{len(listed)} files that it lists{left}", _lines(folder, wrong))


def check_report(folder: Path) -> Check:
    """The report's files against the list that was written with them; a file of the user's beside them is no fault."""
    report, own = folder / REPORT, folder / REPORT / LIST
    files = {path.relative_to(report).as_posix() for path in plain_files(report) if path != own}
    if not os.path.lexists(own) and not files & set(PAGES):
        none = f"not looked at: there is none{_others(len(files))}; sparsight report writes it"
        return Check("report", none, (), skipped=True)
    looked = f"files that {REPORT}/{LIST} lists; not whether they show what the tables hold"
    try:
        listed = read_list(report, LIST_KIND)
    except InputError as error:
        why = error.why if isinstance(error, DamagedError) else "missing"
        remedy = "sparsight report writes the report again"
        return Check("report", looked, (f"{REPORT}/{LIST}: {why}; {remedy}",))
    wrong = list(_against(report, listed, own, LIST))
    return Check("report", f"{len(listed)} {looked}{_others(len(files - set(listed)))}", _lines(folder, wrong))


def _others(count: int) -> str:
    return f" ({count} other file{'s lie' if count > 1 else ' lies'} in {REPORT}/)" if count else ""


def _against(place: Path, listed: Mapping[str, str], lister: Path, words: str) -> Iterator[Found]:
    """What lies below a folder against a list of hashes."""
    for name, digest in listed.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            yield Found(lister, f"lists {name!r}, which is not in the run")
        elif (strange_part := strange_on_the_way(place, name)) is not None:
            yield Found(strange_part[0], f"is {strange_part[1]}, not what {words} lists")
        elif not (place / name).is_file():
            yield Found(place / name, "missing")
        elif sha256_plain(place / name) != digest:
            yield Found(place / name, f"not what {words} lists")


def check_origins(folder: Path, found: Mapping[Network, Standing]) -> Check:
    """Whether every network's files are there, and name what now lies before them."""
    wrong = []
    for network, state in found.items():
        home = folder / network.folder
        wrong += [Found(flaw.path, flaw.why) for flaw in state.flaws]
        if not (state.done or state.flaws):
            wrong.append(Found(home, "its ticket, log, evidence or metrics are missing"))
    return Check("origins", f"{len(found)} networks: ticket, evidence and what they come from", _lines(folder, wrong))


def _unlisted(folder: Path, listed: Mapping[str, str]) -> Iterator[Path]:
    beyond = set(_beyond(folder, listed))
    for path in files_of(folder):
        name = str(path.relative_to(folder))
        if name not in listed and name not in _NEITHER and path not in beyond:
            yield path


def _beyond(folder: Path, listed: Mapping[str, str]) -> Iterator[Path]:
    """Whole files in places of networks of which the manifest lists none: what an extension has made so far."""
    homes = {str(Path(name).parent) for name in listed}
    for path in files_of(folder):
        inside = path.relative_to(folder)
        network = len(inside.parts) > 3 and str(inside.parent) not in homes
        if network and path.suffix in FORMS and seal_of(path) is not None:
            yield path


def _lines(folder: Path, found: Sequence[Found]) -> tuple[str, ...]:
    return tuple(one.line(folder) for one in found)
