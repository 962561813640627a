"""The official files of HAM10000: where they lie, and what the metadata say. No image is opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsight.data.formats import EXTENSIONS
from sparsight.data.listing import ARCHIVES, check_folder, files_below, folders, listed
from sparsight.data.table import read_table
from sparsight.errors import InputError

DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
METADATA = ("HAM10000_metadata.csv", "HAM10000_metadata", "HAM10000_metadata.tab")
"""Harvard Dataverse names the file without an ending, or gives it as a table parted by tabs."""
MASK = "_segmentation"
DEPTH = 3
"""Folders below the one that is named: one of the archive's name, one for its images, one more if unpacked twice."""
SHOWN = 5
WANTED = "the folder with HAM10000_metadata and the image folders"


@dataclass(frozen=True)
class Lesion:
    """A row of the metadata whose image is there.

    Attributes:
        image_id: as ``ISIC_0027419``.
        lesion_id: as ``HAM_0000118``; images of one lesion share it.
        dx: the diagnosis, one of ``DIAGNOSES``.
        path: of the image.
        mask: of its segmentation, or None.
    """

    image_id: str
    lesion_id: str
    dx: str
    path: Path
    mask: Path | None


@dataclass(frozen=True)
class Layout:
    """The images by image id, and what a user should know of the folder."""

    root: Path
    lesions: tuple[Lesion, ...]
    notes: tuple[str, ...]


def read_layout(path: Path | None) -> Layout:
    """Find the metadata, the images and the masks.

    Images lie in any folders down to three below the metadata's, or else below the one that is named; a file is an
    image by its extension, its id is its name, and a mask is ``<image_id>_segmentation`` with any lossless format's
    extension.

    Raises:
        InputError: naming the file and the line, if a table is missing or says what cannot be, or no image is there.
    """
    if path is None:
        raise InputError(
            f"data.path: ham10000 reads the official files; name {WANTED} by --data FOLDER ('sparsight data where "
            "ham10000' says where they are had)"
        )
    metadata = find_metadata(path)
    rows = _rows(metadata)
    notes = [f"metadata read from {metadata.relative_to(path)}"] if metadata.parent != path else []
    images, masks, copies = _files(metadata.parent)
    if not rows.keys() & images.keys() and metadata.parent != path:  # the metadata have a folder of their own
        images, masks, copies = _files(path)
    if copies:
        notes.append(f"{copies:,} images lie in two folders; one of each is read")
    if not (there := sorted(rows.keys() & images.keys())):
        packed = next((f.name for f in listed(path) if f.suffix.lower() in ARCHIVES), None)
        hint = f"unpack {packed}" if packed else f"unpack the images there; {_some(sorted(rows))} are missing"
        raise InputError(f"{path}: holds none of the images of {metadata.name}: {hint}")
    if absent := sorted(rows.keys() - images.keys()):
        notes.append(
            f"{len(there):,} of {len(rows):,} images of {metadata.name} are there; without image: {_some(absent)}"
        )
    if strangers := sorted(images.keys() - rows.keys()):
        notes.append(f"{len(strangers):,} image files in no row of {metadata.name} were left out: {_some(strangers)}")
    found = tuple(Lesion(one, *rows[one], images[one], masks.get(one)) for one in there)
    if masks and (bare := [lesion.image_id for lesion in found if lesion.mask is None]):
        notes.append(f"{len(bare):,} of {len(found):,} images have no segmentation: {_some(bare)}")
    return Layout(path, found, tuple(note[:500] for note in notes))


def find_metadata(path: Path) -> Path:
    """The metadata in the folder that is named, or in the one folder in it that has them.

    Raises:
        InputError: if there are none, or several.
    """
    check_folder(path, WANTED)
    for places in ([path], folders(path)):
        found = [place / name for place in places for name in METADATA if (place / name).is_file()]
        if len({file.parent for file in found}) > 1:
            raise InputError(f"{path}: metadata in {found[0].parent.name} and in {found[-1].parent.name}; name one")
        if found:
            return found[0]
    raise InputError(f"{path}: holds no HAM10000_metadata (.csv), nor does a folder in it; name {WANTED}")


def _rows(path: Path) -> dict[str, tuple[str, str]]:
    """Lesion and diagnosis by image id."""
    rows: dict[str, tuple[str, str]] = {}
    for row in read_table(path, ("lesion_id", "image_id", "dx")):
        image, lesion, dx = row.cells["image_id"], row.cells["lesion_id"], row.cells["dx"]
        where = f"{path}: line {row.line}"
        if not image or image.startswith(".") or any(sign in image for sign in "/\\\0"):
            raise InputError(f"{where}: image_id {image[:80]!r} is no file's name; restore the file")
        if not lesion:
            raise InputError(f"{where}: {image} has no lesion_id, by which images are kept together; restore the file")
        if dx not in DIAGNOSES:
            raise InputError(f"{where}: dx is {dx[:40]!r}, not one of {', '.join(DIAGNOSES)}; restore the file")
        if image in rows:
            raise InputError(f"{where}: {image} stands twice; restore the file")
        rows[image] = lesion, dx
    return rows


def _files(root: Path) -> tuple[dict[str, Path], dict[str, Path], int]:
    """Images and masks by image id, and how many of the files are copies."""
    images: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    copies = 0
    for file in sorted(files_below(root, DEPTH)):
        if file.suffix.lower() not in EXTENSIONS:
            continue
        kind, one = (masks, file.stem.removesuffix(MASK)) if file.stem.endswith(MASK) else (images, file.stem)
        if one not in kind:
            kind[one] = file
            continue
        copies += kind is images
        if file.stat().st_size != kind[one].stat().st_size:
            raise InputError(f"{file}: another file than {kind[one]}, of the same name; remove one")
    return images, masks, copies


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
