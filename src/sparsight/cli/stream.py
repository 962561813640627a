"""Standard output and standard error that may go away: a pipe that closes, a disk that is full.

What a command does and what it ends with do not depend on whether anybody reads what it prints.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO


class Stream:
    """A stream whose first error is remembered; from then on, what is written to it is dropped.

    Attributes:
        lost: the error; None where all could be written.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self.lost = stream, None
        with suppress(AttributeError, ValueError):  # a letter that the terminal's encoding lacks is no error
            stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]

    lost: OSError | None

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
        except ValueError:  # a network's code has closed it
            self._lose(OSError(errno.EPIPE, "closed"))
        return len(text)

    def flush(self) -> None:
        """Write what is still held back, or drop it."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)
        except ValueError:
            self._lose(OSError(errno.EPIPE, "closed"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _lose(self, error: OSError) -> None:
        """Lead the stream to nowhere, with what it holds back: Python writes that when it ends."""
        self.lost = self.lost or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, self._stream.fileno())
            self._stream.flush()
        os.close(nowhere)

    @property
    def full(self) -> OSError | None:
        """The error, unless it is that the reader has gone, as in ``sparsight ... | head``."""
        return None if self.lost is None or self.lost.errno in (errno.EPIPE, errno.ESHUTDOWN) else self.lost


@contextmanager
def streams() -> Iterator[tuple[Stream, Stream]]:
    """Standard output and standard error as such streams, while the block runs; a closed one leads to nowhere."""
    before = sys.stdout, sys.stderr
    nowhere = [Path(os.devnull).open("w", encoding="utf-8") for stream in before if stream is None]  # noqa: SIM115
    missing = iter(nowhere)
    out, err = (Stream(next(missing) if stream is None else stream) for stream in before)
    sys.stdout, sys.stderr = out, err
    try:
        yield out, err
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
        for one in nowhere:
            one.close()
