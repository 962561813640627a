"""False alarms of the verdict on real networks: studies in which nothing was pruned.

    sparsight study benchmarks/null_bank.yaml --out runs/null-bank
    python benchmarks/null_studies.py runs/null-bank [--studies 200]
    sparsight study benchmarks/sequence_bank.yaml --out runs/sequence-bank
    python benchmarks/null_studies.py runs/sequence-bank [--studies 200]

The run is a bank: some seeds, and for each a dense network and retrainings of it. A study draws a few of the seeds and
shuffles each one's retrainings. Where a retraining serves all rounds, the first ones are the controls, and each of the
next plays the ticket of a round. Where retrainings are sequences, one of them is the sequence of tickets, round by
round, and the next ones are the controls: what resembles itself from round to round, and scatters more as the floor
grows, does so in both roles. So tickets and controls are exchangeable, as under the null, and every *changed* is a
false alarm. For false *preserved*, the drift of those who play tickets is multiplied by 1 + margin, which plants a
change exactly at the margin.

A bank that is stopped goes on with the same command, and the studies of a bank are the same whenever they are drawn.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from sparsight.comparison import PRIMARY
from sparsight.draws import key_seed
from sparsight.verdict import Drifted, VerdictSettings, decide

DESIGNS = ((3, 1), (5, 2))
Bank = dict[tuple[str, str, str], dict[int, np.ndarray]]
"""By metric and seed the drifts of the retrainings from their dense network, (retrainings, rounds); one round where a
retraining serves all."""


def read_bank(run: Path) -> Bank:
    """The drift of every retraining, by metric and seed: means over images, classes or concepts."""
    found: dict[tuple[str, str, str], dict[int, dict[tuple[int, int], float]]] = defaultdict(lambda: defaultdict(dict))
    with (run / "results" / "drift.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["family"], row["metric"], row["target"])
            if row["arm"].startswith("retrain:") and row["unit"] == "all" and key in PRIMARY:
                place = int(float(row["repeat"])), int(row["round"])
                found[key][int(row["seed"])][place] = float(row["value"])
    return {key: {seed: _table(drifts) for seed, drifts in own.items()} for key, own in found.items()}


def _table(drifts: dict[tuple[int, int], float]) -> np.ndarray:
    repeats, rounds = (sorted({place[i] for place in drifts}) for i in (0, 1))
    return np.array([[drifts[repeat, round_] for round_ in rounds] for repeat in repeats])


def study(bank: Bank, seeds: int, retrains: int, factor: float, rng: np.random.Generator) -> dict[str, list[str]]:
    """The verdicts of one null study by metric; the same shuffle for all metrics, which are of the same networks."""
    any_metric = next(iter(bank.values()))
    chosen = rng.choice(sorted(any_metric), seeds, replace=False)
    count, length = any_metric[int(chosen[0])].shape
    orders = [rng.permutation(count) for _ in chosen]
    rounds = length if length > 1 else count - retrains
    metrics = []
    for (family, metric, target), own in bank.items():
        table = np.array([own[int(seed)][order] for seed, order in zip(chosen, orders, strict=True)])
        if length > 1:  # one sequence is the tickets', and the next are the controls'
            tickets, floor = table[:, 0], table[:, 1 : 1 + retrains].swapaxes(1, 2)
        else:
            tickets, floor = table[:, retrains:, 0], np.repeat(table[:, None, :retrains, 0], rounds, axis=1)
        metrics.append(Drifted(family, metric, "", target, True, factor * tickets, floor))
    found: dict[str, list[str]] = defaultdict(list)
    for row in decide(range(1, rounds + 1), metrics, VerdictSettings()):
        found[row.metric].append(row.verdict)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--studies", type=int, default=200)
    options = parser.parse_args()
    bank = read_bank(options.run)
    some = next(iter(bank.values()))
    count, length = next(iter(some.values())).shape
    print(
        f"{len(some)} seeds, {count} retrainings each of {length} round{'s' * (length > 1)}, {options.studies} studies "
        "a row"
    )
    for metric, own in ((key[1], values) for key, values in bank.items()):
        rounds = np.array(list(own.values()))
        for round_ in sorted({0, length - 1}):
            table = rounds[..., round_]
            within, between = table.std(axis=1, ddof=1).mean(), table.mean(axis=1).std(ddof=1)
            called = f"{metric}, round {round_ + 1}" if length > 1 else metric
            print(
                f"  {called:<25} floor {table.mean():.3f}, deviation of a retraining {within / table.mean():.2f} "
                f"floor, between seeds {between / table.mean():.2f} floor"
            )
    print(f"{'S':>2} {'J':>2} {'false changed':>14} {'preserved':>10} {'false preserved at the margin':>30}")
    for seeds, retrains in DESIGNS:
        rng = np.random.default_rng(key_seed("null studies", seeds, retrains))
        nulls = [study(bank, seeds, retrains, 1.0, rng) for _ in range(options.studies)]
        margins = [study(bank, seeds, retrains, 1 + VerdictSettings().margin, rng) for _ in range(options.studies)]
        changed = sum(any("changed" in words for words in found.values()) for found in nulls)
        kept = np.mean([words[0] == "preserved" for found in nulls for words in found.values()])
        false = np.mean([words[0] == "preserved" for found in margins for words in found.values()])
        print(
            f"{seeds:>2} {retrains:>2} {f'{changed} ({changed / len(nulls):.1%})':>14} "
            f"{f'{kept:.0%}':>10} {f'{false:.1%}':>30}"
        )


if __name__ == "__main__":
    main()
