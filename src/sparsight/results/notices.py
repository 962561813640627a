"""What a reader of a study must know: what was dropped, died, was not solved or is coarse."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sparsight.evidence import has_concepts, read_metrics
from sparsight.networks import Network
from sparsight.report import method_words
from sparsight.results.pairs import UNDEFINED
from sparsight.results.stopped import stopped_notices
from sparsight.saliency import CAPTUM, GRID
from sparsight.verdict import BRIGHTEST, PLACES, coarse_note, is_coarse


def notices(
    folder: Path, networks: tuple[Network, ...], manifest: Mapping[str, Any], saliency: str = "gradcam"
) -> Iterator[str]:
    """What a reader must know: what was dropped, died or was not solved. One line each."""
    yield from manifest["notices"]
    arms = [network.arm for network in networks]
    if not any(arm.startswith("retrain:") for arm in arms):
        yield "no network was retrained without pruning, so there is no noise floor to read the tables against"
    closed = []
    mapless: dict[str, dict[int, list[int]]] = {}
    for network in networks:
        metrics = read_metrics(folder / network.folder)
        closed.append(metrics["saliency"]["closed_form"])
        dead = metrics["dead_layers"]
        if dead:
            yield f"{network}: layers that have died (their output is the same for every image): {_some(dead)}"
        if metrics["dead_channels"] == metrics["channels"]:
            yield f"{network}: its embedding is the same for every test image"
        if metrics["predicted_classes"] == 1:
            yield f"{network}: answers the same class for every test image"
        if has_concepts(metrics):
            yield from (f"{network}: {line}" for line in _unsolved(metrics["concepts"], metrics["g"]))
        dead_maps = metrics["saliency"]["dead_maps"]["dense"]
        if dead_maps > metrics["saliency"]["images"] / 20:
            mapless.setdefault(network.arm, {}).setdefault(network.round, []).append(dead_maps)
    yield from stopped_notices(folder, networks)
    for arm, rounds in mapless.items():
        of = f"of {manifest['images']['test']}"
        counts = "; ".join(f"{', '.join(map(str, found))} {of} in round {r}" for r, found in sorted(rounds.items()))
        yield (
            f"{arm}: {method_words(saliency)} maps that are nowhere positive: {counts}. Where the dense network's is "
            "not, their drift is 1; networks with 1 in 20 or fewer are left out here"
        )
    yield from _of_method(saliency, closed)


def _of_method(saliency: str, closed: Sequence[bool]) -> Iterator[str]:
    """How maps were made."""
    if saliency == "released":
        yield (
            "maps by the released code's method, as the paper's figures, not by Grad-CAM: they hardly depend on the "
            "explained class, and light up somewhere in every column"
        )
    elif saliency.startswith(CAPTUM):
        yield (
            f"{method_words(saliency)} explains pixels: maps are sums over channels, averaged down to a grid of at "
            f"most {GRID} x {GRID}"
        )
    elif saliency != "gradcam":
        yield f"{method_words(saliency)} by autograd: it has no closed form"
    elif all(closed):
        yield "Grad-CAM by its closed form, which agreed with autograd on one batch of every network"
    else:
        yield f"Grad-CAM by autograd for {closed.count(False)} of {len(closed)} networks: no closed form there"


def _unsolved(concepts: Mapping[str, Any], g: Mapping[str, Any]) -> Iterator[str]:
    """What is not told, or not solved, of a network's concepts and g."""
    if concepts["no_direction"]:
        yield f"its embedding does not tell the concepts {_some(list(concepts['no_direction']))} at all"
    if not concepts["converged"]:
        yield f"the concept models are not solved (relative gradient {concepts['gradient']:.1e})"
    if not g["converged"]:
        yield f"g is not certified (relative duality gap {g['duality_gap']:.1e})"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def undefined_notices(drift: pd.DataFrame) -> Iterator[str]:
    """How many pairs of maps have no drift, as both are dead: by arm and round, of the dense network's prediction."""
    rows = drift[(drift["unit"] == UNDEFINED) & (drift["metric"] == BRIGHTEST) & (drift["target"] == "dense")]
    rows = rows[
        (rows["round"] > 0)
        & rows["reference_arm"].str.startswith("dense:")
        & ~rows["arm"].str.startswith(("dense:", "retrain:"))
    ]
    for arm, own in rows.groupby("arm", sort=False):
        rounds = [f"{int(found['value'].sum())} in round {r}" for r, found in own.groupby("round")]
        yield (
            f"{arm}: pairs of maps that are both nowhere positive have no drift and count in no mean: "
            f"{', '.join(rounds)} (all seeds)"
        )


def coarse_notices(judged: Mapping[str, Any]) -> Iterator[str]:
    """What a reader should know of maps that tell coarse places alone, from the document of ``verdict.json``."""
    for gate in judged.get("gates", ()):
        if gate["name"] == PLACES and is_coarse(gate["value"]):
            remedy = "larger images (--image-size) or an earlier layer (--set saliency.layer=LAYER) have more"
            yield coarse_note(int(gate["value"]), remedy)
