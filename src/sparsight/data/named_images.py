"""Images by the names that users' tables give them, and what a name that fits none may have meant."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from sparsight.data.tree import Tree, composed

_MOST_COMPARED = 20_000


def images_by_name(tree: Tree) -> dict[str, int | None]:
    """Return positions of images by the names that users' tables give them, in composed form.

    The path below the folder, or below the split's folder, or the file's name, with or without its ending; None where
    it names several by accident.
    """
    paths = {composed(entry.path.as_posix()): i for i, entry in enumerate(tree.entries)}
    names: dict[str, int | None] = {}
    endless: dict[str, int | None] = {}
    for i, entry in enumerate(tree.entries):
        shorter = PurePosixPath(*entry.path.parts[1:] if entry.split is not None else entry.path.parts)
        for name in dict.fromkeys((PurePosixPath(entry.path.name), shorter, PurePosixPath(entry.path.as_posix()))):
            for known, text in ((names, name.as_posix()), (endless, name.with_suffix("").as_posix())):
                key = composed(text)
                known[key] = None if key in known else i
    found: dict[str, int | None] = dict(paths)
    for known in (names, endless):
        found |= {name: i for name, i in known.items() if name not in found}
    return found


def plain_name(text: str, known: Mapping[str, object], root: Path) -> str:
    """Return a table's name of an image as it is known, if it differs in separators or names folders above the data.

    Args:
        text: as it stands in the table.
        known: names of images.
        root: the data's folder.
    """
    name = composed(text)
    if name in known:
        return name
    name = name.replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    if name in known:
        return name
    parts, above = [part for part in name.split("/") if part], [composed(part) for part in root.parts if part != "/"]
    for cut in range(len(parts) - 1, 0, -1):
        if parts[:cut] == above[-cut:] and "/".join(parts[cut:]) in known:
            return "/".join(parts[cut:])
    return name


def meant(name: str, known: Iterable[str]) -> str:
    """Describe the known name that was probably meant, and how it differs; empty if there is none."""
    names = list(known)
    for what, key in (("in capitals or small letters", str.casefold), ("in its ending", _without_ending)):
        found = [one for one in names if key(one) == key(name)]
        if found:
            return f"{found[0]!r} differs from it {what} alone"
    last = PurePosixPath(name).name
    found = [one for one in names if _without_ending(PurePosixPath(one).name) == _without_ending(last)]
    if found:
        return f"{max(found, key=len)!r} is there"
    near = get_close_matches(name, names[:_MOST_COMPARED], n=1, cutoff=0.75)
    return f"did you mean {near[0]!r}?" if near else ""


def _without_ending(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).casefold()
    path = PurePosixPath(plain)
    return path.with_suffix("").as_posix() if path.name else plain


def unknown_names(
    names: Sequence[str], known: Iterable[str], total: int, root: Path, kind: str = "image", row: str = "row"
) -> str:
    """Describe what of a table names nothing: the first name, how many there are, and what it may have meant.

    Args:
        names: that are unknown, the first one first.
        known: names of what is there.
        total: rows of the table.
        root: the data's folder.
        kind: ``image`` or ``class``.
        row: what a row of the table is called.
    """
    hint = meant(names[0], known)
    counted = f" ({len(names):,} of {total:,} {row}s name none)" if len(names) > 1 else ""
    return f"no {kind} {names[0][:200]!r} in {root}{counted}" + (f"; {hint}" if hint else "")
