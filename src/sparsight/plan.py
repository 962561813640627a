"""What a study would take, told before anything is written: the story of ``sparsight plan``.

It asks ``study`` what it would do (which folder, device, workers and networks), and runs the study's own steps on a few
images in as many processes as the study would.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsight.arguments import check_kind
from sparsight.beforehand import few_test_images, idle_arms
from sparsight.config import StudySettings, data_as_used, load_study
from sparsight.data import ConceptDataset, Glimpse, cache_folder, dataset_bytes, load_dataset, readable
from sparsight.evidence import check_shown
from sparsight.footprint import private_peak
from sparsight.io import free_room, spoken_size
from sparsight.making import check_concepts, check_network
from sparsight.models import is_own, ordinary_torch, own_source
from sparsight.networks import Network, plan
from sparsight.plain import plain_files
from sparsight.planning import (
    LEAST_SECONDS,
    LEVELS,
    Clocks,
    Design,
    Disk,
    Forecast,
    Noise,
    Pace,
    Parts,
    calibrate,
    candidates,
    chances_of,
    clocks,
    disk_of,
    forecast,
    measure_tables,
    memory_of,
    networks_of,
    of_design,
    own_noise,
    paces,
    sample_of,
    specimen,
    tables,
    timed,
    usual,
    work_of,
)
from sparsight.pool import check_not_imported
from sparsight.runs import DATA, STUDY, check_folder, standing_data
from sparsight.standing import Standing, sources, survey, to_do
from sparsight.study import check_study, default_folder, default_workers, with_device, with_source
from sparsight.training import augmentation_words
from sparsight.verdict import primary_names

IN_MEMORY = ("toybirds", "mnist")
"""Data sets that are held in memory, not mapped from the cache of decoded images."""
_BLOCK = 16 << 20


@dataclass(frozen=True)
class StudyPlan:
    """What a study would do, and take.

    Attributes:
        folder: the run's.
        settings: the study's, with what stands there.
        networks: all of them, in the order in which they are made.
        standing: how many of them stand.
        workers: how many trainings run side by side; 0: in the study's own process.
        said: seconds, memory and disk; of what is left to do, but the disk of all.
        cache: bytes that the cache of decoded images would grow by.
        augmentation: what training would do to its images, in words.
        notes: what a study would note of data and network, and what the forecast does not know, a line each.
        designs: the study with other numbers of seeds and controls, the one that is asked for first; empty where that
            is larger than any that is reckoned.
        noise: of the run's own drifts, by primary metric; None where the usual low, typical and high are taken.
        calibration: seconds that all this has taken.
    """

    folder: Path
    settings: StudySettings
    networks: tuple[Network, ...]
    standing: int
    workers: int
    said: Forecast
    cache: int
    augmentation: str
    notes: tuple[str, ...]
    designs: tuple[Design, ...]
    noise: Mapping[str, Noise] | None
    calibration: float


@ordinary_torch()
def plan_study(
    study: str | Path | StudySettings,
    out: str | Path | None = None,
    *,
    quick: bool = False,
    workers: int | None = None,
    report: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> StudyPlan:
    """Predict what ``run_study`` with the same arguments would take. Nothing is written.

    Args:
        study: a preset's name, a settings file, or settings.
        out: the run's folder; what stands there is taken off.
        quick: take the preset's settings for a first look.
        workers: processes that train side by side; by default as many as a study would use.
        report: whether the study would write its report.
        tell: is told what is being measured: one of ``planning.PHASES``, ``images`` or ``tables``.

    Raises:
        InputError: wherever ``run_study`` would refuse before it writes.
    """
    check_not_imported("plan_study")
    check_study(study, out, quick, workers, report)
    check_kind("tell", tell, Callable, "a function of one text")  # type: ignore[arg-type]
    begun, own = clocks(), private_peak()
    settings = study if isinstance(study, StudySettings) else load_study(str(study), quick=quick)
    settings = with_source(with_device(settings))
    folder = Path(out) if out is not None else default_folder(study, quick)
    combined = check_folder(folder, settings)
    tell("images")
    glimpse = Glimpse()
    data, images = timed(lambda: standing_data(folder) or load_dataset(data_as_used(settings), glimpse))
    after = private_peak()
    drawn = _drawn(settings)
    told = [
        *check_network(drawn, data, drawn.model.weights),
        *check_concepts(settings, data),
        *check_shown(data, settings.evidence.shown),
        *few_test_images(data, settings.verdict.least_images),
        *idle_arms(combined.study.arms, combined.training, combined.pruning.rounds),
    ]
    networks = plan(combined)
    others = networks_of(combined, candidates(combined))
    found_of_all = _standing(
        folder, combined, list(dict.fromkeys(one for own in (networks, *others.values()) for one in own))
    )
    found = {one: found_of_all[one] for one in networks}
    works = {one: work_of(one, combined, data, found[one].trained, found[one].seen) for one in networks}
    jobs = to_do(found)
    side_by_side = default_workers(combined) if workers is None else workers
    parts = calibrate(specimen(data, drawn, readable(data)), max(1, min(side_by_side, len(jobs))), tell)
    tell("tables")
    measured = measure_tables(sample_of(parts, data), combined, data)
    made = tables(measured, networks, combined, bool(data.concept_names), report)
    copied = dataset_bytes(data) + (parts.state if settings.model.starts_from_file else 0)
    fresh = not (folder / DATA).exists()
    images += Clocks(glimpse.wall, glimpse.processor) + _hashing() * ((2 if fresh else 1) * copied / _BLOCK)
    wall, processor = paces(parts, made, images, data, combined)
    reading = 0 if own is None or after is None else after - own
    held = max(reading, _held(data, settings) if fresh else 0)
    said = forecast(
        jobs,
        works,
        wall,
        processor,
        side_by_side,
        memory_of(parts, made, own, held, side_by_side == 0),
        disk_of(parts, made, copied, data, combined),
    )
    noise = own_noise(folder)
    designs = _designs(combined, data, others, found_of_all, wall, side_by_side, noise)
    return StudyPlan(
        folder,
        combined,
        networks,
        len(networks) - len(jobs),
        side_by_side,
        said,
        glimpse.cache,
        augmentation_words(combined.training, data.flip),
        (*data.notes, *told, *_notes(combined, parts, glimpse, len(data)), *_warnings(folder, said)),
        designs,
        noise,
        (clocks() + begun * -1).wall,
    )


def _designs(
    settings: StudySettings,
    data: ConceptDataset,
    networks: Mapping[tuple[int, int], Sequence[Network]],
    found: Mapping[Network, Standing],
    pace: Pace,
    workers: int,
    noise: Mapping[str, Noise] | None,
) -> tuple[Design, ...]:
    """What other numbers of seeds and controls would take, and find."""
    metrics = len(primary_names(bool(data.concept_names)))
    usual_ones = {name: usual(level, metrics) for name, level in LEVELS.items()}
    noises = usual_ones if noise is None else {"own": tuple(noise.values())}
    designs = []
    for (seeds, retrains), own in networks.items():
        design = of_design(settings, seeds, retrains)
        works = {one: work_of(one, design, data, found[one].trained, found[one].seen) for one in own}
        jobs = to_do({one: found[one] for one in own})
        said = forecast(jobs, works, pace, None, workers, None, Disk(0, 0, 0, 0, 0, 0))
        seconds = said.seconds["training"] + said.seconds["evidence"]
        shares = chances_of(settings, seeds, retrains, noises)
        designs.append(Design(seeds, retrains, len(own), len(jobs), seconds, shares))
    return tuple(designs)


def _drawn(settings: StudySettings) -> StudySettings:
    """The settings with weights drawn in place of those that have a name: these are fetched by a study alone, and what
    a step takes does not depend on them."""
    return settings.model_copy(update={"model": settings.model.model_copy(update={"pretrained": None})})


def _standing(folder: Path, settings: StudySettings, networks: Sequence[Network]) -> dict[Network, Standing]:
    """What stands of each network: nothing where there is no run, or its data set is to be made again."""
    if (folder / STUDY).exists() and (data := standing_data(folder)) is not None:
        return survey(folder, networks, sources(folder, settings, data))
    return dict.fromkeys(networks, Standing(False, False))


def _held(data: ConceptDataset, settings: StudySettings) -> int:
    """Bytes of the data set that a study holds in memory; decoded images are mapped from their cache where there is
    one."""
    if settings.data.name in IN_MEMORY or cache_folder() is None:
        return dataset_bytes(data)
    mapped = (data.images, data.whole_images, data.example_images)
    return dataset_bytes(data) - sum(part.nbytes for part in mapped if part is not None)


def _hashing() -> Clocks:
    """Seconds to take the digest of a block, as is done with the run's copy of the images."""
    block = bytes(_BLOCK)
    return timed(lambda: hashlib.sha256(block).digest())[1]


def _notes(settings: StudySettings, parts: Parts, glimpse: Glimpse, images: int) -> list[str]:
    notes = []
    if is_own(settings.model.name):
        notes.append(f"model.name: ran the code in {own_source(settings.model.name).path}")
    if glimpse.cache:
        notes.append(f"the images are not decoded yet: reckoned from {min(glimpse.most, images):,} of {images:,}")
    if any(arm.startswith("dense-at:") for arm in settings.study.arms):
        notes.append("networks that stop at an accuracy are counted with all their epochs")
    if parts.learned_part > 1:
        notes.append(f"concepts were learned on 1 in {parts.learned_part} images, and their time multiplied")
    if settings.training.device == "cuda":
        notes.append("memory is the host's, not the device's")
    if settings.model.pretrained is not None:
        notes.append("the time to fetch initial weights is not counted")
    return notes


def _warnings(folder: Path, said: Forecast) -> list[str]:
    """What is to be known of a forecast itself."""
    warnings = []
    if 0 < said.seconds["training"] + said.seconds["evidence"] < LEAST_SECONDS:
        warnings.append("of so short a study this is a rough guess: most of its time goes into first steps")
    standing = sum(path.stat().st_size for path in plain_files(folder))
    free = free_room(folder)
    if free is not None and said.disk - standing > free:
        warnings.append(f"{spoken_size(free)} are free where {folder} would be: make room, or choose another --out")
    return warnings
