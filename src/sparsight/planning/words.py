"""A forecast in words, and beside what came of it."""

from sparsight.io import spoken_size
from sparsight.planning.forecast import Forecast


def spoken_time(seconds: float) -> str:
    """A time as a reader takes it in: ``12 s``, ``8 min 10 s``, ``3 h 20 min``, ``5 d 3 h``."""
    whole = round(seconds)
    for unit, size, next_unit, next_size in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            count, rest = divmod(whole, size)
            return f"{count} {unit} {rest // next_size} {next_unit}"
    return f"{whole} s"


def deviation(predicted: float, measured: float) -> str:
    """How far what came is from what was said: ``6 % more``, ``3 % less``, ``as said``."""
    percent = round(100 * (measured / predicted - 1)) if predicted else 0
    return f"{abs(percent)} % {'more' if percent > 0 else 'less'}" if percent else "as said"


def expected(said: Forecast, after: str) -> str:
    """The forecast of a study that goes on, in one line."""
    memory = "" if said.memory is None else f", {spoken_size(said.memory)} of memory"
    return f"expected {after}: {spoken_time(said.wall)} in all{memory}, {spoken_size(said.disk)} on the disk"


def checked(said: Forecast, wall: float, memory: int | None, disk: int) -> str:
    """What was said beside what came, in one line."""
    parts = [f"predicted {spoken_time(said.wall)}, took {spoken_time(wall)} ({deviation(said.wall, wall)})"]
    if said.memory is not None and memory is not None:
        parts.append(f"memory {spoken_size(said.memory)}, was {spoken_size(memory)} ({deviation(said.memory, memory)})")
    parts.append(f"disk {spoken_size(said.disk)}, is {spoken_size(disk)} ({deviation(said.disk, disk)})")
    return "; ".join(parts)
