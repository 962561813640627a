"""False alarms of the verdict on real networks: studies in which nothing was pruned.

    sparsight study benchmarks/null_bank.yaml --out runs/null-bank
    python benchmarks/null_studies.py runs/null-bank [--studies 200]

The run is a bank: some seeds, and for each a dense network and many retrainings of it. A study draws a few of the seeds
and shuffles each one's retrainings: the first ones are the controls, each of the next plays the ticket of a round. So
tickets and controls are exchangeable, as under the null, and every *changed* is a false alarm. For false *preserved*,
the drift of those who play tickets is multiplied by 1 + margin, which plants a change exactly at the margin.
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
Bank = dict[tuple[str, str, str], dict[int, list[float]]]


def read_bank(run: Path) -> Bank:
    """The drift of every retraining, by metric and seed: means over images, classes or concepts."""
    found: Bank = defaultdict(lambda: defaultdict(list))
    with (run / "results" / "drift.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["family"], row["metric"], row["target"])
            if row["arm"].startswith("retrain:") and row["unit"] == "all" and key in PRIMARY:
                found[key][int(row["seed"])].append(float(row["value"]))
    return found


def study(bank: Bank, seeds: int, retrains: int, factor: float, rng: np.random.Generator) -> dict[str, list[str]]:
    """The verdicts of one null study by metric; the same shuffle for all metrics, which are of the same networks."""
    any_metric = next(iter(bank.values()))
    chosen = rng.choice(sorted(any_metric), seeds, replace=False)
    count = len(any_metric[int(chosen[0])])
    orders = [rng.permutation(count) for _ in chosen]
    rounds = count - retrains
    metrics = []
    for (family, metric, target), own in bank.items():
        table = np.array([np.array(own[int(seed)])[order] for seed, order in zip(chosen, orders, strict=True)])
        floor = np.repeat(table[:, None, :retrains], rounds, axis=1)
        metrics.append(Drifted(family, metric, "", target, True, factor * table[:, retrains:], floor))
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
    print(f"{len(some)} seeds, {len(next(iter(some.values())))} retrainings each, {options.studies} studies a row")
    for metric, own in ((key[1], values) for key, values in bank.items()):
        table = np.array(list(own.values()))
        within, between = table.std(axis=1, ddof=1).mean(), table.mean(axis=1).std(ddof=1)
        print(
            f"  {metric:<16} floor {table.mean():.3f}, deviation of a retraining {within / table.mean():.2f} floor, "
            f"between seeds {between / table.mean():.2f} floor"
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
