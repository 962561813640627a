"""Which tests go to one worker together, and in which order, so that no worker waits for another at the end."""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/cli", "tests/report", "tests/results")
"""Rooms whose files share what takes long to make."""
FIRST = ("tests/soak", "tests/cli", "tests/examples", "tests/results", "tests/test_integrity.py", "tests/report")
"""What takes long, and therefore begins early; the rest follows in the order of its names."""


class BySharedWork(LoadFileScheduling):  # type: ignore[misc,unused-ignore]
    """A file's tests together, and a room's where its files share a fixture."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return next((room for room in TOGETHER if file.startswith(f"{room}/")), file)


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Long ones first; within a room as they were."""
    return sorted(items, key=lambda item: next((i for i, part in enumerate(FIRST) if item.nodeid.startswith(part)), 99))
