"""Seconds by two clocks: on a busy machine the wall's tells of others' work, too."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Clocks:
    """Seconds of the wall's clock, and of the process's own processor time."""

    wall: float
    processor: float

    def __add__(self, other: "Clocks") -> "Clocks":
        return Clocks(self.wall + other.wall, self.processor + other.processor)

    def __mul__(self, factor: float) -> "Clocks":
        return Clocks(self.wall * factor, self.processor * factor)


def clocks() -> Clocks:
    """Both clocks now; a difference of two readings is a time."""
    return Clocks(time.perf_counter(), time.process_time())


def timed(work: Callable[[], Result]) -> tuple[Result, Clocks]:
    """What ``work`` gives, and how long it takes."""
    begun = clocks()
    result = work()
    return result, clocks() + begun * -1
