"""How time and memory grow: python -m benchmarks.scaling [--quick] [--out FILE]

Processor time of the solvers, the evidence, the drift and a study against images, classes, concepts and seeds, on one
thread, with the exponent of a line through the logarithms; and the anonymous memory of an evidence pass against images.
"""

import argparse
import math
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.speed.solvers import SETTINGS, Problem, drawn
from sparsight.concepts import fit_pcbm, learn_bank
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.drift import linear_cka, map_iou, map_spearman
from sparsight.evidence import EvidenceSettings, explain
from sparsight.models import CifarResNet, Split
from sparsight.runs import machine
from sparsight.saliency import SaliencySettings
from sparsight.study import run_study

WIDTH = 512


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--quick", action="store_true", help="small sizes: whether it runs")
    asked.add_argument("--out", type=Path, help="write the table here as well")
    given = asked.parse_args()
    if given.out and not given.out.absolute().parent.is_dir():
        asked.error(f"--out {given.out}: there is no such folder")
    torch.set_num_threads(1)
    lines = [f"{machine()}, one thread, processor time, one run a size", "", *_head()]
    print("\n".join(lines))
    for line in rows(given.quick):
        lines.append(line)
        print(line, flush=True)
    if given.out:
        given.out.write_text("\n".join(lines) + "\n")


def rows(quick: bool) -> Iterator[str]:
    def sizes(*whole: int) -> list[int]:
        return [max(2, size // 8) for size in whole[:3]] if quick else list(whole)

    yield _row(
        "concept bank (t)", "images", "64 concepts", sizes(1000, 2000, 4000, 8000, 16000), lambda n: _bank(n, 64)
    )
    yield _row("concept bank (t)", "concepts", "2,000 images", sizes(8, 64, 250, 1000), lambda c: _bank(2000, c))
    yield _row("g", "images", "50 classes, 64 concepts", sizes(1000, 2000, 4000, 8000, 16000), lambda n: _g(n, 64, 50))
    yield _row("g", "classes", "4,000 images, 64 concepts", sizes(2, 16, 50, 200, 1000), lambda k: _g(4000, 64, k))
    yield _row("g", "concepts", "2,000 images, 50 classes", sizes(8, 64, 250, 1000), lambda c: _g(2000, c, 50))
    yield _row("drift of maps and embeddings", "images", "14 x 14", sizes(1000, 4000, 16000, 64000), _drift)
    yield _row("evidence pass, ResNet-8", "images", "32 px", sizes(1000, 4000, 16000), _pass)
    seeds = [1, 2] if quick else [1, 2, 4, 8]
    yield _row(
        "a small study, everything", "seeds", "4 networks of ResNet-8 a seed, 300 images of 32 px", seeds, _study
    )
    yield _memory(sizes(1000, 10_000, 100_000))


def _head() -> list[str]:
    return ["| work | against | at | seconds by size | exponent |", "| --- | --- | --- | --- | --- |"]


def _row(work: str, against: str, at: str, sizes: Sequence[int], made: Callable[[int], Callable[[], object]]) -> str:
    seconds = []
    for size in sizes:
        job = made(size)
        start = time.process_time()
        job()
        seconds.append(time.process_time() - start)
    slope = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    shown = ", ".join(f"{size:,}: {each:.3g}" for size, each in zip(sizes, seconds, strict=True))
    return f"| {work} | {against} | {at} | {shown} | {slope:.2f} |"


def _bank(images: int, concepts: int) -> Callable[[], object]:
    problem = drawn(images, WIDTH, concepts, 50)
    names = tuple(map(str, range(concepts)))
    settings = SETTINGS.model_copy(update={"method": "predictor"})
    return lambda: learn_bank(problem.embedding[problem.train], problem.concepts[problem.train], names, settings)


def _g(images: int, concepts: int, classes: int) -> Callable[[], object]:
    problem = drawn(images, WIDTH, concepts, classes)
    values = _values(problem)
    return lambda: fit_pcbm(values, problem.labels[problem.train], classes, SETTINGS)


def _values(problem: Problem) -> torch.Tensor:
    """What g reads: the concepts as they are seen, with noise."""
    draw = torch.Generator().manual_seed(1)
    present = problem.concepts[problem.train].double()
    return present + 0.3 * torch.randn(present.shape, generator=draw, dtype=torch.float64)


def _drift(images: int) -> Callable[[], object]:
    draw = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, images, 14, 14, generator=draw)
    one, other = torch.randn(2, images, WIDTH, generator=draw)
    return lambda: (map_spearman(first, second), map_iou(first, second), linear_cka(one, other))


def _pass(images: int) -> Callable[[], object]:
    data = _pictures(images)
    torch.manual_seed(0)
    model = CifarResNet(8, 10).eval()
    split, settings = Split("layer3", "fc"), EvidenceSettings(batch_size=64)
    return lambda: explain(model, split, data, settings, SaliencySettings(), torch.device("cpu"), None)


def _study(seeds: int) -> Callable[[], object]:
    settings = StudySettings.model_validate(
        {
            "data": {"name": "toybirds", "train": 160, "validation": 40, "test": 100, "image_size": 32},
            "model": {"name": "resnet8", "stem_stride": 2},
            "training": {"epochs": 1, "batch_size": 32},
            "pruning": {"rate": 0.5, "rounds": 3},
            "study": {"seeds": list(range(seeds)), "arms": ["magnitude"], "retrains": 1},
        }
    )

    def run() -> None:
        with tempfile.TemporaryDirectory() as place:
            run_study(settings, Path(place) / "run", workers=0)

    if seeds == 1:
        run()  # loads what a process loads once
    return run


def _pictures(images: int) -> ConceptDataset:
    """So many images, all but the first few for the test, without concepts."""
    shown = torch.zeros(images + 2, 3, 32, 32, dtype=torch.uint8).random_(generator=torch.Generator().manual_seed(0))
    splits = {"train": torch.tensor([0]), "validation": torch.tensor([1]), "test": torch.arange(2, images + 2)}
    return ConceptDataset(
        "noise", shown, torch.zeros(images + 2, dtype=torch.int64), torch.zeros(images + 2, 0, dtype=torch.int8),
        splits, tuple(map(str, range(10))), (), (),
    )  # fmt: skip


def _memory(sizes: Sequence[int]) -> str:
    """The most anonymous memory of a process that makes the evidence, less what it had with its images in place."""
    made = []
    for size in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            made.append(pool.apply(_grown, (size,)))
    pairs = zip(sizes, made, strict=True)
    shown = ", ".join(f"{size:,}: {peak:.0f} MB, of it {kept:.0f} MB evidence" for size, (peak, kept) in pairs)
    rest = ", ".join(f"{peak - kept:.0f}" for peak, kept in made)
    return f"| memory of that pass | images | 32 px | {shown} | beside the evidence: {rest} MB |"


def _grown(images: int) -> tuple[float, float]:
    torch.set_num_threads(1)
    job = _pass(images)
    before, most, over = _anonymous(), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], _anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    seen, maps = job()  # type: ignore[misc]
    over.set()
    watcher.join()
    kept = sum(part.nbytes for part in (seen.logits, seen.embedding, seen.labels, maps.signed, maps.classes, maps.dead))
    return max(most[0], _anonymous()) - before, kept / 1e6


def _anonymous() -> float:
    """Megabytes of this process that no file backs (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next((line for line in lines if line.startswith("RssAnon")), None)
    return math.nan if found is None else float(found.split()[1]) / 1e3


if __name__ == "__main__":
    main()
