"""What each of the released code's switches costs on its own, and what leaving it out gives back."""

from collections.abc import Iterator, Mapping, Sequence

from sparsight.arms import TOGGLES, find_arm
from sparsight.results.tables import Looked, Row

NONE, ALL = "magnitude", "released-code"
"""The arms without a switch and with those of the paper's CUB run."""


def ablation_rows(everything: Sequence[Looked]) -> Iterator[Row]:
    """Rows of ``results/ablation.csv``: test accuracies lost and won back, raw, by switch, seed, round and model.

    ``released`` is 1 for the switches that ``released-code`` has on. ``collapse`` is what ``released-code`` loses
    against ``magnitude``; ``alone`` what the one switch loses against ``magnitude``; ``left_out`` what
    ``released-code`` gains without it. Losses are positive, each is a difference of two accuracies of one seed and
    round, and is missing where one of the two arms was not run. No rows unless both ``magnitude`` and
    ``released-code`` were.
    """
    found = {(one.key[0], one.key[1], one.key[3]): one.metrics["accuracy"] for one in everything}
    arms = {arm: find_arm(arm).toggles.on for arm in dict.fromkeys(key[0] for key in found) if _plain(arm)}
    alone = {on[0]: arm for arm, on in arms.items() if len(on) == 1}
    every = find_arm(ALL).toggles.on
    without = {
        switch: arm
        for arm, on in arms.items()
        for switch in every
        if set(on) == {*every} - {switch} and arm != ALL and len(on) > 1
    }
    if NONE not in arms or ALL not in arms or not (alone or without):
        return
    models = [model for model in ("f", "g") if all(model in metrics for metrics in found.values())]
    places = [(seed, round_) for arm, seed, round_ in found if arm == ALL and round_]
    for switch in (switch for switch in TOGGLES if switch in alone or switch in without):
        for seed, round_ in places:
            for model in models:

                def at(arm: str | None, seed: int = seed, round_: int = round_, model: str = model) -> float:
                    return _accuracy(found, arm, seed, round_, model)

                collapse = at(NONE) - at(ALL)
                lost, back = at(NONE) - at(alone.get(switch)), at(without.get(switch)) - at(ALL)
                yield (switch, int(switch in every), seed, round_, model, collapse, lost, back)


def _plain(arm: str) -> bool:
    """Whether the arm prunes by its switches alone, so that what it differs by is them."""
    if arm.startswith(("dense:", "retrain:")):
        return False
    found = find_arm(arm)
    return arm in (NONE, ALL) or (arm.startswith(("toggle:", "released-code-toggle:")) and bool(found.toggles.on))


def _accuracy(
    found: Mapping[tuple[str, int, int], Mapping[str, Mapping[str, Mapping[str, float]]]],
    arm: str | None,
    seed: int,
    round_: int,
    model: str,
) -> float:
    metrics = None if arm is None else found.get((arm, seed, round_))
    return float("nan") if metrics is None else metrics[model]["test"]["accuracy"]
