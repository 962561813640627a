"""Where the processor time of a study of ToyBirds goes, stage by stage: whether what is left is arithmetic.

python -m benchmarks.speed.profile [--seeds 1] [--rounds 3] [--out FILE]

Everything runs in this process on one thread, as it would in a worker. A stage's time is its own: what it hands on to
another stage counts there. Start-up is this process's; each worker of a study imports torch once more.
"""

import argparse
import functools
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from sparsight.config import load_study
from sparsight.pool import keep_freed_memory
from sparsight.study import run_study

ARITHMETIC: dict[str, str] = {
    "training: forward passes": "sparsight.models:CifarResNet.forward",
    "training: loss": "sparsight.training.step:training_loss",
    "training: backward passes": "torch:Tensor.backward",
    "training: optimiser": "torch.optim:SGD.step",
    "training: masks": "sparsight.training.step:_stop_gradients",
    "training: scored on validation": "sparsight.training.fit:_accuracy",
    "evidence: passes over the images, with maps": "sparsight.evidence.collect:see,explain,dead_layers",
    "evidence: concepts, g, probe": "sparsight.evidence.collect:learn_concepts,probe_logits",
    "evidence: random directions, shuffled labels, refits": "sparsight.evidence.learning:learn_controls",
    "evidence: randomised networks": "sparsight.evidence.collect:_randomise",
    "evidence: passes over interventions": "sparsight.making:effects",
    "results: tables": "sparsight.study:write_results",
    "results: verdicts": "sparsight.results.write:judge",
}
"""Where functions are looked up that do what a study is about."""
REST: dict[str, str] = {
    "data set: drawn": "sparsight.study:load_dataset",
    "training: batches gathered, mirrored, normalised": "sparsight.training.fit:training_batches",
    "training: all else": "sparsight.making:_train",
    "evidence: interventions drawn": "sparsight.making:intervene",
    "files of networks": "sparsight.making:write_ticket,write_evidence,standing",
    "report: figures": "sparsight.report.write:_write_charts,_write_strips",
    "report: page and tables": "sparsight.study:write_report",
    "results read back": "sparsight.study:read_results",
}
FORWARD, START, OTHER = "training: forward passes", "start-up", "all else"


class Clock:
    """Processor time by stage, each without the stages inside it."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter({START: time.process_time()})
        self.inside = [OTHER]
        self.last = time.process_time()

    def enter(self, stage: str) -> None:
        """What has gone so far counts for the stage that was on; this one is on now."""
        self._turn()
        self.inside.append(stage)

    def leave(self) -> None:
        """The stage before is on again."""
        self._turn()
        self.inside.pop()

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The function on the clock; a generator by what it takes to its next value."""

        @functools.wraps(work)
        def on_the_clock(*args: Any, **named: Any) -> Any:
            if stage == FORWARD and not args[0].training:
                return work(*args, **named)
            self.enter(stage)
            try:
                found = work(*args, **named)
            finally:
                self.leave()
            return self._each(stage, found) if isinstance(found, Iterator) else found

        return on_the_clock

    def _turn(self) -> None:
        now = time.process_time()
        self.spent[self.inside[-1]] += now - self.last
        self.last = now

    def _each(self, stage: str, values: Iterator[Any]) -> Iterator[Any]:
        while True:
            self.enter(stage)
            try:
                value = next(values)
            except StopIteration:
                return
            finally:
                self.leave()
            yield value


def watch(clock: Clock) -> None:
    """Put every stage's functions on the clock, where they are looked up."""
    for stage, places in (ARITHMETIC | REST).items():
        module, names = places.split(":")
        for name in names.split(","):
            *owners, last = name.split(".")
            owner = functools.reduce(getattr, owners, import_module(module))
            setattr(owner, last, clock.timed(stage, getattr(owner, last)))


def table(spent: Counter[str]) -> str:
    """Stages by what they took, and what arithmetic is of it all."""
    total = sum(spent.values())
    lines = ["| stage | processor time, s | share | |", "| --- | --- | --- | --- |"]
    for stage, seconds in spent.most_common():
        kind = "arithmetic" if stage in ARITHMETIC else ""
        lines.append(f"| {stage} | {seconds:.2f} | {seconds / total:.1%} | {kind} |")
    share = sum(spent[stage] for stage in ARITHMETIC) / total
    return "\n".join([*lines, f"| all | {total:.1f} | 100 % | {share:.1%} arithmetic |"])


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.speed.profile", description=__doc__.splitlines()[0])
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--out", type=Path, help="write the table here as well")
    given = asked.parse_args()
    sizes = {"study": {"seeds": list(range(given.seeds))}, "pruning": {"rounds": given.rounds}}
    torch.set_num_threads(1)
    keep_freed_memory()  # as a worker does
    clock = Clock()
    watch(clock)
    with tempfile.TemporaryDirectory() as place:
        run_study(load_study("toybirds", overrides=sizes), Path(place) / "run", workers=0)
    clock.leave()
    text = table(clock.spent) + "\n"
    print(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
