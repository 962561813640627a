"""An audit: does a model that somebody has made smaller decide on the same evidence as the original?

The models are looked at one after the other, on the same images; what each shows is compared with what the original
shows; and the verdict is that of a single pair, or, with originals that were trained again, that against a floor.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from sparsight.auditing import (
    AuditListener,
    AuditSettings,
    Grid,
    Images,
    Labels,
    Look,
    Model,
    Names,
    Row,
    Silent,
    Subject,
    accuracy_rows,
    asked,
    ceilings,
    check_accuracy,
    check_answers,
    check_arguments,
    check_drifts,
    check_names,
    check_order,
    check_place,
    check_weights,
    class_rows,
    compared,
    comparing,
    concept_rows,
    doubts,
    drifts,
    floor_gates,
    gates,
    grid_of,
    headline,
    image_rows,
    in_python,
    in_words,
    inputs,
    labelled,
    level_rows,
    look,
    looked_at,
    looking_at,
    map_moves,
    material,
    named,
    normalised,
    of_libraries,
    own_notes,
    path_text,
    pictures,
    read_labels,
    remedy_for,
    roles,
    sharing_notes,
    similarity,
    similarity_rows,
    subject_of,
    usual_side,
    write_folder,
)
from sparsight.beforehand import equal_columns, few_test_images
from sparsight.comparison import Comparing, Drift
from sparsight.data import ConceptDataset, normalise
from sparsight.errors import InputError
from sparsight.evidence import concepts_in_use
from sparsight.io import hold_place
from sparsight.models import Given
from sparsight.models.ordinary import ordinary_torch
from sparsight.report import ConstantAnswer
from sparsight.report.audit import COLUMNS, AuditData, AuditHeadline, summary_html, write_audit_report
from sparsight.runs import machine, versions
from sparsight.saliency import check_method, passes_of
from sparsight.training import resolve_device
from sparsight.verdict import KEPT, LEAST_FLOOR, MOVED, Gate, coarse_note, constant_answer, is_coarse

FloorAt = Callable[[Grid | None], list[tuple[Drift, ...]]]
"""The drifts of the retrained networks at a resolution of maps; each is computed once."""
_CALLER = 3
"""Frames between a warning and who calls ``audit_models``."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What an audit found.

    Attributes:
        data: everything that its report shows: verdicts by metric, accuracies, drifts by class and image.
        evidence: of each model by name: logits, embeddings, maps, concepts.
        asked: what was asked for, as ``audit.json`` records it (``auditing/asked.py``).
        page: the report, where a folder was given to write into; else None.
    """

    data: AuditData
    evidence: Mapping[str, Look]
    asked: Mapping[str, Any]
    page: Path | None = None

    @property
    def word(self) -> str:
        """Of all models and axes: *changed* if an explanation, an accuracy or a faithfulness is, else *beyond the
        margin* if one is; *preserved* if every explanation and every accuracy of f is, *within the margin* if some
        are that and no more, by an original that is not at chance; else *undecided*."""
        rows = self.data.verdicts
        levels = rows[rows["axis"] != "similarity"]
        words = {one.word for one in self.data.headlines.values()} | set(levels[levels["method"] == "f"]["verdict"])
        for word in MOVED:
            if word in words or (levels["verdict"] == word).any():
                return word
        if self.data.void or not words <= set(KEPT):
            return "undecided"
        return max(words, key=KEPT.index)

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row a model and metric; ``report/audit/data.py`` says what the columns hold."""
        return self.data.verdicts

    @property
    def headlines(self) -> Mapping[str, AuditHeadline]:
        """Each model's verdict in one sentence."""
        return self.data.headlines

    def write(self, out: str | Path) -> Path:
        """Write the evidence and the report into a folder, and give the report's page; an earlier audit of the same is
        replaced, whether the command line or Python wrote it.

        Raises:
            InputError: if the folder holds something else, is being written by another process, or cannot be written.
        """
        with hold_place(Path(out)):
            return self.write_held(Path(out))

    def write_held(self, out: Path) -> Path:
        """Write into a folder whose place this process holds (``hold_place``)."""
        return write_folder(out, self.asked, self.evidence, lambda place: write_audit_report(self.data, place))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return summary_html(self.data)


def audit_models(
    original: Model,
    pruned: Model | Iterable[Model],
    data: ConceptDataset | str | Path,
    *,
    floor: Model | Iterable[Model] | None = None,
    concepts: str | Path | None = None,
    masks: str | Path | None = None,
    labels: Names | None = None,
    image_size: int | None = None,
    data_settings: Mapping[str, Any] | None = None,
    settings: AuditSettings | None = None,
    out: str | Path | None = None,
    command: str | None = None,
    listener: AuditListener | None = None,
) -> Audit:
    """Compare models with an original on the same images.

    Args:
        original: a module; a name, as the command line takes it; or a ``Given`` of which more is known.
        pruned: a model made from it, or several: a list, a tuple or a generator.
        data: a data set; or a folder of class folders, a data set's name, ``NAME:PATH`` or a run's folder. Concepts are
            learned on its ``train``; all else is measured on ``test``.
        floor: originals retrained, at least three of them, for a verdict beyond a margin; none if None.
        concepts: a CSV file of concepts, or a folder of example images of each, for images that have a name.
        masks: a folder of object masks, or a COCO JSON file, for images that have a name.
        labels: names of the outputs of models that have none of their own: a file with one a line, a JSON list or a
            JSON object by index; or a list or mapping. By them outputs are put in the order of the data's classes.
        image_size: side in pixels at which images that have a name are read; that of the models of libraries if None.
        data_settings: any other setting of images that have a name, as ``{"skip_bad": True}``.
        settings: layer, margin, normalisation and all else; the defaults if None.
        out: the folder to write evidence and report into, which is checked before a model is looked at; ``write``
            writes them later if None.
        command: how the audit is made again, for the report.
        listener: is told how it goes.

    Raises:
        InputError: if an argument is of a wrong kind, a model cannot be looked at, its classes are not those of the
            images, images are too few, or the folder holds something else.
    """
    several, again = check_arguments(
        original,
        pruned,
        data,
        floor,
        concepts,
        masks,
        image_size,
        data_settings,
        settings,
        out,
        command,
        listener,
        labels,
    )
    settings, hears = settings or AuditSettings(), listener or Silent()
    check_method(settings.saliency)
    models = [original, *several, *again]
    more = {**(data_settings or {}), **({} if image_size is None else {"image_size": int(image_size)})}
    images = Images(
        data, None if concepts is None else path_text(concepts), None if masks is None else path_text(masks), more
    )
    names = None if labels is None else read_labels(labels)
    request = asked(original, several, again, images, settings, names)
    work = partial(_audited, models, len(several), images, names, settings, request, command, hears)
    if out is None:
        with ordinary_torch():
            return work()
    folder = Path(out)
    _check_out(folder, request, models, settings)
    with hold_place(folder):
        check_place(folder, request)  # another process may have written there meanwhile
        with ordinary_torch():
            audit = work()
        return replace(audit, page=audit.write_held(folder))


def _audited(
    models: Sequence[Model],
    count: int,
    images: Images,
    labels: Labels | None,
    settings: AuditSettings,
    request: Mapping[str, Any],
    command: str | None,
    hears: AuditListener,
) -> Audit:
    """Look at the original, ``count`` others and those retrained, and judge."""
    started, several, floor = time.monotonic(), models[1 : 1 + count], models[1 + count :]
    loaded = of_libraries(models, settings.layer)
    data, concepts, masks, more = images.data, images.concepts, images.masks, images.more
    if isinstance(data, ConceptDataset):
        if concepts or masks or more:
            named_too = next(iter([*more, *(["concepts"] if concepts else ["masks"])]))
            raise InputError(f"{named_too}: these images are read already; give their folder's path, or leave it out")
        read = data
    else:
        read = material(
            images.called or "", None, images.concepts, images.masks, more, usual_side(models, loaded), hears
        )
    if len(read.splits["test"]) < 2:
        raise InputError(f"{read.name}: one test image is too few to compare models on; give more")
    _check_concepts(read, settings)
    parts = roles(len(several), len(floor))
    taken = named(models, parts, len(read.class_names if labels is None else labels.names), loaded)
    taken, kept = (taken, list[str]()) if labels is None else labelled(taken, labels, read.class_names)
    given, notes, doubtful = normalised(taken, read, settings.normalise)
    shared = sharing_notes(given)
    if isinstance(hears, Silent):  # who calls from Python sees the page later, or never
        for note in notes if doubtful else ():
            warnings.warn(f"{note} (in Python, settings=AuditSettings(normalise=...))", stacklevel=_CALLER)
        for note in shared:
            warnings.warn(note, stacklevel=_CALLER)
    notes += own_notes(given)
    alike = equal_columns(read) if read.concept_names else []
    notes += [*kept, *shared, *read.notes, *alike, *(few := few_test_images(read, settings.verdict.least_images))]
    for note in few:
        hears.note(note)
    check_weights(given, len(floor))
    notes += _other_sizes(given, read)
    device = resolve_device(settings.device)
    if (passes := passes_of(settings.saliency)) > 1:
        method = settings.saliency.method
        hears.note(f"{method}: {passes} passes through each model an image and class, where gradcam takes one")
    looks: list[Look] = []
    sightless: tuple[str, ...] = ()
    for place, one in enumerate(given):
        hears.looking(one.name, place + 1, len(given))
        with looked_at(one.model):
            with looking_at(one.name):
                subject = _subject(one, read, settings, device)
            explained = looks[0].predictions if looks else None
            rooms = (settings.evidence, settings.concepts, settings.saliency)
            looks.append(look(subject, read, *rooms, device, explained, hears.seen))
        notes += [*subject.notes, *(f"{one.name}: no {what}: {why}" for what, why in looks[-1].missing.items())]
        if place == 0:
            first, answers = "the labels", looks[0].seen.labels
            sightless = doubts(looks[0], (), read, settings.verdict.level).void
        elif sightless:  # what tells no classes apart has no order of them
            continue
        else:
            first, answers = looks[0].name, looks[0].predictions
        mend = remedy_for(one, place, read.class_names)
        check_order(first, one.name, answers, looks[-1].predictions, read.class_names, mend)
    again = looks[1 + len(several) :]
    check_answers(looks, len(floor))
    study = comparing(looks[0], settings, read)
    floor_at = cache(lambda grid: [drifts(study, looks[0], retrained, grid) for retrained in again])
    doubt = doubts(looks[0], looks[1:], read, settings.verdict.level)
    notes = [
        *doubt.cautions,
        *_of_floor(looks[0], again, floor_at, settings),
        *notes,
    ]
    if again and len(again) < LEAST_FLOOR:
        notes.append(f"{len(again)} networks trained again; a verdict against them needs {LEAST_FLOOR}")
    if settings.saliency.method == "gradcam" and "maps" not in looks[0].missing:
        notes.append("whether maps depend on what was learned was not checked: that takes randomised networks")
    grid = grid_of(looks)
    if grid is not None and is_coarse(grid[0] * grid[1]):
        remedy = "larger images (--image-size) or an earlier layer (--layer) have more"
        notes.append(coarse_note(grid[0] * grid[1], remedy))
    if isinstance(settings.margin, float | int):
        meaning = (
            "a share of the way to evidence with nothing in common, by measure; it was a drift in earlier versions"
        )
        notes.append(f"the margin of {settings.margin:g} is {meaning}")
    facts = _facts(read, given, time.monotonic() - started)
    found = _report(read, study, looks[0], looks[1 : 1 + len(several)], again, floor_at, settings)
    found = replace(found, missing={one.name: one.missing for one in looks if one.missing})
    again_by = command or in_python(models, len(several), images, settings, labels)
    line = constant_answer(looks[0].seen.labels.numpy())
    shown = replace(
        found,
        command=again_by,
        notices=tuple(dict.fromkeys(notes)),
        facts=facts,
        versions=versions(),
        inputs=tuple(inputs(looks, given, ["original", *["model"] * count, *["floor"] * len(again)], read)),
        constant=ConstantAnswer(read.class_names[line.label], line.share, line.balanced),
        void=doubt.void,
    )
    return Audit(shown, {one.name: one for one in looks}, request)


def _of_floor(original: Look, again: Sequence[Look], floor_at: FloorAt, settings: AuditSettings) -> Iterator[str]:
    """What is doubtful of the retrained networks; what cannot be a floor is refused."""
    yield from check_accuracy(original, again, settings.floor, settings.verdict)
    yield from check_drifts(again, floor_at(grid_of((original, *again))), settings.floor, settings.verdict)


def _other_sizes(given: Sequence[Given], data: ConceptDataset) -> list[str]:
    """Name the models that expect images of another size than all of them are given; a line each size."""
    shown, expected = min(data.images.shape[2:]), list(dict.fromkeys(one.side for one in given if one.side is not None))
    notes = []
    for side in expected:
        if side == shown:
            continue
        names = [one.name for one in given if one.side == side]
        verbs = ("expects", "is given") if len(names) == 1 else ("expect", "are given")
        who = f"all {len(names)} models" if len(names) == len(given) > 2 else " and ".join(names)
        words = f"{who} {verbs[0]} images of {side} pixels and {verbs[1]} {shown}" + (
            "" if len(names) == len(given) > 2 else ", as all models are"
        )
        remedy = (
            f"unless trained at {shown}, read the images at {side} (--image-size {side})"
            if len(expected) == 1
            else f"audit models of one size, or wrap each in a function whose network resizes its images to {side}"
        )
        notes.append(f"CAUTION: {words}; {remedy}")
    return notes


def _check_out(out: Path, request: Mapping[str, Any], models: Sequence[Model], settings: AuditSettings) -> None:
    """Refuse a folder that cannot be used; what is wrong with the models is reported first."""
    try:
        check_place(out, request)
    except InputError:
        check_names([str(one) for one in models if isinstance(one, str | Path)], settings.layer)
        raise


def _check_concepts(data: ConceptDataset, settings: AuditSettings) -> None:
    if data.concept_names and len(concepts_in_use(data)) < settings.concepts.top_k:
        raise InputError(
            f"data set {data.name}: fewer than {settings.concepts.top_k} concepts differ between the images that they "
            "are learned from; add images or concepts, or lower concepts.top_k"
        )


_LOOKED_AT = 16
"""Test images that show what a network's output is."""


def _subject(one: Given, data: ConceptDataset, settings: AuditSettings, device: torch.device) -> Subject:
    own = data if one.normalisation is None else replace(data, mean=one.normalisation[0], std=one.normalisation[1])
    chosen = data.splits["test"][:_LOOKED_AT]
    images = normalise(data.images[chosen], own, device)
    given = replace(one, model=one.model.to(device))
    return subject_of(given, data.class_names, images, settings.layer)


def _report(
    data: ConceptDataset,
    study: Comparing,
    original: Look,
    others: Sequence[Look],
    again: Sequence[Look],
    floor_at: FloorAt,
    settings: AuditSettings,
) -> AuditData:
    verdicts: list[Row] = []
    checked: list[Gate] = []
    classes, images = [*class_rows(original, data, ())], list[Row]()
    headlines, moved = {}, {}
    for one in others:
        grid = grid_of((original, one, *again))
        own = drifts(study, original, one, grid)
        unlike = ceilings(study, original, again or [one], grid)
        metrics = compared(original, one, own, floor_at(grid), unlike)
        checks = (
            *gates(original, one, own, grid, settings, data),
            *floor_gates(study, original, again, metrics, settings),
        )
        checked += [gate for gate in checks if gate not in checked]
        judged = similarity(metrics, settings, checks)
        levels = tuple(level_rows(one, original, again, data, settings, checks))
        verdicts += [*similarity_rows(one.name, judged), *levels]
        headlines[one.name] = headline(one, original, judged, levels, len(again), settings, grid)
        classes += class_rows(one, data, own)
        images += image_rows(original, one, data, own)
        if (moves := map_moves(own)) is not None:
            moved[one.name] = moves
    in_use = () if original.concepts is None else original.concepts.concepts
    everything = ((original, "original"), *((one, "model") for one in others), *((one, "floor") for one in again))
    rows = {
        "verdicts": verdicts,
        "accuracy": [row for one, role in everything for row in accuracy_rows(one, role)],
        "concepts": [row for one in (original, *others) for row in concept_rows(one, data, settings.concepts)],
        "classes": classes,
        "images": images,
    }
    tables = {name: pd.DataFrame(rows[name], columns=list(COLUMNS[name])) for name in COLUMNS}
    return AuditData(
        title=f"{data.name}: does it still look at the right things?",
        command="",
        original=original.name,
        models=tuple(one.name for one in others),
        floor=tuple(one.name for one in again),
        classes=data.class_names,
        settings=settings.as_dict(),
        headlines=headlines,
        verdicts=tables["verdicts"],
        accuracy=tables["accuracy"],
        concepts=tables["concepts"],
        classes_table=tables["classes"],
        images=tables["images"],
        gates=tuple({**gate.document(), "voids": list(gate.voids)} for gate in checked),
        pictures=pictures(original, others, data, moved, settings.shown),
        concept_names={one.name: one.names for one in in_use if len(one.names) > 1},
    )


def _facts(data: ConceptDataset, given: Sequence[Given], seconds: float) -> dict[str, str]:
    test, train = len(data.splits["test"]), len(data.splits["train"])
    learned = f"; concepts learned on {train:,}" if data.concept_names else ""
    size = " x ".join(map(str, data.images.shape[2:]))
    return {
        "Images": f"{data.name}: {test:,} test images of {size} pixels{learned}",
        "Classes": f"{len(data.class_names):,}",
        "Concepts": f"{len(data.concept_names):,}" if data.concept_names else "none",
        "Models": f"{len(given):,}",
        "Normalisation": in_words(given),
        "Wall time": f"{seconds:.1f} s for looking at the models; comparing them and writing this page are not counted",
        "Machine": machine(),
    }
