"""What a calibrating process does: the study's own steps, passes and fits, on a few images. Nothing is written."""

import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.concepts import probe_logits
from sparsight.data import SPLITS, ConceptDataset, ToyBirdsSettings, normalise
from sparsight.data.toybirds import intervene
from sparsight.draws import generator, key_seed
from sparsight.evidence import collect, evidence_tensors, explain, learn_concepts, numbers, see
from sparsight.footprint import private_peak
from sparsight.models import Split, build_model, find_split, placed
from sparsight.planning.clocks import Clocks, clocks, timed
from sparsight.planning.specimen import Specimen, unpacked
from sparsight.pruning import Mask, full_mask, prunable
from sparsight.saliency import cascade
from sparsight.training import DrawKey, fit, one_thread, resolve_device

PHASES = ("ready", "see", "train", "learn", "collect")
"""What all processes do at the same time, one after the other."""
BUDGET = 4.0
"""Seconds after which a phase makes no further measurement; one of each is made whatever it takes."""
EPOCHS = 6
"""Most epochs of a calibration's training; the first is not counted."""
WHOLE = 2e8
"""Most multiplications of a pass over the embeddings for which concepts are learned at the study's size at once."""
Phase = tuple[str, int]
Found = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """What a process measures on."""

    data: ConceptDataset
    facts: ConceptDataset
    model: nn.Module
    cut: Split
    mask: Mask
    device: torch.device


def measure(specimen: Specimen, phase: Phase, tick: Callable[[], None] = lambda: None) -> Found:
    """Do one phase, and tell what it found, by name; ``private`` is the process's memory so far."""
    bench = _bench(specimen)
    with one_thread(bench.device):
        found = _DO[phase[0]](bench, specimen)
    tick()
    return {**found, "private": private_peak()}


@lru_cache(maxsize=1)
def _bench(specimen: Specimen) -> Bench:
    settings, data = specimen.settings, unpacked(specimen.pictures)
    device = resolve_device(settings.training.device)
    model = build_model(settings.model, len(data.class_names), key_seed("initial weights", settings.study.seeds[0]))
    cut = find_split(settings.model, model, normalise(data.images[:2], data, torch.device("cpu")))
    lot = generator("plan", "mask")
    ones = full_mask(model.state_dict(), prunable(model))
    half = {name: torch.rand(keep.shape, generator=lot) < 0.5 for name, keep in ones.items()}
    model = placed(model, device)
    return Bench(data, unpacked(specimen.facts), model, cut, half, device)


def _ready(bench: Bench, specimen: Specimen) -> Found:
    state = bench.model.state_dict().values()
    return {
        "state": sum(one.nbytes for one in state),
        "mask": sum(keep.numel() for keep in bench.mask.values()),
        "processor": clocks().processor,
    }


def _see(bench: Bench, specimen: Specimen) -> Found:
    """A pass over images without maps, and with; and, what a process does once, scenes with one thing changed."""
    settings, device = specimen.settings, bench.device
    explained = torch.zeros(len(bench.data.splits["test"]), dtype=torch.int64)

    def passes(data: ConceptDataset) -> Clocks:
        return timed(lambda: see(bench.model, bench.cut, data, "validation", settings.evidence, device))[1]

    def maps(data: ConceptDataset) -> Clocks:
        dense = explained[: len(data.splits["test"])]
        rooms = (settings.evidence, settings.saliency, device, dense)
        return timed(lambda: explain(bench.model, bench.cut, data, *rooms))[1]

    few = _first(bench.data, 4)
    before = private_peak() or 0
    passes(few)
    each, whole = passes(few).wall / len(few.splits["validation"]), len(bench.data.splits["validation"])
    held = (private_peak() or 0) - before
    slow = each * whole > BUDGET
    data = few if slow else bench.data
    repeats = max(1, min(5, math.floor(BUDGET / 2 / max(1e-9, each * len(data.splits["validation"])))))
    found: Found = {
        "image": _median([passes(data) for _ in range(repeats)]) * (1 / len(data.splits["validation"])),
        "map": _median([maps(data) for _ in range(repeats)]) * (1 / len(data.splits["test"])),
        "batch_memory": held * settings.evidence.batch_size // 4 if slow else 0,
        "scenes": Clocks(0, 0),
        "changed": 0,
        "scene_memory": 0,
    }
    count = settings.evidence.interventions
    if isinstance(settings.data, ToyBirdsSettings) and count:
        drawn = settings.data
        scene, once = timed(lambda: intervene(drawn, 1))
        number = min(count, drawn.test)
        found |= {"scenes": once * number, "changed": scene.images.shape[1] * number}
        found["scene_memory"] = scene.images.nbytes * number
    return found


def _train(bench: Bench, specimen: Specimen) -> Found:
    """A step: the median of several epochs of a few steps, after a first one; the clocks are read between epochs."""
    settings = specimen.settings.training
    steps = max(1, len(bench.data.splits["train"]) // settings.batch_size)

    def epochs(data: ConceptDataset, number: int) -> list[Clocks]:
        ends: list[Clocks] = []
        budget = settings.model_copy(update={"epochs": number, "selection": "last"})
        key = DrawKey(0, 0, 0)
        fit(bench.model, bench.mask, data, budget, key, device=bench.device, on_epoch=lambda: ends.append(clocks()))
        return [end + begin * -1 for begin, end in pairwise(ends)]

    (step,) = epochs(_first(bench.data, settings.batch_size), 2)
    if step.wall * steps * 2 > BUDGET:
        return {"step": step}
    number = max(2, min(EPOCHS, math.floor(BUDGET / (step.wall * steps))))
    return {"step": _median(epochs(bench.data, number)) * (1 / steps)}


def _learn(bench: Bench, specimen: Specimen) -> Found:
    """Concepts, g and their controls, on embeddings that vary as those of the few images do, at the study's size; of a
    large study on an eighth of it first, and no more where that is slow already."""
    settings, facts = specimen.settings, bench.facts
    few = see(bench.model, bench.cut, bench.data, "train", settings.evidence, bench.device).embedding
    classes = len(facts.class_names)

    def fits(part: int) -> tuple[Clocks, Clocks]:
        splits = {name: facts.splits[name][::part] for name in SPLITS}
        data = replace(facts, splits=splits)
        varied = {name: _varied(few, facts.labels[places], name) for name, places in splits.items()}
        labels, train = facts.labels[splits["train"]], varied["train"]
        shown = facts.example_images
        examples = None if shown is None else _varied(few, torch.arange(len(shown)), "examples")
        _, probe = timed(lambda: probe_logits(train, labels, classes, settings.concepts.C, tuple(varied.values())))
        _, concepts = timed(lambda: learn_concepts(varied, examples, data, settings.concepts, 0))
        return probe, concepts

    large = len(facts.splits["train"]) * few.shape[1] * (len(facts.concept_names) + classes) > WHOLE
    part = 8 if large and len(facts.splits["train"]) >= 800 else 1
    probe, concepts = fits(part)
    if part > 1 and (probe.wall + concepts.wall) * part <= 2 * BUDGET:
        part = 1
        probe, concepts = fits(part)
    return {"probe": probe * part, "concepts": concepts * part, "learned_part": part}


def _collect(bench: Bench, specimen: Specimen) -> Found:
    """All evidence of the few images, as a dense network's, for what it takes on the disk; a cascade of random weights.

    Only the numbers and arrays are wanted here: how long it takes follows from the other phases.
    """
    settings, model, data = specimen.settings, bench.model, bench.data
    number = min(settings.evidence.sanity, len(data.splits["test"]))
    one = Clocks(0, 0)
    if number:
        few = min(number, 8)
        chosen = data.splits["test"][:few]
        images, labels = normalise(data.images[chosen], data, bench.device), data.labels[chosen].to(bench.device)
        _, one = timed(lambda: cascade(model, bench.cut, images, labels, settings.saliency, 0))
        one = one * (min(settings.evidence.sanity, len(bench.facts.splits["test"])) / few)
    little = _first(data, 32)
    rooms = (settings.evidence.model_copy(update={"sanity": min(number, 2)}), settings.concepts, settings.saliency)
    evidence = collect(model, bench.cut, little, *rooms, bench.device, None)
    arrays = evidence_tensors(evidence, settings.evidence.keep_embeddings)
    return {"cascade": one, "arrays": pickle.dumps((arrays, numbers(evidence, bench.mask)))}


_DO: dict[str, Callable[[Bench, Specimen], Found]] = {
    "ready": _ready,
    "see": _see,
    "train": _train,
    "learn": _learn,
    "collect": _collect,
}


def _first(data: ConceptDataset, count: int) -> ConceptDataset:
    """The same with so many images a split at most."""
    return replace(data, splits={name: places[:count] for name, places in data.splits.items()})


def _varied(few: Float[Tensor, "m l"], labels: Tensor, name: str) -> Float[Tensor, "n l"]:
    """An embedding for each label: that of one image a label, moved by the difference of two images."""
    lot = generator("plan", "embeddings", name)
    first, second = (few[torch.randint(0, len(few), (len(labels),), generator=lot)] for _ in range(2))
    return few[labels % len(few)] + (first - second) / 2


def _median(measured: list[Clocks]) -> Clocks:
    return Clocks(median(one.wall for one in measured), median(one.processor for one in measured))
