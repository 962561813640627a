"""What lies among the images of a data set and is not taken, counted by kind and named."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from sparsight.data.formats import EXTENSIONS
from sparsight.data.listing import ARCHIVES

_SYSTEM = ("thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r")
_SILENT = (".ds_store", ".gitkeep", ".gitignore", ".keep", ".directory", ".nomedia")
"""Files that systems and tools put into folders, of which nobody expects that they are taken."""
_PICTURES = {
    *(".heic", ".heif", ".hif", ".avif", ".avifs", ".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc", ".jxl", ".jxr"),
    *(".dcm", ".dicom", ".nii", ".mha", ".mhd", ".nrrd", ".svs", ".ndpi", ".czi", ".mrxs"),
    *(".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".raw"),
    *(".psd", ".xcf", ".svg", ".eps", ".pdf", ".exr", ".hdr", ".tga", ".pcx", ".ico", ".icns", ".npy", ".npz", ".mat"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".fits", ".webp", ".apng", ".mpo"),
}
"""Endings of pictures; those that are read are images, and no case of these."""
_HEADS = {
    *(b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF"),
}
_SHOWN = 12
_OUTSIDE = "image{s} outside class folders"


def passed_over(files: Iterable[Path], root: Path, outside: Iterable[Path] = ()) -> list[str]:
    """Report the files that are not taken: one line with the number of each kind and its first path, none without any.

    Args:
        files: that are no images.
        root: the data's folder, below which paths are named.
        outside: images that are of no class.
    """
    found: dict[str, list[Path]] = {}
    for kind, file in (*((kind_by_name(file), file) for file in files), *((_OUTSIDE, image) for image in outside)):
        if kind is not None:
            found.setdefault(kind, []).append(file)
    if not found:
        return []
    parts = [_part(kind, own, root) for kind, own in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))]
    more = f"; and {len(parts) - _SHOWN} more kinds" if len(parts) > _SHOWN else ""
    return [f"not taken: {'; '.join(parts[:_SHOWN])}{more}"]


def kind_by_name(file: Path) -> str | None:
    """Return the kind of a file that is no image, with ``{s}`` for a plural's ending; None if it needs no mention."""
    name, ending = file.name.lower(), file.suffix.lower()
    if name in _SILENT:
        return None
    if name.startswith("._"):
        return "file{s} of macOS"
    if name.startswith("."):
        return f"hidden {ending} file{{s}} (rename: no dot first)" if ending in EXTENSIONS else None
    if name in _SYSTEM:
        return f"system file{{s}} {file.name}"
    if file.is_symlink() and not file.exists():
        return "broken link{s} (mend or remove)"
    if file.is_dir():
        return "link{s} to a folder above, or too deep a folder"
    if ending in EXTENSIONS:
        return f"{ending} file{{s}}"
    if any(name.endswith(f"{known}.gz") for known in (".nii", ".svg", ".fits")):
        return f"{name[name[:-3].rindex('.') :]} file{{s}} (convert to PNG or JPEG)"
    if ending in ARCHIVES:
        return f"{ending} archive{{s}} (unpack)"
    if ending in _PICTURES:
        return f"{ending} file{{s}} (convert to PNG or JPEG)"
    if _looks_like_a_picture(file):
        return (f"{ending} picture{{s}}" if ending else "picture{s} without an ending") + " (rename: .png, .jpg, ...)"
    return f"{ending} file{{s}}" if ending else "file{s} without an ending"


def _looks_like_a_picture(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            head = opened.read(8)
    except OSError:
        return False
    return any(head.startswith(known) for known in _HEADS)


def _part(kind: str, files: Sequence[Path], root: Path) -> str:
    words = kind.replace("{s}", "s" if len(files) > 1 else "")
    shown = min(files).relative_to(root).as_posix() if min(files).is_relative_to(root) else min(files).name
    shown = shown if len(shown) <= 80 else f"{shown[:40]}...{shown[-35:]}"
    head, bracket, remedy = words.partition(" (")
    return f"{len(files):,} {head}, as {shown}{bracket}{remedy}"
