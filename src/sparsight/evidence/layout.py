"""Names, types and shapes of the arrays of an evidence file: whether one whose hash fits holds what is read there."""

from collections.abc import Iterator, Mapping, Sequence

from sparsight.data import SPLITS

FLOATS, WHOLE = ("F32", "F64"), ("I64",)
_TARGETS = 3
_Shape = tuple[str | int, ...]
_ALWAYS: dict[str, _Shape] = {
    **{f"logits/{split}": (split, "classes") for split in SPLITS[1:]},
    **{f"probe/logits/{split}": (split, "classes") for split in SPLITS[1:]},
    **{f"embedding/{split}": (split, "width") for split in SPLITS[1:]},
    "saliency/maps": ("test", _TARGETS, "rows", "columns"),
}
_CONCEPTS: dict[str, _Shape] = {
    "bank/Q": ("concepts", "width"),
    "bank/intercepts": ("concepts",),
    "concepts/accuracy": ("concepts",),
    "concepts/auroc": ("concepts",),
    "g/weights": ("classes", "concepts"),
    "g/intercepts": ("classes",),
    "g/mean": ("concepts",),
    "g/scale": ("concepts",),
    **{f"g/logits/{split}": (split, "classes") for split in SPLITS[1:]},
    "g-random/Q": ("concepts", "width"),
    "g-random/weights": ("classes", "concepts"),
    **{f"g-random/logits/{split}": (split, "classes") for split in SPLITS[1:]},
    "gates/shuffled_auroc": ("concepts",),
}
_INTERVENTIONS: dict[str, _Shape] = {
    "interventions/concepts": ("scenes", "concepts of scenes", "classes"),
    "interventions/parts": ("scenes", "parts", "classes"),
    "interventions/habitats": ("scenes", "habitats", "classes"),
}
_SOME: dict[str, _Shape] = {
    "embedding/train": ("train", "width"),
    "embedding/examples": ("examples", "width"),
    "saliency/mask_energy": ("test", _TARGETS),
}
_REFIT: dict[str, _Shape] = {
    "Q": ("concepts", "width"),
    "intercepts": ("concepts",),
    "weights": ("classes", "concepts"),
}


def layout_flaw(arrays: Mapping[str, tuple[str, Sequence[int]]]) -> str:
    """The first array of a network's evidence that is missing, or of another type or shape; empty where all is well.

    What is measured of the data alone is learned from the arrays themselves: they must agree with each other. Of arrays
    that come together, as those of concepts, all are asked for where g's weights are there; others than these are not
    looked at.

    Args:
        arrays: their types, as safetensors calls them, and shapes, by name.
    """
    sizes: dict[str, int] = {}
    classes = arrays.get("saliency/classes")
    if classes is None or classes[0] not in WHOLE or list(classes[1][1:]) != [_TARGETS]:
        return "no fit saliency/classes"
    sizes["test"] = classes[1][0]
    for name, shape in _asked(arrays):
        kind, found = arrays.get(name, ("", ()))
        if kind not in FLOATS or len(found) != len(shape):
            return f"no fit {name}"
        for side, size in zip(shape, found, strict=True):
            known = side if isinstance(side, int) else sizes.setdefault(side, size)
            if known != size:
                return f"a {name} that does not go with the others"
    return ""


def _asked(arrays: Mapping[str, object]) -> Iterator[tuple[str, _Shape]]:
    yield from _ALWAYS.items()
    for together, first in ((_CONCEPTS, "g/weights"), (_INTERVENTIONS, "interventions/concepts")):
        yield from ((name, shape) for name, shape in together.items() if first in arrays or name in arrays)
    yield from ((name, shape) for name, shape in _SOME.items() if name in arrays)
    refits = dict.fromkeys(name.rpartition("/")[0] for name in arrays if name.startswith("refit/"))
    yield from ((f"{refit}/{name}", shape) for refit in refits for name, shape in _REFIT.items())
