"""Which images a folder of class folders holds, and on which side each stands; nothing is opened."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sparsight.data.arrangement import Placed, arrangement, unwrapped
from sparsight.data.dataset import SPLITS
from sparsight.data.folder_names import masked_stem
from sparsight.data.formats import EXTENSIONS
from sparsight.data.passed_over import passed_over
from sparsight.data.walk import Folder, walk
from sparsight.errors import InputError

_SHOWN = 5


@dataclass(frozen=True)
class Entry:
    """An image file: its path below the folder, its class, and its split where the folders decide it."""

    path: Path
    label: int
    split: str | None


@dataclass(frozen=True)
class Tree:
    """A folder of classes.

    Attributes:
        root: the folder with the class folders or those of splits in it.
        class_names: the classes.
        entries: its images in the order of their paths.
        ignored: the other files below the folder that was named.
        outside: images below it that are of no class.
        without: of each class without an image, what its folders hold.
        notes: what a user should know of how the folder was read.
    """

    root: Path
    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    ignored: tuple[Path, ...]
    outside: tuple[Path, ...]
    without: dict[str, str]
    notes: tuple[str, ...]

    def alike(self, name: str) -> list[str]:
        """Return the classes whose names differ from one in capitals, blanks or dashes alone, and that one."""
        return [other for other in self.class_names if _plain(other) == _plain(name)]


def composed(text: str) -> str:
    """The text in composed form, so that a name copied from another system is the same name."""
    return unicodedata.normalize("NFC", text.strip())


def read_tree(root: Path, apart: Collection[Path] = (), needed: Collection[str] = SPLITS) -> Tree:
    """List ``root/<class>/<image>`` or ``root/<split>/<class>/<image>``.

    The second holds where folders of splits, by whatever name (``side_of``), hold class folders. Images in folders
    below a class are of that class. Where all images lie in one folder that is neither, that is read. Hidden files and
    folders are passed over.

    Args:
        root: the folder.
        apart: folders of masks and of examples of concepts, which are none of classes.
        needed: the splits that must be there where the folders decide them.

    Raises:
        InputError: if the folder cannot be listed, or has another layout.
    """
    if not root.is_dir():
        raise InputError(f"{root}: {'not a folder' if root.exists() else 'does not exist'}; name a folder of classes")
    whole = walk(root, apart)
    top = unwrapped(whole)
    placed, notes = arrangement(top, needed)
    if top is not whole:
        notes.insert(0, f"images are read from {top.path.relative_to(root)} in the folder that was named")
    names = tuple(sorted({_class_name(one.folder) for one in placed}))
    if len(names) < 2:
        found = f"1 class folder ({names[0][:80]!r})" if names else "no class folders"
        raise InputError(f"{root}: {found}; a classifier needs two or more")
    number = {name: k for k, name in enumerate(names)}
    entries = [
        Entry(image.relative_to(top.path), number[_class_name(one.folder)], one.split)
        for one in placed
        for image in one.images
    ]
    entries.sort(key=lambda entry: entry.path.parts)
    taken = {top.path / entry.path for entry in entries}
    outside = [image for folder in whole.below() for image in folder.images if image not in taken]
    ignored = [file for folder in whole.below() for file in (*folder.others, *folder.hidden)]
    filled = {entry.label for entry in entries}
    without = {name: _held(name, placed) for name, k in number.items() if k not in filled}
    notes += [*_twins(names), *_below(top.path, placed), *_beside(entries), *_hidden(top, placed)]
    return Tree(top.path, names, tuple(entries), tuple(ignored), tuple(outside), without, tuple(notes))


def sides_of(root: Path) -> tuple[str, ...]:
    """The splits that the folders decide; none where they do not, or cannot be listed."""
    try:
        placed, _ = arrangement(unwrapped(walk(root)), ())
    except InputError:
        return ()
    return tuple(dict.fromkeys(one.split for one in placed if one.split is not None))


def ignored_notes(tree: Tree, table: Path) -> list[str]:
    """Report what of a tree is not taken, by kind, but for the table of its concepts."""
    return passed_over([file for file in tree.ignored if file != table], tree.root, tree.outside)


def _held(name: str, placed: list[Placed]) -> str:
    """What the folders of a class without images hold, in brackets; empty for nothing."""
    own = [one.folder for one in placed if _class_name(one.folder) == name]
    files = [file for folder in own for below in folder.below() for file in below.others]
    held = passed_over(files, own[0].path.parent)
    return f" ({held[0]})" if held else ""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold() or name


def _twins(names: Sequence[str]) -> list[str]:
    """Report classes whose names are next to the same."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_plain(name), []).append(name)
    found = [f"{own[0][:60]!r} and {own[1][:60]!r}" for own in alike.values() if len(own) > 1]
    if not found:
        return []
    shown = "; ".join(found[:_SHOWN]) + ("; ..." if len(found) > _SHOWN else "")
    return [f"classes differ in capitals, blanks or dashes alone: {shown}; if they are one, give its folders one name"]


def _below(root: Path, placed: list[Placed]) -> list[str]:
    deeper = [image.parent for one in placed for image in one.images if image.parent != one.folder.path]
    if not deeper:
        return []
    counts = Counter(folder.relative_to(root).as_posix() for folder in deeper)
    shown = ", ".join(f"{name[-80:]} ({count:,})" for name, count in list(counts.items())[:_SHOWN])
    lie = "image lies in a folder" if len(deeper) == 1 else "images lie in folders"
    of_it = f"below {'its' if len(deeper) == 1 else 'their'} class, and {'is' if len(deeper) == 1 else 'are'} of it"
    return [f"{len(deeper):,} {lie} {of_it}: {shown}{', ...' if len(counts) > _SHOWN else ''}"]


def _beside(entries: list[Entry]) -> list[str]:
    """Report images whose names say that they are masks of other images."""
    known = {entry.path.stem.casefold() for entry in entries}
    masks = [entry.path for entry in entries if masked_stem(entry.path.stem) in known]
    if not masks:
        return []
    are = "image is by its name the mask" if len(masks) == 1 else "images are by their names masks"
    return [
        f"{len(masks):,} {are} of another image, as {masks[0].as_posix()[-80:]}, and taken for images of their class; "
        "move masks into a folder of their own, which data.masks names"
    ]


def _hidden(top: Folder, placed: list[Placed]) -> list[str]:
    """Report the hidden folders that hold images, which look like classes; those that cannot be listed do not."""
    places = dict.fromkeys((top.path, *(one.folder.path.parent for one in placed)))
    found = []
    for folder in sorted(folder for own in top.below() if own.path in places for folder in own.hidden):
        with suppress(OSError):
            if folder.is_dir() and any(file.suffix.lower() in EXTENSIONS for file in folder.iterdir()):
                found.append(folder)
    if not found:
        return []
    listed = ", ".join(str(one.relative_to(top.path))[:80] for one in found[:_SHOWN])
    others = ", ..." if len(found) > _SHOWN else ""
    return [f"folders with images whose names start with a dot are no classes: {listed}{others}; rename them"]


def _class_name(folder: Folder) -> str:
    """The folder's name in composed form, so that a name copied from another system is the same class."""
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{folder.path}: the name is not valid UTF-8; rename the folder") from None
    return unicodedata.normalize("NFC", folder.name)
