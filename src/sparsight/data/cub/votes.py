"""From the annotations of single images to the concepts of classes: the rule of Concept Bottleneck Models."""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Int64

from sparsight.data.cub.attributes import ClassConcepts, concepts_of, read_attributes
from sparsight.data.cub.layout import Layout, check_covers
from sparsight.errors import InputError

NOT_VISIBLE = 1
"""The certainty of an annotator who could not see the part; 2 guessed, 3 said probably, 4 definitely."""
OFFICIAL = (11_788, 200, 312)
"""Images, classes and attributes of the official tables."""
# fmt: off
PUBLISHED = (
    2, 5, 7, 8, 11, 15, 16, 21, 22, 24, 26, 30, 31, 36, 37, 39, 41, 45, 46, 51, 52, 54, 55, 57, 58, 60, 64, 65, 70,
    71, 73, 76, 81, 85, 91, 92, 94, 100, 102, 107, 111, 112, 117, 118, 120, 126, 127, 132, 133, 135, 146, 150, 152,
    153, 154, 158, 159, 164, 165, 169, 173, 179, 180, 182, 184, 188, 189, 194, 195, 197, 199, 203, 204, 209, 210, 212,
    213, 214, 219, 221, 222, 226, 236, 237, 239, 240, 241, 243, 244, 245, 250, 254, 255, 260, 261, 263, 269, 275, 278,
    284, 290, 293, 294, 295, 299, 300, 305, 306, 309, 310, 311, 312,
)
# fmt: on
"""The numbers of the 112 attributes that Koh et al. list in their code, of the 312."""


def image_vote(layout: Layout, voting: Int64[np.ndarray, " v"]) -> ClassConcepts:
    """A class has an attribute that at least as many of its voting images have as lack it, by their own annotators.

    An image whose annotator did not see the part (certainty 1) and marked no attribute has no vote; a tie, also of no
    votes at all, counts as present. Which attributes ten classes have then depends a little on who votes, which was a
    draw from the training images there: of the official tables, the 112 attributes that the authors list are taken,
    whoever votes here; of others, those of ten classes or more.

    Args:
        layout: with ``attributes/image_attribute_labels.txt``.
        voting: the ids of the images that vote.

    Raises:
        InputError: if a file is missing or damaged.

    References:
        Koh et al. Concept bottleneck models. ICML 2020, and the code released with it.
    """
    path = layout.root / "attributes" / "image_attribute_labels.txt"
    if not path.is_file():
        raise InputError(
            f"{path}: missing; data.concepts image-vote needs the votes of each image. Restore the file from the "
            "archive, or choose class-majority"
        )
    attributes = read_attributes(layout.root)
    votes = _votes(path)
    label = pd.Series({image.number: image.label for image in layout.images})
    check_covers(path, set(votes["image"].unique().tolist()), set(label.index.tolist()))
    for column, least, most in (("attribute", 1, len(attributes)), ("present", 0, 1), ("certainty", 1, 4)):
        if len(wrong := votes[~votes[column].between(least, most)]):
            raise InputError(
                f"{path}: line {wrong.index[0] + 1}: {column} {wrong[column].iloc[0]} is not from {least} to {most}; "
                "restore the file"
            )
    votes = votes[votes["image"].isin(voting)]
    votes = votes[(votes["present"] == 1) | (votes["certainty"] != NOT_VISIBLE)]
    has, lacks = (np.zeros((len(layout.class_names), len(attributes)), dtype=np.int64) for _ in range(2))
    classes, columns = label[votes["image"]].to_numpy() - 1, votes["attribute"].to_numpy() - 1
    yes = votes["present"].to_numpy() == 1
    np.add.at(has, (classes[yes], columns[yes]), 1)
    np.add.at(lacks, (classes[~yes], columns[~yes]), 1)
    return concepts_of(has >= lacks, attributes, published(layout, len(attributes)))


def published(layout: Layout, attributes: int) -> list[int] | None:
    """The positions of the attributes that Koh et al. list, if these are the official tables."""
    official = (len(layout.images), len(layout.class_names), attributes) == OFFICIAL
    return [number - 1 for number in PUBLISHED] if official else None


def _votes(path: Path) -> pd.DataFrame:
    """Image, attribute, present, certainty. Some of the official file's lines have cells too many, which are times."""
    columns = ["image", "attribute", "present", "certainty"]
    try:
        table = pd.read_csv(path, sep=r"\s+", header=None, names=columns, usecols=range(4), engine="c")
        return table.astype("int64")
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: not four numbers a line ({reason}); restore it from the archive") from None
