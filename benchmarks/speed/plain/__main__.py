"""python -m benchmarks.speed.plain RUN OUT    RUN: a folder with study.yaml and data.safetensors; tables go to OUT."""

import argparse
import copy
import json
from pathlib import Path

import pandas as pd
from torch import nn

from benchmarks.speed.plain.looking import look
from benchmarks.speed.plain.material import Bench
from benchmarks.speed.plain.training import prune_layers, rewind, train
from sparsight.data import read_dataset
from sparsight.draws import key_seed
from sparsight.models import build_model
from sparsight.runs import DATA, read_settings


def run_arm(bench: Bench, arm: str, seed: int) -> None:
    """The dense network, the tickets of all rounds, and the controls: the same sequence with nothing pruned."""
    released = arm == "released-code"
    settings, classes = bench.settings, len(bench.data.class_names)

    def fresh() -> nn.Module:
        return build_model(settings.model, classes, key_seed("initial weights", seed))

    model = fresh()
    initial = copy.deepcopy(model.state_dict())
    selected = train(bench, model, (seed, 0, 0), released)
    trained = copy.deepcopy(model.state_dict())
    dense = look(bench, model, selected, (arm, seed, None, 0), None)
    for repeat in range(settings.study.retrains + 1):
        model = fresh()
        model.load_state_dict(trained)
        # Where nothing is carried from round to round, one control serves all rounds.
        for round_ in range(1, settings.pruning.rounds if released or not repeat else 2):
            if not repeat:
                prune_layers(model, settings.pruning.rate, norms=released)
            rewind(model, initial, released, round_)
            selected = train(bench, model, (seed, repeat, round_), released)
            trained_on = copy.deepcopy(model.state_dict())
            place = (f"retrain:{arm}", seed, repeat, round_) if repeat else (arm, seed, None, round_)
            look(bench, model, selected, place, dense)
            model.load_state_dict(trained_on)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.speed.plain")
    asked.add_argument("run", type=Path, help="a folder with study.yaml and data.safetensors")
    asked.add_argument("out", type=Path, help="a folder for the tables")
    given = asked.parse_args()
    settings = read_settings(given.run)
    bench = Bench(read_dataset(given.run / DATA), settings)
    for arm in settings.study.arms:
        for seed in settings.study.seeds:
            run_arm(bench, arm, seed)
    given.out.mkdir(parents=True, exist_ok=True)
    for name, rows in bench.tables.items():
        pd.DataFrame(rows).to_csv(given.out / f"{name}.csv", index=False)
    (given.out / "seconds.json").write_text(json.dumps({"controls": bench.control_seconds}))


if __name__ == "__main__":
    main()
