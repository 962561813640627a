"""Whether a classifier's answers are shown to be better than those of one that looks at nothing.

The line is the constant answer: the class with the most test images, for every image. A classifier that is trained for
classes of unequal size may lie below that line and still see: its mean over classes is held against the same answer's.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from scipy.special import ndtri

from sparsight.verdict.single_exact import Share


@dataclass(frozen=True)
class Constant:
    """The constant answer.

    Attributes:
        label: the class with the most images, the first of equal ones.
        share: of the images that have it, which is the accuracy of the answer.
        balanced: the answer's balanced accuracy: 1 over the number of classes that occur.
    """

    label: int
    share: float
    balanced: float


@dataclass(frozen=True)
class Sight:
    """What a classifier's answers show.

    Attributes:
        accuracy: the share that is right.
        low, high: Clopper and Pearson's interval of it, 90 % at a level of 0.05.
        answers: how many classes it answers.
        above: whether its accuracy is shown to be above the constant answer's.
        sees: the same, or its balanced accuracy is: the answers depend on the image.
    """

    accuracy: float
    low: float
    high: float
    answers: int
    above: bool
    sees: bool


def constant_answer(labels: Int64[np.ndarray, " n"]) -> Constant:
    """The constant answer for images with these labels, of which there is one at least."""
    classes, counts = np.unique(labels, return_counts=True)
    return Constant(int(classes[counts.argmax()]), float(counts.max() / counts.sum()), 1 / len(classes))


def sight(answers: Int64[np.ndarray, " n"], labels: Int64[np.ndarray, " n"], level: float) -> Sight:
    """Hold a classifier's answers against the constant one's.

    Args:
        answers: the class that it gives each image.
        labels: the right ones.
        level: of each test; the accuracy's is exact, the balanced one's by the normal distribution, less one image.
    """
    right, several = answers == labels, len(np.unique(answers)) > 1
    share, line = Share(int(right.sum()), len(labels)), constant_answer(labels)
    above = several and share.p_above(line.share) <= level
    of_class = [right[labels == k] for k in np.unique(labels)]
    balanced = float(np.mean([own.mean() for own in of_class]))
    # One image right and one wrong more in each class: a class that is wholly right has no spread of its own.
    smoothed = [(own.sum() + 1) / (len(own) + 2) for own in of_class]
    spread = sum(p * (1 - p) / (len(own) + 2) for p, own in zip(smoothed, of_class, strict=True))
    error = math.sqrt(spread) / len(of_class)
    sees = above or (several and balanced - 1 / len(labels) - line.balanced > float(ndtri(1 - level)) * error)
    return Sight(share.value, *share.interval(level), len(np.unique(answers)), bool(above), bool(sees))
