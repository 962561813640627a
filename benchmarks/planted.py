"""Does the verdict find a change that was planted, and name it? Real networks on ToyBirds whose truth is known.

    python benchmarks/planted.py [--seeds 5] [--retrains 2] [--plants nothing,habitat,...]

The dense networks and their controls see the usual images. In the place of tickets stand networks of the same start
and budget that nothing was pruned from, but whose training images were changed, so that something else decides there:

- ``habitat``: every bird sits in its species' own habitat, which is a shortcut; without it the network is lost;
- ``half_habitat``: half of the birds do, the others anywhere, so that the habitat helps and does not suffice;
- ``wing_color``: the wing's colour is drawn by lot, so that the concept is of no use;
- ``belly``: the belly's colour and pattern are drawn by lot, so that the part is of no use;
- ``nothing``: the usual images in another order, as a control trains. Here nothing must be found.

All are looked at on the same, usual test images.
"""

import argparse
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import torch

from sparsight.arms import find_arm
from sparsight.config import StudySettings, load_study
from sparsight.data import ConceptDataset, load_dataset
from sparsight.data.toybirds import GROUPS, Scene, ToyBirdsSettings, intervene, render, sample_scene
from sparsight.draws import key_seed
from sparsight.evidence import collect, dense_prediction, effects, read_evidence, read_metrics, write_evidence
from sparsight.models import build_model, split
from sparsight.networks import Network
from sparsight.pruning import full_mask, prunable
from sparsight.results.faithfulness import faithfulness_rows
from sparsight.results.pairs import pairs
from sparsight.results.tables import Looked, accuracy_rows
from sparsight.results.verdict import judge
from sparsight.training import DrawKey, fit

CPU = torch.device("cpu")
PLANTS = ("nothing", "habitat", "half_habitat", "wing_color", "belly")
SHORTCUTS = {"habitat": 1.0, "half_habitat": 0.5}


def planted(scene: Scene, plant: str, index: int) -> Scene:
    """The scene of a training image as the planted network sees it."""
    groups = {"wing_color": ("wing_color",), "belly": ("belly_color", "belly_pattern")}.get(plant, ())
    for group in groups:
        values = GROUPS[group]
        scene = scene.with_concept(group, values[key_seed("plant", group, index) % len(values)])
    return scene


@lru_cache(maxsize=1)
def images_of(settings: StudySettings, plant: str) -> ConceptDataset:
    """The data set with its training images changed; the others are as they are."""
    assert isinstance(settings.data, ToyBirdsSettings)
    data = load_dataset(settings.data)
    drawn = settings.data.model_copy(update={"shortcut": SHORTCUTS.get(plant, settings.data.shortcut)})
    images = data.images.clone()
    if plant in PLANTS[1:]:
        for index in data.splits["train"].tolist():
            scene = planted(sample_scene(drawn.seed, index, drawn), plant, index)
            images[index] = torch.from_numpy(render(scene, drawn.image_size).image).permute(2, 0, 1)
    return replace(data, images=images)


def make(settings: StudySettings, home: Path, network: Network, plant: str) -> None:
    """Train one network and write its evidence."""
    torch.set_num_threads(1)
    data = images_of(settings, plant)
    model = build_model(settings.model, len(data.class_names), key_seed("initial weights", network.seed))
    mask = full_mask(model.state_dict(), prunable(model))
    key = DrawKey(network.seed, network.repeat or 0, network.round)
    fit(model, mask, data, settings.training, key, device=CPU)
    usual = images_of(settings, "")
    explained = None if network.kind == "dense" else dense_prediction(home / network.dense.folder)
    rooms = (settings.evidence, settings.concepts, settings.saliency)
    evidence = collect(model, split(model), usual, *rooms, CPU, explained)
    assert isinstance(settings.data, ToyBirdsSettings)
    drawn = intervene(settings.data, settings.evidence.interventions)
    changes = effects(model, drawn, usual, settings.evidence.batch_size, CPU)
    write_evidence(home / (plant or ".") / network.folder, evidence, mask, False, None, changes)


def verdicts(settings: StudySettings, home: Path, plant: str) -> None:
    """Judge the planted networks as if they were an arm's tickets, and print what the report would say."""
    data = images_of(settings, "")

    def looked(network: Network, folder: Path, arm: str) -> Looked:
        metrics, arrays = read_metrics(folder / network.folder), read_evidence(folder / network.folder)
        key = (arm, network.seed, network.repeat if network.kind != "ticket" else None, network.round, 1.0)
        return Looked(network, key, metrics, arrays, read_evidence(home / network.dense.folder))

    everything = []
    for seed in settings.study.seeds:
        dense = Network("dense:right", seed, 0, 0)
        everything.append(looked(dense, home, dense.arm))
        for j in range(1, settings.study.retrains + 1):
            control = Network("retrain:right", seed, j, 0)
            everything.append(looked(control, home, control.arm))
        everything.append(looked(Network("magnitude", seed, None, 1), home / plant, "magnitude"))
    rows = {
        "accuracy": [row for one in everything for row in accuracy_rows(one)],
        "faithfulness": [row for one in everything for row in faithfulness_rows(one, data, "predictor")],
    }
    _, document = judge(everything, list(pairs(everything, settings, data)), settings, data, rows)
    print(f"\n{plant}: {document['arms']['magnitude']['sentence']}")
    failed = [gate["reason"] for gate in document["gates"] if not gate["passed"]]
    for reason in failed:
        print(f"  gate: {reason}")
    wanted = {"top_k_jaccard", "weight_spearman", "value_agreement", "map_spearman", "map_iou_20", "linear_cka"}
    for row in document["rows"]:
        primary = row["axis"] == "similarity" and row["metric"] in wanted and row["target"] in ("", "dense")
        f = (row["axis"], row["metric"], row["method"]) == ("accuracy", "accuracy", "f")
        if primary or f or row["family"] == "truth":
            interval = f"{row['excess']:+.2f} [{row['ci_low'] or 0:+.2f}, {row['ci_high'] or 0:+.2f}]"
            print(f"  {row['metric']:<16} {interval:<22} {row['verdict']}")
    for mover in document["movers"]["magnitude"]:
        print(f"  moved: {mover['kind']} {mover['name']}: {mover['moved']:.3f} logits ({mover['change']:+.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--retrains", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="small pictures and short trainings, to try the command")
    parser.add_argument("--plants", default=",".join(PLANTS), help="which of them, with commas")
    options = parser.parse_args()
    plants = options.plants.split(",")
    if unknown := set(plants) - set(PLANTS):
        parser.error(f"unknown plants {', '.join(sorted(unknown))}; there are {', '.join(PLANTS)}")
    overrides = {
        "study": {"seeds": list(range(options.seeds)), "arms": ["magnitude"], "retrains": options.retrains},
        "pruning": {"rounds": 2},
    }
    if options.quick:
        overrides |= {
            "data": {"train": 120, "validation": 24, "test": 48, "image_size": 32},
            "training": {"epochs": 2},
            "evidence": {"interventions": 12, "sanity": 12},
        }
    settings = load_study("toybirds", overrides=overrides)
    assert find_arm("magnitude").control == "right"
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        dense = [Network("dense:right", seed, 0, 0) for seed in settings.study.seeds]
        others = [
            (Network("retrain:right", s, j, 0), "")
            for s in settings.study.seeds
            for j in range(1, options.retrains + 1)
        ]
        tickets = [(Network("magnitude", seed, None, 1), plant) for plant in plants for seed in settings.study.seeds]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            wait(pool, settings, home, [(network, "") for network in dense])
            wait(pool, settings, home, [*others, *tickets])
        for plant in plants:
            verdicts(settings, home, plant)


def wait(pool: ProcessPoolExecutor, settings: StudySettings, home: Path, jobs: list[tuple[Network, str]]) -> None:
    """Make networks side by side; what fails, fails here."""
    work: list[Callable[[], None]] = [pool.submit(make, settings, home, *job).result for job in jobs]
    for result in work:
        result()


if __name__ == "__main__":
    main()
