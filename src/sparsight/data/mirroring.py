"""Names of classes and concepts that a mirrored image may no longer have."""

import re
from collections.abc import Sequence

_TURNED = re.compile(r"(?:^|[^a-z])(left|right|clockwise|anticlockwise|counterclockwise|[lr])(?:$|[^a-z])")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIGN = re.compile(r"[0-9A-Za-z]|digit[ _-]?\d|letter[ _-]?[a-z]", re.IGNORECASE)
_LEAST_SIGNS = 5
_SHOWN = 4


def mirrored_names(classes: Sequence[str], concepts: Sequence[str]) -> list[str]:
    """Report classes and concepts by whose names a mirrored image is another one: sides, digits and letters.

    Args:
        classes: their names.
        concepts: their names.
    """
    names = [*classes, *concepts]
    found = [name for name in names if _TURNED.search(_WORDS.sub(" ", name).casefold())]
    signs = [name for name in classes if _SIGN.fullmatch(name)]
    if len(signs) >= _LEAST_SIGNS and len(signs) == len(classes):
        found += signs
    elif not any(re.search("left|right|clockwise", name, re.IGNORECASE) for name in found):
        found = []  # l and r alone mean anything
    if not found:
        return []
    shown = ", ".join(name[:60] for name in found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
    return [
        f"half of the training images are mirrored, left to right, although there are classes or concepts such as "
        f"{shown}; if a mirrored image is another one, set data.flip=false"
    ]
