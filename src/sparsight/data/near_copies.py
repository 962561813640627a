"""Near copies: pictures saved again as JPEG, resized, brightened or slightly cropped, across sides or classes.

Two steps, on small grey pictures that are kept with the decoded ones. First a perceptual hash of real numbers: the
lowest coefficients of the cosine transform, scaled to length 1, so that brightness and contrast drop out. A hash of
bits (``dHash``, ``pHash``) puts thousands of different pictures of skin within the 4 bits that a saved copy takes. Then
the most similar pairs are laid over each other at several sizes and places, and compared as they are, and without the
lowest coefficients, of which pictures of one kind have much in common.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from scipy.fft import dctn
from torch import Tensor

LOW = 6
"""Rows and columns of coefficients that make the hash, the mean left out."""
ALIKE = 0.9
"""Cosine of two hashes from which on pictures are compared."""
MOST_PAIRS = 2000
"""Pairs that are compared: the most alike."""
MOST_IMAGES = 40_000
"""Images whose hashes are all compared; of more it would take minutes."""
WHOLE, DETAIL = 0.988, 0.97
"""Correlations of near copies: of all coefficients, and without those of the first ``DETAILS`` rows and columns."""
DETAILS = 3
PLAIN = 4.0
"""Deviation of grey levels below which a picture is too plain to be told from others."""
_SIDE = 24
_PARTS = (
    (1.0, 0.0, 0.0),
    *(
        (size, top, left)
        for size in (0.98, 0.96, 0.95, 0.94, 0.92, 0.9)
        for top in (0.0, (1 - size) / 2, 1 - size)
        for left in (0.0, (1 - size) / 2, 1 - size)
    ),
)
"""The parts of one picture that the other may show: side, top and left, as shares of the picture's side."""
_ROWS = 1024
_SHOWN = 3


@dataclass(frozen=True)
class Pair:
    """Two images by their positions, the first before the second, and how they correlate."""

    one: int
    other: int
    correlation: float


def near_copies(
    thumbs: UInt8[np.ndarray, "n t t"],
    labels: Int64[np.ndarray, " n"],
    sides: Int64[np.ndarray, " n"],
    digests: UInt8[np.ndarray, "n b"],
) -> list[Pair]:
    """Return pairs of near copies that stand in two classes or on two sides, the most alike first.

    Args:
        thumbs: small grey pictures.
        labels: class of each.
        sides: part of each, as a number; -1 of images that are not used.
        digests: equal for equal pictures, which are no near copies.
    """
    used = np.flatnonzero((sides >= 0) & (thumbs.std((1, 2)) >= PLAIN))
    if len(used) < 2 or len(used) > MOST_IMAGES:
        return []
    one, other = _alike(_hashes(thumbs[used]), labels[used], sides[used])
    one, other = used[one], used[other]
    kept = (digests[one] != digests[other]).any(1)
    one, other = one[kept], other[kept]
    whole, detail = _overlaid(thumbs, one, other)
    found = np.flatnonzero((whole >= WHOLE) & (detail >= DETAIL))
    pairs = [Pair(int(one[k]), int(other[k]), float(whole[k])) for k in found]
    return sorted(pairs, key=lambda pair: (-round(pair.correlation, 4), pair.one, pair.other))


def near_copy_notes(
    pairs: Sequence[Pair],
    names: Sequence[PurePath],
    labels: Int64[Tensor, " n"],
    class_names: Sequence[str],
    splits: Mapping[str, Int64[Tensor, " _"]],
) -> list[str]:
    """Return a note on near copies in two classes, and one on those on two sides, with the first pairs' names."""
    of = {i: split for split, indices in splits.items() for i in indices.tolist()}
    by_class = [pair for pair in pairs if labels[pair.one] != labels[pair.other]]
    by_side = [pair for pair in pairs if labels[pair.one] == labels[pair.other]]
    notes = []
    for found, where, word in (
        (by_class, "in two classes", lambda i: class_names[int(labels[i])]),
        (by_side, "on two sides", lambda i: of[i]),
    ):
        if found:
            named = [f"{names[i].as_posix()} ({word(i)})" for pair in found[:_SHOWN] for i in (pair.one, pair.other)]
            shown = "; ".join(f"{a} and {b}" for a, b in zip(named[::2], named[1::2], strict=True))
            more = "; ..." if len(found) > _SHOWN else ""
            stand = "pair of pictures that look like copies of each other stands"
            stand = stand if len(found) == 1 else "pairs of pictures that look like copies of each other stand"
            notes.append(f"{len(found):,} {stand} {where}: {shown}{more}")
    return notes


def _hashes(thumbs: UInt8[np.ndarray, "n t t"]) -> Float32[np.ndarray, "n k"]:
    parts = []
    for start in range(0, len(thumbs), _ROWS):
        coefficients = dctn(thumbs[start : start + _ROWS].astype(np.float32), axes=(1, 2), norm="ortho")
        lowest = coefficients[:, :LOW, :LOW].reshape(len(coefficients), -1)[:, 1:]
        parts.append(lowest / np.maximum(np.linalg.norm(lowest, axis=1, keepdims=True), 1e-6))
    return np.concatenate(parts).astype(np.float32)


def _alike(
    hashes: Float32[np.ndarray, "n k"], labels: Int64[np.ndarray, " n"], sides: Int64[np.ndarray, " n"]
) -> tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]:
    """Return the ``MOST_PAIRS`` most alike pairs that cross classes or sides, by positions."""
    best: tuple[np.ndarray, np.ndarray, np.ndarray] = (np.zeros(0, np.float32), np.zeros(0, int), np.zeros(0, int))
    least = ALIKE
    for start in range(0, len(hashes), _ROWS):
        rows = slice(start, start + _ROWS)
        cosines = hashes[rows] @ hashes[start:].T
        row, column = np.nonzero(cosines >= least)
        crosses = (column > row) & (
            (labels[start + row] != labels[start + column]) | (sides[start + row] != sides[start + column])
        )
        row, column = row[crosses], column[crosses]
        values = np.concatenate([best[0], cosines[row, column]])
        pairs = np.concatenate([best[1], start + row]), np.concatenate([best[2], start + column])
        order = np.lexsort((pairs[1], pairs[0], -values))[:MOST_PAIRS]
        best = values[order], pairs[0][order], pairs[1][order]
        if len(order) == MOST_PAIRS:
            least = float(best[0][-1])
    return best[1], best[2]


def _overlaid(
    thumbs: UInt8[np.ndarray, "n t t"], one: Int64[np.ndarray, " p"], other: Int64[np.ndarray, " p"]
) -> tuple[Float32[np.ndarray, " p"], Float32[np.ndarray, " p"]]:
    """Return the best correlation of each pair, of parts of one picture with all of the other; and that of its details.

    The details are compared where the pictures fit best.
    """
    whole, detail = np.full(len(one), -1, np.float32), np.full(len(one), -1, np.float32)
    for first, second in ((one, other), (other, one)):
        for start in range(0, len(first), _ROWS):
            rows = slice(start, start + _ROWS)
            pictures = [thumbs[own[rows]].astype(np.float32) for own in (first, second)]
            best, fits = _fitted(*pictures)
            better = best > whole[rows]
            whole[rows] = np.where(better, best, whole[rows])
            close = np.flatnonzero(better & (best >= WHOLE))
            detail[start + close] = _details(pictures[0][close], pictures[1][close], fits[close])
    return whole, detail


def _fitted(
    pictures: Float32[np.ndarray, "p t t"], others: Float32[np.ndarray, "p t t"]
) -> tuple[Float32[np.ndarray, " p"], Int64[np.ndarray, " p"]]:
    """Return the best correlation of a part of each picture with all of the other, and which of ``_PARTS`` it is."""
    shown = _averaged(others, _PARTS[0])
    shown -= shown.mean((1, 2), keepdims=True)
    shown /= np.maximum(np.sqrt(np.einsum("pij,pij->p", shown, shown)), 1e-6)[:, None, None]
    best, fits = np.full(len(pictures), -1, np.float32), np.zeros(len(pictures), np.int64)
    for k, part in enumerate(_PARTS):
        seen = _averaged(pictures, part)
        seen -= seen.mean((1, 2), keepdims=True)
        now = np.einsum("pij,pij->p", seen, shown)
        now /= np.maximum(np.sqrt(np.einsum("pij,pij->p", seen, seen)), 1e-6)
        fits = np.where(now > best, k, fits)
        best = np.maximum(best, now)
    return best, fits


def _details(
    pictures: Float32[np.ndarray, "p t t"], others: Float32[np.ndarray, "p t t"], fits: Int64[np.ndarray, " p"]
) -> Float32[np.ndarray, " p"]:
    """Return the correlation of the details of a part of each picture with those of all of the other."""
    found = np.zeros(len(fits), np.float32)
    for k in np.unique(fits):
        mine = fits == k
        spectra = [
            np.asarray(dctn(_averaged(own[mine], part), axes=(1, 2), norm="ortho"))
            for own, part in ((pictures, _PARTS[k]), (others, _PARTS[0]))
        ]
        for spectrum in spectra:
            spectrum[:, :DETAILS, :DETAILS] = 0
        lengths = [np.sqrt(np.maximum((spectrum**2).sum((1, 2)), 1e-6)) for spectrum in spectra]
        found[mine] = (spectra[0] * spectra[1]).sum((1, 2)) / (lengths[0] * lengths[1])
    return found


def _averaged(pictures: Float32[np.ndarray, "p t t"], part: tuple[float, float, float]) -> Float32[np.ndarray, "p m m"]:
    size, top, left = part
    side = pictures.shape[-1]
    return np.asarray(_part(size, top, side) @ pictures @ _part(size, left, side).T)


@cache
def _part(size: float, start: float, side: int) -> Float32[np.ndarray, "m t"]:
    """The matrix that averages a part of ``side`` pixels to ``_SIDE`` pixels."""
    ends = (start + np.arange(_SIDE + 1) / _SIDE * size) * side
    pixels = np.arange(side)
    shares = np.minimum(ends[1:, None], pixels + 1) - np.maximum(ends[:-1, None], pixels)
    shares = np.maximum(shares, 0)
    return np.asarray(shares / shares.sum(1, keepdims=True), dtype=np.float32)
