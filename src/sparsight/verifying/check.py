"""What a check found."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: what must hold.
        looked: what was looked at, in words; what could not be, too.
        failures: a line each, which begins with the file; none where all is well.
        skipped: whether it could not be done, because of what another check found.
    """

    name: str
    looked: str
    failures: tuple[str, ...]
    skipped: bool = False


@dataclass(frozen=True)
class Found:
    """What is wrong with one file: ``path`` below the run, and why."""

    path: Path
    why: str

    def line(self, folder: Path) -> str:
        """``path: why``, the path from the run's folder on."""
        return f"{self.path.relative_to(folder)}: {self.why}"
