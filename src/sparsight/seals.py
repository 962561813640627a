"""Files that carry their own SHA-256, so that a damaged one is never used.

The digest is taken over the whole file with zeros in the digest's place, and then written there. The place is fixed by
the format, never searched for, so that no name in a file can be taken for a seal.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from sparsight.errors import DamagedError
from sparsight.plain import open_plain

_DIGITS = 64
ZEROS = b"0" * _DIGITS


@dataclass(frozen=True)
class Form:
    """Where the digest stands in files of one format.

    Attributes:
        before, after: the bytes around the digest.
        skip: how many bytes of the file come before ``before``; None where ``after`` ends the file.
    """

    before: bytes
    after: bytes
    skip: int | None = None

    def start(self, size: int) -> int:
        """Where ``before`` begins in a file of that many bytes; negative if it is too short."""
        return size - len(self.blank) if self.skip is None else self.skip

    @property
    def blank(self) -> bytes:
        """The seal before it is filled in."""
        return self.before + ZEROS + self.after


FORMS = {
    # The header's length, and the header, whose first entry is our one metadata value: JSON that begins with the seal.
    ".safetensors": Form(rb'{"__metadata__":{"sparsight":"{\"seal\": \"sha256:', rb"\"", 8),
    ".json": Form(b',\n "seal": "sha256:', b'"\n}\n'),
    ".jsonl": Form(b', "seal": "sha256:', b'"}\n'),
    ".yaml": Form(b"\n# sha256:", b"\n"),
}
"""By a file's suffix."""


def sealed(data: bytes, suffix: str) -> bytes:
    """A file's bytes with the digest in the place of the zeros that hold it.

    Raises:
        ValueError: if the bytes have no such place.
    """
    form = FORMS[suffix]
    start = form.start(len(data))
    if start < 0 or data[start : start + len(form.blank)] != form.blank:
        raise ValueError(f"a {suffix} file without a place for its seal")
    place = start + len(form.before)
    return data[:place] + hashlib.sha256(data).hexdigest().encode() + data[place + _DIGITS :]


def seal_in(data: bytes, suffix: str) -> str:
    """The digest that ``sealed`` has put into a file's bytes."""
    form = FORMS[suffix]
    place = form.start(len(data)) + len(form.before)
    return data[place : place + _DIGITS].decode()


def seal_file(path: Path, suffix: str) -> str:
    """Fill in the seal of a file that holds zeros in its place, a part at a time; returns the digest.

    Raises:
        ValueError: if the file has no such place.
    """
    form = FORMS[suffix]
    with path.open("rb+") as file:
        start = form.start(path.stat().st_size)
        file.seek(max(start, 0))
        if start < 0 or file.read(len(form.blank)) != form.blank:
            raise ValueError(f"a {suffix} file without a place for its seal")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(start + len(form.before))
        file.write(digest.encode())
    return digest


def seal_of(path: Path) -> str | None:
    """The digest that a file carries, if the file is whole; None if it is missing, damaged, without a seal, or no plain
    file."""
    form = FORMS[path.suffix]
    try:
        with open_plain(path) as file:
            start = form.start(os.fstat(file.fileno()).st_size)
            if start < 0:
                return None
            found = hashlib.sha256(file.read(start))
            seal = file.read(len(form.blank))
            digest = seal[len(form.before) : len(form.before) + _DIGITS]
            if seal != form.before + digest + form.after:
                return None
            found.update(form.blank)
            while block := file.read(1 << 20):
                found.update(block)
    except (OSError, DamagedError):
        return None
    return digest.decode() if digest == found.hexdigest().encode() else None
