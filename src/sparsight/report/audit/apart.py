"""Names of models made short, and still different from each other."""

from collections.abc import Sequence

from sparsight.report.text import plain

_MOST = 2_000
_BEFORE = 4
"""Letters that stand before the first that differs."""


def apart(name: str, names: Sequence[str], limit: int) -> str:
    """A name with at most ``limit`` characters, whose middle goes where it is longer: models are mostly told apart by
    the ends of their names. Where others look the same then, its beginning goes up to where they differ.

    Args:
        name: one of the names.
        names: of all models that are shown.
        limit: 8 or more.
    """
    cut = _cut(plain(name, _MOST), limit)
    alike = sorted({plain(one, _MOST) for one in names if _cut(plain(one, _MOST), limit) == cut} | {plain(name, _MOST)})
    if len(alike) == 1:
        return cut
    ends = zip(alike[0], alike[-1], strict=False)  # of sorted names what the first and the last share, all share
    same = next((i for i, (one, other) in enumerate(ends) if one != other), len(alike[0]))
    shared = max(0, same - _BEFORE)
    return plain(f"…{plain(name, _MOST)[shared:]}" if shared else plain(name, _MOST), limit)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    start = (limit - 1) // 3
    return f"{text[:start]}…{text[len(text) - (limit - 1 - start) :]}"
