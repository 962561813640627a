"""A study's settings: the rooms' own, composed; presets; and what may change when a run is taken up again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sparsight.arguments import check_kind, check_truth
from sparsight.arms import find_arm
from sparsight.concepts import ConceptSettings
from sparsight.data import DATA_SETTINGS, SOURCES, DataSettings
from sparsight.errors import InputError
from sparsight.evidence import EvidenceSettings
from sparsight.io import check_readable_file, read_yaml
from sparsight.models import CIFAR_DEPTHS, TORCHVISION, ModelSettings
from sparsight.pruning import PruningSettings
from sparsight.saliency import SaliencySettings
from sparsight.training import TrainingSettings
from sparsight.verdict import LEAST_SEEDS, MOST_LOOKS, VerdictSettings
from sparsight.wording import explain

EXAMPLES_APART = ("cub200", "ham10000")
"""The data sets whose setting ``concepts`` is a rule, so that a place of examples has a setting of its own."""
EXTENDABLE = ("seeds", "arms", "retrains", "looks", "looked")
LARGEST_SEED = 2**32 - 1
LARGEST_WHOLE = 1024
"""Pixels; as the data sets allow."""


class Design(BaseModel):
    """What is compared, and how often it is repeated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...] = Field(
        default=(0, 1, 2), min_length=1, max_length=1000
    )
    arms: tuple[str, ...] = Field(default=("magnitude", "released-code"), min_length=1, max_length=1000)
    retrains: int = Field(default=1, ge=0, le=1000, description="retrain controls a seed for the right rule")
    looks: tuple[Annotated[int, Field(ge=LEAST_SEEDS, le=1000)], ...] = Field(
        default=(), max_length=MOST_LOOKS, description="seeds at which verdicts are planned, which share their level"
    )
    looked: tuple[tuple[Annotated[int, Field(ge=1, le=1000)], Annotated[int, Field(ge=0, le=1000)]], ...] = Field(
        default=(), max_length=1000, description="seeds and retrains that a run was judged with before; a run's own"
    )

    @field_validator("seeds")
    @classmethod
    def _seeds(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds):
            raise ValueError("seeds must be different")
        return seeds

    @field_validator("looks")
    @classmethod
    def _looks(cls, looks: tuple[int, ...]) -> tuple[int, ...]:
        if list(looks) != sorted(set(looks)):
            raise ValueError("looks must rise, as [3, 5, 7, 10]")
        return looks

    @field_validator("arms")
    @classmethod
    def _arms(cls, arms: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(arms)) != len(arms):
            raise ValueError("an arm stands twice")
        return arms

    @field_validator("arms", mode="before")
    @classmethod
    def _one_name_an_arm(cls, arms: object) -> object:
        """Switches may be given in any order; a run has one folder for them."""
        return (
            [find_arm(arm).name if isinstance(arm, str) else arm for arm in arms]
            if isinstance(arms, list | tuple)
            else arms
        )


class StudySettings(BaseModel):
    """Everything that decides a study's results."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DataSettings
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    pruning: PruningSettings = PruningSettings()
    concepts: ConceptSettings = ConceptSettings()
    saliency: SaliencySettings = SaliencySettings()
    evidence: EvidenceSettings = EvidenceSettings()
    verdict: VerdictSettings = VerdictSettings()
    study: Design = Design()

    @model_validator(mode="after")
    def _arms_that_lean_on_others(self) -> "StudySettings":
        rounds = self.pruning.rounds
        epochs = min(self.training.of_round(round_).epochs for round_ in (0, 1))
        for arm in map(find_arm, self.study.arms):
            other, last = arm.stop_at or (arm.masks_from, 0)
            if other is not None and other not in self.study.arms:
                raise InputError(f"study.arms: {arm.name} needs the arm {other}; name it, too")
            if last >= rounds:
                raise InputError(f"study.arms: {arm.name}: rounds go from 0 to {rounds - 1}; name one of them")
            if arm.rewind_epoch >= epochs:
                raise InputError(f"study.arms: {arm.name}: trainings have {epochs} epochs; name an earlier one")
        return self

    def as_dict(self) -> dict[str, Any]:
        """Plain values by room, as they stand in ``study.yaml``."""
        return self.model_dump(mode="json")


def preset_names() -> list[str]:
    """The presets that come with sparsight."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in files("sparsight.presets").iterdir()
        if entry.name.endswith(".yaml")
    )


def presets_on(data: str) -> list[str]:
    """Those of them that study the data set of this name. Their networks are not looked up: torchvision takes long."""
    return [name for name in preset_names() if _read_source(name)["data"]["name"] == data]


def load_study(
    source: str | Path, *, quick: bool = False, overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> StudySettings:
    """The settings of a preset or of a YAML file.

    Args:
        source: a preset's name, or a path to a file with the rooms' settings. A file may start from a preset by
            ``preset: NAME`` and state only what differs.
        quick: take the preset's ``quick`` settings too: a small study for a first look. What a file states itself goes
            before them, and its own ``quick`` before that.
        overrides: settings by room that override all of these.

    Raises:
        InputError: naming the file, the key and what is allowed.
    """
    check_kind("source", source, (str, Path), "a preset's name or a settings file")
    check_truth("quick", quick)
    if overrides is not None:
        check_kind("overrides", overrides, Mapping, "settings by room, as {'study': {'seeds': [0]}}, or None")
        for room, held in overrides.items():
            check_kind(f"overrides[{room!r}]", held, Mapping, "the room's settings, as {'seeds': [0]}")
    source = str(source)
    whole: dict[str, Any] = {}
    small: dict[str, Any] = {}
    shrunk: Mapping[str, Any] = {}
    can_be_quick = False
    for layer in _layers(source):
        shrunk = layer.pop("quick", None) or {}
        if not isinstance(shrunk, Mapping):
            raise InputError(f"{source}: quick: must hold rooms, as pruning: {{rounds: 3}}")
        whole, small = _merged(whole, layer), _merged(_merged(small, layer), shrunk)
        can_be_quick |= bool(shrunk)
    plain = validated(_merged(whole, overrides or {}), source)
    if shrunk:  # the source's own, which is looked at in any case
        validated(small, f"{source}: quick")
    if not quick:
        return plain
    if not can_be_quick:
        raise InputError(f"{source}: has no quick settings; leave out --quick or set pruning.rounds and study.seeds")
    return validated(_merged(small, overrides or {}), source)


def validated(document: Mapping[str, Any], source: str) -> StudySettings:
    """The settings in a mapping of rooms, checked.

    Raises:
        InputError: naming the first key that is wrong.
    """
    try:
        return StudySettings.model_validate(document)
    except ValidationError as error:
        words = explain(error, StudySettings, unions={"data": DATA_SETTINGS})
        raise InputError(f"{source}: {words}") from None


def data_as_used(settings: StudySettings) -> DataSettings:
    """Return the data settings of a study, without whole pictures where no training crops them."""
    whole = getattr(settings.data, "whole_size", None)
    if whole is None or settings.training.crop_scale is not None:
        return settings.data
    return settings.data.model_copy(update={"whole_size": None})


def parse_assignment(text: str) -> tuple[str, str, Any]:
    """Room, key and value of ``room.key=value``; the value is read as YAML.

    Raises:
        InputError: if the text has another form.
    """
    name, equals, value = text.partition("=")
    room, dot, key = name.strip().partition(".")
    if not (equals and dot and room and key):
        raise InputError(f"--set {text!r}: must be room.key=value, as training.epochs=5")
    try:
        return room, key, yaml.safe_load(value)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InputError(f"--set {text!r}: the value is not valid YAML") from None


def difference(old: StudySettings, new: StudySettings) -> list[str]:
    """What differs between two studies beyond seeds, arms, rounds and retrains, as ``room.key: old, now new``."""
    changes = []
    before, after = old.as_dict(), new.as_dict()
    for room in sorted(before):
        for key in sorted({*before[room], *after[room]}):
            may_differ = (room == "study" and key in EXTENDABLE) or (room, key) == ("pruning", "rounds")
            if may_differ or before[room].get(key) == after[room].get(key):
                continue
            if (room, key) == ("model", "source") and old.model.name == new.model.name:
                changes.append(f"model.source: the file of {new.model.name} has changed since")
            else:
                changes.append(f"{room}.{key}: {before[room].get(key)}, now {after[room].get(key)}")
    return changes


def training_digest(settings: StudySettings) -> str:
    """The SHA-256 of the settings that decide a training, and none of those by which a run may be extended.

    Paths are left out: they say where data and weights lie; what lies there has digests of its own.
    """
    rooms = {"data": settings.data, "model": settings.model, "training": settings.training}
    return _digest(rooms, {"rate": settings.pruning.rate})


def evidence_digest(settings: StudySettings) -> str:
    """The SHA-256 of the settings that decide what is seen in a network, beside those that decide its training."""
    return _digest({"concepts": settings.concepts, "saliency": settings.saliency, "evidence": settings.evidence})


_LATER: Mapping[str, Any] = {
    "training.precision": "float32",
    "data.duplicates": "refuse",
    "data.range": None,
    "data.groups": None,
}
"""Settings that came when runs had been made, and what those had: as that they are in no digest, so that runs stand."""


def _digest(rooms: Mapping[str, BaseModel], more: Mapping[str, Any] | None = None) -> str:
    values = {
        room: {
            key: value
            for key, value in own.model_dump().items()
            if not isinstance(value, Path) and (f"{room}.{key}", value) not in _LATER.items()
        }
        for room, own in rooms.items()
    }
    text = json.dumps({**values, **(more or {})}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def extended(old: StudySettings, new: StudySettings) -> StudySettings:
    """The study that holds both: all seeds and arms, the larger number of rounds and retrains.

    Its looks are those that were planned first; what the old one was judged with is noted where that was less.
    """
    seeds, retrains = _union(old.study.seeds, new.study.seeds), max(old.study.retrains, new.study.retrains)
    before = len(old.study.seeds), old.study.retrains
    judged = before[0] >= LEAST_SEEDS and before[1] > 0 and before != (len(seeds), retrains)
    design = Design(
        seeds=seeds,
        arms=_union(old.study.arms, new.study.arms),
        retrains=retrains,
        looks=old.study.looks or new.study.looks,
        looked=_union(old.study.looked, [before] if judged else []),
    )
    rounds = max(old.pruning.rounds, new.pruning.rounds)
    return new.model_copy(update={"study": design, "pruning": new.pruning.model_copy(update={"rounds": rounds})})


def going_on(old: StudySettings, new: StudySettings) -> StudySettings:
    """The study that is asked for now, in the folder of one that has not ended: what that was judged with stays noted,
    and so do the looks that were planned."""
    if not old.study.looked:
        return new
    kept = {"looks": old.study.looks or new.study.looks, "looked": _union(old.study.looked, new.study.looked)}
    return new.model_copy(update={"study": new.study.model_copy(update=kept)})


def _union(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys([*first, *second]))


def data_of(source: str) -> dict[str, Any]:
    """The data room that a name on the command line stands for: ``mnist``, or ``folder:PATH``.

    Raises:
        InputError: if no path follows ``folder:``.
    """
    kind, colon, path = source.partition(":")
    if kind != "folder" or not colon:
        return {"name": source}
    if not path:
        raise InputError("folder: names no folder; give folder:PATH")
    return {"name": kind, "path": path}


def concepts_of(source: str, path: str | None) -> dict[str, Any]:
    """The settings of the data room by which concepts come from a path: a CSV file, or a place of example images.

    Args:
        source: a preset, a file, or a data set's name, as on the command line.
        path: what ``--concepts`` was given; None for nothing.
    """
    if path is None:
        return {}
    own = _own_data(source)
    if own.get("name") not in EXAMPLES_APART:
        return {"concepts": path}
    kept = own.get("concepts") in SOURCES
    return {"concept_path": path, **({} if kept else {"concepts": "examples"})}


def _own_data(source: str) -> Mapping[str, Any]:
    named = source in DATA_SETTINGS and source not in preset_names()
    own = data_of(source) if named or source.startswith("folder:") else _read_source(source).get("data")
    return own if isinstance(own, Mapping) else {}


def _read_source(source: str) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for layer in _layers(source):
        document = _merged(document, layer)
    return document


def _layers(source: str) -> list[dict[str, Any]]:
    """The settings of a source by room, and those of the preset that it starts from before them."""
    if source.startswith("folder:"):  # the settings for small images, on the user's own
        return [*_layers("toybirds"), {"data": data_of(source)}]
    if source in preset_names():
        return [_mapping(files("sparsight.presets").joinpath(f"{source}.yaml").read_text(encoding="utf-8"), source)]
    path = Path(source)
    if not source.strip():
        raise InputError(f"study {source!r}: name a preset or a file; presets are {', '.join(preset_names())}")
    if not path.suffix and len(source) < 100 and not path.exists():
        near = get_close_matches(source, preset_names(), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(
            f"study {source!r}: neither a preset nor a file; {hint}presets are {', '.join(preset_names())}"
        )
    check_readable_file(path)
    try:
        document = _mapping(path.read_text(encoding="utf-8"), source)
    except UnicodeDecodeError:
        raise InputError(f"{source}: not a text file; give a YAML file of settings") from None
    except OSError as error:  # of a medium that fails, and files of the system that are none
        raise InputError(f"{source}: cannot be read ({error.strerror}); give a YAML file of settings") from None
    base = document.pop("preset", None)
    if base is None:
        return [document]
    if base not in preset_names():
        raise InputError(f"{source}: preset {base!r} is unknown; presets are {', '.join(preset_names())}")
    return [*_layers(base), document]


def _mapping(text: str, source: str) -> dict[str, Any]:
    document = read_yaml(text, source)
    if not isinstance(document, dict) or not document:
        raise InputError(f"{source}: empty or no settings; it must hold rooms, as data: {{name: toybirds}}")
    return {str(key): value for key, value in document.items()}


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for room, settings in over.items():
        if isinstance(settings, Mapping) and isinstance(merged.get(room), Mapping):
            same_kind = room != "data" or settings.get("name", merged[room].get("name")) == merged[room].get("name")
            merged[room] = {**merged[room], **settings} if same_kind else dict(settings)
            if room == "data" and same_kind and "whole_size" not in settings:
                merged[room] |= _whole_size(base[room], settings)
            if room == "model" and "stem_stride" not in settings and settings.get("name") not in (None, *CIFAR_DEPTHS):
                merged[room].pop("stem_stride", None)  # a preset's, for its own network
            name = str(merged[room].get("name"))
            others = settings.get("weights") is not None or not name.startswith(TORCHVISION)
            if room == "model" and "pretrained" not in settings and others:
                merged[room].pop("pretrained", None)  # a preset's, which go with torchvision's network alone
        else:
            merged[room] = settings
    return merged


def _whole_size(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, int]:
    """Whole pictures in the proportion to the squares in which a preset keeps them: crops are cut to the squares' size.

    At most ``LARGEST_WHOLE``; nothing where one of the sizes is not stated, or is none: the settings' check names it.
    """
    whole, side, now = base.get("whole_size"), base.get("image_size"), over.get("image_size")
    stated = [size for size in (whole, side, now) if isinstance(size, int) and size > 0]
    if len(stated) < 3:
        return {}
    return {"whole_size": min(LARGEST_WHOLE, -(-stated[0] * stated[2] // stated[1]))}
