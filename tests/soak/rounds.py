"""Memory, file handles, threads and processes over many rounds of a tiny network.

python -m tests.soak.rounds --rounds 200
"""

import argparse
import gc
import multiprocessing
import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sparsight.config import StudySettings
from sparsight.networks import Network
from sparsight.study import Silent, run_study

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Held:
    """What the process holds: resident bytes, open file handles, threads, child processes."""

    resident: int
    handles: int
    threads: int
    children: int


def held() -> Held:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    handles = len(list(Path("/proc/self/fd").iterdir()))
    return Held(resident, handles, threading.active_count(), len(multiprocessing.active_children()))


class Watch(Silent):
    """Notes what is held after each network."""

    def __init__(self) -> None:
        self.after: list[Held] = []

    def network(self, network: Network, summary: Mapping[str, float]) -> None:
        self.after.append(held())


def watch(rounds: int, place: Path) -> tuple[list[Held], Held]:
    """What is held after each round of a study in this process, and once it has ended."""
    settings = StudySettings.model_validate(
        {
            "data": {"name": "toybirds", "train": 12, "validation": 12, "test": 12, "image_size": 32},
            "model": {"name": "resnet8", "stem_stride": 2},
            "training": {"epochs": 1, "batch_size": 6, "learning_rate": 0.01},
            "pruning": {"rate": 0.01, "rounds": rounds},
            "study": {"seeds": [0], "arms": ["magnitude"], "retrains": 0},
        }
    )
    listener = Watch()
    run_study(settings, place / "run", workers=0, checkpoint_seconds=0.0, report=False, listener=listener)
    return listener.after, held()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        after, end = watch(asked.rounds, Path(place))
    for index in sorted({0, len(after) // 4, len(after) // 2, 3 * len(after) // 4, len(after) - 1}):
        print(f"round {index:4}: {after[index].resident / 2**20:8.1f} MiB, {after[index].handles} handles")
    print(f"at the end: {end.handles} handles, {end.threads} threads, {end.children} child processes")
    sys.exit(end.children > 0)


if __name__ == "__main__":
    main()
