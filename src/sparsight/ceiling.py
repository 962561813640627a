"""The ceiling of every drift: what it is of evidence that has nothing in common, so that "preserved" says something."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sparsight.comparison import (
    Arrays,
    Comparing,
    compare,
    effects_of_concepts,
    row_drifts,
    visible_parts,
)
from sparsight.draws import generator
from sparsight.stats import mean

ORDERS = 10
"""Random orders of the concepts that ``unrelated`` averages over: of many images one is enough."""

Ceilings = Mapping[tuple[str, str], float]
"""By metric and target."""

_BY_IMAGE = ("embedding/test", "saliency/maps", "logits/test")
_CONCEPTS = "interventions/concepts"


def unrelated(study: Comparing, dense: Arrays, other: Arrays) -> dict[tuple[str, str], float]:
    """What each drift is where nothing is shared, by metric and target: means over images or classes.

    Images of ``other`` are in a random order where its maps, embeddings, concept values or answers are compared;
    concepts where g's rows or what concepts do are; and an image's visible parts, or its habitats, where what these do
    is. Two maps that know nothing of each other are still alike in their margins, two lists of three share a concept by
    chance, and answers agree by chance. Between the floor and this there is room for a change; where there is little,
    "preserved" says little.
    """
    n = len(other["logits/test"])
    images = torch.randperm(n, generator=generator("unrelated images", n))
    shuffled = {**other, **{name: other[name][images] for name in _BY_IMAGE if name in other}}
    of_concepts, of_effects = "g/weights" in dense and "g/weights" in other, _CONCEPTS in dense and _CONCEPTS in other
    if of_effects:
        for kind, seen in (("parts", visible_parts), ("habitats", None)):
            change = other[f"interventions/{kind}"]
            visible = None if seen is None else seen(study.data, len(change))
            shuffled[f"interventions/{kind}"] = _within_rows(change, visible, kind)
    found = dict[tuple[str, str], list[float]]()
    for repeat in range(ORDERS if of_concepts or of_effects else 1):
        if of_concepts:
            shuffled["g/weights"] = other["g/weights"][:, _order("concepts", len(study.names), repeat)]
        if of_effects:
            effects = other[_CONCEPTS]
            shuffled[_CONCEPTS] = effects[:, _order("effects", effects.shape[1], repeat)]
        if repeat:
            drifts = [*row_drifts(study, dense, shuffled)] if of_concepts else []
            drifts += [effects_of_concepts(study, dense, shuffled)] if of_effects else []
        else:
            drifts = [*compare(study, dense, shuffled)]
        for one in drifts:
            found.setdefault((one.metric, one.target), []).append(mean(one.values))
    return {key: mean(values) for key, values in found.items()}


def _order(what: str, count: int, repeat: int) -> Tensor:
    return torch.randperm(count, generator=generator(f"unrelated {what}", count, repeat))


def _within_rows(
    change: Float[Tensor, "n m k"], visible: Bool[Tensor, "n m"] | None, what: str
) -> Float[Tensor, "n m k"]:
    """Each image's effects with those that count in a random order among themselves."""
    n, m = change.shape[:2]
    lots = torch.rand(n, m, generator=generator(f"unrelated {what}", n, m))
    hidden = torch.zeros(n, m, dtype=torch.bool) if visible is None else ~visible
    places, drawn = (
        keys.expand(n, m).masked_fill(hidden, torch.inf).argsort(dim=1, stable=True)
        for keys in (torch.arange(m, dtype=lots.dtype), lots)
    )
    index = torch.empty_like(places).scatter_(1, places, drawn)
    return change.gather(1, index[:, :, None].expand_as(change))
