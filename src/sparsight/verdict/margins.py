"""Margins of an audit: how much of the way to evidence that has nothing in common still counts as near.

A default is what 95 % of retrained small networks drifted on the data set where that is most, rounded up to 0.05; those
of effects of interventions are judgements. ``docs/audit.md`` has the table, and ``benchmarks/margins.py`` measures it.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

Margin = float | Literal["default"] | Mapping[str, float]
"""One share for all metrics; the measured ones; or shares by metric, where ``all`` stands for all others, which else
have the measured ones."""

DEFAULT: Literal["default"] = "default"
ALL = "all"

DEFAULTS: Mapping[str, float] = {
    "top_k_overlap": 0.65,
    "top_k_jaccard": 0.7,
    "rank_biased_overlap": 0.6,
    "weight_spearman": 0.6,
    "group_top_k_jaccard": 0.8,
    "group_spearman": 0.7,
    "value_agreement": 0.25,
    "map_spearman": 0.6,
    "map_iou_20": 0.75,
    "linear_cka": 0.1,
    "flips": 0.85,
    "do_concept": 0.5,
    "do_part": 0.5,
    "do_habitat": 0.5,
}
"""Of each metric that an audit has."""


def share_of(margin: Margin | None, metric: str) -> float | None:
    """The share that counts for a metric; None where none was set."""
    if margin is None or isinstance(margin, float | int):
        return margin
    own = {} if isinstance(margin, str) else margin
    return own.get(metric, own.get(ALL, DEFAULTS[metric]))


def read_margin(value: Any) -> Margin | None:
    """A margin as it may be written: a number, ``default``, a mapping, or text as ``0.3,map_spearman=0.4``.

    Raises:
        ValueError: if a share is none, or a metric is not known, or written twice.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        pairs = [(str(name), share) for name, share in value.items()]
    elif isinstance(value, str):
        pairs = list(_written(value))
    elif isinstance(value, list | tuple):
        pairs = [pair for one in value for pair in _written(str(one))]
    else:
        pairs = [(ALL, value)]
    found: dict[str, float] = {}
    for name, share in pairs:
        if name in found:
            raise ValueError(f"{name}: two margins; write one")
        if name not in (ALL, DEFAULT, *DEFAULTS):
            raise ValueError(f"no drift is called {name[:60]!r}; known: {', '.join((ALL, *DEFAULTS))}")
        if name == DEFAULT and share is not None:
            raise ValueError(f"{DEFAULT} takes no share; write {DEFAULT} alone, or a share for all metrics, as 0.3")
        found[name] = math.nan if name == DEFAULT else _share(share)
    if DEFAULT in found and ALL in found:
        raise ValueError("the measured margins and one for all exclude each other; write one")
    found.pop(DEFAULT, None)
    if not found:
        return DEFAULT
    return found[ALL] if list(found) == [ALL] else found


def _written(text: str) -> Iterator[tuple[str, str | None]]:
    for part in text.split(","):
        name, equals, share = part.strip().partition("=")
        if equals:
            yield name.strip(), share
        else:
            yield (DEFAULT, None) if name == DEFAULT else (ALL, name)


def _share(value: Any) -> float:
    """A share above 0, up to 1."""
    try:
        share = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        share = math.nan
    if not 0 < share <= 1:
        raise ValueError(
            "must be a share above 0, at most 1, of the way to evidence with nothing in common, no drift: as 0.3, "
            f"map_spearman=0.4,linear_cka=0.2, or default (given: {str(value)[:60]})"
        )
    return share
