"""What settings and numbers of images alone say of a study or an audit, before anything is trained or looked at."""

from collections.abc import Sequence

import torch

from sparsight.arms import Arm, find_arm, idle_rounds, largest_rate
from sparsight.data import UNKNOWN, ConceptDataset, DataSettings, FolderSettings, concepts_in, sides_of
from sparsight.evidence import concepts_in_use, merged, tested_labels, usable_concepts
from sparsight.training import TrainingSettings

SETS = 5
"""So many concepts of several names are named in a line; and of each so many names."""
_LONGEST = 200


def few_test_images(data: ConceptDataset, least: int) -> list[str]:
    """Report that too few images test the networks for verdicts of drifts; nothing where there are enough.

    Args:
        data: the images.
        least: the fewest test images on which a metric is judged (``verdict.least_images``).
    """
    tested = data.splits["test"]
    if len(tested) >= least:
        return []
    counts = data.labels[tested].bincount(minlength=len(data.class_names)).tolist()
    smallest = min(range(len(counts)), key=counts.__getitem__)
    name = data.class_names[smallest]
    shown = name if len(name) <= 80 else f"{name[:60]}..."
    images = "1 test image is" if len(tested) == 1 else f"{len(tested)} test images are"
    return [
        f"{images} fewer than the {least} (verdict.least_images) that a verdict needs, class {shown!r} has "
        f"{counts[smallest]} of them: drifts that are measured on them "
        "will be void, accuracy is judged all the same; add images, or move more of them to the "
        "test part (by data.train and data.test where these draw it)"
    ]


def idle_arms(arms: Sequence[str], training: TrainingSettings, rounds: int) -> list[str]:
    """Report the arms with rounds in which no weight moves, or none that has moved is kept; nothing where all train.

    Args:
        arms: their names.
        training: the study's.
        rounds: how many there are, round 0 counted.
    """
    found: dict[str, None] = {}
    for arm in map(find_arm, arms):
        if arm.stop_at is not None:
            continue  # trains as the parent of its arm does
        idle = idle_rounds(arm, training, rounds)
        for why in dict.fromkeys(idle.values()):
            own = [round_ for round_, each in idle.items() if each == why]
            found[_idle(arm, own, training, why == "rate")] = None
    return list(found)


def _idle(arm: Arm, rounds: list[int], training: TrainingSettings, by_rate: bool) -> str:
    """Which rounds of an arm leave their networks as they start, why, and what to set."""
    where = f"round{'s' * (len(rounds) > 1)} {_spans(rounds)}"
    left = "networks keep the weights that they start from, those of the retrained controls too"
    rate = max(largest_rate(arm, training, round_) for round_ in rounds)
    if by_rate and 0 in rounds:
        what = f"training.learning_rate: at {rate:.2g} no weight moves in single precision"
        remedy = "set a larger one"
    elif by_rate:
        why, remedy = "", "set training.schedule=constant, or a step schedule that falls less often"
        if arm.start == "finetune":
            remedy = "set a larger training.finetune_rate"
        elif arm.toggles.keep_optimizer:
            why = f", because keep_optimizer does not start the schedule ({training.schedule}) again"
        elif arm.rewind_epoch:
            why = f", because the schedule ({training.schedule}) has fallen by the epoch that is rewound to"
        what = f"study.arms: {arm.name}: the learning rate of {where} is {f'{rate:.2g} at most' if rate else '0'}{why}"
    else:
        what = (
            f"study.arms: {arm.name}: {where} train{'s' * (len(rounds) == 1)} for one epoch, and score_before_epoch "
            "takes the best of the networks before each epoch, which is the untrained one"
        )
        remedy = "set training.epochs to 2 or more, and training.first_round_epochs where it is set"
    return f"{what}: {left}; {remedy} (a study needs another --out then)"


def _spans(rounds: list[int]) -> str:
    """Rising numbers in words: ``1 to 3, 5``."""
    starts = [round_ for round_ in rounds if round_ - 1 not in rounds]
    ends = [round_ for round_ in rounds if round_ + 1 not in rounds]
    return ", ".join(
        f"{first} to {last}" if first < last else str(first) for first, last in zip(starts, ends, strict=True)
    )


def audited_part(settings: DataSettings, data: ConceptDataset) -> list[str]:
    """Report that concepts leave an audit a part of the images to compare models on; nothing where they do not.

    Args:
        settings: of the data set.
        data: as it was read by them.

    Raises:
        InputError: if its folder cannot be listed.
    """
    tested, count = len(data.splits["test"]), len(data)
    if tested == count or not isinstance(settings, FolderSettings) or sides_of(settings.path):
        return []
    table = settings.concepts or concepts_in(settings.path)
    if table is None:
        return []
    remedy = "leave it out" if settings.concepts is not None else "move it out of the folder"
    return [
        f"{table}: because of these concepts an audit compares models on the {tested:,} test images of {count:,}, and "
        f"learns concepts on the {len(data.splits['train']):,} training images; {remedy} to compare models on all, or "
        "change the shares (data.train, data.validation, data.test)"
    ]


def equal_columns(data: ConceptDataset) -> list[str]:
    """Report which concepts are one, as their columns are equal; nothing where all are distinct.

    Args:
        data: the images.
    """
    in_use = concepts_in_use(data)
    several = [one for one in in_use if len(one.names) > 1]
    if not several:
        return []
    usable = int(usable_concepts(data).sum())
    sets = [_some(one.names, " = ") for one in several]
    notes = [
        f"{usable} concepts differ between the images that they are learned from, {len(in_use)} of them are distinct: "
        f"concepts with equal columns are one concept with several names: {_some(sets, '; ')}"
    ]
    labels = tested_labels(data)
    unlike = torch.zeros(len(labels), dtype=torch.bool)
    for one, own in zip(in_use, merged(labels, in_use).unbind(1), strict=True):
        unlike |= (own == UNKNOWN) & (labels[:, list(one.columns)] != UNKNOWN).any(1)
    if count := int(unlike.sum()):
        what = "test images" if data.example_images is None else "examples that are held out"
        notes.append(
            f"on {count} of {len(labels)} {what} the names of one concept contradict each other: whether these have it "
            "counts as unknown"
        )
    return notes


def _some(parts: Sequence[str], sign: str) -> str:
    shown = [part if len(part) <= _LONGEST else f"{part[: _LONGEST - 20]}..." for part in parts[:SETS]]
    return sign.join([*shown, *([f"{len(parts) - SETS} more"] if len(parts) > SETS else [])])
