"""Checks before any verdict: a gate that fails stands in the report in place of the verdicts that it voids.

References:
    Adebayo et al. Sanity Checks for Saliency Maps. NeurIPS 2018.
    Kim et al. Interpretability Beyond Feature Attribution. ICML 2018 (concept vectors of random labels).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from sparsight.stats import mean
from sparsight.verdict.measured import Key
from sparsight.verdict.reasons import apart, number

LEAST_PAIRS = 10
"""Pairs of images for each dimension of an embedding below which alignments are not judged."""


@dataclass(frozen=True)
class Gate:
    """One check.

    Attributes:
        name: of the check.
        subject: what was checked, such as a saliency method.
        value: what was found; NaN fails.
        limit: what it is held against.
        passed: whether the metrics may be judged.
        voids: names of the metrics that it voids where it fails.
        reason: one sentence with the numbers.
        method, target: of the metrics that it guards; None is any.
    """

    name: str
    subject: str
    value: float
    limit: float
    passed: bool
    voids: tuple[str, ...]
    reason: str
    method: str | None = None
    target: str | None = None

    def guards(self, key: Key) -> bool:
        """Whether it is about this metric: one of the same name with another method or target is not guarded."""
        _, metric, method, target = key
        return metric in self.voids and self.method in (None, method) and self.target in (None, target)

    def document(self) -> dict[str, Any]:
        """Its fields as tables and pages have them."""
        return {name: value for name, value in asdict(self).items() if name not in ("method", "target")}


def randomised_model(subject: str, similarity: Mapping[str, float], limit: float, voids: tuple[str, ...]) -> Gate:
    """A saliency method must notice that the network's weights were replaced, from the head on.

    Args:
        subject: the saliency method.
        similarity: mean similarity of the maps to the trained network's, by stage of the cascade, from the head down;
            the largest decides.
        limit: the most similarity that passes.
        voids: metrics of the method's maps.
    """
    worst = max(similarity, key=lambda stage: similarity[stage], default="")
    value = similarity.get(worst, float("nan"))
    passed = value <= limit
    fall = "fall to a similarity of" if passed else "stay at a similarity of"
    reason = (
        f"maps of {subject} {fall} {number(value)} at the most while layers are randomised from the head down to "
        f"{worst} (limit {limit:g})"
    )
    return _gate("randomised model", subject, value, limit, passed, voids, reason)


def random_labels(
    subject: str, learned: Float64[np.ndarray, " c"], random: Float64[np.ndarray, " n"], voids: tuple[str, ...]
) -> Gate:
    """Concepts must be told from embeddings better than labels that were drawn at random.

    Args:
        subject: how concepts are learned.
        learned: held-out AUROC of each concept, NaN where undefined.
        random: held-out AUROC of concept vectors that were learned from shuffled labels; the limit is their 95th
            percentile.
        voids: metrics of concepts.
    """
    value = mean(learned)
    drawn = random[~np.isnan(random)]
    limit = float(np.quantile(drawn, 0.95)) if drawn.size else float("nan")
    passed = value > limit
    beats = "beat" if passed else "do not beat"
    reason = (
        f"concept vectors ({subject}) with a mean held-out AUROC of {number(value)} {beats} "
        f"95 % of those of random labels ({number(limit)})"
    )
    return _gate("random labels", subject, value, limit, passed, voids, reason)


def random_bank(metric: str, floor: float, random: float, voids: tuple[str, ...]) -> Gate:
    """Concepts must be steadier under retraining than as many random directions, else they are no better than those.

    Args:
        metric: a drift of concepts.
        floor: the mean drift between dense networks and their controls.
        random: the same where random directions stand in the place of concepts; the floor must be below it.
        voids: the metric.
    """
    passed = floor < random
    steadier = "below" if passed else "the same as" if floor == random else "not below"
    own, drawn = apart(floor, random)
    reason = f"the floor of {metric} ({own}) is {steadier} that of a bank of random directions ({drawn})"
    return _gate("random bank", metric, floor, random, passed, voids, reason)


def room(metric: str, floor: float, ceiling: float, least: float, voids: tuple[str, ...], target: str = "") -> Gate:
    """Between a retrained network and one that has nothing in common there must be room for a change.

    Args:
        metric: a drift.
        floor: of the controls.
        ceiling: the same of evidence that has nothing in common.
        least: the least margin; the room must be twice that.
        voids: the metric.
        target: of maps that do not explain the dense network's prediction, which class they do.
    """
    passed = floor <= ceiling - 2 * least
    leaves = "leaves room below" if passed else "leaves no room below"
    of = f" for the {target}" if target not in ("", "dense") else ""
    reason = f"the floor of {metric}{of} ({number(floor)}) {leaves} what has nothing in common ({number(ceiling)})"
    return _gate("room", metric, floor, ceiling - 2 * least, passed, voids, reason)


def dead_maps(subject: str, shares: Mapping[str, float], limit: float, voids: tuple[str, ...]) -> Gate:
    """Maps that are zero everywhere have no likeness to anything.

    Args:
        subject: the saliency method.
        shares: of dead maps, by network; the largest decides.
        limit: the largest share that passes.
        voids: metrics of the method's maps.
    """
    undefined = [name for name, share in shares.items() if np.isnan(share)]
    worst = undefined[0] if undefined else max(shares, key=lambda name: shares[name], default="no network")
    value = shares.get(worst, float("nan"))
    reason = f"{100 * value:.0f} % of the maps of {subject} are dead in {worst} (limit {100 * limit:g} %)"
    return _gate("dead maps", subject, value, limit, value <= limit, voids, reason)


def few_images(subject: str, count: int, limit: int, voids: tuple[str, ...]) -> Gate:
    """A mean over a handful of images is about those images.

    Args:
        subject: what the images are counted for.
        count: how many there are.
        limit: the fewest that pass.
        voids: metrics that are means over them.
    """
    reason = f"{count} images for {subject} (limit {limit})"
    return _gate("few images", subject, float(count), float(limit), count >= limit, voids, reason)


def few_pairs(subject: str, images: int, dimensions: Mapping[str, float], voids: tuple[str, ...]) -> Gate:
    """Embeddings that fill many dimensions need pairs of images enough to compare them by.

    In the worst case, images of as many classes as there are dimensions, only one pair in so many has anything in
    common, and of fewer than ``LEAST_PAIRS`` such pairs an alignment scatters by more than 0.1 and is no longer right
    on average.

    Args:
        subject: what is compared.
        images: how many there are.
        dimensions: how many an embedding fills (``drift.effective_dimensions``), by network; the largest decides, and
            an embedding that is the same for all images, NaN, fills none.
        voids: metrics of embeddings.
    """
    known = {name: value for name, value in dimensions.items() if not np.isnan(value)}
    worst = max(known, key=lambda name: known[name], default="no network")
    filled = max(known.get(worst, float("nan")), 1.0)
    value = images * (images - 1) / 2 / filled
    reason = (
        f"{images} images are {number(value)} pairs for each of the {filled:,.0f} dimensions that the {subject} fills "
        f"in {worst} (limit {LEAST_PAIRS})"
        if np.isfinite(filled)
        else f"of {images} images no two have more in common than any others in the {subject} of {worst}"
    )
    return _gate("few pairs", subject, value, float(LEAST_PAIRS), value >= LEAST_PAIRS, voids, reason)


def voided(gates: Iterable[Gate], keys: Iterable[Key]) -> dict[Key, str]:
    """Which of the metrics the failed gates void, and the reason of the first that does."""
    failed = [gate for gate in gates if not gate.passed]
    found: dict[Key, str] = {}
    for key in keys:
        for gate in failed:
            if gate.guards(key):
                found.setdefault(key, gate.reason)
    return found


def _gate(
    name: str, subject: str, value: float, limit: float, passed: bool, voids: tuple[str, ...], reason: str
) -> Gate:
    if np.isnan(value) or np.isnan(limit):
        reason = f"{name}, {subject}: could not be measured"
    return Gate(name, subject, value, limit, bool(passed), voids, reason[:1].upper() + reason[1:])
