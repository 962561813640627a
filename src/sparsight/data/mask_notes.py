"""What looks doubtful about the object masks of a whole data set."""

from hashlib import blake2b

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

MOST_FULL = 0.5
"""Share of masks that cover all of their pictures from which on they are named: a lesion may fill its picture."""
RIM = 0.8
"""Share of the pictures' rims that lie on the object from which on object and background may be exchanged."""
MOST_EQUAL = 0.9
"""Share of masks that are one and the same from which on they are named."""
_AT_ONCE = 512


def mask_notes(inside: Bool[Tensor, "n s s"], used: Int64[Tensor, " m"]) -> list[str]:
    """Return a note each where masks are empty, full, one and the same, or perhaps inverted, with their mean area.

    Args:
        inside: true on the object, in the centre squares.
        used: the images that are studied.
    """
    count = len(used)
    if not count:
        return []
    areas = mean_areas(inside, used)
    mean = f"(mean area {float(areas.mean()):.2f})"
    empty, full = int((areas == 0).sum()), int((areas == 1).sum())
    notes = []
    if empty:
        which = "all" if empty == count else f"{empty:,} of {count:,}"
        notes.append(f"{which} object masks are empty in their pictures' centre squares {mean}")
    if full >= MOST_FULL * count:
        which = "all" if full == count else f"{full:,} of {count:,}"
        notes.append(f"{which} object masks cover the whole of their pictures' centre squares {mean}")
    if empty < count and full < MOST_FULL * count:
        rim, middle = _rim_and_middle(inside, used)
        if rim >= RIM and rim > middle:
            notes.append(
                f"object masks cover {100 * rim:.0f} % of the pictures' rims and {100 * middle:.0f} % of their middle "
                f"{mean}: are object and background exchanged? Not zero is the object"
            )
        if (same := _most_equal(inside, used)) >= max(2, MOST_EQUAL * count):
            notes.append(f"{same:,} of {count:,} object masks are one and the same {mean}")
    return notes


def mean_areas(inside: Bool[Tensor, "n s s"], used: Int64[Tensor, " m"]) -> Float[Tensor, " m"]:
    """Return the share of each used picture's centre square that its mask covers."""
    parts = [inside[some].flatten(1).float().mean(1) for some in used.split(_AT_ONCE)]
    return torch.cat(parts) if parts else torch.zeros(0)


def _rim_and_middle(inside: Bool[Tensor, "n s s"], used: Int64[Tensor, " m"]) -> tuple[float, float]:
    """The mean share of the outermost pixels, and of the middle quarter, that lie on the object."""
    side = inside.shape[-1]
    quarter = slice(side // 4, side - side // 4)
    lines = [inside[:, 0], inside[:, -1], inside[:, :, 0], inside[:, :, -1]]
    rim = sum(float(line[used].float().mean()) for line in lines) / 4
    return rim, float(inside[:, quarter, quarter][used].float().mean())


def _most_equal(inside: Bool[Tensor, "n s s"], used: Int64[Tensor, " m"]) -> int:
    """How many masks that are neither empty nor full are equal to the most frequent one of them."""
    counts: dict[bytes, int] = {}
    for i in used.tolist():
        key = blake2b(inside[i].numpy().tobytes(), digest_size=16).digest()
        counts[key] = counts.get(key, 0) + 1
    return max(counts.values(), default=0)
