"""Kill a study at random moments, let it go on, and compare what it ends with, byte for byte.

    python -m tests.soak.kills --kills 50

Each chain starts a study in a fresh folder, kills it after a random time (all its processes, the first one alone, or
one worker), starts it again, and so on four times at most, and lets the last start end. Every file but logs, times and
the report must then equal those of a study that nobody disturbed, and ``sparsight verify`` must find nothing.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SETTINGS = """\
data: {name: toybirds, train: 96, validation: 24, test: 24, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 3, batch_size: 16, learning_rate: 0.05, schedule: step, step_epochs: 2}
pruning: {rate: 0.5, rounds: 3}
study:
  seeds: [0]
  arms: [magnitude, released-code, "rewind:1", "toggle:mask_once+keep_optimizer", "dense-at:magnitude:2"]
  retrains: 1
"""
EXEMPT = ("training.jsonl", "manifest.json", ".lock")
CHAIN = 4


@dataclass
class Tally:
    """What was killed, and what came of it."""

    kills: int = 0
    chains: int = 0
    wrong: list[str] = field(default_factory=list)
    stages: Counter[str] = field(default_factory=Counter)
    victims: Counter[str] = field(default_factory=Counter)


def command(settings: Path, run: Path, *options: str) -> list[str]:
    study = [sys.executable, "-m", "sparsight", "study", str(settings), "--out", str(run)]
    return [*study, "--workers", "2", "--checkpoint-every", "0", *options]


def contents(run: Path) -> dict[str, bytes]:
    files = [path for path in run.rglob("*") if path.is_file() and path.name not in EXEMPT]
    return {str(path.relative_to(run)): path.read_bytes() for path in files if "report" not in path.parts}


def stage(run: Path) -> str:
    """Where the study was when it was killed, by what it left."""
    if not (run / "study.yaml").exists():
        return "before the first file"
    if (run / "manifest.json").exists():
        return "report"
    if (run / "results").exists():
        return "result tables"
    if not (run / "data.safetensors").exists():
        return "data"
    if any(run.rglob("checkpoint.safetensors")):
        return "training, with a checkpoint"
    tickets, seen = (len(list(run.rglob(name))) for name in ("ticket.safetensors", "metrics.json"))
    return "evidence" if tickets > seen else "training, or just after it"


def kill(process: subprocess.Popen[bytes], victim: str, draw: random.Random) -> None:
    """SIGKILL to everything, to the first process, or to one of its children."""
    if victim == "all":
        os.killpg(process.pid, signal.SIGKILL)
        return
    target = process.pid
    if victim == "worker":
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        target = int(draw.choice(children)) if children else process.pid
    os.kill(target, signal.SIGKILL)


def soak(
    kills: int, seed: int, place: Path, study: str = SETTINGS, options: tuple[str, ...] = (), say: bool = True
) -> Tally:
    """Kill a study of these settings and options. Gives what happened; ``wrong`` names every difference."""
    settings = place / "settings.yaml"
    settings.write_text(study)
    started = time.monotonic()
    subprocess.run(command(settings, place / "whole", *options), check=True, capture_output=True)
    whole, expected = time.monotonic() - started, contents(place / "whole")
    draw, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        run = place / f"run-{tally.chains}"
        tally.chains += 1
        for _ in range(min(CHAIN, kills - tally.kills)):
            process = subprocess.Popen(
                command(settings, run, *options),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            time.sleep(draw.uniform(0, 0.7 * whole))
            if process.poll() is not None:
                break
            victim = draw.choice(["all", "first", "worker"])
            tally.stages[stage(run)] += 1
            tally.victims[victim] += 1
            try:
                kill(process, victim, draw)
            except (ProcessLookupError, FileNotFoundError):  # it ended between the question and the shot
                break
            finally:
                process.wait()
            tally.kills += 1
        time.sleep(0.5)  # workers whose parent is gone end by themselves, and with them the lock
        ended = subprocess.run(command(settings, run, *options), check=False, capture_output=True, text=True)
        if ended.returncode:
            tally.wrong.append(f"{run.name}: ended with {ended.returncode}: {ended.stderr.strip()[-300:]}")
        found = contents(run)
        tally.wrong += [
            f"{run.name}: {name} differs"
            for name in sorted({*found, *expected})
            if found.get(name) != expected.get(name)
        ]
        checked = subprocess.run(
            [sys.executable, "-m", "sparsight", "verify", str(run)], check=False, capture_output=True, text=True
        )
        if checked.returncode:
            tally.wrong.append(f"{run.name}: verify: {checked.stdout.strip()[-300:]}")
        if say:
            print(f"{tally.kills} kills, {tally.chains} studies, {len(tally.wrong)} differences", flush=True)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        tally = soak(asked.kills, asked.seed, Path(place))
    for name, count in [*sorted(tally.stages.items()), *sorted(tally.victims.items())]:
        print(f"{count:5} {name}")
    print(f"{tally.kills} kills of {tally.chains} studies, {len(tally.wrong)} differences")
    for line in tally.wrong[:20]:
        print(f"  {line}")
    sys.exit(bool(tally.wrong))


if __name__ == "__main__":
    main()
