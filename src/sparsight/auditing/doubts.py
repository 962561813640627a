"""An original that sees nothing, and classifiers that give one answer: what nothing can be concluded from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sparsight.auditing.look import Look
from sparsight.data import ConceptDataset
from sparsight.stats import balanced_accuracy
from sparsight.verdict import constant_answer, sight

_REMEDY = (
    "compare its accuracy with the one that you know; its normalisation (--normalise), the size of the images "
    "(--image-size), the order of its classes or its weights may not be those it was trained with"
)


@dataclass(frozen=True)
class Doubts:
    """What a reader must know before any verdict, a line each.

    Attributes:
        void: why nothing can be concluded from any comparison with the original; a check that was asked for fails.
        cautions: all else.
    """

    void: tuple[str, ...]
    cautions: tuple[str, ...]


def doubts(original: Look, others: Sequence[Look], data: ConceptDataset, level: float) -> Doubts:
    """Doubts of an audit.

    Args:
        original: the original.
        others: the models and the retrained networks.
        data: the images.
        level: of the tests that show an accuracy to be above the constant answer's.
    """
    void, cautions = list(_of_original(original, data, level)), list[str]()
    for one in (original, *others):
        if one is not original and len(np.unique(one.predictions.numpy())) == 1:
            cautions.append(f"{one.name}: answers {_only(one.predictions.numpy(), data)} for every test image")
        if one.concepts is not None and len(own := np.unique(one.concepts.logits["test"].argmax(1).numpy())) == 1:
            cautions.append(
                f"{one.name}: g answers {_only(own, data)} for every test image: its concepts tell no classes apart"
            )
    labels = original.seen.labels.numpy()
    seen = sight(original.predictions.numpy(), labels, level)
    if not void and not seen.above:
        line, of_class = constant_answer(labels), balanced_accuracy(original.predictions.numpy(), labels)
        cautions.insert(
            0,
            f"CAUTION: {original.name}, the original, answers {seen.accuracy:.3f} of the test images right, which is "
            f"not shown to be above the constant answer {data.class_names[line.label]!r} ({line.share:.3f}); its mean "
            f"over classes is ({of_class:.3f}, the constant answer's {line.balanced:.3f}); {_REMEDY}",
        )
    return Doubts(tuple(void), tuple(cautions))


def _of_original(original: Look, data: ConceptDataset, level: float) -> Iterator[str]:
    answers, labels = original.predictions.numpy(), original.seen.labels.numpy()
    seen, line = sight(answers, labels, level), constant_answer(labels)
    named = f"{original.name}, the original,"
    if seen.answers == 1:
        only = _only(answers, data)
        yield f"{named} answers {only} for every test image: nothing can be concluded from it; {_REMEDY}"
    elif not seen.sees:
        yield (
            f"{named} answers at chance: {seen.accuracy:.3f} of the test images right ({100 - 200 * level:g} % "
            f"interval {seen.low:.3f} to {seen.high:.3f}), the constant answer {data.class_names[line.label]!r} "
            f"{line.share:.3f}: nothing can be concluded from it; {_REMEDY}"
        )


def _only(answers: np.ndarray, data: ConceptDataset) -> str:
    return repr(data.class_names[int(answers[0])])
