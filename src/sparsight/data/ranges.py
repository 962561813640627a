"""Whether the numbers of files of more than 8 bits use their range, as a whole data set shows it."""

from collections.abc import Sequence
from pathlib import PurePath

from jaxtyping import Bool, Int64
from torch import Tensor

from sparsight.data.depth import Span
from sparsight.data.pictures import Pictures

KNOWN = (1, 15, 255, 1023, 4095, 16_383)
"""The largest numbers of 1, 4, 8, 10, 12 and 14 bits."""
REFUSED = 4095
"""All files at most this bright are all but black where 65,535 is white."""
MIXED = 0.25
"""Share of files of fewer bits, among others that use them all, from which on they are named."""
LEAST = 2
"""Files that show a range: one dark picture is no fault."""
LITTLE = 16
"""Grey levels of 256 that all pictures together must span."""
NEARLY_ALL = 0.9
"""Share of all pixels that are next to black, yet not black, from which on a range is in doubt."""


def check_ranges(
    pictures: Pictures,
    names: Sequence[PurePath],
    labels: Int64[Tensor, " n"],
    class_names: Sequence[str],
    span: Span | None,
) -> tuple[list[str], list[str]]:
    """Return problems and notes on the range of a data set's files.

    Args:
        pictures: the images.
        names: of them.
        labels, class_names: of them.
        span: the numbers that become black and white, where they are stated.
    """
    bits, (lowest, highest) = pictures.fact("bits"), pictures.extremes.unbind(1)
    wide, deep = bits > 14, bits > 8
    if span is not None:
        return [], _beyond(lowest[deep], highest[deep], span)
    count = int(wide.sum())
    if not count:
        return [], _contrast(pictures)
    most = int(highest[wide].max())
    fits = next((limit for limit in KNOWN if most <= limit), None)
    first = names[int(wide.nonzero()[0])].as_posix()
    if fits is None:
        return [], _mixed(highest, wide, labels, class_names) or _few_bright(pictures, wide, first)
    state = (
        f"no number of {count:,} files of 16 bits is above {most:,}, where 65,535 is white"
        if count > 1
        else f"a file of 16 bits holds no number above {most:,}, where 65,535 is white"
    )
    words = f"{fits.bit_length()} bits" if fits > 1 else "1 bit"
    remedy = f"state the range of their numbers by --set data.range={fits} ({words})"
    if count >= LEAST and fits <= REFUSED:
        dark = ", or by data.range=65535 if the pictures are as dark as that" if fits == REFUSED else ""
        return [f"{first}: {state}; {remedy}{dark}"], []
    return [], [f"{state}: {first}; if that is not all that they could hold, {remedy}"]


def _beyond(lowest: Tensor, highest: Tensor, span: Span) -> list[str]:
    low, high = span
    if not len(highest):
        return ["data.range has no effect: no file has more than 8 bits"]
    beyond = int(((lowest < low) | (highest > high)).sum())
    if not beyond:
        return []
    hold = "file holds" if beyond == 1 else "files hold"
    return [f"{beyond:,} {hold} numbers beyond data.range, {low:g} to {high:g}, which become black or white"]


def _mixed(
    highest: Tensor, wide: Bool[Tensor, " n"], labels: Int64[Tensor, " n"], class_names: Sequence[str]
) -> list[str]:
    """Notes on files of fewer bits among others that use all: by class, or as a share."""
    tops = {
        k: int(highest[wide & (labels == k)].max())
        for k in range(len(class_names))
        if int((wide & (labels == k)).sum()) >= LEAST
    }
    if tops:
        low, high = min(tops, key=lambda k: tops[k]), max(tops, key=lambda k: tops[k])
        if tops[low] <= REFUSED < tops[high] and 4 * tops[low] <= tops[high]:
            return [
                f"files of 16 bits of class {class_names[low]!r} hold numbers up to {tops[low]:,}, of class "
                f"{class_names[high]!r} up to {tops[high]:,}: classes can be told by how bright that makes them; "
                "save all in one range"
            ]
    few = int((wide & (highest <= REFUSED)).sum())
    if few >= LEAST and few >= MIXED * int(wide.sum()):
        return [
            f"{few:,} of {int(wide.sum()):,} files of 16 bits hold no number above {REFUSED:,}, others up to "
            f"{int(highest[wide].max()):,}; if they are of fewer bits, save all in one range"
        ]
    return []


def _few_bright(pictures: Pictures, wide: Bool[Tensor, " n"], first: str) -> list[str]:
    """A note where nearly all of the files of 16 bits is next to black, as beside a hot pixel or a line of writing."""
    seen = pictures.thumbs[wide].flatten()
    share = float((seen < LITTLE).float().mean())
    if int(wide.sum()) < LEAST or share < NEARLY_ALL or float((seen == 0).float().mean()) > share / 2:
        return []
    return [
        f"{100 * share:.0f} % of all pixels of files of 16 bits are next to black, where 65,535 is white: {first}; "
        "if few bright pixels, as a line of writing, hide their range, state it, as by --set data.range=4095 (12 bits)"
    ]


def _contrast(pictures: Pictures) -> list[str]:
    """A note where all pictures together are next to one grey."""
    read = pictures.fact("bits") > 0
    if not bool(read.any()):
        return []
    seen = pictures.thumbs[read]
    least, most = int(seen.min()), int(seen.max())
    if most - least >= LITTLE or len(seen) < LEAST:
        return []
    return [
        f"all pictures together span the greys {least} to {most} of 255 alone; if their files use a part of 8 bits, "
        "save them with numbers up to 255"
    ]
