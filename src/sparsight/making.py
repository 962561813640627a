"""Make one network of a study: train it, and look at it. This is what workers do, so it imports no more than that."""

import os
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path

import torch

from sparsight import stopping
from sparsight.arms import (
    TICKET,
    Workshop,
    find_arm,
    find_control,
    read_checkpoint,
    read_ticket,
    remove_checkpoint,
    train_control,
    train_dense,
    train_dense_at,
    train_round,
    write_checkpoint,
    write_ticket,
)
from sparsight.beforehand import equal_columns
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset, DataSettings, ToyBirdsSettings, normalise, read_dataset
from sparsight.data.toybirds import Interventions, intervene
from sparsight.draws import key_seed
from sparsight.errors import InputError
from sparsight.evidence import (
    NotFiniteError,
    collect,
    concepts_in_use,
    dense_prediction,
    effects,
    has_concepts,
    read_metrics,
    usable_concepts,
    write_evidence,
)
from sparsight.footprint import private_peak
from sparsight.io import check_sealed
from sparsight.models import (
    KNOWN_MODELS,
    Split,
    broken_weights,
    build_model,
    check_unknown,
    find_split,
    weights_notices,
)
from sparsight.networks import Network
from sparsight.pruning import check_in_effect, check_prunable, unpruned_notice
from sparsight.runs import DATA, WEIGHTS
from sparsight.saliency import maps_of
from sparsight.standing import evidence_sources, sources, standing, ticket_sources
from sparsight.training import Checkpoint, one_thread, resolve_device

CHECKPOINT_SECONDS = 60.0
"""How long a training goes on without a checkpoint, by default; it is written at the next epoch's end."""


def make_network(
    folder: Path,
    settings: StudySettings,
    checkpoint_seconds: float,
    network: Network,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, float] | None:
    """Train one network, unless its ticket stands, and look at it, unless its evidence stands.

    A training that was broken off goes on from its last checkpoint, and ends as if nothing had happened.

    Args:
        folder: the run's, with the data set in it and everything that the network comes from.
        settings: the study's.
        checkpoint_seconds: least time between two checkpoints of a training.
        network: which one.
        tick: called after every epoch.

    Returns:
        Test accuracy of ``f`` and, where there are concepts, ``g``; ``weights_remaining``; ``seconds`` that it took,
        of them ``training_seconds`` and ``once_seconds`` of what is drawn once a process; ``private_bytes`` of memory
        that its ``process`` has held at most for itself, where the system tells. None if all stood.

    Raises:
        InputError: if a file of the run is damaged, or the training diverges.
    """
    started = time.monotonic()
    home = folder / network.folder
    data, start = _data(folder, settings)
    stands = standing(folder, network, start, {})
    if stands.done:
        return None
    taken = {"training_seconds": 0.0, "once_seconds": 0.0}
    device = resolve_device(settings.training.device)
    weights = folder / WEIGHTS if settings.model.starts_from_file else None
    in_run = settings.model.model_copy(update={"weights": weights})
    with one_thread(device):
        new_model = partial(_new_model, settings.model_copy(update={"model": in_run}), len(data.class_names))
        if weights is not None:
            check_sealed(weights)
        if not stands.trained:
            origin = ticket_sources(folder, network, start)
            keep = partial(write_checkpoint, home, origin)
            shop = Workshop(
                new_model,
                data,
                settings.training,
                settings.pruning,
                device,
                tick,
                read_checkpoint(home, origin),
                _now_and_then(keep, checkpoint_seconds),
                partial(_stop_if_asked, keep),
            )
            begun = time.monotonic()
            with stopping.patient():
                _train(folder, settings, network, shop, start)
            taken["training_seconds"] = time.monotonic() - begun
            stands = standing(folder, network, start, {})
        remove_checkpoint(home)
        if not stands.seen:
            ticket = read_ticket(home)
            model = new_model(network.seed)
            cut = _cut(settings, model, data)
            model.load_state_dict(ticket.weights)
            if broken := broken_weights(model):
                raise InputError(
                    f"{home / TICKET}: not finite numbers: {broken}: its training has diverged; lower "
                    "training.learning_rate (a study needs another --out then)"
                )
            explained = None if network.kind == "dense" else dense_prediction(folder / network.dense.folder)
            rooms = (settings.evidence, settings.concepts, settings.saliency)
            try:
                evidence = collect(model, cut, data, *rooms, device, explained)
            except NotFiniteError as error:
                raise InputError(
                    f"{network}, after its last epoch: {error}; lower training.learning_rate (a study needs another "
                    "--out then)"
                ) from None
            origin = evidence_sources(folder, network, start)
            begun = time.monotonic()
            drawn = _interventions(settings.data, settings.evidence.interventions)
            taken["once_seconds"] = time.monotonic() - begun
            size = settings.evidence.batch_size
            changes = None if drawn is None else effects(model, drawn, data, size, device)
            write_evidence(home, evidence, ticket.alive, settings.evidence.keep_embeddings, origin, changes)
    metrics = read_metrics(home)
    models = ("f", "g") if has_concepts(metrics) else ("f",)
    right = {model: metrics["accuracy"][model]["test"]["accuracy"] for model in models}
    memory = private_peak()
    if memory is not None:
        taken |= {"private_bytes": memory, "process": os.getpid()}
    taken["seconds"] = time.monotonic() - started
    return {**right, "weights_remaining": metrics["weights_remaining"], **taken}


def check_network(settings: StudySettings, data: ConceptDataset, weights: Path | None) -> list[str]:
    """Build the network and explain one image with it, before anything is written; say what a user should know.

    Args:
        settings: the study's.
        data: its data set.
        weights: the file of the initial weights; None where they are drawn.

    Raises:
        InputError: if crops could miss the images, weights do not fit, the images are too small for the network, its
            weights cannot be pruned, its parts are not known, or the saliency layer cannot be explained.
    """
    for name in ("train", "validation"):
        if not len(data.splits[name]):
            raise InputError(f"data set {data.name}: no image for {name}, and a study needs some; set data.{name}")
    padding, side = settings.training.crop_padding, min(data.images.shape[2:])
    if padding >= side:
        raise InputError(f"training.crop_padding: {padding} pixels around images of {side}; take less than {side}")
    from_file = settings.model.model_copy(update={"weights": weights})
    classes, seed = len(data.class_names), settings.study.seeds[0]
    if settings.model.name not in KNOWN_MODELS:
        check_unknown(settings.model, partial(_new_model, _drawn(settings), classes, seed), _two(data), classes)
    model = _new_model(settings.model_copy(update={"model": from_file}), classes, seed)
    check_prunable(settings.model.name, model)
    one = normalise(data.images[data.splits["test"][:1]], data, torch.device("cpu"))
    if settings.model.name not in KNOWN_MODELS:
        check_in_effect(settings.model.name, model, one)
    cut, first = _cut(settings, model, data), torch.zeros(1, 1, dtype=torch.int64)
    for how in (settings.saliency, *([settings.saliency.second] if settings.saliency.beside else ())):
        maps_of(model, cut, one, first, how)
    unpruned = unpruned_notice(model)
    return [*weights_notices(settings.model, classes, weights), *([] if unpruned is None else [unpruned])]


def check_concepts(settings: StudySettings, data: ConceptDataset) -> list[str]:
    """Name the concepts that are one, and those that are dropped because no training image, or every one, has them.

    A data set that has none at all is studied without; that all of those it has are constant is a mistake in it.

    Raises:
        InputError: if there are some, and fewer are left than ``concepts.top_k``.
    """
    if not data.concept_names:
        return []
    usable, in_use = usable_concepts(data).tolist(), concepts_in_use(data)
    names = [name if len(name) <= 80 else f"{name[:60]}..." for name in data.concept_names]
    constant = [name for name, kept in zip(names, usable, strict=True) if not kept]
    if len(in_use) < settings.concepts.top_k:
        count = len(in_use)
        if not count:
            raise InputError(
                f"data set {data.name}: no concept differs between training images; each needs images with it and "
                "images without it"
            )
        differ = f"{count} concept{'s differ' if count > 1 else ' differs'} between training images"
        once = ", equal columns counted once" if count < sum(usable) else ""
        raise InputError(
            f"data set {data.name}: {differ}{once}, too few for concepts.top_k {settings.concepts.top_k}; lower it by "
            f"--set concepts.top_k={count}, or add concepts"
        )
    notes = equal_columns(data)
    if constant:
        dropped = f"{len(constant)} of {len(usable)}"
        notes.append(f"{dropped} concepts are constant in training and were dropped: {', '.join(constant)}")
    return notes


def _cut(settings: StudySettings, model: torch.nn.Module, data: ConceptDataset) -> Split:
    """Where to cut a network; to be asked of its initial weights, because a pruned one may see nothing any more."""
    return find_split(settings.model, model, _two(data))


def _two(data: ConceptDataset) -> torch.Tensor:
    """Two test images, or one twice."""
    chosen = data.splits["test"][:2]
    return normalise(data.images[chosen[[0, -1]]], data, torch.device("cpu"))


def forget_data() -> None:
    """Forget the data set that this process has read last; a run's folder may hold another one by now."""
    _data.cache_clear()


def _train(
    folder: Path, settings: StudySettings, network: Network, shop: Workshop, start: Mapping[str, str | None]
) -> None:
    other = network.model
    if network.kind == "ticket" and find_arm(network.arm).stop_at is not None:
        assert other is not None
        accuracy = read_metrics(folder / other.folder)["accuracy"]["f"]["validation"]["accuracy"]
        ticket, log = train_dense_at(shop, network.seed, accuracy, str(network))
    elif network.kind == "ticket":
        assert network.before is not None
        previous = read_ticket(folder / network.before.folder)
        masks = read_ticket(folder / other.folder).mask if other is not None else None
        arm = find_arm(network.arm)
        ticket, log = train_round(shop, arm, network.seed, network.round, previous, str(network), masks)
    elif network.kind == "retrain":
        assert network.before is not None
        assert network.repeat is not None
        arm, round_ = find_control(network.rule), max(1, network.round)
        previous = read_ticket(folder / network.before.folder)
        ticket, log = train_control(shop, arm, network.seed, network.repeat, round_, previous, str(network))
    else:
        arm = next(arm for arm in map(find_arm, settings.study.arms) if arm.parent == network.rule)
        ticket, log = train_dense(shop, arm, network.seed, str(network))
    write_ticket(folder / network.folder, ticket, log, ticket_sources(folder, network, start))


def _new_model(settings: StudySettings, num_classes: int, seed: int, another: str = "") -> torch.nn.Module:
    """The network of a seed in its initial state: the file's where weights are given, unless another one is asked."""
    if not another:
        return build_model(settings.model, num_classes, key_seed("initial weights", seed))
    return build_model(_drawn(settings).model, num_classes, key_seed("initial weights", seed, another))


def _drawn(settings: StudySettings) -> StudySettings:
    """The settings, but for the file that initial weights come from."""
    return settings.model_copy(update={"model": settings.model.model_copy(update={"weights": None})})


def _now_and_then(write: Callable[[Checkpoint], None], seconds: float) -> Callable[[Checkpoint], None]:
    """Pass a checkpoint on where so much time has gone since the last one, or since now."""
    last = time.monotonic()

    def offer(checkpoint: Checkpoint) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            write(checkpoint)
            last = time.monotonic()

    return offer


def _stop_if_asked(write: Callable[[Checkpoint], None], make: Callable[[], Checkpoint] | None) -> None:
    """Before a step: where a stop has been asked for, write where the training stands, and stop."""
    if stopping.asked() is not None and make is not None:
        write(make())
    stopping.check_stop()


@lru_cache(maxsize=1)
def _interventions(settings: DataSettings, images: int) -> Interventions | None:
    """The scenes with one thing changed, drawn once a process; None where images cannot be drawn again."""
    return intervene(settings, images) if isinstance(settings, ToyBirdsSettings) and images else None


@lru_cache(maxsize=1)
def _data(folder: Path, settings: StudySettings) -> tuple[ConceptDataset, Mapping[str, str | None]]:
    """The run's data set, and the digests of what its trainings start from."""
    data = read_dataset(folder / DATA)
    return data, sources(folder, settings, data)
