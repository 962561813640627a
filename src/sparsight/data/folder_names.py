"""What the names of folders say: which of them are splits, and which hold masks in place of images."""

import re
from collections.abc import Collection

_SIDES = {
    "train": "train|training|trn",
    "validation": "val|vali|valid|validation|dev|development|eval|evaluation",
    "test": "test|testing|tst|holdout|hold[ _-]?out|held[ _-]?out",
}
_WHAT = r"(?:sets?|data|dataset|split|part|images?|imgs?|pictures|photos|folder|dir)"
_PATTERNS = {
    side: re.compile(rf"(?:{_WHAT}[ _.-]?)?(?:{names})(?:[ _.-]?{_WHAT})?(?:[ _.-]?(?:19|20)\d\d)?")
    for side, names in _SIDES.items()
}
_MASKS = re.compile(r"(?:.*[ _.-])?(?:masks?|segmentations?|seg|segs|annotations?|ground[ _-]?truth|gt|outlines?)")
_MASK_ENDINGS = ("_mask", "-mask", "_masks", "_segmentation", "-segmentation", "_seg", "_gt", "_superpixels")


def side_of(name: str) -> str | None:
    """Return the split that a folder's name speaks of: ``Train``, ``val``, ``test_set``, ...; None if of none."""
    plain = name.strip().casefold()
    return next((side for side, pattern in _PATTERNS.items() if pattern.fullmatch(plain)), None)


def sides_among(names: Collection[str]) -> dict[str, str]:
    """Return the splits that several names speak of alike: ``seg_train`` and ``seg_test``, ``1-train`` and ``2-val``.

    Of each, one word is that of a split, and the others, but for numbers, are the same in all.
    """
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        words = [word for word in re.split(r"[\s_.-]+|(?<=\d)(?=[^\W\d])", name.strip().casefold()) if word]
        sides = [side for word in words if (side := side_of(word)) is not None]
        rest = tuple(word for word in words if side_of(word) is None and not word.isdecimal())
        if len(sides) == 1:
            found.setdefault(rest, {})[name] = sides[0]
    several = [own for own in found.values() if len(set(own.values())) == len(own) > 1]
    return several[0] if len(several) == 1 else {}


def is_of_masks(name: str) -> bool:
    """Whether a folder's name says that masks lie in it."""
    return _MASKS.fullmatch(name.strip().casefold()) is not None


def masked_stem(stem: str) -> str | None:
    """Return the name of the image that a file's name makes it the mask of, as ``a`` of ``a_mask``; None if of none."""
    plain = stem.casefold()
    return next((plain.removesuffix(end) for end in _MASK_ENDINGS if plain.endswith(end) and plain != end), None)
