"""What classifiers answer: dense networks at chance, and heads that give one class for every test image."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from safetensors import safe_open

from sparsight.evidence import EVIDENCE, TARGETS
from sparsight.networks import Network
from sparsight.verdict import Constant, constant_answer, sight

_HEADS = {
    "g/logits/test": "g, from concepts,",
    "probe/logits/test": "the linear probe",
    "g-random/logits/test": "g on random concepts",
}
"""Classifiers beside f, whose one answer ``notices`` name, by the arrays of their logits."""


def constant_of(folder: Path, networks: Sequence[Network]) -> Constant:
    """The class with the most test images, and what one answer for all of them scores.

    Args:
        folder: the run's.
        networks: of the run; all have the same test images.
    """
    with safe_open(folder / networks[0].folder / EVIDENCE, "np") as arrays:
        return constant_answer(_labels(arrays))


def answer_notices(folder: Path, networks: Sequence[Network], classes: Sequence[str], level: float) -> Iterator[str]:
    """Dense networks at chance, from which nothing can be concluded; then heads that answer one class. A line each.

    Args:
        folder: the run's.
        networks: of the run.
        classes: their names.
        level: at which an accuracy is shown to be above the constant answer's.
    """
    of_heads = []
    for network in networks:
        with safe_open(folder / network.folder / EVIDENCE, "np") as arrays:
            names = set(arrays.keys())
            of_heads += [
                f"{network}: {head} answers the same class for every test image"
                for name, head in _HEADS.items()
                if name in names and len(np.unique(arrays.get_tensor(name).argmax(1))) == 1
            ]
            if network.kind == "dense":
                labels, answers = _labels(arrays), arrays.get_tensor("logits/test").argmax(1)
                seen, line = sight(answers, labels, level), constant_answer(labels)
                if not seen.sees:
                    yield (
                        f"CAUTION: {network}: answers at chance ({seen.accuracy:.3f} of the test images right, "
                        f"{100 - 200 * level:g} % interval {seen.low:.3f} to {seen.high:.3f}; always "
                        f"{classes[line.label]!r}: {line.share:.3f}), so that nothing can be concluded from its tickets"
                    )
    yield from of_heads


def _labels(arrays: safe_open) -> np.ndarray:
    return np.asarray(arrays.get_tensor("saliency/classes")[:, TARGETS.index("label")])
