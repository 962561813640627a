"""How long all drifts and verdicts of a finished run take, from its stored evidence.

sparsight study benchmarks/many_rounds.yaml --out runs/many-rounds
python benchmarks/verdicts.py runs/many-rounds
"""

import statistics
import sys
import time
from pathlib import Path

from sparsight.networks import plan
from sparsight.results import result_files
from sparsight.runs import machine, read_settings, standing_data

REPEATS = 3


def main() -> None:
    run = Path(sys.argv[1])
    settings, data = read_settings(run), standing_data(run)
    assert data is not None
    networks = plan(settings)
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        files = result_files(run, settings, data, networks)
        seconds.append(time.perf_counter() - start)
    rows = {name: content.count(b"\n") - 1 for name, content in files.items() if name.endswith(".csv")}
    print(machine())
    print(
        f"{len(networks)} networks, {settings.pruning.rounds} rounds, {len(settings.study.seeds)} seeds, "
        f"{len(data.splits['test'])} images: all result tables in {statistics.median(seconds):.1f} s "
        f"(median of {REPEATS}, {min(seconds):.1f} to {max(seconds):.1f}); "
        f"{rows['drift.csv']} rows of drift, {rows['verdict.csv']} of verdicts"
    )


if __name__ == "__main__":
    main()
