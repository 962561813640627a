"""How each model's images are normalised: as it is known of it, or else as of the model that it was made from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sparsight.data import ConceptDataset
from sparsight.models import Given, Source

Three = tuple[float, float, float]
Normalisation = tuple[Three, Three]
"""Mean and deviation of red, green and blue in 0..1."""
Way = Literal["own", "original", "data"] | Normalisation

_NAMED = 3
"""Models that a line lists."""


def normalised(given: Sequence[Given], data: ConceptDataset, way: Way) -> tuple[list[Given], list[str], bool]:
    """The models with their normalisation, and what a reader should know of it, a line each.

    Models of one audit are made from each other, and what was made of a network expects the images that it did. So one
    of which nothing is known, as of a function or a module, takes what is known of the original, or else of the first
    model of which something is; the data set's where it is of none. Another normalisation than a model was trained with
    would change its evidence.

    Args:
        given: the original first.
        data: the images.
        way: ``own`` as above; ``original`` gives all models the original's, ``data`` the data set's, and a mean and
            deviation these.

    Returns:
        The models, the lines, and whether these say that a normalisation was guessed or differs between models.
    """
    own = (data.mean, data.std)
    known = next((one for one in given if one.normalisation is not None), None)
    taken = own if known is None or known.normalisation is None else known.normalisation
    if way == "own":
        source = "the data set's is taken" if known is None else f"that of {known.name} is taken"
        found = [one.normalisation or taken for one in given]
        unknown = [one.name for one in given if one.normalisation is None]
        why = f"how images are normalised is not known, and {source}: {said(taken)}; --normalise names another"
        notes = [f"{_listed(unknown)}: {why}"] if unknown else []
        doubtful = bool(unknown)
        notes += _guesses(given)
        inherited = Source("the data set's own" if known is None else f"that of {known.name}", known=False)
        sources = [inherited if one.normalisation is None else one.normalisation_source for one in given]
    else:
        original = given[0].normalisation or taken
        every = original if way == "original" else own if way == "data" else way
        found, notes = [every] * len(given), [f"all images are normalised by {said(every)}, as --normalise asks"]
        doubtful = False
        sources = [Source("--normalise", known=True)] * len(given)
    if any(one != found[0] for one in found):
        k = next(k for k, one in enumerate(found) if one != found[0])
        notes.insert(
            0,
            f"CAUTION: images are normalised differently, for {given[0].name} by {said(found[0])}, for {given[k].name} "
            f"by {said(found[k])}; if that is not how they were trained, it alone moves the evidence, and --normalise "
            "original gives all the original's",
        )
        doubtful = True
    settled = zip(given, found, sources, strict=True)
    settled_ones = [replace(one, normalisation=each, normalisation_source=source) for one, each, source in settled]
    return settled_ones, notes, doubtful


def _guesses(given: Sequence[Given]) -> list[str]:
    """A short line for each way of guessing how models' images are normalised, with the models and what was taken."""
    found: dict[tuple[str, Normalisation], list[str]] = {}
    for one in given:
        source = one.normalisation_source
        if one.normalisation is not None and source is not None and not source.known:
            found.setdefault((source.text, one.normalisation), []).append(one.name)
    return [
        f"{_together(names, len(given))}: normalisation guessed, {text}: {said(normalisation)}; "
        "--normalise names another"
        for (text, normalisation), names in found.items()
    ]


def own_notes(given: Sequence[Given]) -> list[str]:
    """What a reader should know of how models were loaded, a line for each fact with the models that it holds for."""
    found: dict[str, list[str]] = {}
    for one in given:
        for note in one.notes:
            found.setdefault(note, []).append(one.name)
    return [f"{_together(names, len(given))}: {note}" for note, names in found.items()]


def in_words(given: Sequence[Given]) -> str:
    """How the images of models whose normalisation is settled are normalised."""
    found = {one.name: said(one.normalisation) for one in given if one.normalisation is not None}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return "; ".join(f"{name}: {text}" for name, text in found.items())


def said(one: Normalisation) -> str:
    """It in words."""
    mean, std = (" ".join(f"{value:.4g}" for value in values) for values in one)
    return f"mean {mean} and deviation {std}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _together(names: Sequence[str], models: int) -> str:
    """The models that a line is about, in few words."""
    if len(names) == models > 1:
        return "all models"
    return _listed(names) if len(names) <= _NAMED else f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
