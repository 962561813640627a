"""How much memory a process needs for itself."""

from pathlib import Path

_STATUS = Path("/proc/self/status")


def private_peak() -> int | None:
    """The most bytes of memory that this process has held for itself; None where the system does not tell (no Linux).

    Files that are mapped, as libraries and images are, do not count: the system may drop them, and processes share
    them. The largest resident set so far is the system's figure; of it, the files that are mapped now are taken off.
    """
    try:
        lines = _STATUS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    held = {name: value for name, _, value in (line.partition(":") for line in lines)}
    try:
        peak, files, shared = (int(held[name].split()[0]) for name in ("VmHWM", "RssFile", "RssShmem"))
        now = int(held["RssAnon"].split()[0])
    except (KeyError, ValueError, IndexError):
        return None
    return max(peak - files - shared, now) * 1024
